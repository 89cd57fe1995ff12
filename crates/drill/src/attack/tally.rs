//! What came of an attack, or of its twins.

use std::collections::{BTreeMap, BTreeSet};

use chargewarden_ocpp::Version;
use serde_json::Value;

use crate::world::Outcome;

/// Leaks whose messages are kept of one attack and version: enough to see what they have in common.
const LEAKS_KEPT: usize = 8;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Of each version.
    pub by_version: BTreeMap<Version, Count>,
    /// Stations, by place, that were affected.
    pub affected: BTreeSet<usize>,
    /// What stopped messages, and how many.
    pub stopped_by: BTreeMap<String, u32>,
    /// What was found odd about them.
    pub doubts: BTreeMap<String, u32>,
    /// Rules of OCPP that they broke.
    pub faults: BTreeMap<String, u32>,
    /// Some of what got through, or of work that did not; each message once.
    pub leaks: Vec<Leak>,
    /// How much it may affect, where that is not 5 % of the fleet.
    pub bound: Option<Bound>,
}

/// How much a campaign may affect.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// So much of them, in %.
    pub percent: f64,
    /// How many there are: the stations of a site, the sessions of a fleet.
    pub of: usize,
}

/// What came of the messages to stations of one version.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Messages that count.
    pub tried: u32,
    /// Those that got through.
    pub reached: u32,
    /// Those that got through before the first that did not.
    pub before_block: u32,
    /// Those that did not.
    pub stopped: u32,
}

/// A message that was not decided as it should have been.
#[derive(Clone, Debug)]
pub struct Leak {
    /// The station.
    pub station: String,
    /// Its version.
    pub version: Version,
    /// Action.
    pub action: String,
    /// Request, or frame.
    pub payload: Value,
    /// What stopped it, if something did.
    pub stoppers: Vec<String>,
    /// What was found odd.
    pub doubts: Vec<String>,
}

impl Tally {
    /// Adds a message that counts.
    pub(super) fn add(&mut self, place: usize, version: Version, got_through: bool, outcome: &Outcome) {
        let count = self.by_version.entry(version).or_default();
        count.tried += 1;
        if got_through {
            count.reached += 1;
            if count.stopped == 0 {
                count.before_block += 1;
            }
            self.affected.insert(place);
        } else {
            count.stopped += 1;
            for name in outcome.stoppers() {
                *self.stopped_by.entry(name).or_default() += 1;
            }
        }
        for fault in &outcome.faults {
            *self.faults.entry(fault.clone()).or_default() += 1;
        }
        for doubt in outcome.doubts() {
            *self.doubts.entry(doubt.to_owned()).or_default() += 1;
        }
    }

    /// Keeps a message to show it.
    pub(super) fn keep(&mut self, leak: Leak) {
        let mut of_version = self.leaks.iter().filter(|kept| kept.version == leak.version);
        let again = of_version.clone().any(|kept| kept.action == leak.action && kept.payload == leak.payload);
        if !again && of_version.by_ref().count() < LEAKS_KEPT {
            self.leaks.push(leak);
        }
    }

    /// All versions together.
    pub fn total(&self) -> Count {
        self.by_version.values().fold(Count::default(), |sum, count| Count {
            tried: sum.tried + count.tried,
            reached: sum.reached + count.reached,
            before_block: sum.before_block + count.before_block,
            stopped: sum.stopped + count.stopped,
        })
    }
}
