//! C18: profiles that the schema takes and no station can follow.

use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight};
use crate::wire::profile::{Profile, Purpose, Schedule, Unit};
use crate::wire::session::Running;

/// Rules of OCPP on profiles, broken one at a time.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let v16 = sight.is_v16();
    let mut lines = Lines::default();
    let fine = || Schedule::amps(&[(0, 16.0)]);
    let session = |schedule| Profile::relative(Purpose::Tx, schedule).of(tx);
    lines.add("begins a minute late", session(Schedule::amps(&[(60, 16.0)])).set(v));
    lines.add("begins before its beginning", session(Schedule::amps(&[(-60, 16.0), (0, 10.0)])).set(v));
    lines.add("goes back", session(Schedule::amps(&[(0, 16.0), (600, 10.0), (300, 8.0)])).set(v));
    lines.add("has a moment twice", session(Schedule::amps(&[(0, 16.0), (300, 10.0), (300, 32.0)])).set(v));
    lines.add("below zero", session(Schedule::amps(&[(0, -16.0)])).set(v));
    lines.add("below zero, later", session(Schedule::watts(&[(0, 11_000.0), (900, -7_400.0)])).set(v));
    lines.add("beyond any grid", session(Schedule::watts(&[(0, 1.0e12)])).set(v));
    let many = |count: i64| {
        let period = |n: i64| json!({ "startPeriod": n * 60, "limit": if n % 2 == 0 { 10.0 } else { 10.1 } });
        Schedule::of(Unit::A, (0..count).map(period).collect::<Vec<Value>>())
    };
    lines.add("a thousand periods", session(many(1_000)).set(v));
    lines.add("just more than five hundred", session(many(501)).set(v));
    lines.add_if(v16, "five thousand periods", || session(many(5_000)).set(v));
    lines.add_if(v16, "no period at all", || session(Schedule::of(Unit::A, Vec::new())).set(v));
    lines.add("a limit of the station on one EVSE", {
        Profile::absolute(Purpose::Max, fine().starting(sight.time(0))).at(1).set(v)
    });
    lines.add("a limit of the station, relative", Profile::relative(Purpose::Max, fine()).set(v));
    lines.add("a limit of the station for a session", {
        Profile::absolute(Purpose::Max, fine().starting(sight.time(0))).of(tx).set(v)
    });
    lines.add("a limit of one session on all EVSEs", session(fine()).at(0).set(v));
    lines.add("a default for one session", Profile::relative(Purpose::Default, fine()).of(tx).set(v));
    lines.add("for a session that does not run", {
        let transaction = if v16 { json!(987_654) } else { json!("tx-never") };
        let other = Running { transaction, ..tx.clone() };
        Profile::relative(Purpose::Tx, fine()).of(&other).set(v)
    });
    lines.add("for a session on an EVSE where none runs", {
        Profile::relative(Purpose::Tx, fine()).of(tx).at(sight.free).set(v)
    });
    lines.add("on an EVSE that is not there", Profile::relative(Purpose::Default, fine()).at(99).set(v));
    lines.add("recurs, and does not say how often", {
        Profile::new(Purpose::Default, "Recurring", fine().starting(sight.time(0))).set(v)
    });
    lines.add("recurs, and does not say from when", Profile::daily(Purpose::Default, fine()).set(v));
    lines.add("does not recur, and says how often", {
        Profile::absolute(Purpose::Default, fine().starting(sight.time(0))).recurring(Some("Daily")).set(v)
    });
    lines.add("relative, from a certain time", session(fine().starting(sight.time(60))).set(v));
    lines.add("ends before it begins", {
        session(fine()).from(sight.time(7_200)).to(sight.time(3_600)).set(v)
    });
    lines.add("lasts less than nothing", session(fine().lasting(-60)).set(v));
    lines.add("lasts no time", session(fine().lasting(0)).set(v));
    lines.add("a day of thirty hours", {
        Profile::daily(Purpose::Default, fine().starting(sight.time(0)).lasting(108_000)).set(v)
    });
    lines.add_if(!sight.is_v21(), "no phases", || session(fine().phases(0)).set(v));
    lines.add_if(!sight.is_v21(), "less than no phases", || session(fine().phases(-3)).set(v));
    lines.add_if(!sight.is_v21(), "a stack level below zero", || session(fine()).stack(-1).set(v));
    lines.add("a stack level beyond every station's", session(fine()).stack(2_147_483_647).set(v));
    lines.add("brought by a start, for another session", {
        Profile::relative(Purpose::Tx, fine()).of(tx).at(sight.free).with_start(v, "04C18A7E")
    });
    lines.add("brought by a start, as a default", {
        Profile::relative(Purpose::Default, fine()).at(sight.free).with_start(v, "04C18A7E")
    });
    lines.add("brought by a start, for the whole station", {
        Profile::absolute(Purpose::Max, fine().starting(sight.time(0)))
            .at(sight.free)
            .with_start(v, "04C18A7E")
    });
    let v2x = !v16;
    lines.add_if(v2x, "a session's limit that names no session", || {
        Profile::relative(Purpose::Tx, fine()).at(tx.evse).set(v)
    });
    lines.add_if(v2x, "the third schedule goes back", || {
        session(fine()).or(fine()).or(Schedule::amps(&[(0, 16.0), (600, 10.0), (300, 8.0)])).set(v)
    });
    lines.add_if(sight.is_v21(), "dynamic, with two periods", || {
        let periods = Schedule::watts(&[(0, 11_000.0), (900, 7_400.0)]);
        Profile::dynamic(Purpose::Tx, periods).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "a set-point below zero in a mode that cannot", || {
        let period = json!({ "startPeriod": 0, "operationMode": "ChargingOnly", "setpoint": -7_400.0 });
        Profile::absolute(Purpose::Tx, Schedule::of(Unit::W, vec![period]).starting(sight.time(0)))
            .of(tx)
            .set(v)
    });
    lines
}

/// Profiles by the book.
pub(super) fn twins(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    lines.add("a day in quarters of an hour", {
        let period = |n: i64| json!({ "startPeriod": n * 900, "limit": if n < 32 { 16.0 } else { 10.0 } });
        let schedule = Schedule::of(Unit::A, (0..96).map(period).collect()).starting(sight.time(0));
        Profile::absolute(Purpose::Default, schedule.lasting(86_400)).id(41).set(v)
    });
    lines.add("a week", {
        let schedule = Schedule::watts(&[(0, 11_000.0), (432_000, 7_400.0)]).starting(sight.time(-86_400));
        Profile::weekly(Purpose::Default, schedule.lasting(604_800)).id(42).stack(1).set(v)
    });
    lines.add("the session, from now on", {
        Profile::relative(Purpose::Tx, Schedule::amps(&[(0, 16.0), (1_800, 10.0)])).id(43).of(tx).set(v)
    });
    lines.add("the session, at certain times", {
        let schedule = Schedule::watts(&[(0, 7_400.0), (1_800, 11_000.0)]).starting(sight.time(60));
        Profile::absolute(Purpose::Tx, schedule.lasting(7_200)).id(44).of(tx).to(sight.time(9_000)).set(v)
    });
    lines.add("one phase, and which", {
        let period = json!({ "startPeriod": 0, "limit": 16.0, "numberPhases": 1, "phaseToUse": 2 });
        let period = if sight.is_v16() {
            json!({ "startPeriod": 0, "limit": 16.0, "numberPhases": 1 })
        } else {
            period
        };
        Profile::relative(Purpose::Tx, Schedule::of(Unit::A, vec![period])).id(45).of(tx).set(v)
    });
    lines.add_if(!sight.is_v16(), "three schedules to choose from", || {
        Profile::relative(Purpose::Tx, Schedule::amps(&[(0, 16.0)]))
            .id(46)
            .of(tx)
            .or(Schedule::amps(&[(0, 10.0)]))
            .or(Schedule::amps(&[(0, 16.0), (3_600, 10.0)]))
            .set(v)
    });
    lines.add_if(sight.is_v21(), "dynamic, by the book", || {
        Profile::dynamic(Purpose::Tx, Schedule::watts(&[(0, 7_400.0)]))
            .id(47)
            .of(tx)
            .with("dynUpdateInterval", json!(60))
            .set(v)
    });
    lines
}
