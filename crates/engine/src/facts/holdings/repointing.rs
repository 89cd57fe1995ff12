//! Changes of where the station connects to that are written and wait for a restart.
//!
//! A slot is written, then the order of the slots, then the station is restarted: three commands that may come days
//! apart, of which the last ones look harmless.

use chargewarden_ocpp::Version;
use chargewarden_policy::effect::{Effect, Repoint, Restart};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use crate::facts::Heard;

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Repointing {
    /// A connection was written that the order of connections may not name yet.
    written: bool,
    /// The next start may connect otherwise.
    armed: bool,
    /// The order of the connections was written.
    ordered: bool,
    /// A restart was accepted since then.
    restarted: bool,
}

impl Repointing {
    pub(super) fn doubts(self, heard: &Heard<'_>, out: &mut Doubts) {
        let activates = heard
            .effects
            .iter()
            .any(|effect| (self.written && is_order(effect)) || (self.armed && is_restart(effect)));
        out.add_if(activates, Doubt::ActivatesRepoint);
    }

    /// The station did as it was told.
    pub(super) fn done(&mut self, done: &[Effect]) -> bool {
        let before = *self;
        for effect in done {
            if let Effect::Repoint(_) = effect {
                let order = is_order(effect);
                self.ordered |= order;
                self.written |= !order;
                self.armed = true;
                self.restarted = false;
            }
            self.restarted |= self.armed && is_restart(effect);
        }
        before != *self
    }

    /// The station has announced itself: after a start, what was written is in effect.
    pub(super) fn booted(&mut self, version: Version, reason: &str) -> bool {
        let started = match version {
            // It does not say why, and anybody can ask it to announce itself.
            Version::V16 => self.restarted,
            Version::V201 | Version::V21 => reason != "Triggered",
        };
        let before = *self;
        if started {
            // What no order has named yet waits on.
            *self = Self { written: self.written && !self.ordered, ..Self::default() };
        }
        before != *self
    }
}

fn is_order(effect: &Effect) -> bool {
    matches!(effect, Effect::Repoint(Repoint { means: "priority", .. }))
}

fn is_restart(effect: &Effect) -> bool {
    matches!(effect, Effect::Restart(Restart { evse: None, .. }))
}
