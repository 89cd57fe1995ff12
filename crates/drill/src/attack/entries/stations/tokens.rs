//! S05: a station tries tokens, or has copies of one.

use serde_json::json;

use super::{half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Spot};
use crate::wire::report::{Event, authorize, start};
use crate::wire::{is_v16, token};
use crate::world::Driver;

/// Guesses that a driver with a few cards could make too.
const FAIR: usize = 5;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S05",
        name: "a station tries tokens, or has copies of one",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            guesses(
                "one after the other, all refused",
                10,
                |turn| format!("04{:06X}", 0x00A1_0000 + turn),
                true,
            ),
            guesses(
                "at random, all refused",
                10,
                |turn| format!("04{:06X}", turn * 2_654_435 % 0xFF_FFFF),
                true,
            ),
            guesses("slowly, many different ones", 200, |turn| format!("04{:06X}", turn * 7_919 + 13), true),
            guesses(
                "many different ones, all accepted",
                60,
                |turn| format!("04{:06X}", turn * 7_919 + 13),
                false,
            ),
            Attack::new("a copy of a card that charges elsewhere", ALL, |play| {
                play.campaign_where(half, |play, place| {
                    let Some(spot) = play.spot(place) else { return };
                    let elsewhere = play.world.stations().iter().enumerate().find_map(|(other, station)| {
                        let charge = station.charges().first()?;
                        (other != place && station.plan.site != spot.site).then(|| charge.token.clone())
                    });
                    let (Some(card), Some(free)) = (elsewhere, spot.free) else { return };
                    let report = begun(play, &spot, free, &card);
                    play.strike_report(place, &report);
                });
            }),
            Attack::new("one card on three stations at once", ALL, |play| {
                let places: Vec<usize> = play.targets_where(half);
                for (turn, place) in places.into_iter().enumerate() {
                    let Some(spot) = play.spot(place) else { continue };
                    let Some(free) = spot.free else { continue };
                    if turn == 0 {
                        play.world.begin_session(place, free, &Driver::new("04C107ED"));
                    } else {
                        let report = begun(play, &spot, free, "04C107ED");
                        play.strike_report(place, &report);
                    }
                    play.pause();
                }
            }),
            lie("a sequence, spread over the readers of a station", ALL, half, |play, spot| {
                for turn in 0..20_usize {
                    let card = format!("04{:06X}", 0x00B2_0000 + turn);
                    let report = order(authorize(spot.version, &card));
                    tried(play, spot, &report, turn, true);
                    play.wait_s(20);
                }
            }),
        ],
        twins: vec![
            truth("a driver tries again", ALL, half, |play, spot| {
                for card in ["04D21A01", "04D21A01", "04D21A02"] {
                    let report = order(authorize(spot.version, card));
                    let answer = answered(spot, card == "04D21A02");
                    play.work_answer(spot.place, &report, &answer);
                    play.wait_s(20);
                }
            }),
            truth("a busy afternoon", ALL, half, |play, spot| {
                for card in ["04D31A01", "04D77A05", "04D12B0C", "04DF0012", "04D0BB99", "04D4410E"] {
                    let report = order(authorize(spot.version, card));
                    play.work_report(spot.place, &report);
                    play.wait_s(540);
                }
            }),
            truth("the same card, after its session elsewhere has ended", ALL, half, |play, spot| {
                let other = play.targets_where(half).into_iter().rev().find(|place| *place != spot.place);
                let Some((other, evse)) = other.and_then(|place| Some((place, play.spot(place)?.free?)))
                else {
                    return;
                };
                play.world.begin_session(other, evse, &Driver::new("04D51A01"));
                play.wait_s(1_800);
                play.world.end_session(other, evse, "Local");
                play.wait_s(3_600);
                let Some(free) = play.spot(spot.place).and_then(|spot| spot.free) else { return };
                let report = begun(play, spot, free, "04D51A01");
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn guesses(name: &'static str, apart_s: u64, card: fn(usize) -> String, refused: bool) -> Attack {
    Attack::new(name, ALL, move |play| {
        play.campaign_where(half, |play, place| {
            let Some(spot) = play.spot(place) else { return };
            for turn in 0..24 {
                let report = order(authorize(spot.version, &card(turn)));
                tried(play, &spot, &report, turn, refused);
                play.wait_s(apart_s);
            }
        });
    })
}

/// A token is tried; what anybody could have tried does not count.
fn tried(play: &mut Play<'_>, spot: &Spot, report: &Order, turn: usize, refused: bool) {
    let answer = answered(spot, !refused);
    let outcome = play.world.report_answered(spot.place, &report.action, &report.payload, answer);
    // 10 different ones are a busy hour.
    let fair = if refused { FAIR } else { 11 };
    if turn > fair {
        let unmarked = outcome.delivered && !outcome.is_marked();
        play.count(spot.place, unmarked, &outcome, report);
    }
}

fn answered(spot: &Spot, accepted: bool) -> serde_json::Value {
    let status = if accepted { "Accepted" } else { "Invalid" };
    if is_v16(spot.version) {
        json!({ "idTagInfo": { "status": status } })
    } else {
        json!({ "idTokenInfo": { "status": status } })
    }
}

fn begun(play: &Play<'_>, spot: &Spot, evse: u32, card: &str) -> Order {
    let at = play.world.time(0);
    let wh = play.world.station(spot.place).map_or(0.0, |station| station.register_wh(evse));
    #[expect(clippy::cast_possible_truncation, reason = "a register is below 10^7 Wh")]
    let whole = wh as i64;
    if is_v16(spot.version) {
        return order(start(i64::from(evse), card, whole, &at));
    }
    let name = json!(format!("tx-{}-{evse}-{}", spot.place, play.world.now().as_millis()));
    let event = Event {
        kind: "Started",
        trigger: "Authorized",
        transaction: &name,
        number: 0,
        at: &at,
        charging: Some("Charging"),
    };
    order(event.with(json!({ "evse": { "id": evse, "connectorId": 1 }, "idToken": token(card) })))
}
