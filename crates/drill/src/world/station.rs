//! A simulated station: its session with the core, and what the steel would do.

use std::collections::BTreeMap;

use chargewarden_engine::{Session, StationState};
use chargewarden_ocpp::{Timestamp, Version};
use serde_json::Value;

use super::StationPlan;
use super::charge::{Charge, Meter};
use super::profile::Profile;

/// A station.
pub struct Station {
    /// What it is.
    pub plan: StationPlan,
    /// Commands that reached it, by action.
    pub obeyed: BTreeMap<String, u32>,
    /// Its session with the core; none until something is said.
    pub(super) session: Option<Session>,
    /// Set apart: nobody but we may hear it.
    pub(super) apart: bool,
    /// What the core knew of it when there was no session.
    pub(super) stored: StationState,
    /// Since when it has no power.
    pub(super) dark_since: Option<Timestamp>,
    /// Sessions that run.
    pub(super) charges: Vec<Charge>,
    /// The energy meter of each EVSE, from the first.
    pub(super) meters: Vec<Meter>,
    /// Charging profiles that it was given and took.
    pub(super) profiles: Vec<Profile>,
}

impl Station {
    pub(super) fn new(plan: StationPlan) -> Self {
        let meters = (1..=plan.evses).map(|evse| Meter::new(&plan.id, evse)).collect();
        Self {
            plan,
            obeyed: BTreeMap::new(),
            session: None,
            apart: false,
            stored: StationState::default(),
            dark_since: None,
            charges: Vec::new(),
            meters,
            profiles: Vec::new(),
        }
    }

    /// The same station in another world.
    pub(super) fn fork(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            obeyed: BTreeMap::new(),
            session: None,
            apart: self.apart,
            stored: self.state().clone(),
            dark_since: self.dark_since,
            charges: self.charges.clone(),
            meters: self.meters.clone(),
            profiles: self.profiles.clone(),
        }
    }

    /// What the core knows of it.
    pub fn state(&self) -> &StationState {
        self.session.as_ref().map_or(&self.stored, Session::state)
    }

    /// The version it speaks.
    pub fn version(&self) -> Version {
        self.plan.version
    }

    /// Sessions that run on it.
    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }

    /// The session on this EVSE.
    pub fn charge(&self, evse: u32) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.evse == evse)
    }

    /// An EVSE without a session.
    pub fn free_evse(&self) -> Option<u32> {
        (1..=self.plan.evses).find(|evse| self.charge(*evse).is_none())
    }

    /// What its sessions draw now, in W.
    pub fn power_w(&self) -> i64 {
        self.charges.iter().map(|charge| charge.power_w).sum()
    }

    /// What the meter of an EVSE says, in Wh.
    pub fn register_wh(&self, evse: u32) -> f64 {
        let meter = evse.checked_sub(1).and_then(|place| self.meters.get(usize::try_from(place).ok()?));
        meter.map_or(0.0, Meter::told)
    }

    pub(super) fn charge_mut(&mut self, evse: u32) -> Option<&mut Charge> {
        self.charges.iter_mut().find(|charge| charge.evse == evse)
    }

    pub(super) fn meter_mut(&mut self, evse: u32) -> Option<&mut Meter> {
        self.meters.get_mut(usize::try_from(evse.checked_sub(1)?).ok()?)
    }

    /// Lets the meters run up to now, and the vehicles take what they may from now on.
    pub(super) fn advance(&mut self, now: Timestamp) {
        for place in 0..self.charges.len() {
            let Some((evse, power_w)) = self.charges.get(place).map(|charge| (charge.evse, charge.power_w))
            else {
                continue;
            };
            if let Some(meter) = self.meter_mut(evse) {
                meter.run(power_w, now);
            }
            let begun = self.charges.get(place).map_or(now, |charge| charge.begun);
            let allowed = Profile::allowed_w(&self.profiles, evse, begun, now).unwrap_or(i64::MAX);
            let rated = self.plan.envelope.evse_w.unwrap_or(i64::MAX);
            if let Some(charge) = self.charges.get_mut(place) {
                charge.power_w = charge.appetite_w.min(allowed).min(rated);
            }
        }
    }

    /// Notes a command that reached it.
    pub(super) fn witness(&mut self, action: &str) {
        *self.obeyed.entry(action.to_owned()).or_default() += 1;
    }

    /// What it says to a command where it does not simply do as it is told.
    pub(super) fn objection(&self, action: &str, payload: &Value) -> Option<Value> {
        let rejected = serde_json::json!({ "status": "Rejected" });
        match action {
            "RemoteStartTransaction" | "RequestStartTransaction" => {
                let evse = Self::evse_of(payload);
                let free = match evse {
                    Some(evse) => evse <= self.plan.evses && self.charge(evse).is_none(),
                    None => self.free_evse().is_some(),
                };
                (!free).then_some(rejected)
            }
            "RemoteStopTransaction" | "RequestStopTransaction" => {
                let named = Self::transaction_of(payload)?;
                let known = self.charges.iter().any(|charge| charge.transaction == named);
                (!known).then_some(rejected)
            }
            _ => None,
        }
    }

    /// The EVSE or connector that a command names.
    pub(super) fn evse_of(payload: &Value) -> Option<u32> {
        let named = payload
            .get("connectorId")
            .or_else(|| payload.get("evseId"))
            .or_else(|| payload.get("evse").and_then(|evse| evse.get("id")));
        let evse = u32::try_from(named.and_then(Value::as_u64)?).ok()?;
        (evse > 0).then_some(evse)
    }

    /// The transaction that a command names.
    pub(super) fn transaction_of(payload: &Value) -> Option<String> {
        match payload.get("transactionId")? {
            Value::String(name) => Some(name.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
