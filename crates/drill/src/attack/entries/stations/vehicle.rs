//! S10: a vehicle's charge and needs, made up.

use serde_json::{Value, json};

use super::{lie, register, samples, truth};
use crate::attack::line::order;
use crate::attack::{Entry, Kind, Order, Play, Spot, V2};
use crate::wire::message;
use crate::wire::report::Sample;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "S10",
        name: "a vehicle's charge and needs, made up",
        versions: V2,
        kind: Kind::Report,
        attacks: vec![
            lie("the charge falls while it charges", V2, direct, |play, spot| {
                told(play, spot, 60.0);
                play.wait_s(300);
                let report = charged(play, spot, 40.0);
                play.strike_report(spot.place, &report);
            }),
            lie("the charge falls a little, again and again", V2, direct, |play, spot| {
                told(play, spot, 60.0);
                for step in 1..=3 {
                    play.wait_s(300);
                    let report = charged(play, spot, 60.0 - 3.0 * f64::from(step));
                    play.strike_report(spot.place, &report);
                }
            }),
            lie("the charge jumps", V2, direct, |play, spot| {
                told(play, spot, 20.0);
                play.wait_s(60);
                let report = charged(play, spot, 80.0);
                play.strike_report(spot.place, &report);
            }),
            lie("the charge is more than there can be", V2, direct, |play, spot| {
                told(play, spot, 95.0);
                play.wait_s(60);
                let report = charged(play, spot, 180.0);
                play.strike_report(spot.place, &report);
            }),
            lie("the charge falls, told without a session", V2, direct, |play, spot| {
                told(play, spot, 60.0);
                play.wait_s(300);
                let at = play.world.time(0);
                let value =
                    crate::wire::report::reading(spot.version, &at, "Sample.Clock", &[Sample::soc(5.0)]);
                let report = crate::wire::report::meter(spot.version, i64::from(spot.evse()), None, &[value]);
                play.strike_report(spot.place, &order(report));
            }),
            lie("more current than the EVSE can give", V2, direct, |play, spot| {
                let needs = json!({ "requestedEnergyTransfer": "DC", "departureTime": play.world.time(3_600),
                    "dcChargingParameters": { "evMaxCurrent": 5_000, "evMaxVoltage": 920, "stateOfCharge": 10 } });
                needed(play, spot, &needs);
            }),
            lie("more power than the EVSE can give", V2, direct, |play, spot| {
                let needs = json!({ "requestedEnergyTransfer": "DC", "departureTime": play.world.time(3_600),
                    "dcChargingParameters": {
                        "evMaxCurrent": 400, "evMaxVoltage": 920, "evMaxPower": 3_500_000, "stateOfCharge": 10,
                    } });
                needed(play, spot, &needs);
            }),
            lie("a vehicle that has left already", V2, direct, |play, spot| {
                let needs = json!({ "requestedEnergyTransfer": "DC", "departureTime": play.world.time(-86_400),
                    "dcChargingParameters": { "evMaxCurrent": 300, "evMaxVoltage": 400, "stateOfCharge": 10 } });
                needed(play, spot, &needs);
            }),
            lie("more energy than a battery holds", V2, direct, |play, spot| {
                let needs = json!({ "requestedEnergyTransfer": "DC", "departureTime": play.world.time(3_600),
                    "dcChargingParameters": {
                        "evMaxCurrent": 300, "evMaxVoltage": 400, "energyAmount": 90_000_000, "stateOfCharge": 10,
                    } });
                needed(play, spot, &needs);
            }),
        ],
        twins: vec![
            truth("a charge that rises as it should", V2, direct, |play, spot| {
                for _ in 0..4 {
                    play.world.pass(std::time::Duration::from_secs(600));
                    let outcome = play.world.meter(spot.place, spot.evse());
                    let passed = outcome.delivered && !outcome.is_stopped() && !outcome.is_marked();
                    let shown = Order { action: "TransactionEvent".to_owned(), payload: json!(null) };
                    play.count_work(spot.place, passed, &outcome, &shown);
                }
            }),
            truth("needs of an ordinary vehicle", V2, direct, |play, spot| {
                let needs = json!({ "requestedEnergyTransfer": "DC", "departureTime": play.world.time(5_400),
                    "dcChargingParameters": {
                        "evMaxCurrent": 350, "evMaxVoltage": 400, "energyAmount": 45_000, "stateOfCharge": 20,
                        "fullSoC": 100, "bulkSoC": 80,
                    } });
                let report = needs_of(spot, &needs);
                play.work_report(spot.place, &report);
            }),
        ],
    }
}

/// Somebody charges with direct current.
fn direct(spot: &Spot) -> bool {
    spot.charging.is_some() && spot.evse_w > 43_000
}

fn charged(play: &mut Play<'_>, spot: &Spot, percent: f64) -> Order {
    let wh = register(play, spot);
    samples(play, spot, &[Sample::energy(wh), Sample::soc(percent)])
}

fn told(play: &mut Play<'_>, spot: &Spot, percent: f64) {
    let report = samples(play, spot, &[Sample::soc(percent)]);
    play.world.report(spot.place, &report.action, &report.payload);
}

fn needs_of(spot: &Spot, needs: &Value) -> Order {
    order(message("NotifyEVChargingNeeds", json!({ "evseId": spot.evse(), "chargingNeeds": needs })))
}

fn needed(play: &mut Play<'_>, spot: &Spot, needs: &Value) {
    let report = needs_of(spot, needs);
    play.strike_report(spot.place, &report);
}
