//! What can happen to a session.

use bytes::Bytes;
use chargewarden_ocpp::Side;

/// One thing that happened.
#[derive(Clone, Debug)]
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
    /// Time went on. Due whenever [`crate::Session::next_tick`] says so; more often does no harm.
    Tick,
    /// One of the connections is gone, and the session with it.
    Gone,
}
