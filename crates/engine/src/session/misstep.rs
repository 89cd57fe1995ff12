//! What a peer can do wrong, and what is said about it.

use chargewarden_evidence::OwnEvent;
use chargewarden_ocpp::{ErrorCode, Version, Violation};
use chargewarden_policy::ReasonCode;

/// One thing a peer did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misstep {
    /// The frame or its payload breaks a wire rule.
    Wire(Violation),
    /// OCPP-J is text.
    Binary,
    /// The action is for the other side to send.
    WrongDirection,
    /// The id lies in the space of our own calls.
    ReservedId,
    /// The id is that of a call that is still open.
    OpenId,
    /// The id was used before.
    UsedId,
    /// The answer to the last call is still to come.
    CallOutstanding,
    /// An answer to nothing that was asked.
    Unsolicited,
    /// A second answer.
    Replayed,
    /// An answer that came after its time.
    Late,
    /// A transaction number from the space of refused transactions.
    ReservedTransaction,
    /// No answer at all.
    Unanswered,
}

impl Misstep {
    /// Name in records.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Wire(violation) => violation.rule.name(),
            Self::Binary => ReasonCode::BinaryFrame.name(),
            Self::WrongDirection => ReasonCode::WrongDirection.name(),
            Self::ReservedId => "reserved-id",
            Self::OpenId | Self::UsedId => ReasonCode::DuplicateId.name(),
            Self::CallOutstanding => ReasonCode::CallOutstanding.name(),
            Self::Unsolicited => ReasonCode::UnsolicitedAnswer.name(),
            Self::Replayed => "replayed-answer",
            Self::Late => "late-answer",
            Self::ReservedTransaction => "reserved-transaction",
            Self::Unanswered => ReasonCode::CallTimeout.name(),
        }
    }

    /// The broken wire rule, if it is one.
    pub(super) fn wire(self) -> Option<Violation> {
        if let Self::Wire(violation) = self { Some(violation) } else { None }
    }

    /// For the peer and for people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Wire(violation) => violation.to_string(),
            Self::Binary => "OCPP-J messages are text".to_owned(),
            Self::WrongDirection => "this action is for the other side to send".to_owned(),
            Self::ReservedId => "this message id is reserved".to_owned(),
            Self::OpenId => "a call with this message id is waiting for its answer".to_owned(),
            Self::UsedId => "this message id was used before".to_owned(),
            Self::CallOutstanding => "wait for the answer to the last call".to_owned(),
            Self::Unsolicited => "an answer to nothing that was asked".to_owned(),
            Self::Replayed => "a second answer to the same call".to_owned(),
            Self::Late => "an answer after its time".to_owned(),
            Self::ReservedTransaction => "this transaction number is reserved".to_owned(),
            Self::Unanswered => "no answer in time".to_owned(),
        }
    }

    /// The code in an answer.
    pub(super) fn code(&self, version: Version) -> ErrorCode {
        match self {
            Self::Wire(violation) => violation.code(version),
            Self::WrongDirection => ErrorCode::NotSupported,
            Self::ReservedId => ErrorCode::SecurityError,
            // 2.x has a code for what is no proper RPC request; in 1.6 it is spelled `GenericError`.
            Self::Binary | Self::OpenId | Self::UsedId => ErrorCode::RpcFrameworkError,
            // Not the message is wrong but its moment: the code must not keep the caller from trying again.
            Self::CallOutstanding => ErrorCode::GenericError,
            Self::Unsolicited | Self::Replayed | Self::Late => ErrorCode::ProtocolError,
            Self::ReservedTransaction | Self::Unanswered => ErrorCode::InternalError,
        }
    }

    /// The security event that it is. Slowness is none.
    pub(super) fn event(&self) -> Option<OwnEvent> {
        match self {
            Self::Wire(_) | Self::Binary => Some(OwnEvent::SchemaViolation),
            Self::WrongDirection
            | Self::ReservedId
            | Self::OpenId
            | Self::UsedId
            | Self::CallOutstanding
            | Self::Unsolicited
            | Self::Replayed
            | Self::ReservedTransaction => Some(OwnEvent::StateViolation),
            Self::Late | Self::Unanswered => None,
        }
    }

    /// Whether it counts towards the end of the session. Slowness does not.
    pub(super) fn counts(&self) -> bool {
        match self {
            Self::Late | Self::Unanswered => false,
            Self::Wire(_)
            | Self::Binary
            | Self::WrongDirection
            | Self::ReservedId
            | Self::OpenId
            | Self::UsedId
            | Self::CallOutstanding
            | Self::Unsolicited
            | Self::Replayed
            | Self::ReservedTransaction => true,
        }
    }
}
