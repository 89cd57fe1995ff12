//! Charging profiles, the limit they give together, and what a command would change.
//!
//! What is installed is learned when the station takes it, under OCPP's rules of replacement; what it gives together is
//! in [`composite`]. A command is judged by carrying it out on a copy: the doubts and the predicted changes of power are
//! what differs between before and after.

mod commitment;
mod composite;
mod doubting;
mod held;
mod learning;
mod order;
mod prediction;
mod profile;
mod scene;
mod turns;

use chargewarden_ocpp::{Action, Timestamp};
use chargewarden_policy::{Doubts, Envelope, StationFacts};
use serde::{Deserialize, Serialize};

use super::{Heard, Learned, StationState, sessions};
use crate::ledger::PowerChange;
pub(crate) use commitment::Commitment;
use profile::Installed;
use turns::Turns;

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Power {
    /// Profiles that the station has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profiles: Vec<Installed>,
    /// Whether it is known which limits of the whole station there are: it has told, or they were set or cleared here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    told: bool,
    /// Periods that a schedule may have, as the station states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    periods_max: Option<i64>,
    /// Sessions that have priority (2.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    priority: Vec<String>,
    /// Which way the power was steered last.
    #[serde(skip_serializing_if = "Turns::is_empty")]
    turns: Turns,
}

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    learning::wants_call(action)
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    doubting::doubts(&state.power, &sessions::running(state).collect::<Vec<_>>(), heard, out);
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    learning::learn(state, heard)
}

/// Tells policies what is known.
pub(super) fn describe(state: &StationState, facts: &mut StationFacts, now: Timestamp) {
    let _ = (state, facts, now);
}

/// How a command would change the power that the station draws, and when it acts.
pub(super) fn changes(state: &StationState, heard: &Heard<'_>) -> Vec<PowerChange> {
    prediction::changes(&state.power, &sessions::running(state).collect::<Vec<_>>(), heard)
}

/// What the station may draw by its profiles, from now on.
pub(super) fn commitment(state: &StationState, envelope: &Envelope, now: Timestamp) -> Option<Commitment> {
    let running: Vec<_> = sessions::running(state).collect();
    Commitment::of(&state.power, &running, envelope, now.as_millis())
}

/// The same before and after a command that changes the profiles, where there is a limit after it.
pub(super) fn commitments(
    state: &StationState,
    heard: &Heard<'_>,
) -> Option<(Option<Commitment>, Commitment)> {
    let running: Vec<_> = sessions::running(state).collect();
    let (envelope, now_ms) = (&heard.about.envelope, heard.message.now.as_millis());
    let after = prediction::obeyed(&state.power, &running, heard)?;
    let after = Commitment::of(&after, &running, envelope, now_ms)?;
    Some((Commitment::of(&state.power, &running, envelope, now_ms), after))
}

/// The limit that the profiles give together at an EVSE (2.x) or connector (1.6), in W, without an EVSE that of the
/// station as a whole; none where nothing limits it.
pub(super) fn limit_w(state: &StationState, evse: Option<i64>, now: Timestamp) -> Option<i64> {
    scene::limit_at(state, evse, now.as_millis())
}

#[cfg(test)]
mod tests;
