//! What changes outside a session and bears on its verdicts.

use std::sync::Arc;

use chargewarden_evidence::ContentKey;
use chargewarden_policy::Policies;

use crate::ledger::Ledger;
use crate::standing::Standings;

/// A snapshot of the world. The shell hands in the current one with each input.
#[derive(Clone, Debug)]
pub struct World {
    /// The policies of every party with jurisdiction. Without any, everything is refused.
    pub policies: Arc<Policies>,
    /// What was done before, by whom and where. One for all sessions.
    pub ledger: Arc<Ledger>,
    /// Who is set apart. One for all sessions.
    pub standings: Arc<Standings>,
    /// The key under which frames and id tokens are hashed for evidence.
    pub content_key: ContentKey,
    /// Whether records can be made durable.
    pub evidence: EvidenceHealth,
    /// Bounds of a session.
    pub limits: SessionLimits,
}

/// How the evidence log is (DESIGN 2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceHealth {
    /// Records become durable.
    Available,
    /// Records do not become durable now, and wait in a bounded buffer that has room: what is consequential is
    /// refused, routine goes on.
    Buffering,
    /// The buffer is full: everything is refused.
    Full,
}

/// Named bounds of a session. The defaults are documented with each constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Bounds of a frame.
    pub wire: chargewarden_ocpp::Limits,
    /// After how many ms a call counts as unanswered; a later answer is dropped.
    pub answer_ms: u64,
    /// How many ms a caller must have waited before a further call is taken to mean that it gave up on the first.
    pub patience_ms: u64,
    /// After how many ms a call of our own counts as unanswered; calls of the CSMS wait behind it.
    pub own_answer_ms: u64,
    /// Violations in a row after which the session ends, per side.
    pub violations: u32,
    /// In how many ms one violation is forgiven.
    pub violation_forgiven_ms: u64,
    /// At least so many ms between two of our requests that a station announce itself.
    pub boot_trigger_ms: u64,
    /// After a password of its own was refused by a station, how many ms until it is offered another; doubled each time.
    pub provision_retry_ms: u64,
    /// Most ms between two such offers.
    pub provision_retry_max_ms: u64,
}

impl SessionLimits {
    /// Callers in the field wait 10 to 60 s; an answer after that finds nobody.
    pub const ANSWER_MS: u64 = 60_000;
    /// The shortest wait configured in the field.
    pub const PATIENCE_MS: u64 = 10_000;
    /// Less than the patience of a CSMS whose call waits behind ours.
    pub const OWN_ANSWER_MS: u64 = 10_000;
    /// A station that misspells one message usually repeats it 3 to 5 times; four such messages.
    pub const VIOLATIONS: u32 = 20;
    /// A station with one bad message a minute stays; a fuzzer goes.
    pub const VIOLATION_FORGIVEN_MS: u64 = 30_000;
    /// Two of the shortest heartbeat intervals.
    pub const BOOT_TRIGGER_MS: u64 = 60_000;
    /// Five boots of a station that was told to wait: a person may be at work on it.
    pub const PROVISION_RETRY_MS: u64 = 300_000;
    /// A few offers a day, each of them a write to the station's flash memory.
    pub const PROVISION_RETRY_MAX_MS: u64 = 6 * 3_600_000;
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            wire: chargewarden_ocpp::Limits::default(),
            answer_ms: Self::ANSWER_MS,
            patience_ms: Self::PATIENCE_MS,
            own_answer_ms: Self::OWN_ANSWER_MS,
            violations: Self::VIOLATIONS,
            violation_forgiven_ms: Self::VIOLATION_FORGIVEN_MS,
            boot_trigger_ms: Self::BOOT_TRIGGER_MS,
            provision_retry_ms: Self::PROVISION_RETRY_MS,
            provision_retry_max_ms: Self::PROVISION_RETRY_MAX_MS,
        }
    }
}
