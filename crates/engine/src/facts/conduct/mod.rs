//! How a station behaves: starts, events, tokens it presents, texts it sends; and how it is answered.

mod alarms;
mod answers;
mod boots;
mod lately;
mod moments;
mod payments;
#[cfg(test)]
mod stage;
mod texts;
mod tokens;

use alarms::Alarms;
use answers::Answers;
use boots::Boots;
use chargewarden_ocpp::{Action, Timestamp};
use chargewarden_policy::{Doubts, StationFacts};
use payments::Payments;
use serde::{Deserialize, Serialize};
use tokens::Tokens;

use super::{Heard, Learned, StationState};

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conduct {
    /// Its starts.
    boots: Boots,
    /// Its security events.
    alarms: Alarms,
    /// Tokens that it presents.
    tokens: Tokens,
    /// How it was answered.
    answers: Answers,
    /// Payments at it.
    payments: Payments,
}

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    boots::is_trigger(action) || matches!(action, Action::BootNotification | Action::StartTransaction)
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    let conduct = &state.conduct;
    texts::doubts(heard.message, out);
    moments::doubts(heard.message, out);
    conduct.boots.doubts(state, heard, out);
    conduct.alarms.doubts(state, heard, out);
    conduct.tokens.doubts(heard, out);
    conduct.answers.doubts(state, heard, out);
    conduct.payments.doubts(conduct.answers.is_new(heard.message.now), heard, out);
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    let conduct = &mut state.conduct;
    let mut learned = conduct.boots.learn(heard);
    learned.also(conduct.alarms.learn(heard));
    learned.also(conduct.tokens.learn(heard));
    learned.also(conduct.answers.learn(heard));
    learned.also(conduct.payments.learn(heard));
    learned
}

/// Tells policies what is known.
pub(super) fn describe(state: &StationState, facts: &mut StationFacts, now: Timestamp) {
    // All of it speaks through doubts.
    let _ = (state, facts, now);
}
