//! What the stations of a site may draw together, by their charging profiles.
//!
//! It is made from what is known of each station: when its session begins, and when that changes. A command that raises
//! what a station may draw asks first, and what it asks for counts at once, so that two that are decided at the same time
//! cannot both take what is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use chargewarden_policy::About;

use crate::facts::Commitment;

/// By site. Only sites whose most is configured are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Sites {
    sites: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Share>>,
    /// Where each station is.
    places: BTreeMap<Arc<str>, Arc<str>>,
}

/// What one station may draw.
#[derive(Clone, Debug, Default)]
struct Share {
    /// By the profiles that it has.
    has: Commitment,
    /// The same with what it is being commanded.
    asked: Option<Commitment>,
}

impl Share {
    fn counts(&self) -> &Commitment {
        self.asked.as_ref().unwrap_or(&self.has)
    }
}

impl Sites {
    /// A station may draw this now; what was asked for is settled.
    pub(super) fn commits(&mut self, about: &About, commitment: Option<Commitment>) {
        let site = about.envelope.site_w.and(about.site.as_deref());
        self.leave(&about.station, site);
        let (Some(site), Some(has)) = (site, commitment) else {
            return self.leave(&about.station, None);
        };
        let station: Arc<str> = about.station.as_str().into();
        self.enter(site, station).clone_from(&Share { has, asked: None });
    }

    /// Whether the site can carry what a station would be allowed to draw; if so, it counts from now on.
    pub(super) fn asks(
        &mut self,
        about: &About,
        before: Option<&Commitment>,
        after: &Commitment,
        now_ms: i64,
    ) -> bool {
        let (Some(most), Some(site)) = (about.envelope.site_w, about.site.as_deref()) else { return true };
        if !self.fits(site, &about.station, (before, after), most, now_ms) {
            return false;
        }
        let share = self.enter(site, about.station.as_str().into());
        share.asked = Some(share.has.or(after));
        true
    }

    /// Whether, wherever a station would be allowed more than before, all together are not allowed too much.
    fn fits(
        &self,
        site: &str,
        station: &str,
        (before, after): (Option<&Commitment>, &Commitment),
        most: i64,
        now_ms: i64,
    ) -> bool {
        let others = self.sites.get(site).into_iter().flatten().filter(|(other, _)| &***other != station);
        let mut sum = 0_i64;
        // What the others add at which moment, and when there is something to look at.
        let mut changes: Vec<(i64, i64)> = vec![(now_ms, 0)];
        for (_, share) in others {
            let counts = share.counts();
            let mut last = counts.at(now_ms);
            sum = sum.saturating_add(last);
            for (t, watts) in counts.steps().iter().filter(|(t, _)| *t > now_ms) {
                changes.push((*t, watts.saturating_sub(last)));
                last = *watts;
            }
        }
        let own = before.into_iter().chain([after]).flat_map(Commitment::steps);
        changes.extend(own.filter(|(t, _)| *t > now_ms).map(|(t, _)| (*t, 0)));
        changes.sort_unstable_by_key(|(t, _)| *t);
        changes.chunk_by(|(one, _), (other, _)| one == other).all(|together| {
            sum = together.iter().fold(sum, |sum, (_, change)| sum.saturating_add(*change));
            let Some((t, _)) = together.first() else { return true };
            let (was, is) = (before.map_or(0, |before| before.at(*t)), after.at(*t));
            is <= was || sum.saturating_add(is) <= most
        })
    }

    fn enter(&mut self, site: &str, station: Arc<str>) -> &mut Share {
        let site: Arc<str> =
            self.sites.get_key_value(site).map_or_else(|| site.into(), |(site, _)| Arc::clone(site));
        self.places.insert(Arc::clone(&station), Arc::clone(&site));
        self.sites.entry(site).or_default().entry(station).or_default()
    }

    /// A station is at no other site than this any more.
    fn leave(&mut self, station: &str, site: Option<&str>) {
        if self.places.get(station).is_none_or(|place| Some(&**place) == site) {
            return;
        }
        let Some(place) = self.places.remove(station) else { return };
        if let Some(shares) = self.sites.get_mut(&place) {
            shares.remove(station);
            if shares.is_empty() {
                self.sites.remove(&place);
            }
        }
    }
}
