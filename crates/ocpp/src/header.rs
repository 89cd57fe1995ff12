//! What stands in front of the payload.

use crate::action::Action;
use crate::version::Version;

/// What kind of message a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// 2: a request.
    Call,
    /// 3: its answer.
    Result,
    /// 4: its answer, negative.
    Error,
    /// 5 (2.1): an answer could not be used.
    ResultError,
    /// 6 (2.1): a message without an answer.
    Send,
}

impl MessageType {
    /// The name OCPP-J gives it.
    pub const fn name(self) -> &'static str {
        match self {
            MessageType::Call => "CALL",
            MessageType::Result => "CALLRESULT",
            MessageType::Error => "CALLERROR",
            MessageType::ResultError => "CALLRESULTERROR",
            MessageType::Send => "SEND",
        }
    }

    pub(crate) fn numbered(version: Version, number: &str) -> Option<MessageType> {
        match (number, version) {
            ("2", _) => Some(MessageType::Call),
            ("3", _) => Some(MessageType::Result),
            ("4", _) => Some(MessageType::Error),
            ("5", Version::V21) => Some(MessageType::ResultError),
            ("6", Version::V21) => Some(MessageType::Send),
            _ => None,
        }
    }
}

/// What stands in front of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header<'f> {
    /// A request.
    Call {
        /// The message id.
        id: &'f str,
        /// What is asked.
        action: Action,
    },
    /// The answer to a request.
    Result {
        /// The id of the request.
        id: &'f str,
    },
    /// The negative answer to a request.
    Error {
        /// The id of the request.
        id: &'f str,
        /// The error code; peers may use their own, see [`crate::ErrorCode::parse`].
        code: &'f str,
        /// What happened, for people.
        description: &'f str,
    },
    /// An answer could not be used (2.1).
    ResultError {
        /// The id of the request.
        id: &'f str,
        /// The error code.
        code: &'f str,
        /// What happened, for people.
        description: &'f str,
    },
    /// A message without an answer (2.1).
    Send {
        /// The message id.
        id: &'f str,
        /// What is said.
        action: Action,
    },
}

impl<'f> Header<'f> {
    /// The message id.
    pub const fn id(self) -> &'f str {
        match self {
            Header::Call { id, .. }
            | Header::Result { id }
            | Header::Error { id, .. }
            | Header::ResultError { id, .. }
            | Header::Send { id, .. } => id,
        }
    }

    /// What an error says to people.
    pub const fn description(self) -> Option<&'f str> {
        match self {
            Header::Error { description, .. } | Header::ResultError { description, .. } => Some(description),
            Header::Call { .. } | Header::Result { .. } | Header::Send { .. } => None,
        }
    }

    /// The kind of message.
    pub const fn message_type(self) -> MessageType {
        match self {
            Header::Call { .. } => MessageType::Call,
            Header::Result { .. } => MessageType::Result,
            Header::Error { .. } => MessageType::Error,
            Header::ResultError { .. } => MessageType::ResultError,
            Header::Send { .. } => MessageType::Send,
        }
    }
}
