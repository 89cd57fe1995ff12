//! Error codes, spelled as each version spells them.

use crate::version::Version;

/// Why a call was answered by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The payload is not what the action's shape says, or not JSON.
    FormatViolation,
    /// None of the others fits.
    GenericError,
    /// The receiver failed.
    InternalError,
    /// The number of the message type is unknown (2.x; 1.6 has no such code and says `GenericError`).
    MessageTypeNotSupported,
    /// The action is unknown.
    NotImplemented,
    /// The action is known, and not supported.
    NotSupported,
    /// A member is missing, or a list has too few or too many items.
    OccurrenceConstraintViolation,
    /// A member has a value that is not allowed.
    PropertyConstraintViolation,
    /// The message does not follow the protocol.
    ProtocolError,
    /// The frame is not a message (2.x; 1.6 has no such code and says `GenericError`).
    RpcFrameworkError,
    /// Refused for security.
    SecurityError,
    /// A member has a value of the wrong type.
    TypeConstraintViolation,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 12] = [
        ErrorCode::FormatViolation,
        ErrorCode::GenericError,
        ErrorCode::InternalError,
        ErrorCode::MessageTypeNotSupported,
        ErrorCode::NotImplemented,
        ErrorCode::NotSupported,
        ErrorCode::OccurrenceConstraintViolation,
        ErrorCode::PropertyConstraintViolation,
        ErrorCode::ProtocolError,
        ErrorCode::RpcFrameworkError,
        ErrorCode::SecurityError,
        ErrorCode::TypeConstraintViolation,
    ];

    /// The code on the wire. 1.6 writes `FormationViolation` and, with one `r`,
    /// `OccurenceConstraintViolation`; 2.x writes `FormatViolation` and `OccurrenceConstraintViolation`.
    pub const fn spelled(self, version: Version) -> &'static str {
        let old = matches!(version, Version::V16);
        match self {
            ErrorCode::FormatViolation if old => "FormationViolation",
            ErrorCode::OccurrenceConstraintViolation if old => "OccurenceConstraintViolation",
            ErrorCode::MessageTypeNotSupported | ErrorCode::RpcFrameworkError if old => "GenericError",
            ErrorCode::FormatViolation => "FormatViolation",
            ErrorCode::GenericError => "GenericError",
            ErrorCode::InternalError => "InternalError",
            ErrorCode::MessageTypeNotSupported => "MessageTypeNotSupported",
            ErrorCode::NotImplemented => "NotImplemented",
            ErrorCode::NotSupported => "NotSupported",
            ErrorCode::OccurrenceConstraintViolation => "OccurrenceConstraintViolation",
            ErrorCode::PropertyConstraintViolation => "PropertyConstraintViolation",
            ErrorCode::ProtocolError => "ProtocolError",
            ErrorCode::RpcFrameworkError => "RpcFrameworkError",
            ErrorCode::SecurityError => "SecurityError",
            ErrorCode::TypeConstraintViolation => "TypeConstraintViolation",
        }
    }

    /// The code a peer of this version means. Peers may write codes of their own: those are `None`.
    pub fn parse(version: Version, code: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|known| known.spelled(version) == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_own_spelling() {
        assert_eq!(
            ErrorCode::OccurrenceConstraintViolation.spelled(Version::V16),
            "OccurenceConstraintViolation"
        );
        assert_eq!(
            ErrorCode::OccurrenceConstraintViolation.spelled(Version::V201),
            "OccurrenceConstraintViolation"
        );
        assert_eq!(ErrorCode::FormatViolation.spelled(Version::V16), "FormationViolation");
        assert_eq!(ErrorCode::FormatViolation.spelled(Version::V21), "FormatViolation");
        assert_eq!(ErrorCode::parse(Version::V16, "FormatViolation"), None);
        assert_eq!(ErrorCode::parse(Version::V16, "GenericError"), Some(ErrorCode::GenericError));
        for version in Version::ALL {
            for code in ErrorCode::ALL {
                assert!(ErrorCode::parse(version, code.spelled(version)).is_some());
            }
        }
    }
}
