//! What a vehicle says it needs (2.x `NotifyEVChargingNeeds`).

use chargewarden_ocpp::Obj;
use chargewarden_policy::{Doubt, Doubts};

use super::meter::energy_mwh;
use super::reading::whole;
use super::scene::Scene;
use super::time::{DAY_MS, SKEW_MS, ms};
use super::{Learned, Sessions};

/// How much more than an EVSE can give a vehicle may ask for: drivers who want it full, and leave soon, are ordinary.
const HOPE: i64 = 3;
/// How long a vehicle stays that does not say.
const STAY_MS: i64 = DAY_MS;

impl Sessions {
    pub(super) fn needs(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let Some(needs) = scene.root.obj("chargingNeeds") else { return Learned::Nothing };
        let leaves_ms = needs.time("departureTime").map(ms);
        let gone = leaves_ms.is_some_and(|at_ms| at_ms < scene.now_ms.saturating_sub(SKEW_MS));
        out.add_if(gone || asks_too_much(needs, leaves_ms, scene), Doubt::NeedsImplausible);
        let Some(at) = scene.root.int("evseId").and_then(|evse| self.place_at(evse)) else {
            return Learned::Nothing;
        };
        let Some(known) = self.running.get_mut(at) else { return Learned::Nothing };
        let dc = needs.obj("dcChargingParameters");
        if let Some(soc) = dc.and_then(|dc| dc.int("stateOfCharge")) {
            known.meter.charge(scene.now_ms, soc.saturating_mul(100), out);
        }
        known.wish_w = wish_w(needs).or(known.wish_w);
        Learned::Later
    }
}

/// Whether the energy is more than the EVSE can give until the vehicle leaves, by far.
fn asks_too_much(needs: Obj<'_>, leaves_ms: Option<i64>, scene: &Scene<'_>) -> bool {
    let Some(rating_w) = scene.rating_w() else { return false };
    let ac = needs.obj("acChargingParameters").and_then(|ac| ac.num("energyAmount"));
    let dc = needs.obj("dcChargingParameters").and_then(|dc| dc.num("energyAmount"));
    let Some(asked_wh) = ac.into_iter().chain(dc).reduce(f64::max) else { return false };
    let stay_ms = leaves_ms.map_or(STAY_MS, |at_ms| at_ms.saturating_sub(scene.now_ms).max(0));
    let most_mwh = energy_mwh(rating_w.saturating_mul(HOPE), stay_ms.saturating_add(SKEW_MS));
    whole(asked_wh * 1000.0) > most_mwh
}

/// Most that the vehicle can take, in W.
fn wish_w(needs: Obj<'_>) -> Option<i64> {
    if let Some(dc) = needs.obj("dcChargingParameters") {
        let by_current = || Some(dc.num("evMaxCurrent")? * dc.num("evMaxVoltage")?);
        return dc.num("evMaxPower").or_else(by_current).map(whole);
    }
    let ac = needs.obj("acChargingParameters")?;
    let phases = needs.text("requestedEnergyTransfer").map_or(1.0, |mode| match mode.as_ref() {
        "AC_three_phase" => 3.0,
        "AC_two_phase" => 2.0,
        _ => 1.0,
    });
    // The voltage is stated between phase and neutral, or between phases.
    let volts = ac.num("evMaxVoltage")?;
    let volts = if volts > 300.0 { volts / 1.732 } else { volts };
    Some(whole(ac.num("evMaxCurrent")? * volts * phases))
}
