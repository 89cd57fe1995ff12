//! What came of a message in the world.

use chargewarden_engine::{Placing, Step};
use chargewarden_evidence::{Cause, Event, Message, Verdict};
use chargewarden_ocpp::Side;
use serde_json::Value;

/// What came of a message, and of its answer.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether the other side got the message.
    pub delivered: bool,
    /// Whether whoever got it did as it was told, or will.
    pub taken: bool,
    /// Whether its sender got the answer of the other side.
    pub answer_delivered: bool,
    /// What its sender was told in the end: the frame.
    pub told: Option<Value>,
    /// What was decided about it.
    pub asked: Vec<Decided>,
    /// What was decided about the answer to it.
    pub answered: Vec<Decided>,
    /// Security events that were raised.
    pub events: Vec<String>,
    /// Policies that matched and want to be heard of: `cso/anchor-unfit`.
    pub alerts: Vec<String>,
    /// Commands that wait for people.
    pub holds: usize,
    /// Whether the session was ended over it.
    pub closed: bool,
    /// Rules of OCPP that it, or its answer, broke: `schema-violation`.
    pub faults: Vec<String>,
    /// Who is watched or set apart for it: `station:CS-1`.
    pub placed: Vec<String>,
}

/// A verdict, as the record has it.
#[derive(Clone, Debug)]
pub struct Decided {
    /// `forward`, `refuse` or `hold`.
    pub verdict: Verdict,
    /// Party and policy or limit of each cause: `cso/power-absurd`.
    pub causes: Vec<String>,
    /// What was odd.
    pub doubts: Vec<String>,
    /// What it would have done.
    pub effects: Vec<String>,
}

/// What one input led to.
#[derive(Default)]
pub(super) struct Came {
    forwarded: Vec<(Side, Value)>,
    told: Vec<(Side, Value)>,
    pub(super) decided: Vec<Decided>,
    pub(super) events: Vec<String>,
    pub(super) holds: usize,
    pub(super) faults: Vec<String>,
    pub(super) closed: bool,
    /// Who is set apart from now on.
    pub(super) placed: Vec<Placing>,
}

impl Came {
    pub(super) fn of(steps: Vec<Step>) -> Self {
        let mut came = Self::default();
        for step in steps {
            came.step(step);
        }
        came
    }

    fn step(&mut self, step: Step) {
        let value = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        match step {
            Step::Record(record, _) => {
                if let Event::Message(message) = &record.event {
                    self.decided.push(Decided::of(message));
                } else if let Event::Security(event) = &record.event {
                    self.events.push(event.kind.to_string());
                }
            }
            Step::Forward(permit) => {
                let to = permit.to();
                self.forwarded.push((to, value(&permit.into_bytes())));
            }
            Step::Answer { to, text } => self.told.push((to, value(text.as_bytes()))),
            Step::OpenHold(_) => self.holds += 1,
            Step::Call { .. } | Step::Propose(_) | Step::Settle { .. } | Step::Provision | Step::Learn(_) => {
            }
            Step::Place(placing) => self.placed.push(*placing),
            Step::Close { .. } => self.closed = true,
        }
    }

    /// The message that went to this side as it was.
    pub(super) fn forwarded(&self, side: Side) -> Option<Value> {
        self.forwarded.iter().find(|(to, _)| *to == side).map(|(_, frame)| frame.clone())
    }

    /// What we told this side.
    pub(super) fn told(&self, side: Side) -> Option<Value> {
        self.told.iter().find(|(to, _)| *to == side).map(|(_, frame)| frame.clone())
    }
}

impl Decided {
    fn of(message: &Message) -> Self {
        let cause = |cause: &Cause| format!("{}/{}", cause.party, &*cause.policy);
        Self {
            verdict: message.verdict.clone(),
            causes: message.causes.iter().map(cause).collect(),
            doubts: message.doubts.iter().map(|doubt| doubt.to_string()).collect(),
            effects: message.effects.iter().map(|effect| effect.name.to_string()).collect(),
        }
    }
}

impl Outcome {
    /// Whether it waits for people.
    pub fn is_held(&self) -> bool {
        self.asked.iter().any(|decided| matches!(decided.verdict, Verdict::Hold { .. }))
    }

    /// Whether a station got the command and took it.
    pub fn is_obeyed(&self) -> bool {
        self.delivered && self.taken
    }

    /// What was odd about it, or about its answer.
    pub fn doubts(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().chain(&self.answered).flat_map(|decided| decided.doubts.iter().map(String::as_str))
    }

    /// Whether it went through, but with a mark: something was odd, and a policy wants people to hear of it.
    pub fn is_marked(&self) -> bool {
        !self.alerts.is_empty() && self.doubts().next().is_some()
    }

    /// What refused or held it, or its answer; of what was marked, what marked it.
    pub fn stoppers(&self) -> Vec<String> {
        let stopped = self.asked.iter().chain(&self.answered);
        let stopped = stopped.filter(|decided| decided.verdict != Verdict::Forward);
        let mut names: Vec<String> = stopped.flat_map(|decided| decided.causes.iter().cloned()).collect();
        if names.is_empty() && self.is_marked() {
            names.clone_from(&self.alerts);
        }
        names.sort();
        names.dedup();
        names
    }

    /// Whether it, or its answer, was refused or held.
    pub fn is_stopped(&self) -> bool {
        let stopped = |decided: &Decided| decided.verdict != Verdict::Forward;
        self.asked.iter().any(stopped) || self.answered.iter().any(stopped)
    }
}
