//! What is recorded of messages: who spoke, what it would do, what was decided and why.

use std::sync::Arc;

use serde::Deserialize;

use crate::{Attributes, FrameMac, Who, Word, hash, json};

/// One side of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The charging station.
    Station,
    /// The management system.
    Csms,
}

impl Side {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Station => "station",
            Self::Csms => "csms",
        }
    }
}

/// The kind of an OCPP-J frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageType {
    /// CALL
    Call,
    /// CALLRESULT
    Result,
    /// CALLERROR
    Error,
    /// CALLRESULTERROR, OCPP 2.1 only.
    ResultError,
    /// SEND, OCPP 2.1 only.
    Send,
}

impl MessageType {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Result => "result",
            Self::Error => "error",
            Self::ResultError => "result-error",
            Self::Send => "send",
        }
    }
}

/// One effect of a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectNote {
    /// The effect's name, such as `set-power`.
    pub name: Word,
    /// Its attributes.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// Delivered as it arrived.
    Forward,
    /// Not delivered.
    Refuse {
        /// The public reason code.
        reason: Word,
    },
    /// Not delivered until people approve.
    Hold {
        /// The public reason code.
        reason: Word,
        /// Who has to approve, such as `cso:1`.
        requirement: String,
    },
}

impl Verdict {
    /// The word in a record.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Refuse { .. } => "refuse",
            Self::Hold { .. } => "hold",
        }
    }

    /// The public reason code; empty when forwarded.
    pub fn reason(&self) -> &str {
        match self {
            Self::Forward => "",
            Self::Refuse { reason } | Self::Hold { reason, .. } => reason,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Forward => out.extend_from_slice(br#""forward""#),
            Self::Refuse { reason } => {
                out.extend_from_slice(br#"{"refuse":{"reason":"#);
                json::text(out, reason);
                out.extend_from_slice(b"}}");
            }
            Self::Hold { reason, requirement } => {
                out.extend_from_slice(br#"{"hold":{"reason":"#);
                json::text(out, reason);
                out.extend_from_slice(br#","requirement":"#);
                json::text(out, requirement);
                out.extend_from_slice(b"}}");
            }
        }
    }
}

/// A policy or a rule of ours that caused the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The party whose policy it is; empty for a rule of the service itself.
    #[serde(default)]
    pub party: String,
    /// The policy's id, or the rule's name.
    pub policy: Word,
    /// The effect it spoke about; empty when about the whole message.
    #[serde(default)]
    pub effect: Word,
    /// The text for the person refused.
    #[serde(default)]
    pub text: String,
}

/// What the sender got in place of the far side's answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// How it was said: `own-status`, `call-error`, `acknowledged`.
    pub how: Word,
    /// The status or error code in it.
    pub code: Word,
    /// The keyed hash of the answer's bytes.
    pub mac: FrameMac,
    /// What the answer tells its reader to ask for; empty without one.
    #[serde(default)]
    pub ticket: String,
}

/// One validated message and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The session.
    pub who: Arc<Who>,
    /// Who sent it.
    pub from: Side,
    /// The kind of frame.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// The action: of the call itself, or of the call that is answered.
    pub action: Word,
    /// The message id as sent.
    pub id: String,
    /// Size of the frame in bytes.
    pub bytes: u64,
    /// Keyed hash of the frame's bytes.
    pub mac: FrameMac,
    /// The error code of a CALLERROR or CALLRESULTERROR.
    #[serde(default)]
    pub error: Option<String>,
    /// What it would do. Never empty for a message that was decided by policy.
    #[serde(default)]
    pub effects: Vec<EffectNote>,
    /// What was odd about it, in the state in which station and fleet were.
    #[serde(default)]
    pub doubts: Vec<Word>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What the sender was told instead, when not forwarded.
    #[serde(default)]
    pub answered: Option<Answered>,
    /// The payload of a report that was acknowledged and not forwarded, since its sender forgets it. Id tokens in it are
    /// keyed hashes.
    #[serde(default)]
    pub kept: Option<Attributes>,
}

impl Message {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"who":"#);
        out.extend_from_slice(self.who.text());
        out.extend_from_slice(br#","from":""#);
        out.extend_from_slice(self.from.word().as_bytes());
        out.extend_from_slice(br#"","type":""#);
        out.extend_from_slice(self.kind.word().as_bytes());
        out.extend_from_slice(br#"","action":"#);
        json::text(out, &self.action);
        out.extend_from_slice(br#","id":"#);
        json::text(out, &self.id);
        frame(out, self.bytes, &self.mac);
        if let Some(error) = &self.error {
            out.extend_from_slice(br#","error":"#);
            json::text(out, error);
        }
        if !self.effects.is_empty() {
            out.extend_from_slice(br#","effects":"#);
            json::list(out, &self.effects, write_effect);
        }
        if !self.doubts.is_empty() {
            out.extend_from_slice(br#","doubts":"#);
            json::list(out, &self.doubts, |out, doubt| json::text(out, doubt));
        }
        out.extend_from_slice(br#","verdict":"#);
        self.verdict.write(out);
        if !self.causes.is_empty() {
            out.extend_from_slice(br#","causes":"#);
            json::list(out, &self.causes, write_cause);
        }
        if let Some(answered) = &self.answered {
            out.extend_from_slice(br#","answered":"#);
            answered.write(out);
        }
        if let Some(kept) = &self.kept {
            out.extend_from_slice(br#","kept":"#);
            out.extend_from_slice(kept.as_json().as_bytes());
        }
        out.push(b'}');
    }
}

impl Answered {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"how":"#);
        json::text(out, &self.how);
        out.extend_from_slice(br#","code":"#);
        json::text(out, &self.code);
        out.extend_from_slice(br#","mac":"#);
        hexadecimal(out, &self.mac.0);
        member(out, br#","ticket":"#, &self.ticket);
        out.push(b'}');
    }
}

/// Writes a text member with its leading comma and name, unless the text is empty.
pub(crate) fn member(out: &mut Vec<u8>, name: &[u8], text: &str) {
    if !text.is_empty() {
        out.extend_from_slice(name);
        json::text(out, text);
    }
}

pub(crate) fn hexadecimal(out: &mut Vec<u8>, bytes: &[u8; 32]) {
    out.push(b'"');
    out.extend_from_slice(&hash::hex(bytes));
    out.push(b'"');
}

pub(crate) fn frame(out: &mut Vec<u8>, bytes: u64, mac: &FrameMac) {
    out.extend_from_slice(br#","bytes":"#);
    json::number(out, bytes);
    out.extend_from_slice(br#","mac":"#);
    hexadecimal(out, &mac.0);
}

fn write_effect(out: &mut Vec<u8>, effect: &EffectNote) {
    out.extend_from_slice(br#"{"name":"#);
    json::text(out, &effect.name);
    if !effect.attributes.is_empty() {
        out.extend_from_slice(br#","attributes":"#);
        out.extend_from_slice(effect.attributes.as_json().as_bytes());
    }
    out.push(b'}');
}

fn write_cause(out: &mut Vec<u8>, cause: &Cause) {
    out.push(b'{');
    if !cause.party.is_empty() {
        out.extend_from_slice(br#""party":"#);
        json::text(out, &cause.party);
        out.push(b',');
    }
    out.extend_from_slice(br#""policy":"#);
    json::text(out, &cause.policy);
    member(out, br#","effect":"#, &cause.effect);
    member(out, br#","text":"#, &cause.text);
    out.push(b'}');
}
