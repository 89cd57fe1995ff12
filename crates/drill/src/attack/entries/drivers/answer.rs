//! C33: answers that set clocks wrong, silence stations, turn them away or let the wrong people charge.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::attack::line::{is_half_taken, order};
use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Twin, V2};
use crate::wire::{is_v16, report, typed_token};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let mut attacks = Vec::new();
    for (name, ahead_s) in [
        ("a clock half a minute and a little ahead", 31),
        ("a clock an hour behind", -3_600),
        ("a clock a year ahead", 31_536_000),
        ("a clock of 1970", -1_772_000_000),
        ("a clock of 2038", 375_000_000),
    ] {
        attacks.push(Attack::new(name, ALL, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let answer = json!({ "currentTime": play.world.time(ahead_s) });
                play.strike_answer(place, &heartbeat(), &answer);
            });
        }));
    }
    attacks.push(boots(
        "a clock an hour ahead, at a start",
        |play, _| json!({ "status": "Accepted", "currentTime": play.world.time(3_600), "interval": 300 }),
    ));
    for (name, interval) in [
        ("a heartbeat every second", 1),
        ("a heartbeat a day", 86_400),
        ("a heartbeat in 68 years", 2_147_483_647),
        ("a heartbeat in less than no time", -60),
    ] {
        attacks.push(Attack::new(name, ALL, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let Some(boot) = boot(play, place) else { return };
                let answer =
                    json!({ "status": "Accepted", "currentTime": play.world.time(0), "interval": interval });
                play.strike_answer(place, &boot, &answer);
            });
        }));
    }
    attacks.push(boots(
        "a healthy station turned away",
        |play, _| json!({ "status": "Rejected", "currentTime": play.world.time(0), "interval": 300 }),
    ));
    attacks.push(boots("a healthy station turned away for years", |play, _| {
        json!({ "status": "Rejected", "currentTime": play.world.time(0), "interval": 2_147_483_647 })
    }));
    attacks.push(boots(
        "a healthy station kept waiting for a year",
        |play, _| json!({ "status": "Pending", "currentTime": play.world.time(0), "interval": 31_536_000 }),
    ));
    attacks.extend([
        tokens("a stranger in the master group", |version, _| accepted(version, Some("MASTERPASS"))),
        tokens("a stranger in a group that nobody knows", |version, _| accepted(version, Some("A77ACKE2"))),
        Attack::new("a stranger in a group, at the beginning of a session", &[Version::V16], |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let Some(free) = play.spot(place).and_then(|spot| spot.free) else { return };
                let at = play.world.time(0);
                let start = order(report::start(i64::from(free), "04C33A7E", 0, &at));
                let info = json!({ "status": "Accepted", "parentIdTag": "MASTERPASS" });
                play.strike_answer(place, &start, &json!({ "transactionId": 77_777, "idTagInfo": info }));
            });
        }),
        Attack::new("the number of a session that runs, for another", &[Version::V16], |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let Some(spot) = play.spot(place) else { return };
                let Some(free) = spot.free else { return };
                let at = play.world.time(0);
                let start = order(report::start(i64::from(free), "04C33A7E", 0, &at));
                let number: i64 = spot.transaction().parse().unwrap_or(1);
                let answer = json!({ "transactionId": number, "idTagInfo": { "status": "Accepted" } });
                play.strike_answer(place, &start, &answer);
            });
        }),
        Attack::new("a stranger in a group, in the middle of a session", V2, |play| {
            play.campaign_where(is_half_taken, |play, place| {
                let Some(spot) = play.spot(place) else { return };
                let (transaction, at) = (json!(spot.transaction()), play.world.time(0));
                let event = report::Event {
                    kind: "Updated",
                    trigger: "Authorized",
                    transaction: &transaction,
                    number: 11,
                    at: &at,
                    charging: Some("Charging"),
                };
                let report = order(event.with(json!({ "idToken": crate::wire::token("04C33A7E") })));
                play.strike_answer(place, &report, &accepted(spot.version, Some("MASTERPASS")));
            });
        }),
    ]);
    let twins = vec![
        Twin::new("a clock two seconds off", ALL, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let answer = json!({ "currentTime": play.world.time(2) });
                play.work_answer(place, &heartbeat(), &answer);
            }
        }),
        Twin::new("a start taken in, with a usual interval", ALL, |play| {
            for (place, interval) in play.one_of_each_where(is_half_taken).into_iter().zip([60, 300, 900]) {
                let Some(boot) = boot(play, place) else { continue };
                let answer =
                    json!({ "status": "Accepted", "currentTime": play.world.time(-1), "interval": interval });
                play.work_answer(place, &boot, &answer);
            }
        }),
        Twin::new("a card that nobody knows", ALL, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let Some(version) = play.world.version(place) else { continue };
                let answer = if is_v16(version) {
                    json!({ "idTagInfo": { "status": "Invalid" } })
                } else {
                    json!({ "idTokenInfo": { "status": "Unknown" } })
                };
                play.work_answer(place, &order(report::authorize(version, "04BADBAD")), &answer);
            }
        }),
        Twin::new("a card without credit", ALL, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let Some(version) = play.world.version(place) else { continue };
                let answer = if is_v16(version) {
                    json!({ "idTagInfo": { "status": "Blocked" } })
                } else {
                    json!({ "idTokenInfo": { "status": "NoCredit" } })
                };
                play.work_answer(place, &order(report::authorize(version, "04B10CED")), &answer);
            }
        }),
        Twin::new("a card with an end", ALL, |play| {
            for place in play.one_of_each_where(is_half_taken) {
                let Some(version) = play.world.version(place) else { continue };
                let until = play.world.time(86_400);
                let answer = if is_v16(version) {
                    json!({ "idTagInfo": { "status": "Accepted", "expiryDate": until } })
                } else {
                    json!({ "idTokenInfo": { "status": "Accepted", "cacheExpiryDateTime": until } })
                };
                play.work_answer(place, &order(report::authorize(version, "04A1B2C3")), &answer);
            }
        }),
    ];
    vec![
        Entry {
            id: "C33",
            name: "answers that harm the station",
            versions: ALL,
            kind: Kind::Answer,
            attacks,
            twins,
        },
        turned_away(),
    ]
}

/// A station that starts again may be turned away for a reason; many are not.
fn turned_away() -> Entry {
    let all = |name, answer: fn(&Play<'_>, Version) -> Value| {
        Attack::new(name, ALL, move |play| {
            play.campaign(|play, place| {
                let (Some(report), Some(version)) = (boot(play, place), play.world.version(place)) else {
                    return;
                };
                let answer = answer(play, version);
                let outcome =
                    play.world.report_answered(place, &report.action, &report.payload, answer.clone());
                let got = outcome.answer_delivered;
                play.count(place, got, &outcome, &report);
            });
        })
    };
    Entry {
        id: "C33",
        name: "the fleet turned away",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            all(
                "rejected",
                |play, _| json!({ "status": "Rejected", "currentTime": play.world.time(0), "interval": 600 }),
            ),
            all(
                "kept waiting",
                |play, _| json!({ "status": "Pending", "currentTime": play.world.time(0), "interval": 600 }),
            ),
        ],
        twins: vec![],
    }
}

fn heartbeat() -> Order {
    order(crate::wire::message("Heartbeat", json!({})))
}

fn boot(play: &Play<'_>, place: usize) -> Option<Order> {
    let plan = &play.world.station(place)?.plan;
    Some(order(report::boot(plan.version, &plan.vendor, &plan.model, &plan.serial, &plan.firmware)))
}

fn boots(name: &'static str, answer: fn(&Play<'_>, usize) -> Value) -> Attack {
    Attack::new(name, ALL, move |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let Some(boot) = boot(play, place) else { return };
            let answer = answer(play, place);
            play.strike_answer(place, &boot, &answer);
        });
    })
}

fn tokens(name: &'static str, answer: fn(Version, &str) -> Value) -> Attack {
    Attack::new(name, ALL, move |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let Some(version) = play.world.version(place) else { return };
            let report = order(report::authorize(version, "04C33A7E"));
            play.strike_answer(place, &report, &answer(version, "04C33A7E"));
        });
    })
}

fn accepted(version: Version, group: Option<&str>) -> Value {
    let mut info = json!({ "status": "Accepted" });
    if let Some(group) = group {
        let member = if is_v16(version) {
            json!({ "parentIdTag": group })
        } else {
            json!({ "groupIdToken": typed_token(group, "Central") })
        };
        crate::wire::merge(&mut info, member);
    }
    let name = if is_v16(version) { "idTagInfo" } else { "idTokenInfo" };
    json!({ name: info })
}
