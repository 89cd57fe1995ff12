//! What a message would do: the translation from OCPP to effects.
//!
//! It is total: every action of every version, in both directions, in every kind of message has at
//! least one effect, and one that no table knows is [`Effect::Unknown`], which no policy allows by
//! accident. It reads one message and what its answer must remember of the call; whether an effect
//! is wanted, and what state it meets, is not asked here.

mod list;
mod memo;
mod url;

pub use list::Effects;
pub use memo::RequestMemo;

use chargewarden_ocpp::{Action, Payload, Side, Timestamp, Version};

/// One validated message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Version of the session.
    pub version: Version,
    /// Who sent it.
    pub from: Side,
    /// Its action; for answers the action of the call.
    pub action: Action,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Its payload; for errors the details.
    pub payload: &'a Payload<'a>,
    /// For errors, the error code as stated.
    pub error: Option<&'a str>,
    /// For answers, what [`RequestMemo::of`] kept of the call.
    pub request: Option<&'a RequestMemo>,
    /// Our clock.
    pub now: Timestamp,
}

/// What kind of message it is, as far as effects can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A request.
    Call,
    /// A positive answer.
    Result,
    /// A negative answer (CALLERROR, CALLRESULTERROR).
    Error,
    /// A request without an answer (2.1).
    Send,
}

/// What the message would do if it were delivered.
pub fn translate(message: &Message<'_>) -> Effects {
    Effects::of(Vec::new(), message.action)
}
