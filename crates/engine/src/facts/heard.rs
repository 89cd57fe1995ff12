//! A message as the facts see it: what it says, what it would do, and who is involved.

use chargewarden_evidence::ContentKey;
use chargewarden_policy::About;
use chargewarden_policy::effect::Effect;

use super::Mark;
use crate::effects::Message;

/// A message that is being decided, or was delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'a> {
    /// The message.
    pub(crate) message: &'a Message<'a>,
    /// What it would do.
    pub(crate) effects: &'a [Effect],
    /// Station and management system.
    pub(crate) about: &'a About,
    /// Of an answer: the call that it answers, where [`wants_call`](super::wants_call) asked for it.
    pub(crate) call: Option<&'a Message<'a>>,
    /// The key of the marks by which tokens and secrets are known again.
    pub(crate) key: &'a ContentKey,
}

impl Heard<'_> {
    /// By what an id token is known again. OCPP compares tokens without regard to case.
    pub(crate) fn token(&self, token: &str) -> Mark {
        Mark::of(self.key, &token.to_ascii_lowercase())
    }

    /// By what a secret is known again.
    pub(crate) fn secret(&self, secret: &str) -> Mark {
        Mark::of(self.key, &format!("secret {secret}"))
    }
}

/// How soon what was learned has to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Learned {
    /// Nothing was.
    #[default]
    Nothing,
    /// With the next write: a meter went on.
    Later,
    /// Now: a verdict may rest on it after a restart.
    Now,
}

impl Learned {
    /// Notes something more.
    pub(crate) fn also(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}
