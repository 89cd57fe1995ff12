//! S01: a station ends or alters a session that is not its own.

use serde_json::{Value, json};

use super::{charges, half, lie, name_of, transaction, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot, V2};
use crate::wire::report::{Event, Sample, authorize, meter, reading, stop};
use crate::wire::{is_v16, token};
use crate::world::Driver;
use chargewarden_ocpp::Version;

/// A token that has nothing to do with it.
const OTHER: &str = "04501A7E";

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S01",
        name: "a station ends or alters a session that is not its own",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("another station's session, ended", ALL, charges, |play, spot| {
                let Some(other) = others(play, spot) else { return };
                let end = ended(play, spot, &other, None, "EVDisconnected");
                play.strike_report(spot.place, &end);
            }),
            lie("another station's session, ended with one's own token", ALL, charges, |play, spot| {
                let Some(other) = others(play, spot) else { return };
                let end = ended(play, spot, &other, Some(OTHER), "Local");
                play.strike_report(spot.place, &end);
            }),
            lie("another station's session, metered", ALL, charges, |play, spot| {
                let Some(other) = others(play, spot) else { return };
                let report = metered(play, spot, &other);
                play.strike_report(spot.place, &report);
            }),
            lie("a session that never was, ended", ALL, charges, |play, spot| {
                let never = if is_v16(spot.version) { json!(999_983) } else { json!("tx-never") };
                let end = ended(play, spot, &never, None, "EVDisconnected");
                play.strike_report(spot.place, &end);
            }),
            lie("numbers guessed, one after the other", &[Version::V16], charges, |play, spot| {
                let own: i64 = spot.transaction().parse().unwrap_or(0);
                for guess in [1, 2, 3, -1, -2].map(|step| own + step) {
                    let end = ended(play, spot, &json!(guess), None, "Local");
                    play.strike_report(spot.place, &end);
                    play.wait_s(10);
                }
            }),
            lie("its own session, ended by another's token", ALL, charges, |play, spot| {
                let end = ended(play, spot, &transaction(spot), Some(OTHER), "Local");
                play.strike_report(spot.place, &end);
            }),
            lie("its own session, ended twice", ALL, charges, |play, spot| {
                let name = transaction(spot);
                play.world.end_session(spot.place, spot.evse(), "EVDisconnected");
                play.wait_s(60);
                let end = ended(play, spot, &name, None, "EVDisconnected");
                play.strike_report(spot.place, &end);
            }),
            lie("its own session, metered after its end", ALL, charges, |play, spot| {
                let name = transaction(spot);
                play.world.end_session(spot.place, spot.evse(), "EVDisconnected");
                play.wait_s(600);
                let report = metered(play, spot, &name);
                play.strike_report(spot.place, &report);
            }),
            lie("another station's session, begun again here", V2, half, |play, spot| {
                let Some(other) = others(play, spot) else { return };
                let begin = begun(play, spot, &other);
                play.strike_report(spot.place, &begin);
            }),
            lie("a session of its own past, begun again", V2, half, |play, spot| {
                let name = transaction(spot);
                play.world.end_session(spot.place, spot.evse(), "EVDisconnected");
                play.wait_s(60);
                let begin = begun(play, spot, &name);
                play.strike_report(spot.place, &begin);
            }),
        ],
        twins: vec![
            truth("ended by the token that began it", ALL, charges, |play, spot| {
                let end = ended(play, spot, &transaction(spot), token_of(spot).as_deref(), "Local");
                play.work_report(spot.place, &end);
            }),
            truth("ended because the cable was pulled", ALL, charges, |play, spot| {
                let end = ended(play, spot, &transaction(spot), None, "EVDisconnected");
                play.work_report(spot.place, &end);
            }),
            truth("ended by command", ALL, charges, |play, spot| {
                let end = ended(play, spot, &transaction(spot), None, "Remote");
                play.work_report(spot.place, &end);
            }),
            truth("ended by the other card of the same household", ALL, half, |play, spot| {
                let Some(free) = spot.free else { return };
                let group = |version| {
                    if is_v16(version) {
                        json!({ "idTagInfo": { "status": "Accepted", "parentIdTag": "HOUSE-12" } })
                    } else {
                        json!({ "idTokenInfo": { "status": "Accepted", "groupIdToken": token("HOUSE-12") } })
                    }
                };
                for card in ["04B0B001", "04A11CE1"] {
                    let asked = order(authorize(spot.version, card));
                    play.world.report_answered(
                        spot.place,
                        &asked.action,
                        &asked.payload,
                        group(spot.version),
                    );
                    if card == "04B0B001" {
                        play.world.begin_session(spot.place, free, &Driver::new(card));
                        play.wait_s(900);
                    }
                }
                let Some(charge) = play.world.station(spot.place).and_then(|station| station.charge(free))
                else {
                    return;
                };
                let name = name_of(spot.version, &charge.transaction);
                let spot = Spot {
                    charging: Some((free, charge.transaction.clone(), String::new())),
                    ..spot.clone()
                };
                let end = ended(play, &spot, &name, Some("04A11CE1"), "Local");
                play.work_report(spot.place, &end);
            }),
        ],
    }
}

fn token_of(spot: &Spot) -> Option<String> {
    spot.charging.as_ref().map(|(_, _, token)| token.clone())
}

/// A session at another station of the same version.
fn others(play: &Play<'_>, spot: &Spot) -> Option<Value> {
    let other = play.world.stations().iter().enumerate().find(|(place, station)| {
        *place != spot.place && station.version() == spot.version && !station.charges().is_empty()
    });
    let charge = other.and_then(|(_, station)| station.charges().first())?;
    Some(name_of(spot.version, &charge.transaction))
}

fn ended(play: &Play<'_>, spot: &Spot, name: &Value, tag: Option<&str>, reason: &'static str) -> Order {
    let at = play.world.time(0);
    let wh = play.world.station(spot.place).map_or(0.0, |station| station.register_wh(spot.evse()));
    #[expect(clippy::cast_possible_truncation, reason = "a register is below 10^7 Wh")]
    let whole = wh as i64;
    if is_v16(spot.version) {
        return order(stop(name, tag, whole, &at, reason));
    }
    let trigger = match (reason, tag) {
        ("Remote", _) => "RemoteStop",
        (_, Some(_)) => "StopAuthorized",
        (_, None) => "EVCommunicationLost",
    };
    let event = Event {
        kind: "Ended",
        trigger,
        transaction: name,
        number: super::next_number(play.world, spot),
        at: &at,
        charging: Some("Idle"),
    };
    let mut message = event.with(json!({
        "meterValue": [reading(spot.version, &at, "Transaction.End", &[Sample::energy(wh)])],
    }));
    crate::wire::merge_at(&mut message.payload, "/transactionInfo", json!({ "stoppedReason": reason }));
    if let Some(tag) = tag {
        crate::wire::merge(&mut message.payload, json!({ "idToken": token(tag) }));
    }
    order(message)
}

fn metered(play: &Play<'_>, spot: &Spot, name: &Value) -> Order {
    let at = play.world.time(0);
    let samples = [Sample::energy(4_711_000.0), Sample::power(11_000.0)];
    let readings = [reading(spot.version, &at, "Sample.Periodic", &samples)];
    if is_v16(spot.version) {
        return order(meter(spot.version, i64::from(spot.evse()), Some(name), &readings));
    }
    let event = Event {
        kind: "Updated",
        trigger: "MeterValuePeriodic",
        transaction: name,
        number: super::next_number(play.world, spot),
        at: &at,
        charging: Some("Charging"),
    };
    order(event.with(json!({ "meterValue": readings })))
}

fn begun(play: &Play<'_>, spot: &Spot, name: &Value) -> Order {
    let at = play.world.time(0);
    let event = Event {
        kind: "Started",
        trigger: "Authorized",
        transaction: name,
        number: 0,
        at: &at,
        charging: Some("Charging"),
    };
    let evse = json!({ "id": spot.free.unwrap_or(1), "connectorId": 1 });
    order(event.with(json!({ "evse": evse, "idToken": token(OTHER) })))
}
