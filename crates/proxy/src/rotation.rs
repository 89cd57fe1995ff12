//! A connected station is to be given another password: how that is asked for, and what became of it.

use chargewarden_engine::{Password, RotationOutcome};
use thiserror::Error;
use tokio::sync::oneshot;

/// What became of a password that a connected station was to be given ([`crate::Roster::rotate`]).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rotated {
    /// The station has it, and the old one is refused from now on.
    #[error("the station has the new password")]
    Accepted,
    /// The station has it and uses it after its next start; until then the old one is good, too.
    #[error(
        "the station has the new password and uses it after its next start; until then the old one is good, too"
    )]
    Deferred,
    /// The station did not take it: the old one stays.
    #[error("the station did not take the new password; the old one stays")]
    Rejected,
    /// The station did not answer: both are good until it connects with one of them.
    #[error("the station did not answer; both passwords are good until it connects with one of them")]
    Unanswered,
    /// Nothing was sent: the station is not connected.
    #[error("the station is not connected")]
    NotConnected,
    /// Nothing was sent, for this reason.
    #[error("nothing was sent: {0}")]
    NotSent(String),
}

impl From<RotationOutcome> for Rotated {
    fn from(outcome: RotationOutcome) -> Rotated {
        match outcome {
            RotationOutcome::Accepted => Rotated::Accepted,
            RotationOutcome::Deferred => Rotated::Deferred,
            RotationOutcome::Rejected => Rotated::Rejected,
            RotationOutcome::Unknown => Rotated::Unanswered,
        }
    }
}

/// A password for a session to send, and who waits to hear of it.
#[derive(Debug)]
pub(crate) struct Errand {
    /// None: the session makes one.
    pub(crate) password: Option<Password>,
    pub(crate) reply: oneshot::Sender<Rotated>,
}
