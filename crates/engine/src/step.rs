//! What a session wants done.

use std::fmt;

pub use chargewarden_evidence::Durability;
use chargewarden_evidence::Record;
use chargewarden_ocpp::Side;
use zeroize::Zeroizing;

use crate::standing::Placing;
use crate::{Hold, Permit, Proposal, RotationOrigin, RotationOutcome, StationState};

/// One consequence of an input. The shell carries steps out in the order in which they come.
#[derive(Debug)]
pub enum Step {
    /// Append to evidence. With [`Durability::Before`] no later step may begin until the record is on disk; if
    /// it cannot be written, the later steps of the same input are dropped and the session ends.
    Record(Box<Record>, Durability),
    /// Deliver a message as it arrived.
    Forward(Permit),
    /// Send a text of our own that answers a message of this side.
    Answer {
        /// To whom.
        to: Side,
        /// The whole frame.
        text: String,
    },
    /// Send a call of our own; its answer is swallowed by the session.
    Call {
        /// To whom.
        to: Side,
        /// The whole frame.
        text: CallText,
    },
    /// Keep a new password of the station, durably, beside the one in force, and then say with
    /// [`crate::Input::Proposed`] whether that was done. It is sent only after that.
    Propose(Box<Proposal>),
    /// The outcome of the proposal: see [`RotationOutcome`] for what becomes of both passwords.
    Settle {
        /// What the station said, or did not say.
        outcome: RotationOutcome,
        /// Who replaced it.
        origin: RotationOrigin,
    },
    /// The station still has its maker's password and is ready for one of its own: make one and hand it to
    /// [`crate::Session::rotate`].
    Provision,
    /// A command waits for people.
    OpenHold(Box<Hold>),
    /// Somebody is set apart, by a rule: keep that across restarts, and see to what a session cannot do itself.
    Place(Box<Placing>),
    /// Keep the station's state across restarts.
    Learn(Box<StationState>),
    /// End the session: close the side to blame with this code, and the other with 1001 (going away).
    Close {
        /// Whose fault it is.
        blame: Side,
        /// WebSocket close code (RFC 6455, 7.4).
        code: u16,
        /// For the close frame, at most 123 bytes, no internals.
        reason: &'static str,
    },
}

/// The text of a call of our own. It can carry a new password, so it is wiped when dropped and not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CallText(Zeroizing<String>);

impl CallText {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The whole frame.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole frame, to send. Whoever takes it keeps no copy.
    pub fn into_string(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for CallText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallText({} bytes)", self.0.len())
    }
}
