//! What a session tells the shell about a password that is being replaced.

use crate::password::Password;

/// A password that is about to be sent to the station. It has to be kept (as a hash, durably) before that, beside the one
/// in force: when the answer is lost, the station may come back with either.
#[derive(Debug)]
pub struct Proposal {
    /// The new password, as the command has it.
    pub password: Password,
    /// Who sends it.
    pub origin: RotationOrigin,
}

/// Who replaces a station's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RotationOrigin {
    /// Its management system, by a command that policy permits.
    Csms,
    /// The service, by a call of its own.
    Service,
}

impl RotationOrigin {
    /// The word in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csms => "csms",
            Self::Service => "service",
        }
    }
}

/// What became of a proposed password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RotationOutcome {
    /// The station has it: the old one is refused from now on.
    Accepted,
    /// The station has it and will use it after its next start: until it does, the old one stays good.
    Deferred,
    /// The station does not have it, or it was never sent: the old one stays.
    Rejected,
    /// No answer, or none that says anything: both are good until the station uses one of them.
    Unknown,
}

impl RotationOutcome {
    /// The outcome that a station's status word means. Words that OCPP gives no meaning here mean nothing.
    pub(crate) fn of_status(status: &str) -> Self {
        match status {
            "Accepted" => Self::Accepted,
            "RebootRequired" => Self::Deferred,
            "Rejected"
            | "NotSupported"
            | "UnknownComponent"
            | "UnknownVariable"
            | "NotSupportedAttributeType" => Self::Rejected,
            _ => Self::Unknown,
        }
    }

    /// The word in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}
