//! What a message would do: the translation from OCPP to effects.
//!
//! It is total: every action of every version, in both directions, in every kind of message has at
//! least one effect, and one that no table knows is [`Effect::Unknown`], which no policy allows by
//! accident. It reads one message and what its answer must remember of the call; whether an effect
//! is wanted, and what state it meets, is not asked here.

mod account;
mod answers;
mod authorization;
mod certificate;
mod commands;
mod commerce;
mod data;
mod display;
mod energy;
mod field;
mod list;
mod memo;
mod monitoring;
mod number;
mod outcomes;
mod profile;
mod reading;
mod reports;
mod sender;
mod service;
mod setting;
mod software;
mod trust;
mod tunnel;
mod url;

pub(crate) use certificate::{Digest, Issuer, Names};
pub use list::Effects;
pub use memo::RequestMemo;
pub(crate) use number::whole;
pub(crate) use profile::{Period, Schedule, purpose};
pub(crate) use setting::value::is_weak as is_weak_secret;
pub(crate) use setting::{PasswordWrite, password_status, password_write};
pub use setting::{SettingClass, settings_reference};
pub(crate) use setting::{held_key, held_variable, set_variable};

use chargewarden_ocpp::{Action, Payload, Side, Timestamp, Version};
use chargewarden_policy::effect::{Decline, ReportOutcome};

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
    /// For errors, what they say to people.
    pub description: Option<&'a str>,
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
    let mut out = Vec::with_capacity(1);
    match (message.from, message.kind) {
        (Side::Csms, MessageKind::Call | MessageKind::Send) => commands::translate(&mut out, message),
        (Side::Csms, MessageKind::Result) => answers::translate(&mut out, message),
        (Side::Csms, MessageKind::Error) => out.push(Decline { code: code(message) }.into()),
        (Side::Station, MessageKind::Call | MessageKind::Send) => reports::translate(&mut out, message),
        (Side::Station, MessageKind::Result) => outcomes::translate(&mut out, message),
        (Side::Station, MessageKind::Error) => {
            out.push(ReportOutcome { status: code(message), accepted: false }.into());
        }
    }
    Effects::of(out, message.action)
}

fn code(message: &Message<'_>) -> String {
    message.error.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
