//! What is recorded when a peer deviates from the rules: refused as a violation, or tolerated.

use std::sync::Arc;

use serde::Deserialize;

use crate::message::{frame, member};
use crate::{Answered, FrameMac, Side, Who, Word, json};

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
        out.extend_from_slice(self.who.text());
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
        out.extend_from_slice(self.who.text());
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
