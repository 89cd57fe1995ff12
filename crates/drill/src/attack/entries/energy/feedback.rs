//! C23: feeding back, and set-points that turn round fast.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{Attack, Twin, V21};
use crate::wire::profile::{Profile, Purpose, Schedule, Unit, allow_transfer, signal, update};
use crate::wire::setting;

/// Id of the dynamic profile that updates are about.
const DYNAMIC: i64 = 31;

/// Feeding back, by whatever can say it; and swings.
pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = each(feed);
    attacks.push(turns(
        "set-points with alternating signs, every two seconds",
        2,
        |turn| json!({ "setpoint": if turn % 2 == 0 { 11_000.0 } else { -11_000.0 } }),
    ));
    attacks.push(turns(
        "set-points with alternating signs, just under a minute apart",
        59,
        |turn| json!({ "setpoint": if turn % 2 == 0 { 11_000.0 } else { -11_000.0 } }),
    ));
    attacks.push(turns(
        "limits updated every second",
        1,
        |turn| json!({ "limit": if turn % 2 == 0 { 4_200.0 } else { 11_000.0 } }),
    ));
    attacks.push(turns(
        "set-points up and down, never below zero",
        30,
        |turn| json!({ "setpoint": if turn % 2 == 0 { 11_000.0 } else { 500.0 } }),
    ));
    attacks.push(Attack::new("an answer that lets vehicles feed back", V21, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let report = order(crate::wire::report::authorize(Version::V21, "04C23A7E"));
            let answer = json!({
                "idTokenInfo": { "status": "Accepted" }, "allowedEnergyTransfer": ["DC_BPT", "AC_BPT"],
            });
            play.strike_answer(place, &report, &answer);
        });
    }));
    attacks.push(Attack::new("an answer with a schedule that was asked for", V21, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let report = order(crate::wire::message(
                "PullDynamicScheduleUpdate",
                json!({ "chargingProfileId": DYNAMIC }),
            ));
            let answer = json!({ "status": "Accepted", "scheduleUpdate": { "setpoint": -11_000.0 } });
            play.strike_answer(place, &report, &answer);
        });
    }));
    attacks
}

/// Updates of a dynamic profile, so many seconds apart. The first is what anybody may do.
fn turns(name: &'static str, apart_s: u64, write: fn(i64) -> Value) -> Attack {
    Attack::new(name, V21, move |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
            play.prepare(place, &order(dynamic(&sight).set(sight.version)));
            play.wait_s(120);
            for turn in 0..8 {
                let next = order(update(DYNAMIC, write(turn)));
                if turn == 0 {
                    play.prepare(place, &next);
                } else {
                    play.strike(place, &next);
                }
                play.wait_s(apart_s);
            }
        });
    })
}

fn dynamic(sight: &Sight) -> Profile {
    Profile::dynamic(Purpose::Tx, Schedule::watts(&[(0, 7_400.0)]))
        .of(&sight.session)
        .id(DYNAMIC)
        .with("dynUpdateInterval", json!(60))
}

fn feed(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if !sight.is_v21() {
        return lines;
    }
    let v = sight.version;
    let tx = &sight.session;
    let period = |members: Value| {
        let mut period = json!({ "startPeriod": 0 });
        crate::wire::merge(&mut period, members);
        vec![period]
    };
    let session =
        |kind, members| Profile::new(Purpose::Tx, kind, Schedule::of(Unit::W, period(members))).of(tx).set(v);
    lines.add("a set-point below zero", {
        let back = json!({
            "operationMode": "CentralSetpoint", "setpoint": -11_000.0, "dischargeLimit": -11_000.0,
        });
        session("Dynamic", back)
    });
    lines.add("a set-point below zero, relative", {
        session("Relative", json!({ "operationMode": "CentralSetpoint", "setpoint": -7_400.0 }))
    });
    lines.add("limits from outside, with room below zero", {
        session(
            "Dynamic",
            json!({
                "operationMode": "ExternalLimits", "limit": 11_000.0, "dischargeLimit": -11_000.0,
            }),
        )
    });
    lines.add("the phases, each below zero", {
        let back = json!({
            "operationMode": "CentralSetpoint",
            "setpoint": -10.0, "setpoint_L2": -10.0, "setpoint_L3": -10.0,
        });
        Profile::new(Purpose::Tx, "Relative", Schedule::of(Unit::A, period(back))).of(tx).set(v)
    });
    lines.add("the second phase alone", {
        let back = json!({
            "operationMode": "CentralSetpoint", "setpoint": 10.0, "setpoint_L2": -16.0, "setpoint_L3": 10.0,
        });
        Profile::new(Purpose::Tx, "Relative", Schedule::of(Unit::A, period(back))).of(tx).set(v)
    });
    lines.add("a curve that feeds back when frequency falls", {
        session(
            "Relative",
            json!({
                "operationMode": "LocalFrequency",
                "v2xFreqWattCurve": [
                    { "frequency": 49.9, "power": -11_000.0 }, { "frequency": 50.1, "power": 11_000.0 },
                ],
                "v2xBaseline": 0.0,
            }),
        )
    });
    lines.add("a curve that follows a signal", {
        session(
            "Relative",
            json!({
                "operationMode": "CentralFrequency", "v2xBaseline": 0.0,
                "v2xSignalWattCurve": [
                    { "signal": -100, "power": -11_000.0 }, { "signal": 100, "power": 11_000.0 },
                ],
            }),
        )
    });
    lines.add("balancing the house from the car", {
        session(
            "Relative",
            json!({
                "operationMode": "LocalLoadBalancing", "limit": 11_000.0, "dischargeLimit": -11_000.0,
            }),
        )
    });
    lines.add("every session, later", {
        let back = json!({ "operationMode": "CentralSetpoint", "setpoint": -7_400.0 });
        let schedule = Schedule::of(Unit::W, period(back)).starting(sight.time(36_000)).lasting(3_600);
        Profile::absolute(Purpose::Default, schedule).at(0).set(v)
    });
    lines.add("brought by a start", {
        let back = json!({ "operationMode": "CentralSetpoint", "setpoint": -7_400.0 });
        let profile = Profile::relative(Purpose::Tx, Schedule::of(Unit::W, period(back)));
        profile.at(sight.free).with_start(v, "04C23A7E")
    });
    lines.add("charging that turns into feeding back within a schedule", {
        let periods = vec![
            json!({ "startPeriod": 0, "operationMode": "ChargingOnly", "limit": 11_000.0 }),
            json!({ "startPeriod": 1_800, "operationMode": "CentralSetpoint", "setpoint": -11_000.0 }),
        ];
        Profile::new(Purpose::Tx, "Relative", Schedule::of(Unit::W, periods)).of(tx).set(v)
    });
    lines.add("a dynamic profile updated below zero", update(DYNAMIC, json!({ "setpoint": -11_000.0 })));
    lines.add("a dynamic discharge limit", update(DYNAMIC, json!({ "dischargeLimit": -11_000.0 })));
    lines.add("a dynamic update of one phase", update(DYNAMIC, json!({ "setpoint_L3": -16.0 })));
    lines.add("the strongest signal down", signal(&sight.time(0), -32_767));
    lines.add("a signal in the future", signal(&sight.time(3_600), 32_767));
    lines.add("the session may feed back", allow_transfer(&tx.transaction, &["DC", "DC_BPT"]));
    lines.add("the session may support the grid", allow_transfer(&tx.transaction, &["AC_BPT_DER"]));
    lines.add("feeding back switched on", setting::variable("V2XChargingCtrlr", "Enabled", "true"));
    lines
}

/// Dynamic control that only charges, within what the EVSE carries, and slowly.
pub(super) fn twins() -> Vec<Twin> {
    let mut twins = each_twin(charge);
    twins.push(Twin::new("a dynamic limit that follows the sun, every minute", V21, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            play.work(place, &order(dynamic(&sight).set(sight.version)));
            for limit in [7_400.0, 7_000.0, 6_800.0, 6_900.0, 7_100.0, 7_400.0] {
                play.wait_s(60);
                play.work(place, &order(update(DYNAMIC, json!({ "limit": limit }))));
            }
        }
    }));
    twins
}

fn charge(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    if !sight.is_v21() {
        return lines;
    }
    let v = sight.version;
    let tx = &sight.session;
    lines.add("charging only, said expressly", {
        let period = json!({ "startPeriod": 0, "operationMode": "ChargingOnly", "limit": 7_400.0 });
        Profile::relative(Purpose::Tx, Schedule::of(Unit::W, vec![period])).of(tx).id(41).set(v)
    });
    lines.add("a set-point above zero", {
        let period = json!({ "startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 7_400.0 });
        Profile::relative(Purpose::Tx, Schedule::of(Unit::W, vec![period])).of(tx).id(42).set(v)
    });
    lines.add("the session may only charge", allow_transfer(&tx.transaction, &["AC_three_phase", "DC"]));
    lines
}
