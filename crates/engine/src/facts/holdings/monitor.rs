//! Monitors (2.x): which party had the station watch what.

use chargewarden_ocpp::{Action, Value};
use chargewarden_policy::{Doubt, Doubts, PartyId};
use serde::{Deserialize, Serialize};

use super::accepted::Answered;
use super::maker::{Made, keep};
use crate::facts::Heard;

/// Monitors remembered of one party: stations take some dozens. Of more its oldest are forgotten.
const MONITORS_MAX: usize = 64;

/// The monitors that were set through here, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Monitors(Vec<Monitor>);

/// One monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Monitor {
    party: PartyId,
    /// As the station numbers it.
    id: i64,
}

impl Made for Monitor {
    fn party(&self) -> Option<&PartyId> {
        Some(&self.party)
    }
}

impl Monitors {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        let root = heard.message.payload.root();
        let of_other = |one: &Monitor| one.party != heard.about.csms_party;
        let touches = |id: i64| self.0.iter().any(|one| one.id == id && of_other(one));
        #[expect(clippy::wildcard_enum_match_arm, reason = "few commands are about it")]
        let raised = match heard.message.action {
            Action::ClearVariableMonitoring => root.list("id").filter_map(Value::int).any(touches),
            // With an id it replaces the monitor of that id.
            Action::SetVariableMonitoring => {
                root.objs("setMonitoringData").filter_map(|item| item.int("id")).any(touches)
            }
            Action::SetMonitoringBase => {
                removes_set(root.text("monitoringBase").as_deref()) && self.0.iter().any(of_other)
            }
            _ => false,
        };
        out.add_if(raised, Doubt::MonitorOfOther);
    }

    /// The station was told what to watch and has answered, for each monitor on its own.
    pub(super) fn answered(&mut self, heard: &Heard<'_>, answered: &Answered<'_>) -> bool {
        let Some(result) = answered.result else { return false };
        let before = self.0.len();
        let call = answered.call.payload.root();
        #[expect(clippy::wildcard_enum_match_arm, reason = "few commands are about it")]
        match answered.call.action {
            Action::ClearVariableMonitoring => {
                for one in result.objs("clearMonitoringResult") {
                    let gone =
                        one.text("status").is_some_and(|status| status == "Accepted" || status == "NotFound");
                    let id = one.int("id").filter(|_| gone);
                    self.0.retain(|known| Some(known.id) != id);
                }
                before != self.0.len()
            }
            Action::SetVariableMonitoring => {
                let taken =
                    result.objs("setMonitoringResult").filter(is_accepted).filter_map(|one| one.int("id"));
                let mut learned = false;
                for id in taken {
                    let party = heard.about.csms_party.clone();
                    self.0.retain(|known| known.id != id);
                    keep(&mut self.0, Monitor { party, id }, MONITORS_MAX);
                    learned = true;
                }
                learned
            }
            Action::SetMonitoringBase if answered.accepted => {
                if removes_set(call.text("monitoringBase").as_deref()) {
                    self.0.clear();
                }
                before != self.0.len()
            }
            _ => false,
        }
    }
}

fn is_accepted(result: &chargewarden_ocpp::Obj<'_>) -> bool {
    result.text("status").is_some_and(|status| status == "Accepted")
}

/// Whether a monitoring base removes monitors that were set: all but `All` do (2.0.1 N05).
fn removes_set(base: Option<&str>) -> bool {
    base != Some("All")
}
