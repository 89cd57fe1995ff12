//! S07: security events that are forged, contradicted, or drown others.

use super::{half, lie, truth};
use crate::attack::line::{Sight, order};
use crate::attack::{ALL, Entry, Kind, Play, Spot};
use crate::wire::report::security_event;
use crate::wire::session::reset_later;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S07",
        name: "security events that are forged or drown others",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("the log was cleared", ALL, half, |play, spot| {
                strike(play, spot, "SecurityLogWasCleared", None)
            }),
            lie("somebody has opened it", ALL, half, |play, spot| {
                strike(play, spot, "TamperDetectionActivated", Some("door"));
            }),
            lie("new software that nobody has ordered", ALL, half, |play, spot| {
                strike(play, spot, "FirmwareUpdated", None);
            }),
            lie("settings changed that nobody has changed", ALL, half, |play, spot| {
                strike(play, spot, "ReconfigurationOfSecurityParameters", None);
            }),
            lie("restarted, and it was not", ALL, half, |play, spot| {
                strike(play, spot, "ResetOrReboot", None);
            }),
            lie("the clock set, and nobody had set it", ALL, half, |play, spot| {
                play.wait_s(7_200);
                strike(play, spot, "SettingSystemTime", Some("2038-01-19T03:14:07Z"));
            }),
            lie("many of one kind", ALL, half, |play, spot| {
                for turn in 0..40 {
                    let report = order(security_event(
                        "InvalidMessages",
                        &play.world.time(0),
                        Some(&format!("message {turn}")),
                    ));
                    if turn < 21 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                    play.wait_s(20);
                }
            }),
            lie("many of all kinds", ALL, half, |play, spot| {
                let kinds = [
                    "FailedToAuthenticateAtCsms",
                    "AttemptedReplayAttacks",
                    "MemoryExhaustion",
                    "InvalidTLSVersion",
                ];
                for turn in 0..40_usize {
                    let kind = kinds.get(turn % kinds.len()).copied().unwrap_or("InvalidMessages");
                    let report = order(security_event(kind, &play.world.time(0), None));
                    if turn < 21 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                    play.wait_s(5);
                }
            }),
            lie("with a line of its own for the log", ALL, half, |play, spot| {
                strike(play, spot, "ResetOrReboot", Some("ok\r\n2026-03-03 10:00:00 INFO login admin ok"));
            }),
            lie("of last year", ALL, half, |play, spot| {
                let at = play.world.time(-300 * 86_400);
                let report = order(security_event("FirmwareUpdated", &at, None));
                play.strike_report(spot.place, &report);
            }),
        ],
        twins: vec![
            truth("started, after it has started", ALL, half, |play, spot| {
                play.world.reconnect(spot.place);
                play.wait_s(5);
                let report = order(security_event("StartupOfTheDevice", &play.world.time(0), None));
                play.work_report(spot.place, &report);
            }),
            truth("restarted, after it was told to", ALL, half, |play, spot| {
                let Some(sight) = play.spot(spot.place).map(|spot| Sight::of(&spot)) else { return };
                play.prepare(spot.place, &order(reset_later(sight.version)));
                play.wait_s(60);
                play.world.reconnect(spot.place);
                let report = order(security_event("ResetOrReboot", &play.world.time(0), None));
                play.work_report(spot.place, &report);
            }),
            truth("a clock set after a start", ALL, half, |play, spot| {
                play.world.reconnect(spot.place);
                play.wait_s(5);
                let report = order(security_event("SettingSystemTime", &play.world.time(0), None));
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn strike(play: &mut Play<'_>, spot: &Spot, kind: &str, info: Option<&str>) {
    let report = order(security_event(kind, &play.world.time(0), info));
    play.strike_report(spot.place, &report);
}
