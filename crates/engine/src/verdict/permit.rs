//! The one way to the other side.

use std::fmt;

use bytes::Bytes;
use chargewarden_ocpp::Side;

/// Leave to deliver one message to one side, once.
///
/// Only the verdict makes it, together with the record of the verdict; it cannot be copied, and its bytes come out
/// only by using it up.
///
/// ```compile_fail,E0451
/// use bytes::Bytes;
/// let forged = chargewarden_engine::Permit { to: chargewarden_ocpp::Side::Station, bytes: Bytes::new() };
/// ```
///
/// ```compile_fail,E0624
/// use bytes::Bytes;
/// let forged = chargewarden_engine::Permit::new(chargewarden_ocpp::Side::Station, Bytes::new());
/// ```
///
/// ```compile_fail,E0599
/// fn twice(permit: chargewarden_engine::Permit) -> [chargewarden_engine::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
#[must_use = "a message that was allowed and is not delivered is lost"]
pub struct Permit {
    to: Side,
    bytes: Bytes,
}

impl Permit {
    /// Private to the verdict: nothing else may decide.
    pub(in crate::verdict) fn new(to: Side, bytes: Bytes) -> Self {
        Self { to, bytes }
    }

    /// The side it may go to.
    pub fn to(&self) -> Side {
        self.to
    }

    /// Size of the message in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Uses the permit up: the bytes exactly as they arrived.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl fmt::Debug for Permit {
    /// Without the bytes: they can hold passwords and id tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit(to {}, {} bytes)", self.to, self.bytes.len())
    }
}
