//! Charging sessions: transactions, connectors, meters.

use chargewarden_ocpp::{Action, Timestamp};
use chargewarden_policy::{Doubts, StationFacts};
use serde::{Deserialize, Serialize};

use super::{Heard, Learned, StationState};

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {}

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    let _ = action;
    false
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    let _ = (state, heard, out);
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

/// A session that runs, as other rooms see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running<'a> {
    /// The transaction, as station and management system name it; the number of a 1.6 transaction as text. Empty while
    /// a 1.6 transaction has no number yet.
    pub(super) transaction: &'a str,
    /// EVSE (2.x) or connector (1.6), where known.
    pub(super) evse: Option<i64>,
    /// When it began.
    pub(super) began: Timestamp,
    /// Power that it draws, as last measured, in W; none while nothing was measured.
    pub(super) power_w: Option<i64>,
    /// Most that the vehicle can take, in W, where it was said.
    pub(super) wish_w: Option<i64>,
}

/// The sessions that run.
pub(super) fn running(state: &StationState) -> impl Iterator<Item = Running<'_>> {
    let _ = state;
    std::iter::empty()
}

/// The power that the station's sessions draw, as last measured, in W; none while nothing was measured.
pub(super) fn power_w(state: &StationState) -> Option<i64> {
    let _ = state;
    None
}
