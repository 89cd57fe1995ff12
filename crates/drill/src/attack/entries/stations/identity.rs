//! S06: a station that is suddenly another one, or runs other software.

use super::{half, lie, truth};
use crate::attack::line::order;
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot};
use crate::wire::report::boot;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S06",
        name: "a station that is suddenly another one",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("another serial number", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.serial = "9999".to_owned());
            }),
            lie("another model", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.model = "Twin-44".to_owned());
            }),
            lie("another maker", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.vendor = "Umbrella".to_owned());
            }),
            lie("older software", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.firmware = "1.2.0".to_owned());
            }),
            lie("newer software that nobody has ordered", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.firmware = "2.0.0".to_owned());
            }),
            lie("software with something behind its version", ALL, half, |play, spot| {
                strike(play, spot, |plate| plate.firmware = "1.8.33-dev".to_owned());
            }),
            lie("everything else", ALL, half, |play, spot| {
                strike(play, spot, |plate| {
                    plate.serial = "X1".to_owned();
                    plate.model = "DC-300".to_owned();
                    plate.firmware = "0.0.1".to_owned();
                });
            }),
            lie("starts again and again", ALL, half, |play, spot| {
                for turn in 0..8 {
                    let report = plate_of(play, spot, |_| {});
                    // The start of the morning is hours ago; three within an hour may be a fault.
                    if turn < 3 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                    play.wait_s(300);
                }
            }),
        ],
        twins: vec![
            truth("the same after a power cut", ALL, half, |play, spot| {
                let report = plate_of(play, spot, |_| {});
                play.work_report(spot.place, &report);
            }),
            truth("the same, twice in an hour", ALL, half, |play, spot| {
                for _ in 0..2 {
                    let report = plate_of(play, spot, |_| {});
                    play.work_report(spot.place, &report);
                    play.wait_s(1_500);
                }
            }),
        ],
    }
}

/// What is printed on the back of a station.
struct Plate {
    vendor: String,
    model: String,
    serial: String,
    firmware: String,
}

fn strike(play: &mut Play<'_>, spot: &Spot, change: fn(&mut Plate)) {
    let report = plate_of(play, spot, change);
    play.strike_report(spot.place, &report);
}

fn plate_of(play: &Play<'_>, spot: &Spot, change: fn(&mut Plate)) -> Order {
    let plan = play.world.station(spot.place).map(|station| station.plan.clone());
    let mut plate = plan.map_or_else(
        || Plate {
            vendor: String::new(),
            model: String::new(),
            serial: String::new(),
            firmware: String::new(),
        },
        |plan| Plate { vendor: plan.vendor, model: plan.model, serial: plan.serial, firmware: plan.firmware },
    );
    change(&mut plate);
    order(boot(spot.version, &plate.vendor, &plate.model, &plate.serial, &plate.firmware))
}
