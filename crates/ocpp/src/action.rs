//! The actions: what can be said, by whom, in what shape, and how it is refused.

use crate::shape::Object;
use crate::version::{Side, Version};

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// What the catalogue says about an action in one version.
#[derive(Debug)]
pub struct ActionSpec {
    /// The action.
    pub action: Action,
    /// Who may send it.
    pub sender: Sender,
    /// Whether it is answered.
    pub form: Form,
    /// Whether the station keeps the message and repeats it until it is answered: those are always
    /// acknowledged, see [`crate::refusal::acknowledge`].
    pub kept: bool,
    /// The payload of the request.
    pub request: &'static Object,
    /// The payload of the answer; none if there is no answer.
    pub response: Option<&'static Object>,
    /// How a negative answer is written.
    pub refusal: Refusal,
    /// What the action is for, in one sentence.
    pub summary: &'static str,
}

/// Who may send an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Only the station.
    Station,
    /// Only the CSMS.
    Csms,
    /// Both (`DataTransfer`).
    Either,
}

impl Sender {
    /// Whether this side may send the action.
    pub const fn includes(self, side: Side) -> bool {
        match self {
            Sender::Station => matches!(side, Side::Station),
            Sender::Csms => matches!(side, Side::Csms),
            Sender::Either => true,
        }
    }
}

/// Whether an action is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A CALL: answered by CALLRESULT or CALLERROR.
    Call,
    /// A SEND (2.1): never answered.
    Send,
}

/// How a negative answer to an action is written in OCPP's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The action has no negative status, or only one that would claim something false
    /// (`NotFound`, `UnlockFailed`): CALLERROR.
    Error,
    /// One status member, found by this path from the answer's root.
    Status {
        /// Member names from the root of the answer.
        path: &'static [&'static str],
        /// The negative value.
        value: &'static str,
    },
    /// One result per item of the request.
    Each {
        /// The list in the request.
        items: &'static str,
        /// The list in the answer.
        results: &'static str,
        /// The status member of a result.
        status: &'static str,
        /// The negative value.
        value: &'static str,
        /// Members copied from the item to its result.
        copied: &'static [&'static str],
    },
    /// A SEND: there is no answer at all.
    Silence,
}

impl Action {
    /// The action this version knows by this name.
    pub fn parse(version: Version, name: &str) -> Option<Action> {
        Action::named(name).filter(|action| action.spec(version).is_some())
    }

    /// What this version's catalogue says about the action; `None` if the version does not have it.
    pub fn spec(self, version: Version) -> Option<&'static ActionSpec> {
        SPECS.get(version as usize)?.get(self as usize).copied().flatten()
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
