//! T12 and T13: messages in the wrong direction, at the wrong time, and too many.

use chargewarden_ocpp::{Action, Side, Version};
use serde_json::{Value, json};

use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin, V2, order};

/// T12.
pub(super) fn confused() -> Entry {
    Entry {
        id: "T12",
        name: "messages in the wrong direction, or before their time",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("every action, from whom it does not come", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(version) = play.world.version(place) else { return };
                    for from in [Side::Station, Side::Csms] {
                        for (number, action) in foreign(version, from).enumerate() {
                            let text = format!(r#"[2,"d{number}","{action}",{}]"#, sample(action));
                            let _ = play.strike_text(place, from, &text);
                        }
                        // Whoever errs too often is hung up on, and comes back.
                        play.world.pass(std::time::Duration::from_secs(60));
                    }
                });
            }),
            Attack::new("actions that there are not", ALL, |play| {
                play.campaign(|play, place| {
                    for from in [Side::Station, Side::Csms] {
                        for (number, action) in [
                            "heartbeat",
                            "HEARTBEAT",
                            "Heartbeat ",
                            "ShellExec",
                            "",
                            "Reset\\u0000",
                            "__proto__",
                        ]
                        .iter()
                        .enumerate()
                        {
                            let text = format!(r#"[2,"u{number}","{action}",{{}}]"#);
                            let _ = play.strike_text(place, from, &text);
                        }
                    }
                });
            }),
            Attack::new("before the station has announced itself", ALL, |play| {
                play.campaign(|play, place| {
                    play.world.forget(place);
                    early(play, place);
                });
            }),
            Attack::new("after the station was turned away", ALL, |play| {
                play.campaign(|play, place| {
                    play.world.forget(place);
                    let boot = match play.world.version(place) {
                        Some(Version::V16) => {
                            json!({ "chargePointVendor": "Acme", "chargePointModel": "Twin-22" })
                        }
                        Some(Version::V201 | Version::V21) | None => json!({ "reason": "PowerUp",
                            "chargingStation": { "vendorName": "Acme", "model": "Twin-22" } }),
                    };
                    let answer =
                        json!({ "status": "Rejected", "currentTime": play.world.time(0), "interval": 300 });
                    let _ = play.world.report_answered(place, "BootNotification", &boot, answer);
                    early(play, place);
                });
            }),
            Attack::new(
                "messages without an answer where there are none",
                &[Version::V16, Version::V201],
                |play| {
                    play.campaign(|play, place| {
                        for from in [Side::Station, Side::Csms] {
                            let _ =
                                play.strike_text(place, from, r#"[6,"s1","NotifyPeriodicEventStream",{}]"#);
                            let _ = play.strike_text(place, from, r#"[6,"s2","Heartbeat",{}]"#);
                        }
                    });
                },
            ),
        ],
        twins: vec![Twin::new("everybody says what is his to say", ALL, |play| {
            for place in play.one_of_each() {
                let Some(at) = play.spot(place) else { continue };
                let _ = play.work_report(place, &order("Heartbeat", json!({})));
                let _ = play.work(place, &at.trigger("Heartbeat"));
                let _ = play.work_report(place, &order("Heartbeat", json!({})));
            }
        })],
    }
}

/// T13, but for what happens at the socket.
pub(super) fn flooded() -> Entry {
    Entry {
        id: "T13",
        name: "messages without measure",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("calls that do not wait for their answers", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Station, r#"[2,"p0","Heartbeat",{}]"#);
                    for number in 1..10 {
                        let _ = play.strike_text(place, Side::Station, &format!(r#"[2,"p{number}","Heartbeat",{{}}]"#));
                    }
                    let _ = play.world.text(place, Side::Csms, r#"[2,"o0","ClearCache",{}]"#);
                    for number in 1..10 {
                        let _ = play.strike_text(place, Side::Csms, &format!(r#"[2,"o{number}","ClearCache",{{}}]"#));
                    }
                });
            }),
            Attack::new("reports that nobody asked for, without end", V2, |play| {
                play.campaign(|play, place| {
                    for sequence in 0..20 {
                        let report = order(
                            "NotifyReport",
                            json!({ "requestId": 424_242, "generatedAt": play.world.time(0), "seqNo": 900_000 + sequence,
                                "tbc": true }),
                        );
                        let _ = play.strike_report(place, &report);
                    }
                });
            })
            .judged(Kind::Report),
        ],
        twins: vec![
            Twin::new("every connector after a start", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let evses = play.spot(place).map_or(0, |at| at.evses);
                    for round in 0..3 {
                        for evse in 1..=evses {
                            let status = if round == 1 { "Unavailable" } else { "Available" };
                            let outcome = play.world.status(place, evse, status);
                            play.count_work(place, outcome.delivered, &outcome, &order("status", json!({ "evse": evse })));
                        }
                    }
                }
            }),
            Twin::new("a report that was asked for", V2, |play| {
                for place in play.one_of_each() {
                    let _ = play.work(
                        place,
                        &order("GetBaseReport", json!({ "requestId": 7, "reportBase": "SummaryInventory" })),
                    );
                    for sequence in 0..5 {
                        let _ = play.work_report(
                            place,
                            &order(
                                "NotifyReport",
                                json!({ "requestId": 7, "generatedAt": play.world.time(0), "seqNo": sequence,
                                    "tbc": sequence < 4 }),
                            ),
                        );
                    }
                    play.wait_s(3_600);
                }
            }),
        ],
    }
}

/// Actions that this side does not send in this version, and those of other versions.
fn foreign(version: Version, from: Side) -> impl Iterator<Item = &'static str> {
    let sends = move |action: &Action| action.spec(version).is_some_and(|spec| spec.sender.includes(from));
    Action::ALL.iter().filter(move |action| !sends(action)).map(|action| action.name())
}

/// What such a message could carry, where that is little.
fn sample(action: &str) -> Value {
    match action {
        "RemoteStartTransaction" => json!({ "idTag": "04A1B2C3" }),
        "StopTransaction" => {
            json!({ "transactionId": 5, "meterStop": 10, "timestamp": "2026-03-03T10:00:00Z" })
        }
        "Reset" => json!({ "type": "Hard" }),
        "ChangeConfiguration" => json!({ "key": "HeartbeatInterval", "value": "300" }),
        "UnlockConnector" => json!({ "connectorId": 1 }),
        "TriggerMessage" => json!({ "requestedMessage": "Heartbeat" }),
        "Authorize" => json!({ "idTag": "04A1B2C3" }),
        _ => json!({}),
    }
}

/// What a station and its management system would say to each other, too soon.
fn early(play: &mut Play<'_>, place: usize) {
    let Some(at) = play.spot(place) else { return };
    let now = play.world.time(0);
    let reports = match at.version {
        Version::V16 => vec![
            order(
                "StartTransaction",
                json!({ "connectorId": 1, "idTag": "04A1B2C3", "meterStart": 0, "timestamp": now }),
            ),
            order("Authorize", json!({ "idTag": "04A1B2C3" })),
            order(
                "StatusNotification",
                json!({ "connectorId": 1, "errorCode": "NoError", "status": "Charging" }),
            ),
            order("Heartbeat", json!({})),
        ],
        Version::V201 | Version::V21 => vec![
            order(
                "TransactionEvent",
                json!({ "eventType": "Started", "timestamp": now, "triggerReason": "Authorized",
                "seqNo": 0, "transactionInfo": { "transactionId": "early" } }),
            ),
            order("Authorize", json!({ "idToken": { "idToken": "04A1B2C3", "type": "ISO14443" } })),
            order("Heartbeat", json!({})),
        ],
    };
    for (number, report) in reports.iter().enumerate() {
        let text = json!([2, format!("e{number}"), report.action, report.payload]).to_string();
        let _ = play.strike_text(place, Side::Station, &text);
    }
    for (number, order) in [at.start(1, "04A1B2C3"), at.reset(true), at.unlock(1)].iter().enumerate() {
        let text = json!([2, format!("f{number}"), order.action, order.payload]).to_string();
        let _ = play.strike_text(place, Side::Csms, &text);
    }
}
