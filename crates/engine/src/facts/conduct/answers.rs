//! Answers of management systems that take more than they give: turning healthy stations away, giving numbers twice.

use chargewarden_ocpp::{Action, Side, Timestamp};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts, Standing};
use serde::{Deserialize, Serialize};

use super::lately::is_within;
use crate::effects::{Message, MessageKind, translate};
use crate::facts::{Heard, Learned, Mark, StationState};

/// Numbers of transactions that are remembered: two weeks of a station with one session a day. Of more the oldest are
/// forgotten.
const NUMBERS_MAX: usize = 16;
/// How long a station is new: a day, the longest that most sessions take.
const NEW_MS: i64 = 86_400_000;

/// What is kept of how one station was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Answers {
    /// When a management system first took the station in, in ms since the Unix epoch.
    taken_in_ms: Option<i64>,
    /// Numbers that were given to its transactions (1.6), oldest first.
    numbers: Vec<Number>,
}

/// The number of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    number: i64,
    /// The beginning that it was given to: who asks again for the same gets the same.
    of: Mark,
}

/// What an answer says, as far as it matters here.
enum Answer {
    Admission { accepted: bool, rejected: bool },
    Number(i64),
}

impl Answers {
    /// Whether the station has not been known for long: of what it is about now some began before.
    pub(super) fn is_new(&self, now: Timestamp) -> bool {
        self.taken_in_ms.is_none_or(|at_ms| is_within(at_ms, now.as_millis(), NEW_MS))
    }

    /// What is odd about an answer.
    pub(super) fn doubts(&self, state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
        let Some(answer) = answer(heard) else { return };
        match answer {
            Answer::Admission { rejected, .. } => {
                let healthy = rejected
                    && self.taken_in_ms.is_some()
                    && heard.about.facts.standing == Standing::Normal
                    && is_as_before(state, heard);
                out.add_if(healthy, Doubt::RejectsHealthy);
            }
            Answer::Number(number) => {
                let Some(of) = beginning(heard) else { return };
                let other = self.numbers.iter().any(|given| given.number == number && given.of != of);
                out.add_if(other, Doubt::NumberReused);
            }
        }
    }

    /// Takes in an answer that was delivered.
    pub(super) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        match answer(heard) {
            Some(Answer::Admission { accepted, .. }) if accepted && self.taken_in_ms.is_none() => {
                self.taken_in_ms = Some(heard.message.now.as_millis());
                Learned::Now
            }
            Some(Answer::Number(number)) => {
                let Some(of) = beginning(heard) else { return Learned::Nothing };
                let given = Number { number, of };
                if self.numbers.contains(&given) {
                    return Learned::Nothing;
                }
                if self.numbers.len() >= NUMBERS_MAX {
                    self.numbers.remove(0);
                }
                self.numbers.push(given);
                Learned::Now
            }
            Some(Answer::Admission { .. }) | None => Learned::Nothing,
        }
    }
}

fn answer(heard: &Heard<'_>) -> Option<Answer> {
    let Message { from: Side::Csms, kind: MessageKind::Result, action, .. } = *heard.message else {
        return None;
    };
    if action != Action::BootNotification && action != Action::StartTransaction {
        return None;
    }
    if action == Action::BootNotification {
        return heard.effects.iter().find_map(|effect| {
            let Effect::AdmitStation(admission) = effect else { return None };
            let (accepted, rejected) = (admission.status == "Accepted", admission.status == "Rejected");
            Some(Answer::Admission { accepted, rejected })
        });
    }
    // Who is turned away gets any number, often 0.
    if !heard.effects.iter().any(|effect| matches!(effect, Effect::AcceptToken(_))) {
        return None;
    }
    heard.effects.iter().find_map(|effect| {
        let Effect::AssignTransaction(assigned) = effect else { return None };
        Some(Answer::Number(assigned.transaction))
    })
}

/// Whether the station says of itself what it said before: else there may be a reason to turn it away.
fn is_as_before(state: &StationState, heard: &Heard<'_>) -> bool {
    let Some(call) = heard.call else { return false };
    translate(call).iter().any(|effect| {
        let Effect::Boot(said) = effect else { return false };
        (&said.vendor, &said.model, &said.serial, &said.firmware)
            == (&state.vendor, &state.model, &state.serial, &state.firmware)
    })
}

/// Which beginning of a transaction (1.6) is answered: its text, since a station repeats it as it was.
fn beginning(heard: &Heard<'_>) -> Option<Mark> {
    let root = heard.call?.payload.root();
    let tag = root.text("idTag")?;
    let (connector, register) = (root.int("connectorId")?, root.num("meterStart")?);
    let at = root.time("timestamp")?.as_millis();
    Some(Mark::of(heard.key, &format!("transaction {connector} {register} {at} {tag}")))
}
