//! C16: limits that deny the charge without saying so.

use serde_json::json;

use crate::attack::line::{Lines, Sight};
use crate::wire::profile::{Profile, Purpose, Schedule, Unit, update};
use crate::wire::setting::{self, Variable};

/// Zero for longer than a pause, or less than a vehicle can use, while somebody charges.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    let off = || Schedule::amps(&[(0, 0.0)]);
    lines.add("default of zero, recurring without a recurrence", {
        Profile::new(Purpose::Default, "Recurring", off()).at(0).stack(8).set(v)
    });
    lines.add("one watt for the session", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, 1.0)])).stack(9).of(tx).set(v)
    });
    lines.add("five ampere on three phases, without end", {
        let schedule = Schedule::amps(&[(0, 5.0)]).phases(3).starting(sight.time(0));
        Profile::absolute(Purpose::Default, schedule).stack(3).set(v)
    });
    lines.add("just under six ampere, written in watt", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, 4_000.0)]).phases(3)).of(tx).set(v)
    });
    lines.add("just under six ampere on one phase, in watt", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, 1_300.0)]).phases(1)).of(tx).set(v)
    });
    lines.add("whole station at zero, without end", {
        Profile::absolute(Purpose::Max, off().starting(sight.time(0))).id(21).set(v)
    });
    lines.add("the session at zero, without end", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, 0.0)])).of(tx).set(v)
    });
    lines.add("a minute of power, then none", {
        let schedule = Schedule::amps(&[(0, 16.0), (60, 0.0)]).starting(sight.time(0));
        Profile::absolute(Purpose::Tx, schedule).of(tx).set(v)
    });
    lines.add("zero 23 h of every day", {
        let schedule = Schedule::watts(&[(0, 0.0), (82_800, 7_400.0)]).starting(sight.time(0));
        Profile::daily(Purpose::Default, schedule.lasting(86_400)).stack(4).set(v)
    });
    lines.add("zero all week, but for the first hour", {
        let schedule = Schedule::amps(&[(0, 16.0), (3_600, 0.0)]).starting(sight.time(-7_200));
        Profile::weekly(Purpose::Default, schedule).stack(4).set(v)
    });
    lines.add("zero until next month", {
        Profile::absolute(Purpose::Default, off().starting(sight.time(0)))
            .to(sight.time(30 * 86_400))
            .stack(5)
            .set(v)
    });
    lines.add("zero for sixteen minutes", {
        let schedule = off().starting(sight.time(0)).lasting(16 * 60);
        Profile::absolute(Purpose::Tx, schedule).of(tx).set(v)
    });
    lines.add("zero in pieces, each short", {
        let period = |n: i64| json!({ "startPeriod": n * 600, "limit": if n % 2 == 0 { 0.0 } else { 1.0 } });
        let schedule = Schedule::of(Unit::W, (0..12).map(period).collect()).starting(sight.time(0));
        Profile::absolute(Purpose::Tx, schedule).of(tx).set(v)
    });
    lines.add("zero for the session that is about to begin, brought by its start", {
        Profile::relative(Purpose::Tx, off()).at(sight.free).with_start(v, "04C16A7E")
    });
    lines.add("zero in five minutes, for the whole station", {
        let schedule = Schedule::watts(&[(0, 0.0)]).starting(sight.time(300));
        Profile::absolute(Purpose::Max, schedule).id(22).stack(1).set(v)
    });
    lines.add("valid later, and zero then", {
        Profile::relative(Purpose::Default, off()).from(sight.time(600)).stack(6).set(v)
    });
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "the second schedule to choose is zero", || {
        Profile::relative(Purpose::Tx, Schedule::amps(&[(0, 16.0)])).of(tx).or(off()).set(v)
    });
    lines.add_if(v2x, "the EVSE's greatest power as a variable", || {
        let power =
            Variable { evse: Some(tx.evse), attribute: Some("MaxSet"), ..Variable::new("EVSE", "Power") };
        setting::variables(&[(power, "0")])
    });
    lines.add_if(v2x, "the connector's current as a variable", || {
        let current = Variable { evse: Some(tx.evse), ..Variable::new("Connector", "ACCurrent") };
        setting::variables(&[(current, "4")])
    });
    lines.add_if(sight.is_v16(), "a vendor's key for the greatest current", || {
        setting::key("MaxChargingCurrent", "0")
    });
    lines.add_if(sight.is_v21(), "a set-point of nothing", || {
        let period = json!({ "startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 0.0 });
        Profile::dynamic(Purpose::Tx, Schedule::of(Unit::W, vec![period])).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "idle, by mode", || {
        let period = json!({ "startPeriod": 0, "operationMode": "Idle" });
        Profile::absolute(Purpose::Tx, Schedule::of(Unit::W, vec![period]).starting(sight.time(0)))
            .of(tx)
            .set(v)
    });
    lines.add_if(sight.is_v21(), "the EVSE sent to sleep", || {
        let period = json!({ "startPeriod": 0, "limit": 0.0, "evseSleep": true });
        Profile::relative(Purpose::Default, Schedule::of(Unit::A, vec![period])).stack(7).set(v)
    });
    lines.add_if(sight.is_v21(), "nothing on any phase but a trickle on the first", || {
        let period = json!({ "startPeriod": 0, "limit": 2.0, "limit_L2": 0.0, "limit_L3": 0.0 });
        Profile::relative(Purpose::Tx, Schedule::of(Unit::A, vec![period])).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "a dynamic limit taken down to two ampere's worth", || {
        update(31, json!({ "limit": 460.0 }))
    });
    lines
}

/// Curtailment that is bounded in time and leaves what a vehicle can use.
pub(super) fn twins(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    lines.add("an hour at ten ampere, asked for by the grid operator", {
        let schedule = Schedule::amps(&[(0, 10.0)]).starting(sight.time(0)).lasting(3_600);
        Profile::absolute(Purpose::Default, schedule).id(41).stack(2).to(sight.time(3_600)).set(v)
    });
    lines.add("a pause of ten minutes for the session", {
        let schedule = Schedule::watts(&[(0, 0.0), (600, 11_000.0)]).starting(sight.time(0));
        Profile::absolute(Purpose::Tx, schedule.lasting(3_600)).id(42).of(tx).set(v)
    });
    lines.add("every evening at ten ampere", {
        let start = sight.time(17 * 3_600);
        let schedule = Schedule::amps(&[(0, 10.0), (10_800, 32.0)]).starting(start).lasting(86_400);
        Profile::daily(Purpose::Default, schedule).id(43).stack(1).set(v)
    });
    lines.add("the least a vehicle can use, for an hour", {
        let schedule = Schedule::amps(&[(0, 6.0)]).phases(3).starting(sight.time(60)).lasting(3_600);
        Profile::absolute(Purpose::Tx, schedule).id(44).of(tx).set(v)
    });
    lines.add("six ampere on one phase, in watt", {
        let schedule = Schedule::watts(&[(0, 1_380.0)]).phases(1);
        Profile::relative(Purpose::Tx, schedule.lasting(1_800)).id(45).of(tx).set(v)
    });
    lines.add("less for one session, so that another gets some", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, 5_500.0)])).id(46).of(tx).set(v)
    });
    lines
}
