//! What is recorded of messages: who spoke, what it would do, what was decided and why.

use std::sync::Arc;

use serde::Deserialize;

use crate::{Attributes, FrameMac, Hash, Word, hash, json};

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

/// The session a record belongs to. Made once per session and bundle change and shared by its records; its canonical text
/// is kept, since it would otherwise be written again for every message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WhoFields")]
pub struct Who {
    fields: WhoFields,
    text: Vec<u8>,
}

/// What a [`Who`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoFields {
    /// The station's id.
    pub station: String,
    /// The id of the CSMS at the other end.
    pub csms: String,
    /// The session's id, unique within the log.
    pub session: String,
    /// The version of OCPP: `1.6`, `2.0.1` or `2.1`.
    pub version: String,
    /// The digests of the bundles in force, one per party with jurisdiction, in the order in which they are asked.
    #[serde(default)]
    pub bundles: Vec<Hash>,
}

impl Who {
    /// The session with these fields.
    pub fn new(fields: WhoFields) -> Arc<Self> {
        Arc::new(Self::from(fields))
    }

    /// What it says.
    pub fn fields(&self) -> &WhoFields {
        &self.fields
    }
}

impl From<WhoFields> for Who {
    fn from(fields: WhoFields) -> Self {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(br#"{"station":"#);
        json::text(&mut text, &fields.station);
        text.extend_from_slice(br#","csms":"#);
        json::text(&mut text, &fields.csms);
        text.extend_from_slice(br#","session":"#);
        json::text(&mut text, &fields.session);
        text.extend_from_slice(br#","version":"#);
        json::text(&mut text, &fields.version);
        if !fields.bundles.is_empty() {
            text.extend_from_slice(br#","bundles":"#);
            json::list(&mut text, &fields.bundles, |out, digest| hexadecimal(out, &digest.0));
        }
        text.push(b'}');
        Self { fields, text }
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
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What the sender was told instead, when not forwarded.
    #[serde(default)]
    pub answered: Option<Answered>,
}

impl Message {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"who":"#);
        out.extend_from_slice(&self.who.text);
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
        out.push(b'}');
    }
}

/// Bytes that are no valid message here and now. They were not forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// The session.
    pub who: Arc<Who>,
    /// Whose fault it is: who sent the bytes.
    pub blame: Side,
    /// The rule broken, such as `duplicate-name`.
    pub rule: Word,
    /// Where in the payload; empty when about the whole frame.
    #[serde(default)]
    pub path: String,
    /// What was wrong, for a person.
    #[serde(default)]
    pub detail: String,
    /// The action, when it could be read.
    #[serde(default)]
    pub action: Option<Word>,
    /// The message id, when it could be read.
    #[serde(default)]
    pub id: Option<String>,
    /// Size of the frame in bytes.
    pub bytes: u64,
    /// Keyed hash of the frame's bytes.
    pub mac: FrameMac,
    /// What the sender was told, if anything.
    #[serde(default)]
    pub answered: Option<Answered>,
}

impl Violation {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"who":"#);
        out.extend_from_slice(&self.who.text);
        out.extend_from_slice(br#","blame":""#);
        out.extend_from_slice(self.blame.word().as_bytes());
        out.extend_from_slice(br#"","rule":"#);
        json::text(out, &self.rule);
        member(out, br#","path":"#, &self.path);
        member(out, br#","detail":"#, &self.detail);
        if let Some(action) = &self.action {
            out.extend_from_slice(br#","action":"#);
            json::text(out, action);
        }
        if let Some(id) = &self.id {
            out.extend_from_slice(br#","id":"#);
            json::text(out, id);
        }
        frame(out, self.bytes, &self.mac);
        if let Some(answered) = &self.answered {
            out.extend_from_slice(br#","answered":"#);
            answered.write(out);
        }
        out.push(b'}');
    }
}

/// A deviation from the rules that configuration tolerates for this station's model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The session.
    pub who: Arc<Who>,
    /// Who deviated.
    pub from: Side,
    /// The tolerance's name.
    pub name: Word,
    /// Where in the payload; empty when about the whole frame or the handshake.
    #[serde(default)]
    pub path: String,
    /// The message id, when it was about a message.
    #[serde(default)]
    pub id: Option<String>,
}

impl Tolerance {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"who":"#);
        out.extend_from_slice(&self.who.text);
        out.extend_from_slice(br#","from":""#);
        out.extend_from_slice(self.from.word().as_bytes());
        out.extend_from_slice(br#"","name":"#);
        json::text(out, &self.name);
        member(out, br#","path":"#, &self.path);
        if let Some(id) = &self.id {
            out.extend_from_slice(br#","id":"#);
            json::text(out, id);
        }
        out.push(b'}');
    }
}

/// How far a call of our own has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnCallPhase {
    /// Sent; the bytes are those of the call.
    Sent,
    /// Answered; the bytes are those of the answer.
    Answered,
    /// Not answered in time: the outcome is unknown, and there are no bytes.
    Unanswered,
}

impl OwnCallPhase {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
        }
    }
}

/// A call that the service itself makes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCall {
    /// The session.
    pub who: Arc<Who>,
    /// Who is called.
    pub to: Side,
    /// How far it has come.
    pub phase: OwnCallPhase,
    /// The action.
    pub action: Word,
    /// The message id, from our own id space.
    pub id: String,
    /// Size of the frame in bytes; 0 without one.
    pub bytes: u64,
    /// Keyed hash of the frame's bytes; of no bytes without one.
    pub mac: FrameMac,
    /// What the call is for.
    #[serde(default)]
    pub purpose: Word,
}

impl OwnCall {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"who":"#);
        out.extend_from_slice(&self.who.text);
        out.extend_from_slice(br#","to":""#);
        out.extend_from_slice(self.to.word().as_bytes());
        out.extend_from_slice(br#"","phase":""#);
        out.extend_from_slice(self.phase.word().as_bytes());
        out.extend_from_slice(br#"","action":"#);
        json::text(out, &self.action);
        out.extend_from_slice(br#","id":"#);
        json::text(out, &self.id);
        frame(out, self.bytes, &self.mac);
        member(out, br#","purpose":"#, &self.purpose);
        out.push(b'}');
    }
}

impl Answered {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"how":"#);
        json::text(out, &self.how);
        out.extend_from_slice(br#","code":"#);
        json::text(out, &self.code);
        out.extend_from_slice(br#","mac":"#);
        hexadecimal(out, &self.mac.0);
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

fn frame(out: &mut Vec<u8>, bytes: u64, mac: &FrameMac) {
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
