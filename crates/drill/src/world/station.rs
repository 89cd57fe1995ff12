//! A simulated station: its session with the core, and what the steel would do.

use std::collections::BTreeMap;

use chargewarden_engine::Session;
use chargewarden_ocpp::Side;
use serde_json::Value;

use super::StationPlan;

/// A station.
pub struct Station {
    /// What it is.
    pub plan: StationPlan,
    /// Its session with the core.
    pub session: Session,
    /// Commands that reached it, by action.
    pub obeyed: BTreeMap<String, u32>,
}

impl Station {
    pub(super) fn new(plan: StationPlan, session: Session) -> Self {
        Self { plan, session, obeyed: BTreeMap::new() }
    }

    /// Notes what reached it.
    pub(super) fn witness(&mut self, from: Side, action: &str, _payload: &Value, _answer: Option<&Value>) {
        if from == Side::Csms {
            *self.obeyed.entry(action.to_owned()).or_default() += 1;
        }
    }
}
