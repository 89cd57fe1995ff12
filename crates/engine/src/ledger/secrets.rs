//! Passwords of stations, by their marks: whether two have the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::held::Marked;
use crate::facts::Mark;

/// The passwords that stations were given by command: of each the last ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    stations: BTreeMap<Arc<str>, Box<[Mark]>>,
    passwords: Marked,
}

impl Secrets {
    /// A station was given these.
    pub(super) fn holds(&mut self, station: &Arc<str>, passwords: &[Mark]) {
        let before = self.stations.get(station).map_or(&[][..], |before| before);
        if before == passwords {
            return;
        }
        for password in before.iter().filter(|before| !passwords.contains(before)) {
            self.passwords.remove(*password, station);
        }
        for password in passwords {
            self.passwords.add(*password, station);
        }
        self.stations.insert(Arc::clone(station), passwords.into());
    }

    /// Only these stations are left.
    pub(super) fn keep_only(&mut self, stations: &BTreeSet<&str>) {
        let gone: Vec<Arc<str>> =
            self.stations.keys().filter(|station| !stations.contains(&***station)).cloned().collect();
        for station in gone {
            self.holds(&station, &[]);
            self.stations.remove(&station);
        }
    }

    /// Whether another station was given it.
    pub(super) fn is_elsewhere(&self, password: Mark, station: &str) -> bool {
        self.passwords.elsewhere(password, station).next().is_some()
    }
}
