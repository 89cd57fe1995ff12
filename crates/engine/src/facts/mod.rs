//! What is known of a station. Learned only from messages that were accepted.
//!
//! Each room keeps one kind of fact. It raises doubts about a message before it is decided, and learns from it after it
//! was delivered. A command changes the station only when the station accepts it, so what a command does is learned from
//! its answer, with the call at hand.

mod certificates;
mod conduct;
mod heard;
mod holdings;
mod mark;
mod power;
mod sessions;
mod state;

use chargewarden_ocpp::{Action, Timestamp};
use chargewarden_policy::{About, Doubts, StationFacts};

pub use certificates::{Certificates, OpenRequest};
pub use conduct::Conduct;
pub(crate) use heard::{Heard, Learned};
pub use holdings::Holdings;
pub(crate) use holdings::RunningReservation;
pub use mark::Mark;
pub(crate) use power::Commitment;
pub use power::Power;
pub use sessions::Sessions;
pub use state::{Boot, Commanded, StateProblem, StationState};

use crate::ledger::PowerChange;

/// Whether something is learned from the answer to this call, so that the call has to be kept until then.
pub(crate) fn wants_call(action: Action) -> bool {
    sessions::wants_call(action)
        || conduct::wants_call(action)
        || power::wants_call(action)
        || holdings::wants_call(action)
}

/// Whether the limits of a station can be others after this message and its answer.
pub(crate) fn steers_power(action: Action) -> bool {
    power::wants_call(action) || action == Action::PullDynamicScheduleUpdate
}

impl StationState {
    /// What is odd about a message, before it is decided.
    pub(crate) fn doubts(&self, heard: &Heard<'_>) -> Doubts {
        let mut doubts = Doubts::NONE;
        sessions::doubts(self, heard, &mut doubts);
        conduct::doubts(self, heard, &mut doubts);
        power::doubts(self, heard, &mut doubts);
        holdings::doubts(self, heard, &mut doubts);
        doubts
    }

    /// Takes in a message that was delivered.
    pub(crate) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        // Power first: it looks at the sessions as they were.
        let mut learned = power::learn(self, heard);
        learned.also(sessions::learn(self, heard));
        learned.also(conduct::learn(self, heard));
        learned.also(holdings::learn(self, heard));
        learned
    }

    /// How a command would change the power that the station draws.
    pub(crate) fn power_changes(&self, heard: &Heard<'_>) -> Vec<PowerChange> {
        power::changes(self, heard)
    }

    /// What the station may draw by its profiles, as far as its site is concerned.
    pub(crate) fn commitment(&self, about: &About, now: Timestamp) -> Option<Commitment> {
        about.envelope.site_w?;
        power::commitment(self, &about.envelope, now)
    }

    /// The same before and after a command that changes it, where its site is concerned.
    pub(crate) fn commitments(&self, heard: &Heard<'_>) -> Option<(Option<Commitment>, Commitment)> {
        heard.about.envelope.site_w?;
        power::commitments(self, heard)
    }

    /// The power that the station's sessions draw, as last measured, in W; none while nothing was measured.
    pub(crate) fn power_w(&self) -> Option<i64> {
        sessions::power_w(self)
    }

    /// Tells policies what the rooms know.
    fn describe_rooms(&self, facts: &mut StationFacts, now: Timestamp) {
        sessions::describe(self, facts, now);
        conduct::describe(self, facts, now);
        power::describe(self, facts, now);
        holdings::describe(self, facts, now);
    }
}

#[cfg(test)]
mod tests;
