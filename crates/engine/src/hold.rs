//! A command that waits for people.

use std::fmt;

use chargewarden_evidence::FrameMac;
use chargewarden_ocpp::{Action, Side, Timestamp};
use chargewarden_policy::effect::Effect;

/// By what people and records name a refusal: the session's id and a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(String);

impl Ticket {
    pub(crate) fn new(session: &str, number: u32) -> Self {
        Self(format!("{session}-{number}"))
    }

    /// The text, as it stands in answers and records.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message that was refused for now and may be approved.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Its name.
    pub ticket: Ticket,
    /// When it was asked for.
    pub at: Timestamp,
    /// Who asked.
    pub from: Side,
    /// What was asked.
    pub action: Action,
    /// Keyed hash of the payload's bytes, without the message id: the same request sent again has the same.
    pub payload: FrameMac,
    /// What it would do.
    pub effects: Vec<Effect>,
    /// Who has to approve, such as `cso:1`.
    pub requirement: String,
}
