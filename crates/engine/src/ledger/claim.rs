//! What asks for a place, and what it gets.

use std::sync::Arc;

use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::limit::Over;
use chargewarden_policy::{About, Alert, Doubts, PartyId, Policies};

/// A message that is about to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// Station and management system.
    pub about: &'a About,
    /// Whose limits apply.
    pub policies: &'a Policies,
    /// Who sends it.
    pub from: Side,
    /// What it would do.
    pub effects: &'a [Effect],
    /// What is odd about it.
    pub doubts: Doubts,
    /// How it would change the power that the station draws.
    pub power: &'a [PowerChange],
}

/// A predicted change of the power that a station draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerChange {
    /// When.
    pub at: Timestamp,
    /// By how much, in W; negative is down.
    pub delta_w: i64,
    /// After how many ms it happens again, and again; none where it happens once.
    pub every_ms: Option<i64>,
    /// Until when it recurs.
    pub until: Option<Timestamp>,
}

/// Places taken under limits. Whoever drops them keeps them taken.
#[derive(Debug, Default)]
pub struct Places {
    pub(super) id: Option<u64>,
}

/// What became of a message that has places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out, or will be.
    Done,
    /// It was not delivered, or the station turned it down.
    NotDone,
}

/// A limit that a message would exceed.
#[derive(Clone, Debug, PartialEq)]
pub struct Excess {
    /// Whose limit.
    pub party: PartyId,
    /// Which.
    pub limit: Arc<str>,
    /// Text for the person refused.
    pub reason: Arc<str>,
    /// What has been counted and what is enough, for people: `11 of 10 stations in 1 h`.
    pub count: String,
    /// Whether people can lift it.
    pub over: Over,
    /// How urgently people should look at it.
    pub alert: Option<Alert>,
    /// Whether the sender is to be set apart.
    pub quarantine: bool,
}
