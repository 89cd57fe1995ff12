//! What the ledger tells people: how much it does, and how much of each limit is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use chargewarden_policy::PartyId;

use super::book::Key;
use super::books::Rule;
use super::claim::Excess;
use super::enough::{Enough, Exceeded, Sum};
use super::fleet::Place;
use super::names::Names;

/// What the ledger has done since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages that got a place under every limit that counts them.
    pub granted: u64,
    /// Messages that did not.
    pub refused: u64,
    /// Messages that gave their places back.
    pub given_back: u64,
    /// Messages for which there was no room to count them.
    pub bound_hits: u64,
    /// How often the clock was put back by more than what sessions read differently.
    pub clock_steps: u64,
    /// By party and limit: messages that would have exceeded it.
    pub excesses: BTreeMap<(PartyId, Arc<str>), u64>,
    /// Messages that are counted now.
    pub deeds: u64,
    /// Places that they take, under all limits.
    pub entries: u64,
    /// Stations that there are.
    pub stations: u64,
}

impl Figures {
    pub(super) fn claimed(&mut self, excesses: &[Excess]) {
        if excesses.is_empty() {
            self.granted += 1;
            return;
        }
        self.refused += 1;
        for excess in excesses {
            let key = (excess.party.clone(), Arc::clone(&excess.limit));
            *self.excesses.entry(key).or_default() += 1;
        }
    }
}

/// How much of a limit is used, by one instance of its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose limit.
    pub party: PartyId,
    /// Which.
    pub limit: Arc<str>,
    /// Of what: `fleet`, `site harbour`.
    pub instance: String,
    /// Where each management system has a count of its own: of which.
    pub csms: Option<String>,
    /// What is used and what there is: `7 of 10 stations in 1 h`. By time of effect it is all that is yet to act, whenever.
    pub used: String,
}

impl Budget {
    pub(super) fn of(rule: &Rule, key: Key, sum: Sum, enough: &Enough, names: &Names) -> Self {
        let all = Exceeded {
            count: enough.count.map(|_| sum.count),
            stations: enough.stations.map(|_| sum.stations),
            up_w: enough.watts.map(|_| sum.up_w),
            down_w: enough.watts.map(|_| sum.down_w),
        };
        let instance = match key.place {
            Place::Station(name) => format!("station {}", names.text(name)),
            Place::Site(name) => format!("site {}", names.text(name)),
            Place::Area(Some(name)) => format!("area {}", names.text(name)),
            Place::Area(None) => "no area".to_owned(),
            Place::Fleet => "fleet".to_owned(),
        };
        Self {
            party: rule.party.clone(),
            limit: Arc::clone(&rule.limit.id),
            instance,
            csms: key.csms.map(|name| names.text(name).to_owned()),
            used: all.text(enough, rule.limit.window_ms, rule.limit.by),
        }
    }
}
