//! S11: sessions of a past that never was.

use std::time::Duration;

use serde_json::{Value, json};

use super::{half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot, V2};
use crate::wire::report::{Event, Sample, reading, start, stop};
use crate::wire::{is_v16, merge, merge_at, time, token};
use chargewarden_ocpp::Timestamp;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S11",
        name: "a session of a past that never was",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("begun two months ago", ALL, half, |play, spot| {
                let report = begun(play, spot, -57 * 86_400, free(spot), "VICTIM01", 0.0, false);
                play.strike_report(spot.place, &report);
            }),
            lie("begun eight days ago, offline", ALL, half, |play, spot| {
                let report = begun(play, spot, -8 * 86_400, free(spot), "VICTIM01", 0.0, true);
                play.strike_report(spot.place, &report);
            }),
            lie("begun an hour ago, and it was online", ALL, half, |play, spot| {
                let register = meter(play, spot, free(spot));
                let report = begun(play, spot, -3_600, free(spot), "VICTIM01", register, true);
                play.strike_report(spot.place, &report);
            }),
            lie("begun half an hour ago on an EVSE where somebody charges", ALL, half, |play, spot| {
                let register = meter(play, spot, spot.evse());
                let report = begun(play, spot, -1_800, spot.evse(), "VICTIM01", register, true);
                play.strike_report(spot.place, &report);
            }),
            lie("begun with a register of somewhere else", ALL, half, |play, spot| {
                let register = meter(play, spot, free(spot));
                let report = begun(play, spot, 0, free(spot), "VICTIM01", register + 250_000.0, false);
                play.strike_report(spot.place, &report);
            }),
            lie("begun in the future", ALL, half, |play, spot| {
                let register = meter(play, spot, free(spot));
                let report = begun(play, spot, 7_200, free(spot), "VICTIM01", register, false);
                play.strike_report(spot.place, &report);
            }),
            lie("ended before it began", ALL, half, |play, spot| {
                let report = ended(play, spot, -5 * 3_600);
                play.strike_report(spot.place, &report);
            }),
            lie("offline while it was online", V2, half, |play, spot| {
                let register = meter(play, spot, free(spot));
                let report = begun(play, spot, -600, free(spot), "VICTIM01", register, true);
                play.strike_report(spot.place, &report);
            }),
        ],
        twins: vec![
            truth("begun and ended while the line was down", ALL, half, |play, spot| {
                let evse = free(spot);
                let register = meter(play, spot, evse);
                let gone = play.world.now();
                play.world.hang_up(spot.place);
                // A line that is down for two hours.
                play.world.pass(Duration::from_secs(7_200));
                let ago = |at_s: i64| at_s - (play.world.now().as_millis() - gone.as_millis()) / 1_000;
                let (from, to) = (ago(1_200), ago(4_800));
                let first = begun(play, spot, from, evse, "04D0FF11", register, true);
                let outcome = play.world.report(spot.place, &first.action, &first.payload);
                let passed = outcome.delivered && !outcome.is_stopped() && !outcome.is_marked();
                play.count_work(spot.place, passed, &outcome, &first);
                let name = if is_v16(spot.version) {
                    let answer = outcome.told.as_ref().and_then(|frame| frame.get(2)).cloned();
                    answer.and_then(|answer| answer.get("transactionId").cloned()).unwrap_or(json!(0))
                } else {
                    name_of(spot, evse, from, play.world.now())
                };
                let last = ended_as(play, spot, &name, to, register + 7_000.0, true);
                play.work_report(spot.place, &last);
            }),
            truth("ended while the line was down", ALL, half, |play, spot| {
                let Some((evse, transaction, _)) = spot.charging.clone() else { return };
                let register = super::register(play, spot);
                play.world.hang_up(spot.place);
                play.world.pass(Duration::from_secs(3_600));
                let name = super::name_of(spot.version, &transaction);
                let spot = Spot { charging: Some((evse, transaction, String::new())), ..spot.clone() };
                let last = ended_as(play, &spot, &name, -1_800, register + 500.0, true);
                play.work_report(spot.place, &last);
            }),
            truth("begun now, told a few seconds later", ALL, half, |play, spot| {
                let evse = free(spot);
                let register = meter(play, spot, evse);
                let report = begun(play, spot, -8, evse, "04D0FF12", register, false);
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn free(spot: &Spot) -> u32 {
    spot.free.unwrap_or(1)
}

fn meter(play: &Play<'_>, spot: &Spot, evse: u32) -> f64 {
    play.world.station(spot.place).map_or(0.0, |station| station.register_wh(evse))
}

fn name_of(spot: &Spot, evse: u32, at_s: i64, now: Timestamp) -> Value {
    json!(format!("tx-off-{}-{evse}-{}", spot.place, time(now, at_s)).chars().take(36).collect::<String>())
}

#[expect(clippy::cast_possible_truncation, reason = "a register is below 10^7 Wh")]
fn whole(wh: f64) -> i64 {
    wh as i64
}

fn begun(play: &Play<'_>, spot: &Spot, at_s: i64, evse: u32, card: &str, wh: f64, offline: bool) -> Order {
    let at = play.world.time(at_s);
    if is_v16(spot.version) {
        return order(start(i64::from(evse), card, whole(wh), &at));
    }
    let name = name_of(spot, evse, at_s, play.world.now());
    let event = Event {
        kind: "Started",
        trigger: "Authorized",
        transaction: &name,
        number: 0,
        at: &at,
        charging: Some("Charging"),
    };
    let mut report = event.with(json!({
        "evse": { "id": evse, "connectorId": 1 }, "idToken": token(card),
        "meterValue": [reading(spot.version, &at, "Transaction.Begin", &[Sample::energy(wh)])],
    }));
    if offline {
        merge(&mut report.payload, json!({ "offline": true }));
    }
    order(report)
}

fn ended(play: &mut Play<'_>, spot: &Spot, at_s: i64) -> Order {
    let wh = super::register(play, spot);
    let name = super::transaction(spot);
    ended_as(play, spot, &name, at_s, wh, false)
}

fn ended_as(play: &Play<'_>, spot: &Spot, name: &Value, at_s: i64, wh: f64, offline: bool) -> Order {
    let at = play.world.time(at_s);
    if is_v16(spot.version) {
        return order(stop(name, None, whole(wh), &at, "EVDisconnected"));
    }
    let event = Event {
        kind: "Ended",
        trigger: "EVCommunicationLost",
        transaction: name,
        number: super::next_number(play.world, spot),
        at: &at,
        charging: Some("Idle"),
    };
    let mut report = event.with(json!({
        "meterValue": [reading(spot.version, &at, "Transaction.End", &[Sample::energy(wh)])],
    }));
    merge_at(&mut report.payload, "/transactionInfo", json!({ "stoppedReason": "EVDisconnected" }));
    if offline {
        merge(&mut report.payload, json!({ "offline": true }));
    }
    order(report)
}
