//! Security events: floods of them, and those that contradict what passed through here.

use chargewarden_evidence::WhoFields;
use chargewarden_ocpp::{Action, Side};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::lately::Lately;
use crate::effects::MessageKind;
use crate::events;
use crate::facts::{Heard, Learned, StationState};

const HOUR_MS: i64 = 3_600_000;
/// Security events in an hour that an honest station has to tell: after a power cut a dozen.
const ALARMS_MAX: usize = 20;

/// What is kept of the security events of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Alarms(Lately);

impl Alarms {
    /// What is odd about a security event. Whatever becomes of it, evidence has it.
    pub(super) fn doubts(&self, state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
        let message = heard.message;
        if !is_call(heard) || !events::is_report(message.action) {
            return;
        }
        let nobody = WhoFields::default();
        let contradicted = events::reported(message.action, message.payload, &nobody)
            .iter()
            .any(|event| events::contradiction(event, state, message.now).is_some());
        out.add_if(contradicted, Doubt::EventContradicted);
        let flood = self.0.within(message.now.as_millis(), HOUR_MS) >= ALARMS_MAX;
        out.add_if(is_alarm(message.action) && flood, Doubt::EventFlood);
    }

    /// Counts an event that was delivered.
    pub(super) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        if !is_call(heard) || !is_alarm(heard.message.action) {
            return Learned::Nothing;
        }
        self.0.note(heard.message.now.as_millis(), HOUR_MS, ALARMS_MAX);
        Learned::Later
    }
}

fn is_alarm(action: Action) -> bool {
    action == Action::SecurityEventNotification
}

fn is_call(heard: &Heard<'_>) -> bool {
    heard.message.from == Side::Station && heard.message.kind == MessageKind::Call
}
