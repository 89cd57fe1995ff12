//! Reservations of all stations: whether a token holds one elsewhere, and how much of a site is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chargewarden_policy::About;
use chargewarden_policy::effect::Reserve;

use super::held::Marked;
use crate::facts::{Mark, RunningReservation};

/// The reservations of stations that were seen. Each station's own are bounded where it is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservations {
    stations: BTreeMap<Arc<str>, Stand>,
    /// Stations by site.
    sites: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    tokens: Marked,
    /// How many stations each site has, where the inventory has told it.
    expected: BTreeMap<Box<str>, usize>,
}

/// A station.
#[derive(Clone, Debug, Default)]
struct Stand {
    site: Option<Arc<str>>,
    /// EVSEs that it has, where that is known.
    evses: Option<i64>,
    running: Box<[RunningReservation]>,
}

impl Reservations {
    /// These are the sites of all stations, one for each station that has one.
    pub(super) fn expect<'a>(&mut self, sites: impl Iterator<Item = &'a str>) {
        self.expected.clear();
        for site in sites {
            *self.expected.entry(site.into()).or_default() += 1;
        }
    }

    /// These run at a station.
    pub(super) fn holds(&mut self, station: &Arc<str>, about: &About, running: Vec<RunningReservation>) {
        // One name for all stations of a site.
        let shared = |site: &str| self.sites.get_key_value(site).map(|(site, _)| Arc::clone(site));
        let stand = Stand {
            site: about.site.as_deref().map(|site| shared(site).unwrap_or_else(|| site.into())),
            evses: about.envelope.evses,
            running: running.into_boxed_slice(),
        };
        for token in stand.running.iter().filter_map(|one| one.token) {
            self.tokens.add(token, station);
        }
        if let Some(site) = &stand.site {
            self.sites.entry(Arc::clone(site)).or_default().insert(Arc::clone(station));
        }
        let (site, running) = (stand.site.clone(), stand.running.clone());
        if let Some(before) = self.stations.insert(Arc::clone(station), stand) {
            self.leave(station, &before, site.as_deref(), &running);
        }
    }

    /// What a station held before, and holds no longer, is forgotten.
    fn leave(&mut self, station: &str, before: &Stand, site: Option<&str>, running: &[RunningReservation]) {
        for token in before.running.iter().filter_map(|one| one.token) {
            if !running.iter().any(|one| one.token == Some(token)) {
                self.tokens.remove(token, station);
            }
        }
        if let Some(left) = before.site.as_deref().filter(|left| Some(*left) != site)
            && let Some(stations) = self.sites.get_mut(left)
        {
            stations.remove(station);
            if stations.is_empty() {
                self.sites.remove(left);
            }
        }
    }

    /// Only these stations are left.
    pub(super) fn keep_only(&mut self, stations: &BTreeSet<&str>) {
        let gone: Vec<Arc<str>> =
            self.stations.keys().filter(|station| !stations.contains(&***station)).cloned().collect();
        for station in gone {
            if let Some(before) = self.stations.remove(&station) {
                self.leave(&station, &before, None, &[]);
            }
        }
    }

    /// Whether a token holds a reservation at another station.
    pub(super) fn is_elsewhere(&self, token: Mark, station: &str, now_ms: i64) -> bool {
        self.tokens.elsewhere(token, station).any(|other| {
            let stand = self.stations.get(other);
            let mut running = stand.into_iter().flat_map(|stand| &stand.running);
            running.any(|one| one.token == Some(token) && one.ends_ms > now_ms)
        })
    }

    /// Whether more than half of a site would be kept. Not said where not all of its stations were seen, or how many EVSEs
    /// one has is not known, or there is only one.
    pub(super) fn fills_site(&self, about: &About, reserve: &Reserve, now_ms: i64) -> bool {
        let own = BTreeSet::from([Arc::from(about.station.as_str())]);
        let site = about.site.as_deref().and_then(|site| self.sites.get(site)).unwrap_or(&own);
        let expected = about.site.as_deref().and_then(|site| self.expected.get(site));
        if expected.is_some_and(|expected| site.len() < *expected) {
            return false;
        }
        let (mut evses, mut kept) = (0_i64, 1_i64);
        for name in site {
            let stand = self.stations.get(name);
            let Some(of_station) = stand.and_then(|stand| stand.evses) else { return false };
            evses = evses.saturating_add(of_station);
            let here = **name == *about.station;
            // What is written over, or keeps the same EVSE, does not count twice.
            let replaced = |one: &&RunningReservation| {
                here && ((one.id.is_some() && one.id == reserve.reservation)
                    || (one.evse.is_some() && one.evse == reserve.evse))
            };
            let running = stand.into_iter().flat_map(|stand| &stand.running);
            let others = running.filter(|one| one.ends_ms > now_ms && !replaced(one)).count();
            kept = kept.saturating_add(i64::try_from(others).unwrap_or(i64::MAX));
        }
        evses > 1 && kept.saturating_mul(2) > evses
    }
}

#[cfg(test)]
mod tests {
    use chargewarden_policy::effect::Token;
    use chargewarden_policy::{CsmsFacts, Envelope, StationFacts};

    use super::*;

    fn about(station: &str, site: &str) -> About {
        About {
            station: station.into(),
            parties: Vec::new(),
            site: Some(site.into()),
            groups: Vec::new(),
            area: None,
            facts: StationFacts::default(),
            csms: "csms".into(),
            csms_party: "cso".parse().unwrap(),
            csms_facts: CsmsFacts::default(),
            envelope: Envelope { evses: Some(1), ..Envelope::default() },
        }
    }

    fn reserve() -> Reserve {
        let token = Some(Token::new("t"));
        Reserve { evse: Some(1), token, ends_at: None, reservation: Some(1), with_group: false }
    }

    fn running(token: Mark) -> Vec<RunningReservation> {
        vec![RunningReservation { id: Some(1), evse: Some(1), token: Some(token), ends_ms: 100 }]
    }

    #[test]
    fn a_site_of_which_stations_are_missing_is_not_judged() {
        let key = chargewarden_evidence::ContentKey::new(&[1; 32]);
        let mut known = Reservations::default();
        known.expect(["x", "x", "x", "y"].into_iter());
        for station in ["a", "b"] {
            known.holds(&Arc::from(station), &about(station, "x"), running(Mark::of(&key, station)));
        }
        assert!(!known.fills_site(&about("a", "x"), &reserve(), 0), "one has not been seen");
        known.expect(["x", "x", "y"].into_iter());
        assert!(known.fills_site(&about("a", "x"), &reserve(), 0));
        assert!(!known.fills_site(&about("a", "x"), &reserve(), 100), "they have ended");
    }

    #[test]
    fn what_stations_no_longer_hold_is_forgotten() {
        let key = chargewarden_evidence::ContentKey::new(&[1; 32]);
        let (mut known, a) = (Reservations::default(), Arc::from("a"));
        for number in 0..100 {
            let site = if number % 2 == 0 { "x" } else { "y" };
            known.holds(&a, &about("a", site), running(Mark::of(&key, &number.to_string())));
        }
        assert_eq!((known.stations.len(), known.sites.len(), known.tokens.len()), (1, 1, 1));
        known.keep_only(&BTreeSet::from(["b"]));
        assert_eq!((known.stations.len(), known.sites.len(), known.tokens.len()), (0, 0, 0));
    }
}
