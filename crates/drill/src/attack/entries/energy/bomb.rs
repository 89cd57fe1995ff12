//! C22: commands sent slowly that all act at one moment.

use serde_json::json;

use crate::attack::line::{Lines, Sight, order, twins as each_twin};
use crate::attack::{ALL, Attack, Order, Twin, V2, V21};
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::service::{firmware, signed_firmware};
use crate::wire::session::reserve;

/// When it goes off, counted from when the first command was sent, in s: Sunday evening.
const FUSE_S: i64 = 5 * 86_400 + 9 * 3_600;

/// One command a station; all act at the same moment.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        bomb("a step down at a certain time", ALL, |sight, at| {
            default(sight, Schedule::amps(&[(0, 6.0)]).phases(3).starting(sight.time(at)).lasting(7_200))
        }),
        bomb("a step up at a certain time", ALL, |sight, at| {
            let schedule = Schedule::watts(&[(0, 4_200.0), (at, sight.evse_w)]).starting(sight.time(0));
            default(sight, schedule)
        }),
        bomb("different beginnings, one moment in a late period", ALL, |sight, at| {
            // A beginning of its own for each station, and the period counted from there.
            let early = 3_600 + 677 * i64::try_from(sight.place % 97).unwrap_or(0);
            let schedule = Schedule::watts(&[(0, sight.evse_w), (early, 4_200.0)]);
            default(sight, schedule.starting(sight.time(at - early)))
        }),
        bomb("valid from then on", ALL, |sight, at| {
            let v = sight.version;
            let profile = Profile::relative(Purpose::Default, Schedule::watts(&[(0, 4_200.0)])).at(0);
            order(profile.id(7).stack(2).from(sight.time(at)).set(v))
        }),
        bomb("valid until then, so that all come back", ALL, |sight, at| {
            let v = sight.version;
            let profile = Profile::relative(Purpose::Default, Schedule::watts(&[(0, 4_200.0)])).at(0);
            order(profile.id(7).stack(2).to(sight.time(at)).set(v))
        }),
        bomb("lasting until then", ALL, |sight, at| {
            default(sight, Schedule::watts(&[(0, 4_200.0)]).starting(sight.time(0)).lasting(at))
        }),
        bomb("every day at that time", ALL, |sight, at| {
            let schedule = Schedule::watts(&[(0, 4_200.0), (3_600, sight.evse_w)]);
            // First turns lie on different days; the time of day is the same.
            let days = 86_400 * i64::try_from(sight.place % 4).unwrap_or(0);
            let start = sight.time(at - days);
            let profile = Profile::daily(Purpose::Default, schedule.starting(start).lasting(86_400));
            order(profile.at(0).id(7).stack(2).set(sight.version))
        }),
        bomb("every week at that time", ALL, |sight, at| {
            let schedule = Schedule::watts(&[(0, 4_200.0), (3_600, sight.evse_w)]);
            let weeks = 604_800 * i64::try_from(sight.place % 3).unwrap_or(0);
            let start = sight.time(at - weeks);
            let profile = Profile::weekly(Purpose::Default, schedule.starting(start).lasting(604_800));
            order(profile.at(0).id(7).stack(2).set(sight.version))
        }),
        bomb("within half a minute of each other", ALL, |sight, at| {
            let jitter = i64::try_from(sight.place * 7 % 30).unwrap_or(0);
            let schedule = Schedule::watts(&[(0, 4_200.0)]).starting(sight.time(at + jitter)).lasting(3_600);
            default(sight, schedule)
        }),
        bomb("the whole station, by its limit", ALL, |sight, at| {
            let schedule = Schedule::watts(&[(0, (sight.station_w / 4.0).round())]).starting(sight.time(at));
            order(Profile::absolute(Purpose::Max, schedule.lasting(3_600)).id(8).set(sight.version))
        }),
        bomb("some by limits, some by defaults, some by validity", ALL, |sight, at| {
            let v = sight.version;
            match sight.place % 3 {
                0 => default(sight, Schedule::watts(&[(0, 4_200.0)]).starting(sight.time(at)).lasting(3_600)),
                1 => {
                    let schedule = Schedule::watts(&[(0, 5_000.0)]).starting(sight.time(at));
                    order(Profile::absolute(Purpose::Max, schedule.lasting(3_600)).id(8).set(v))
                }
                _ => {
                    let profile = Profile::relative(Purpose::Default, Schedule::watts(&[(0, 4_200.0)]));
                    order(profile.at(0).id(7).stack(2).from(sight.time(at)).set(v))
                }
            }
        }),
        bomb("reservations that all end then", ALL, |sight, _| {
            let ends = 11 * 3_600;
            let number = 5_000 + i64::try_from(sight.place).unwrap_or(0);
            let tag = format!("04C22{:03X}", sight.place);
            order(reserve(sight.version, number, sight.free, &tag, &sight.time(ends)))
        }),
        bomb("software that all fetch then", ALL, |sight, at| {
            let location = "https://firmware.example.com/acme/2.0.0.bin";
            if sight.is_v16() {
                order(firmware(sight.version, location, &sight.time(at), None))
            } else {
                order(signed_firmware(sight.version, location, &sight.time(at), None, "certificate"))
            }
        }),
        bomb("software fetched at different times, installed then", V2, |sight, at| {
            let location = "https://firmware.example.com/acme/2.0.0.bin";
            let fetch = sight.time(3_600 + 300 * i64::try_from(sight.place).unwrap_or(0));
            let install = sight.time(at);
            order(signed_firmware(sight.version, location, &fetch, Some(&install), "certificate"))
        }),
        bomb("in local time, with the delay taken out", V21, |sight, at| {
            let schedule = Schedule::watts(&[(0, 4_200.0)])
                .starting(sight.time(at))
                .lasting(3_600)
                .with("useLocalTime", json!(true))
                .with("randomizedDelay", json!(0));
            default(sight, schedule)
        }),
    ]
}

fn default(sight: &Sight, schedule: Schedule) -> Order {
    order(Profile::absolute(Purpose::Default, schedule).at(0).id(7).stack(2).set(sight.version))
}

/// The moment stays, however much time goes by between the commands.
fn bomb(
    name: &'static str,
    versions: &'static [chargewarden_ocpp::Version],
    write: fn(&Sight, i64) -> Order,
) -> Attack {
    Attack::new(name, versions, move |play| {
        let goes_off = play.world.now().as_millis() + FUSE_S * 1_000;
        play.campaign(|play, place| {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
            let left = (goes_off - sight.now.as_millis()) / 1_000;
            if left > 600 {
                play.strike(place, &write(&sight, left));
            }
        });
    })
}

/// What acts later, but not all at once.
pub(super) fn twins() -> Vec<Twin> {
    let mut twins = each_twin(single);
    twins.push(Twin::new("evening curtailment of a site, spread over half an hour", ALL, |play| {
        let places: Vec<usize> = play.targets().into_iter().take(12).collect();
        let begins = play.world.now().as_millis() + 7 * 3_600_000;
        for (turn, place) in (0i64..).zip(places) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            let start = (begins - sight.now.as_millis()) / 1_000 + turn * 173;
            let schedule = Schedule::amps(&[(0, 10.0)]).starting(sight.time(start)).lasting(7_200);
            let profile = Profile::absolute(Purpose::Default, schedule).at(0).id(71).stack(1);
            play.work(place, &order(profile.set(sight.version)));
            play.wait_s(300);
        }
    }));
    twins.push(Twin::new("reservations of drivers, each for its own time", ALL, |play| {
        let free = play.targets_where(|spot| spot.free.is_some());
        for (turn, place) in (0i64..).zip(free.into_iter().step_by(23).take(6)) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            let tag = format!("04A7{turn:04X}");
            let ends = sight.time(1_800 + 431 * turn);
            play.work(place, &order(reserve(sight.version, 300 + turn, sight.free, &tag, &ends)));
            play.wait_s(700);
        }
    }));
    twins
}

fn single(sight: &Sight) -> Lines {
    let v = sight.version;
    let mut lines = Lines::default();
    lines.add("one station's night rate", {
        let start = sight.time(11 * 3_600 + 61 * i64::try_from(sight.place % 10).unwrap_or(0));
        let schedule = Schedule::amps(&[(0, 16.0), (21_600, 10.0)]).starting(start).lasting(86_400);
        Profile::daily(Purpose::Default, schedule).id(72).stack(1).set(v)
    });
    lines.add("a limit that ends when the work on the site's connection is done", {
        let schedule = Schedule::watts(&[(0, (sight.station_w * 0.7).round())]).starting(sight.time(0));
        Profile::absolute(Purpose::Max, schedule).id(73).to(sight.time(3 * 86_400)).set(v)
    });
    lines
}
