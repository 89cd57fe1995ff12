//! T11: what was said before, said again by somebody else.

use chargewarden_ocpp::Side;
use serde_json::{Value, json};

use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin, V2, order};

/// T11.
pub(super) fn calls() -> Entry {
    Entry {
        id: "T11",
        name: "messages that were recorded, and are played again",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("a command under its id", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let start = at.start(at.free.unwrap_or(1), "04A1B2C3");
                        let frame = json!([2, "r1", start.action, start.payload]).to_string();
                        let _ = play.world.text(place, Side::Csms, &frame);
                        let _ = play.world.text(place, Side::Station, r#"[3,"r1",{"status":"Accepted"}]"#);
                        let _ = play.strike_text(place, Side::Csms, &frame);
                    },
                );
            }),
            Attack::new("a report under its id", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Station, r#"[2,"h7","Heartbeat",{}]"#);
                    let answer = format!(r#"[3,"h7",{{"currentTime":"{}"}}]"#, play.world.time(0));
                    let _ = play.world.text(place, Side::Csms, &answer);
                    let _ = play.strike_text(place, Side::Station, r#"[2,"h7","Heartbeat",{}]"#);
                    let _ = play.strike_text(place, Side::Station, r#"[2,"h7","Authorize",{}]"#);
                });
            }),
            Attack::new("a start, minutes later, where it has begun a session", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let start = at.start(at.free.unwrap_or(1), &format!("REPLAY{place:04}"));
                        let _ = play.prepare(place, &start);
                        play.world.pass(std::time::Duration::from_secs(300));
                        let _ = play.strike(place, &start);
                    },
                );
            }),
            Attack::new("an event of a session, with an older number", V2, |play| {
                older(play, |event, sequence| {
                    event.insert("seqNo".to_owned(), json!(sequence));
                    event.insert("timestamp".to_owned(), json!("2026-03-03T07:30:00Z"));
                });
            })
            .judged(Kind::Report),
            Attack::new("an event of a session, under its number but other than it was", V2, |play| {
                older(play, |event, sequence| {
                    event.insert("seqNo".to_owned(), json!(sequence));
                    event.insert("offline".to_owned(), json!(true));
                });
            })
            .judged(Kind::Report),
        ],
        twins: vec![
            Twin::new("what was not answered is sent again", ALL, |play| {
                for place in play.one_of_each() {
                    let _ = play.work_text(place, Side::Station, r#"[2,"w1","Heartbeat",{}]"#);
                    play.wait_s(61);
                    let _ = play.work_text(place, Side::Station, r#"[2,"w1","Heartbeat",{}]"#);
                    play.wait_s(61);
                }
            }),
            Twin::new("meter values go on in order", ALL, |play| {
                for place in play.one_of_each() {
                    let Some((evse, _, _)) = play.spot(place).and_then(|at| at.charging) else { continue };
                    for _ in 0..3 {
                        play.world.pass(std::time::Duration::from_secs(60));
                        let outcome = play.world.meter(place, evse);
                        let passed = outcome.delivered && !outcome.is_marked() && !outcome.is_stopped();
                        play.count_work(
                            place,
                            passed,
                            &outcome,
                            &order("meter values", json!({ "evse": evse })),
                        );
                    }
                }
            }),
        ],
    }
}

/// After five events of a session, one that claims to be among them.
fn older(play: &mut Play<'_>, change: impl Fn(&mut serde_json::Map<String, Value>, u32)) {
    play.campaign_where(
        |spot| spot.charging.is_some(),
        |play, place| {
            let Some((evse, transaction, _)) = play.spot(place).and_then(|at| at.charging) else { return };
            for _ in 0..5 {
                play.world.pass(std::time::Duration::from_secs(60));
                let _ = play.world.meter(place, evse);
            }
            let mut event = json!({
                "eventType": "Updated", "timestamp": play.world.time(0), "triggerReason": "MeterValuePeriodic",
                "transactionInfo": { "transactionId": transaction, "chargingState": "Charging" },
            });
            if let Some(event) = event.as_object_mut() {
                change(event, 2);
            }
            let _ = play.strike_report(place, &order("TransactionEvent", event));
        },
    );
}
