//! What a peer did wrong, as a value.

use std::fmt;

use crate::error_code::ErrorCode;
use crate::header::MessageType;
use crate::version::Version;

/// The rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// More bytes than allowed.
    FrameBytes,
    /// Bytes that are not UTF-8.
    Utf8,
    /// A byte order mark in front.
    ByteOrderMark,
    /// Not JSON.
    Syntax,
    /// Half of a surrogate pair.
    Surrogate,
    /// A number that is no finite double, or a whole number beyond 2^53-1.
    NumberSize,
    /// A member name that is there twice (after unescaping).
    Duplicate,
    /// Nested too deeply.
    Depth,
    /// Too many values.
    Tokens,
    /// Something after the end of the message.
    Trailing,
    /// Not an array of the elements such a message has.
    Elements,
    /// A message type this version does not have.
    MessageType,
    /// A message id that is no string of 1 to 36 characters without control characters.
    MessageId,
    /// An action this version does not have.
    UnknownAction,
    /// A value of the wrong type; `null` where a member should be left out.
    Type,
    /// A required member is missing.
    Missing,
    /// A member that does not exist.
    UnknownMember,
    /// A string with too many characters.
    Length,
    /// A string that is none of the allowed ones.
    Choice,
    /// A number that is too small or too great.
    Range,
    /// A number with too many decimals.
    Decimals,
    /// A list with too few or too many items.
    Count,
    /// A string that should be a timestamp and is none.
    Time,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 23] = [
        Rule::FrameBytes,
        Rule::Utf8,
        Rule::ByteOrderMark,
        Rule::Syntax,
        Rule::Surrogate,
        Rule::NumberSize,
        Rule::Duplicate,
        Rule::Depth,
        Rule::Tokens,
        Rule::Trailing,
        Rule::Elements,
        Rule::MessageType,
        Rule::MessageId,
        Rule::UnknownAction,
        Rule::Type,
        Rule::Missing,
        Rule::UnknownMember,
        Rule::Length,
        Rule::Choice,
        Rule::Range,
        Rule::Decimals,
        Rule::Count,
        Rule::Time,
    ];

    /// A stable name for records and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::FrameBytes => "frame-bytes",
            Rule::Utf8 => "utf8",
            Rule::ByteOrderMark => "byte-order-mark",
            Rule::Syntax => "syntax",
            Rule::Surrogate => "surrogate",
            Rule::NumberSize => "number-size",
            Rule::Duplicate => "duplicate",
            Rule::Depth => "depth",
            Rule::Tokens => "tokens",
            Rule::Trailing => "trailing",
            Rule::Elements => "elements",
            Rule::MessageType => "message-type",
            Rule::MessageId => "message-id",
            Rule::UnknownAction => "unknown-action",
            Rule::Type => "type",
            Rule::Missing => "missing",
            Rule::UnknownMember => "unknown-member",
            Rule::Length => "length",
            Rule::Choice => "choice",
            Rule::Range => "range",
            Rule::Decimals => "decimals",
            Rule::Count => "count",
            Rule::Time => "time",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A message that breaks a rule. Who is to blame is known to whoever received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Where in the payload, e.g. `chargingSchedule.chargingSchedulePeriod[3].limit`; empty for its root and
    /// for what is outside the payload.
    pub path: String,
    /// What was found, for people; holds no more than a short excerpt of what was sent.
    pub detail: String,
    /// Bytes from the start of the frame.
    pub offset: Option<usize>,
    /// The message id, when it could be read: then the message can be answered.
    pub id: Option<String>,
    /// What kind of message it claims to be, when that could be read: only calls are answered by CALLERROR.
    pub message: Option<MessageType>,
}

impl Violation {
    /// The error code that says this in an answer.
    pub const fn code(&self, version: Version) -> ErrorCode {
        match self.rule {
            Rule::FrameBytes | Rule::Utf8 | Rule::ByteOrderMark | Rule::MessageId => match version {
                Version::V16 => ErrorCode::FormatViolation,
                Version::V201 | Version::V21 => ErrorCode::RpcFrameworkError,
            },
            // What follows the action is the payload's matter; before it there is no message yet.
            Rule::Syntax | Rule::Surrogate | Rule::Elements | Rule::Trailing => match (version, &self.id) {
                (Version::V16, _) | (_, Some(_)) => ErrorCode::FormatViolation,
                (Version::V201 | Version::V21, None) => ErrorCode::RpcFrameworkError,
            },
            Rule::Duplicate | Rule::Depth | Rule::Tokens | Rule::UnknownMember => ErrorCode::FormatViolation,
            Rule::MessageType => ErrorCode::MessageTypeNotSupported,
            Rule::UnknownAction => ErrorCode::NotImplemented,
            Rule::Type => ErrorCode::TypeConstraintViolation,
            Rule::Missing | Rule::Count => ErrorCode::OccurrenceConstraintViolation,
            Rule::NumberSize | Rule::Length | Rule::Choice | Rule::Range | Rule::Decimals | Rule::Time => {
                ErrorCode::PropertyConstraintViolation
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Violation {}
