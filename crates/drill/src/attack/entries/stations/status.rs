//! S04: a station tells what no connector can have done.

use super::{charges, half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot};
use crate::wire::is_v16;
use crate::wire::report::status;
use chargewarden_ocpp::Version;

const V16: &[Version] = &[Version::V16];

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S04",
        name: "a status that cannot be",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("free while somebody charges", ALL, charges, |play, spot| {
                let report = said(play, spot, spot.evse(), "Available", "NoError", 0);
                play.strike_report(spot.place, &report);
            }),
            lie("free while somebody charges, of an hour ago", ALL, charges, |play, spot| {
                let report = said(play, spot, spot.evse(), "Available", "NoError", -3_600);
                play.strike_report(spot.place, &report);
            }),
            lie("every connector faulty at once", ALL, half, |play, spot| {
                for evse in 1..=spot.evses {
                    let report = said(play, spot, evse, "Faulted", "GroundFailure", 0);
                    if evse == 1 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                    play.wait_s(2);
                }
            }),
            lie("finishing, and nobody had begun", V16, half, |play, spot| {
                let report = said(play, spot, spot.free.unwrap_or(1), "Finishing", "NoError", 0);
                play.strike_report(spot.place, &report);
            }),
            lie("from charging back to preparing", V16, charges, |play, spot| {
                let report = said(play, spot, spot.evse(), "Preparing", "NoError", 0);
                play.strike_report(spot.place, &report);
            }),
            lie("reserved while somebody charges", ALL, charges, |play, spot| {
                let report = said(play, spot, spot.evse(), "Reserved", "NoError", 0);
                play.strike_report(spot.place, &report);
            }),
            lie("a connector that is not there", ALL, charges, |play, spot| {
                let report = said(play, spot, spot.evses + 5, "Faulted", "OtherError", 0);
                play.strike_report(spot.place, &report);
            }),
            lie("of a time long gone", ALL, half, |play, spot| {
                let report = said(play, spot, spot.free.unwrap_or(1), "Faulted", "OtherError", -40 * 86_400);
                play.strike_report(spot.place, &report);
            }),
            lie("of a time to come", ALL, half, |play, spot| {
                let report = said(play, spot, spot.free.unwrap_or(1), "Unavailable", "NoError", 3 * 86_400);
                play.strike_report(spot.place, &report);
            }),
        ],
        twins: vec![
            truth("plugged in, and gone again", ALL, half, |play, spot| {
                let steps: &[&str] = if is_v16(spot.version) {
                    &["Preparing", "Available", "Preparing", "Available"]
                } else {
                    &["Occupied", "Available", "Occupied", "Available"]
                };
                for status in steps {
                    let report = said(play, spot, spot.free.unwrap_or(1), status, "NoError", 0);
                    play.work_report(spot.place, &report);
                    play.wait_s(90);
                }
            }),
            truth("a pause of the vehicle", V16, charges, |play, spot| {
                for status in ["SuspendedEV", "Charging", "SuspendedEVSE", "Charging"] {
                    let report = said(play, spot, spot.evse(), status, "NoError", 0);
                    play.work_report(spot.place, &report);
                    play.wait_s(120);
                }
            }),
            truth("one connector faulty, and repaired", ALL, half, |play, spot| {
                for (status, error) in [("Faulted", "GroundFailure"), ("Available", "NoError")] {
                    let report = said(play, spot, spot.free.unwrap_or(1), status, error, 0);
                    play.work_report(spot.place, &report);
                    play.wait_s(1_800);
                }
            }),
            truth("the same said twice", ALL, half, |play, spot| {
                for _ in 0..2 {
                    let report = said(play, spot, spot.free.unwrap_or(1), "Available", "NoError", 0);
                    play.work_report(spot.place, &report);
                    play.wait_s(10);
                }
            }),
            truth("the station itself", V16, charges, |play, spot| {
                let report = said(play, spot, 0, "Available", "NoError", 0);
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

fn said(play: &Play<'_>, spot: &Spot, evse: u32, word: &str, error: &str, ahead_s: i64) -> Order {
    order(status(spot.version, i64::from(evse), word, error, &play.world.time(ahead_s)))
}
