//! C17: limits above what EVSE, station or site carry.

use serde_json::json;

use crate::attack::line::{Lines, Sight};
use crate::wire::profile::{Profile, Purpose, Schedule, Unit, update};
use crate::wire::setting::{self, Variable};

/// More than the hardware carries, in every way to say so.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let (evse_w, station_w) = (sight.evse_w, sight.station_w);
    // Ampere per phase, a tenth above what three phases of 230 V carry, in tenths as 1.6 demands.
    let amps = |watts: f64| (watts / 690.0 * 11.0).ceil() / 10.0 + 1.0;
    let mut lines = Lines::default();
    lines.add("the whole station far above its fuse, from a night on", {
        let schedule = Schedule::amps(&[(0, 10.0 * amps(station_w))]).starting(sight.time(4 * 3_600));
        Profile::absolute(Purpose::Max, schedule).set(v)
    });
    lines.add("the whole station in watt", {
        let schedule = Schedule::watts(&[(0, station_w * 8.0)]).starting(sight.time(0));
        Profile::absolute(Purpose::Max, schedule).set(v)
    });
    lines.add("the session, twice what its EVSE carries", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, evse_w * 2.0)])).of(tx).set(v)
    });
    lines.add("the session, a tenth above in ampere", {
        Profile::relative(Purpose::Tx, Schedule::amps(&[(0, amps(evse_w))]).phases(3)).of(tx).set(v)
    });
    lines.add("the same without a number of phases", {
        Profile::relative(Purpose::Tx, Schedule::amps(&[(0, amps(evse_w))])).of(tx).set(v)
    });
    lines.add("every session, above in a late period", {
        let schedule = Schedule::watts(&[(0, evse_w * 0.5), (3_600, evse_w), (7_200, evse_w * 1.5)]);
        Profile::relative(Purpose::Default, schedule).stack(2).set(v)
    });
    lines.add("every night", {
        let schedule = Schedule::watts(&[(0, evse_w * 1.25), (14_400, evse_w * 0.5)]);
        Profile::daily(Purpose::Default, schedule.starting(sight.time(3_600)).lasting(86_400)).stack(1).set(v)
    });
    lines.add("all EVSEs by EVSE 0", {
        Profile::relative(Purpose::Default, Schedule::watts(&[(0, evse_w * 1.5)])).at(0).stack(2).set(v)
    });
    lines.add("brought by a start", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, evse_w * 1.5)]))
            .at(sight.free)
            .with_start(v, "04C17A7E")
    });
    lines.add("four phases", {
        Profile::relative(
            Purpose::Tx,
            Schedule::amps(&[(0, 16.0)]).phases(if sight.is_v21() { 3 } else { 4 }),
        )
        .of(tx)
        .with("stackLevel", json!(2))
        .set(v)
    });
    if sight.is_v21() {
        // 2.1 cannot say four phases.
        lines.0.pop();
    }
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "the second schedule to choose is above", || {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, evse_w * 0.5)]))
            .of(tx)
            .or(Schedule::watts(&[(0, evse_w * 1.5)]))
            .set(v)
    });
    lines.add_if(v2x, "as a variable of the EVSE", || {
        let power =
            Variable { evse: Some(tx.evse), attribute: Some("MaxSet"), ..Variable::new("EVSE", "Power") };
        setting::variables(&[(power, &format!("{}", evse_w * 3.0))])
    });
    lines.add_if(v2x, "as a variable of the station", || {
        setting::variable("ChargingStation", "Power", &format!("{}", station_w * 3.0))
    });
    lines.add_if(sight.is_v21(), "the second phase alone", || {
        let normal = evse_w / 690.0 * 0.5;
        let period = json!({
            "startPeriod": 0, "limit": normal, "limit_L2": normal * 4.0, "limit_L3": normal, "numberPhases": 3,
        });
        Profile::relative(Purpose::Tx, Schedule::of(Unit::A, vec![period])).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "a set-point", || {
        let period =
            json!({ "startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": evse_w * 1.5 });
        Profile::dynamic(Purpose::Tx, Schedule::of(Unit::W, vec![period])).of(tx).set(v)
    });
    lines.add_if(sight.is_v21(), "a dynamic limit taken up", || update(31, json!({ "limit": evse_w * 1.5 })));
    lines.add_if(sight.is_v21(), "a dynamic set-point taken up", || {
        update(31, json!({ "setpoint": evse_w * 1.5 }))
    });
    lines
}

/// What the hardware carries.
pub(super) fn twins(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let (evse_w, station_w) = (sight.evse_w, sight.station_w);
    let mut lines = Lines::default();
    lines.add("exactly what the EVSE carries", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, evse_w)])).id(41).of(tx).set(v)
    });
    lines.add("exactly what the station carries", {
        let schedule = Schedule::watts(&[(0, station_w)]).starting(sight.time(0));
        Profile::absolute(Purpose::Max, schedule).id(42).set(v)
    });
    lines.add("its nominal current in whole ampere", {
        let amps = (evse_w / 690.0).round();
        Profile::relative(Purpose::Default, Schedule::amps(&[(0, amps)]).phases(3)).id(43).set(v)
    });
    lines.add("half by day, all at night", {
        let schedule = Schedule::watts(&[(0, evse_w * 0.5), (43_200, evse_w)]);
        Profile::daily(Purpose::Default, schedule.starting(sight.time(-3_600)).lasting(86_400)).id(44).set(v)
    });
    lines.add("a start with a limit of its own", {
        Profile::relative(Purpose::Tx, Schedule::watts(&[(0, evse_w * 0.5)]))
            .id(45)
            .at(sight.free)
            .with_start(v, "04A1B2C3D4")
    });
    lines
}
