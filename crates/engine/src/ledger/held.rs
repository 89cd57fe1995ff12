//! What stations hold that bears on others: for whom they keep places, and which passwords they were given.
//!
//! It is made from what is known of each station: when its session begins, and when that changes. So nothing of it has to be
//! stored here. Of a station that has not been seen since a restart nothing is known, and no doubt rests on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::About;

use super::fleet::Member;
use super::reservations::Reservations;
use super::secrets::Secrets;
use crate::facts::{Holdings, Mark};

/// By station.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pub(super) reservations: Reservations,
    pub(super) secrets: Secrets,
}

impl Held {
    /// These are the stations there are: what others held is forgotten.
    pub(super) fn set_fleet(&mut self, members: &[Member]) {
        let stations: BTreeSet<&str> = members.iter().map(|member| member.station.as_str()).collect();
        self.reservations.keep_only(&stations);
        self.secrets.keep_only(&stations);
        self.reservations.expect(members.iter().filter_map(|member| member.site.as_deref()));
    }

    /// A station holds this now.
    pub(super) fn holds(&mut self, about: &About, holdings: &Holdings, now: Timestamp) {
        let station: Arc<str> = about.station.as_str().into();
        self.secrets.holds(&station, holdings.passwords());
        self.reservations.holds(&station, about, holdings.reservations(now).collect());
    }
}

/// Which stations have which mark.
#[derive(Clone, Debug, Default)]
pub(super) struct Marked {
    stations: BTreeMap<Mark, BTreeSet<Arc<str>>>,
}

impl Marked {
    /// The stations that have it, without this one.
    pub(super) fn elsewhere(&self, mark: Mark, station: &str) -> impl Iterator<Item = &Arc<str>> {
        self.stations.get(&mark).into_iter().flatten().filter(move |other| ***other != *station)
    }

    pub(super) fn add(&mut self, mark: Mark, station: &Arc<str>) {
        self.stations.entry(mark).or_default().insert(Arc::clone(station));
    }

    pub(super) fn remove(&mut self, mark: Mark, station: &str) {
        if let Some(stations) = self.stations.get_mut(&mark) {
            stations.remove(station);
            if stations.is_empty() {
                self.stations.remove(&mark);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.stations.len()
    }
}
