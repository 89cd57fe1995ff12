//! How a station behaves: starts, events, tokens it presents, texts it sends; and how it is answered.

mod moments;
#[cfg(test)]
mod stage;
mod texts;

use chargewarden_ocpp::{Action, Timestamp};
use chargewarden_policy::{Doubts, StationFacts};
use serde::{Deserialize, Serialize};

use super::{Heard, Learned, StationState};

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conduct {}

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    let _ = action;
    false
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    let _ = state;
    texts::doubts(heard.message, out);
    moments::doubts(heard.message, out);
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    let _ = (state, heard);
    Learned::Nothing
}

/// Tells policies what is known.
pub(super) fn describe(state: &StationState, facts: &mut StationFacts, now: Timestamp) {
    let _ = (state, facts, now);
}
