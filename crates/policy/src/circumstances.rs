//! What is known of a message and its session, apart from what the message would do.

use chargewarden_ocpp::{Side, Timestamp, Version};

use crate::doubt::Doubts;
use crate::effect::{Attribute, AttributeType, AttributeValue};
use crate::facts::facts;

facts! {
    /// The message itself, `context.message` in policies.
    pub struct MessageFacts {
        /// OCPP version of the session: `1.6`, `2.0.1` or `2.1`.
        version: Version = Version::V16,
        /// Action as OCPP names it, such as `SetChargingProfile`; of an answer, the action it answers.
        action: &'static str = "",
        /// Size of the frame in bytes.
        bytes: i64 = 0,
        /// Whether it is an answer (CALLRESULT, CALLERROR) and not a request.
        answer: bool = false,
    }
}

facts! {
    /// The session it came in by, `context.session` in policies. Of the sender's own connection: the station's
    /// for a report, the management system's for a command.
    pub struct SessionFacts {
        /// How the sender proved who it is: `none`, `password` or `certificate`.
        authenticated: Authentication = Authentication::None,
        /// Seconds since the session began.
        age_s: i64 = 0,
        /// Whether the connection is encrypted by TLS.
        tls: bool = false,
    }
}

/// How a peer proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Not at all.
    None,
    /// By HTTP Basic authentication.
    Password,
    /// By a TLS client certificate.
    Certificate,
}

impl Authentication {
    /// Name in policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Password => "password",
            Self::Certificate => "certificate",
        }
    }
}

impl Attribute for Authentication {
    const KIND: AttributeType = AttributeType::Text;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Text(self.name()))
    }
}

/// Everything about a message that does not depend on its effects.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// Who sent it. The sender is the principal of every effect of the message.
    pub from: Side,
    /// The message.
    pub message: MessageFacts,
    /// Its session.
    pub session: SessionFacts,
    /// What is odd about the message, `context.doubts` in policies.
    pub doubts: Doubts,
    /// The time of the decision, `context.now` in policies.
    pub now: Timestamp,
}
