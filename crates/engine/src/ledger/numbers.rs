//! Numbers of transactions (1.6) across stations: whether one is given that is in use at another.
//!
//! OCPP does not ask for numbers that are unique over stations, and some management systems count for each station anew.
//! So a clash is odd only of one that has not had them before.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chargewarden_ocpp::{Side, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts};

use crate::effects::MessageKind;
use crate::facts::Heard;

/// Numbers in use that are kept of one station: more than its connectors. Of more its own oldest is forgotten.
const IN_USE_MAX: usize = 16;
/// Numbers that a management system has to have given before it is known how it counts.
const GIVEN_MIN: u32 = 20;
/// How rare clashes are with who counts for all: one in so many.
const CLASHES_RARE: u32 = 20;

/// Who gave which number where.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// Where a number of a management system is in use.
    in_use: BTreeMap<(Arc<str>, i64), Arc<str>>,
    /// Numbers in use of each station, oldest first.
    stations: BTreeMap<Arc<str>, VecDeque<(Arc<str>, i64)>>,
    habits: BTreeMap<Arc<str>, Habit>,
}

/// How a management system gives numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    given: u32,
    clashes: u32,
}

/// What a message does to numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn<'a> {
    Given { station: &'a str, csms: &'a str, number: i64 },
    Ended { station: &'a str, csms: &'a str, number: i64 },
}

impl Numbers {
    /// What is odd about a number.
    pub(super) fn doubts(&self, turn: &Turn<'_>) -> Doubts {
        let mut out = Doubts::NONE;
        if let Turn::Given { station, csms, number } = *turn {
            let known = self.habits.get(csms).is_some_and(|habit| habit.counts_for_all());
            out.add_if(known && self.clashes(station, csms, number), Doubt::NumberReused);
        }
        out
    }

    /// Takes in a message that was delivered.
    pub(super) fn learn(&mut self, turn: &Turn<'_>) {
        match *turn {
            Turn::Given { station, csms, number } => self.give(station, csms, number),
            Turn::Ended { station, csms, number } => self.end(station, csms, number),
        }
    }

    fn clashes(&self, station: &str, csms: &str, number: i64) -> bool {
        self.in_use.get(&(csms.into(), number)).is_some_and(|other| &**other != station)
    }

    fn give(&mut self, station: &str, csms: &str, number: i64) {
        let clash = self.clashes(station, csms, number);
        let habit = self.habits.entry(csms.into()).or_default();
        habit.given = habit.given.saturating_add(1);
        habit.clashes = habit.clashes.saturating_add(u32::from(clash));
        if clash {
            return;
        }
        let (station, what): (Arc<str>, _) = (station.into(), (Arc::<str>::from(csms), number));
        if self.in_use.insert(what.clone(), Arc::clone(&station)).is_some() {
            return;
        }
        let of = self.stations.entry(station).or_default();
        of.push_back(what);
        if of.len() > IN_USE_MAX
            && let Some(oldest) = of.pop_front()
        {
            self.in_use.remove(&oldest);
        }
    }

    fn end(&mut self, station: &str, csms: &str, number: i64) {
        let what = (csms.into(), number);
        let Some(of) = self.stations.get_mut(station) else { return };
        let before = of.len();
        of.retain(|known| *known != what);
        if of.len() != before {
            self.in_use.remove(&what);
        }
        if of.is_empty() {
            self.stations.remove(station);
        }
    }
}

impl Habit {
    fn counts_for_all(self) -> bool {
        self.given >= GIVEN_MIN && self.clashes.saturating_mul(CLASHES_RARE) < self.given
    }
}

impl<'a> Turn<'a> {
    /// What the message does to numbers; nothing for most.
    pub(super) fn of(heard: &Heard<'a>) -> Option<Self> {
        let message = heard.message;
        if message.version != Version::V16 {
            return None;
        }
        let (station, csms) = (heard.about.station.as_str(), heard.about.csms.as_str());
        if message.from == Side::Csms && message.kind == MessageKind::Result {
            // Who is turned away gets any number.
            let accepted = heard.effects.iter().any(|effect| matches!(effect, Effect::AcceptToken(_)));
            let number = heard.effects.iter().find_map(|effect| {
                let Effect::AssignTransaction(assigned) = effect else { return None };
                Some(assigned.transaction)
            });
            return number.filter(|_| accepted).map(|number| Self::Given { station, csms, number });
        }
        if message.from != Side::Station || message.kind != MessageKind::Call {
            return None;
        }
        heard.effects.iter().find_map(|effect| {
            let Effect::EndTransaction(ended) = effect else { return None };
            Some(Self::Ended { station, csms, number: ended.transaction.parse().ok()? })
        })
    }
}
