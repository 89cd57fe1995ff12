//! What a session wants done.

pub use chargewarden_evidence::Durability;
use chargewarden_evidence::Record;
use chargewarden_ocpp::Side;

use crate::{Hold, Permit, StationState};

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
        text: String,
    },
    /// A command waits for people.
    OpenHold(Box<Hold>),
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
