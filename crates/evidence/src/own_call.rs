//! What is recorded of the calls that the service makes itself.

use std::sync::Arc;

use serde::Deserialize;

use crate::message::{frame, member};
use crate::{FrameMac, Side, Who, Word, json};

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
        out.extend_from_slice(self.who.text());
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
