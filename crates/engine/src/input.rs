//! What can happen to a session.

use std::fmt;

use bytes::Bytes;
use chargewarden_ocpp::Side;

/// One thing that happened.
#[derive(Clone)]
pub enum Input {
    /// A whole text message arrived.
    Text {
        /// Who sent it.
        from: Side,
        /// The bytes as they arrived. They are checked here, not before; the shell only bounds their number.
        bytes: Bytes,
    },
    /// A binary message arrived. OCPP-J has none.
    Binary {
        /// Who sent it.
        from: Side,
        /// Its bytes.
        bytes: Bytes,
    },
    /// The answer to [`crate::Step::Propose`], before anything else.
    Proposed {
        /// Whether the new password is kept durably. If not, it is not sent.
        durable: bool,
    },
    /// Time went on. Due whenever [`crate::Session::next_tick`] says so; more often does no harm.
    Tick,
    /// One of the connections is gone, and the session with it.
    Gone,
}

impl fmt::Debug for Input {
    /// Without the bytes: they can hold passwords and id tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { from, bytes } => write!(f, "Text({from}, {} bytes)", bytes.len()),
            Self::Binary { from, bytes } => write!(f, "Binary({from}, {} bytes)", bytes.len()),
            Self::Proposed { durable } => write!(f, "Proposed({durable})"),
            Self::Tick => f.write_str("Tick"),
            Self::Gone => f.write_str("Gone"),
        }
    }
}
