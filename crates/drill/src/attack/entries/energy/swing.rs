//! C21: load that swings, by one profile or by many commands, on one station or on all.

use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{ALL, Attack, Play, Twin, V21};
use crate::wire::profile::{Profile, Purpose, Schedule, Selection, Unit, clear, update};
use crate::wire::session::{reset_later, reset_now, serve, start, stop};

/// Oscillation that one station does by itself, or is led to by a few commands.
pub(super) fn hard() -> Vec<Attack> {
    let mut attacks = each(profiles);
    attacks.push(commands("limits up and down", |sight, turn| {
        let limit = if turn % 2 == 0 { 1_400.0 } else { sight.evse_w };
        let schedule = Schedule::watts(&[(0, limit)]).phases(1);
        order(Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(7).set(sight.version))
    }));
    attacks.push(commands("a limit set and taken away", |sight, turn| {
        if turn % 2 == 0 {
            let schedule = Schedule::watts(&[(0, 4_200.0)]);
            order(Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(7).set(sight.version))
        } else {
            order(clear(sight.version, Selection { id: Some(7), ..Selection::default() }))
        }
    }));
    attacks.push(commands("defaults of different ids, up and down", |sight, turn| {
        let limit = if turn % 2 == 0 { 4_200.0 } else { sight.evse_w };
        let profile = Profile::relative(Purpose::Default, Schedule::watts(&[(0, limit)])).at(0);
        order(profile.id(100 + turn).stack(turn.min(7)).set(sight.version))
    }));
    attacks.push(Attack::new("many profiles, each with one step", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            // Each is calm by itself; one after the other they make the load swing every minute.
            for turn in 0..8 {
                let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                let limit = if turn % 2 == 0 { 4_200.0 } else { sight.evse_w };
                let schedule = Schedule::watts(&[(0, limit)]).starting(sight.time(3_600 + 60 * turn));
                let profile = Profile::absolute(Purpose::Default, schedule).at(0).id(200 + turn).stack(turn);
                let profile = order(profile.set(sight.version));
                // The first steps down and up are what anybody may do.
                if turn < 3 {
                    play.prepare(place, &profile);
                } else {
                    play.strike(place, &profile);
                }
                play.wait_s(120);
            }
        });
    }));
    attacks
}

/// A few commands at one station, a minute apart. The first two are what anybody may do.
fn commands(name: &'static str, write: fn(&Sight, i64) -> crate::attack::Order) -> Attack {
    Attack::new(name, ALL, move |play| {
        play.campaign_where(is_half_taken, |play, place| {
            for turn in 0..8 {
                let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                let next = write(&sight, turn);
                if turn < 3 {
                    play.prepare(place, &next);
                } else {
                    play.strike(place, &next);
                }
                play.wait_s(58);
            }
        });
    })
}

fn profiles(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    let square = |every: i64, turns: i64, low: f64, high: f64| {
        let turn = |n: i64| (n * every, if n % 2 == 0 { low } else { high });
        let periods: Vec<(i64, f64)> = (0..turns).map(turn).collect();
        Schedule::new(Unit::A, &periods)
    };
    let tonight = || sight.time(12 * 3_600);
    lines.add("off and on every minute, from a night on", {
        let schedule = square(60, 4, 0.0, 32.0).starting(tonight());
        Profile::absolute(Purpose::Default, schedule).at(0).set(v)
    });
    lines.add("off and on every two seconds", {
        let periods = Schedule::watts(&[(0, 0.0), (2, sight.evse_w)]).starting(tonight());
        Profile::absolute(Purpose::Default, periods).set(v)
    });
    lines.add("a second of rest in every minute, for hours", {
        let turn = |n: i64| [(n * 60, 16.0), (n * 60 + 59, 6.0)];
        let periods: Vec<(i64, f64)> = (0..120).flat_map(turn).collect();
        Profile::relative(Purpose::Tx, Schedule::new(Unit::A, &periods)).of(tx).set(v)
    });
    lines.add("half the load, every three minutes", {
        Profile::relative(Purpose::Tx, square(180, 20, 8.0, 16.0)).of(tx).set(v)
    });
    lines.add("a quarter of the load, every four minutes, in watt", {
        let turn = |n: i64| (n * 240, if n % 2 == 0 { 7_400.0 } else { 9_900.0 });
        let periods: Vec<(i64, f64)> = (0..16).map(turn).collect();
        Profile::relative(Purpose::Tx, Schedule::watts(&periods)).of(tx).set(v)
    });
    lines.add("in steps, so that none is large", {
        let wave = [6.0, 9.0, 12.0, 16.0, 12.0, 9.0];
        let turn = |n: usize| (i64::try_from(n).unwrap_or(0) * 60, wave.get(n % 6).copied().unwrap_or(6.0));
        let periods: Vec<(i64, f64)> = (0..60).map(turn).collect();
        Profile::relative(Purpose::Tx, Schedule::new(Unit::A, &periods)).of(tx).set(v)
    });
    lines.add("every day", {
        let schedule = square(120, 30, 6.0, 32.0).starting(tonight()).lasting(86_400);
        Profile::daily(Purpose::Default, schedule).stack(1).set(v)
    });
    lines.add("every week", {
        let schedule = square(90, 40, 6.0, 32.0).starting(tonight()).lasting(604_800);
        Profile::weekly(Purpose::Default, schedule).stack(1).set(v)
    });
    lines.add("calm for a day, then not", {
        let mut periods = vec![(0, 16.0)];
        periods.extend((0..10).map(|n| (86_400 + n * 61, if n % 2 == 0 { 6.0 } else { 32.0 })));
        let schedule = Schedule::new(Unit::A, &periods).starting(sight.time(0));
        Profile::absolute(Purpose::Default, schedule).stack(1).set(v)
    });
    lines.add("the whole station", {
        let schedule = square(60, 20, 6.0, 32.0).starting(tonight());
        Profile::absolute(Purpose::Max, schedule).set(v)
    });
    lines.add("brought by a start", {
        Profile::relative(Purpose::Tx, square(60, 20, 6.0, 16.0)).at(sight.free).with_start(v, "04C21A7E")
    });
    lines.add_if(!sight.is_v16(), "the second schedule to choose", || {
        let calm = Schedule::amps(&[(0, 16.0)]);
        Profile::relative(Purpose::Tx, calm).of(tx).or(square(60, 20, 6.0, 16.0)).set(v)
    });
    lines.add_if(sight.is_v21(), "set-points", || {
        let period = |n: i64| {
            json!({
                "startPeriod": n * 60, "operationMode": "CentralSetpoint",
                "setpoint": if n % 2 == 0 { 2_000.0 } else { 20_000.0 },
            })
        };
        let periods: Vec<Value> = (0..20).map(period).collect();
        Profile::relative(Purpose::Tx, Schedule::of(Unit::W, periods)).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "the phases in turn", || {
        let period = |n: i64| {
            let (one, other) = if n % 2 == 0 { (32.0, 0.0) } else { (0.0, 32.0) };
            json!({ "startPeriod": n * 60, "limit": one, "limit_L2": other, "limit_L3": one })
        };
        let periods: Vec<Value> = (0..20).map(period).collect();
        Profile::relative(Purpose::Tx, Schedule::of(Unit::A, periods)).of(tx).set(v)
    });
    lines
}

/// Single commands, each of which anybody may give, to all stations.
pub(super) fn fleet() -> Vec<Attack> {
    vec![
        wave("every session stopped", ALL, |sight| {
            vec![order(stop(sight.version, &sight.session.transaction))]
        }),
        wave("every session down to the least at once", ALL, |sight| {
            let schedule = Schedule::amps(&[(0, 6.0)]).phases(3).lasting(7_200);
            vec![order(Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(7).set(sight.version))]
        }),
        wave("every station down to a third at once", ALL, |sight| {
            let schedule = Schedule::watts(&[(0, (sight.station_w / 3.0).round())]);
            let schedule = schedule.starting(sight.time(0)).lasting(7_200);
            vec![order(Profile::absolute(Purpose::Max, schedule).id(8).set(sight.version))]
        }),
        wave("every station restarted, in order", ALL, |sight| vec![order(reset_later(sight.version))]),
        wave("every station restarted, at once", ALL, |sight| vec![order(reset_now(sight.version))]),
        wave("every station out of service", ALL, |sight| vec![order(serve(sight.version, 0, false))]),
        wave("every free EVSE started", ALL, |sight| {
            let tag = format!("04C21{:03X}", sight.place);
            vec![order(start(sight.version, Some(sight.free), &tag))]
        }),
        wave("every EVSE out of service, one by one", ALL, |sight| {
            [1, 2].map(|evse| order(serve(sight.version, evse, false))).into()
        }),
        wave("different commands for the same drop", ALL, |sight| {
            let v = sight.version;
            let schedule = || Schedule::amps(&[(0, 6.0)]).phases(3);
            vec![match sight.place % 4 {
                0 => order(stop(v, &sight.session.transaction)),
                1 => order(serve(v, 0, false)),
                2 => order(reset_now(v)),
                _ => order(Profile::relative(Purpose::Tx, schedule()).of(&sight.session).id(7).set(v)),
            }]
        }),
        wave("dynamic limits of every session", V21, |sight| {
            let v = sight.version;
            let dynamic = Profile::dynamic(Purpose::Tx, Schedule::watts(&[(0, sight.evse_w)]));
            vec![
                order(dynamic.of(&sight.session).id(31).with("dynUpdateInterval", json!(60)).set(v)),
                order(update(31, json!({ "limit": 4_200.0 }))),
            ]
        }),
    ]
}

/// Commands to every station with a session.
fn wave(
    name: &'static str,
    versions: &'static [chargewarden_ocpp::Version],
    write: fn(&Sight) -> Vec<crate::attack::Order>,
) -> Attack {
    Attack::new(name, versions, move |play| {
        play.campaign_where(
            |spot| spot.charging.is_some(),
            |play, place| {
                let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                let orders = write(&sight);
                let (last, before) = match orders.split_last() {
                    Some((last, before)) => (last, before),
                    None => return,
                };
                before.iter().for_each(|order| drop(play.prepare(place, order)));
                play.strike(place, last);
            },
        );
    })
}

/// Demand response that is spread, and inside the ramp budget.
pub(super) fn twins() -> Vec<Twin> {
    let mut twins = each_twin(calm);
    twins.push(Twin::new("a few stations one after the other, down by a third for an hour", ALL, |play| {
        staggered(play, 8, 420);
    }));
    twins.push(Twin::new("sessions stopped from the drivers' app, as they come", ALL, |play| {
        for place in play.targets_where(|spot| spot.charging.is_some()).into_iter().step_by(17).take(6) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            play.work(place, &order(stop(sight.version, &sight.session.transaction)));
            play.wait_s(540);
        }
    }));
    twins
}

fn staggered(play: &mut Play<'_>, stations: usize, apart_s: u64) {
    for place in play.targets_where(is_half_taken).into_iter().step_by(13).take(stations) {
        let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.66).round())]).lasting(3_600);
        let profile = Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(71);
        play.work(place, &order(profile.set(sight.version)));
        play.wait_s(apart_s);
    }
}

fn calm(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    lines.add("one step down, one up", {
        let schedule = Schedule::amps(&[(0, 16.0), (1_800, 10.0), (5_400, 16.0)]);
        Profile::relative(Purpose::Tx, schedule).of(tx).id(41).set(v)
    });
    lines.add("prices by the quarter of an hour, three levels", {
        let level =
            |n: i64| (n * 900, [16.0, 12.0, 10.0].get(usize::try_from(n / 8).unwrap_or(0) % 3).copied());
        let periods: Vec<(i64, f64)> =
            (0..24).map(level).map(|(at, amps)| (at, amps.unwrap_or(16.0))).collect();
        Profile::absolute(Purpose::Tx, Schedule::amps(&periods).starting(sight.time(0)).lasting(21_600))
            .of(tx)
            .id(42)
            .set(v)
    });
    lines
}
