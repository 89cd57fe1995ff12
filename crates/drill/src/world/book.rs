//! What a world was told in all, and what of it did not pass.

use std::collections::BTreeMap;

use chargewarden_evidence::Verdict;
use chargewarden_ocpp::Side;

use super::{Decided, Outcome};

/// The count of everything that was said in a world.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Messages that were decided, answers included.
    pub messages: u64,
    /// What was refused, and how often.
    pub refused: BTreeMap<Stopped, u32>,
    /// What was held for people, and how often.
    pub held: BTreeMap<Stopped, u32>,
    /// Doubts that were raised, and how often.
    pub doubts: BTreeMap<String, u32>,
    /// Policies that wanted to be heard of, and how often.
    pub alerts: BTreeMap<String, u32>,
    /// Who was watched or set apart, and how often.
    pub placed: BTreeMap<String, u32>,
}

/// Something that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stopped {
    /// Who said it: `csms` or `station`.
    pub from: &'static str,
    /// Its action; of an answer the action that it answers, with ` answer` behind.
    pub action: String,
    /// Party and policy or limit of each cause.
    pub causes: Vec<String>,
    /// What was odd.
    pub doubts: Vec<String>,
}

impl Book {
    /// Counts an exchange.
    pub(super) fn note(&mut self, from: Side, action: &str, outcome: &Outcome) {
        for decided in &outcome.asked {
            self.decided(from, action.to_owned(), decided);
        }
        for decided in &outcome.answered {
            self.decided(from.other(), format!("{action} answer"), decided);
        }
        for alert in &outcome.alerts {
            *self.alerts.entry(alert.clone()).or_default() += 1;
        }
        for placed in &outcome.placed {
            *self.placed.entry(placed.clone()).or_default() += 1;
        }
    }

    fn decided(&mut self, from: Side, action: String, decided: &Decided) {
        self.messages += 1;
        for doubt in &decided.doubts {
            *self.doubts.entry(doubt.clone()).or_default() += 1;
        }
        let book = match decided.verdict {
            Verdict::Forward => return,
            Verdict::Refuse { .. } => &mut self.refused,
            Verdict::Hold { .. } => &mut self.held,
        };
        let from = match from {
            Side::Station => "station",
            Side::Csms => "csms",
        };
        let (causes, doubts) = (decided.causes.clone(), decided.doubts.clone());
        *book.entry(Stopped { from, action, causes, doubts }).or_default() += 1;
    }
}
