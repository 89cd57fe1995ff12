//! Which stations there are, where they stand, and what they draw: the base of limits in percent.

use std::collections::{BTreeSet, HashMap};

use chargewarden_policy::{About, PartyId};

use super::names::{Name, Names};

/// How long a measured power counts, in ms. A station that has said nothing for a day draws nobody knows what.
const MEASURED_MS: i64 = 86_400_000;

/// A station of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub station: String,
    /// Where it stands.
    pub site: Option<String>,
    /// Its part of the grid.
    pub area: Option<String>,
    /// The parties with jurisdiction over it; empty: all there are.
    pub parties: Vec<PartyId>,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    Station(Name),
    Site(Name),
    Area(Option<Name>),
    Fleet,
}

/// What a place amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) stations: i64,
    /// What they draw, in W.
    pub(super) watts: i64,
}

/// The stations.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleet {
    stations: HashMap<Name, Stand>,
    /// Whether we were told which there are. Else it is those that were seen.
    told: bool,
    /// By party; none for stations over which every party has jurisdiction.
    extents: HashMap<(Option<Name>, Place), Extent>,
    /// When each was measured, the oldest first.
    measured: BTreeSet<(i64, Name)>,
}

/// A station.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stand {
    site: Option<Name>,
    area: Option<Name>,
    parties: Box<[Name]>,
    watts: i64,
    measured: Option<i64>,
}

impl Fleet {
    /// These are the stations there are. What they draw stays.
    pub(super) fn set(&mut self, members: &[Member], names: &mut Names) {
        let mut before = std::mem::take(&mut self.stations);
        self.told = true;
        self.extents.clear();
        self.measured.clear();
        for member in members {
            let name = names.number(&member.station);
            let known = before.remove(&name);
            let stand = Stand {
                site: member.site.as_deref().map(|site| names.number(site)),
                area: member.area.as_deref().map(|area| names.number(area)),
                parties: member.parties.iter().map(|party| names.number(party.as_str())).collect(),
                watts: known.as_ref().map_or(0, |known| known.watts),
                measured: known.and_then(|known| known.measured),
            };
            self.measured.extend(stand.measured.map(|at| (at, name)));
            self.add(name, &stand, 1, stand.watts);
            self.stations.insert(name, stand);
        }
    }

    /// A station of which a message speaks.
    pub(super) fn see(&mut self, about: &About, names: &mut Names) -> Name {
        let name = names.number(&about.station);
        if self.told {
            return name;
        }
        let known = self.stations.get(&name);
        let stand = Stand {
            site: about.site.as_deref().map(|site| names.number(site)),
            area: about.area.as_deref().map(|area| names.number(area)),
            parties: about.parties.iter().map(|party| names.number(party.as_str())).collect(),
            watts: known.map_or(0, |known| known.watts),
            measured: known.and_then(|known| known.measured),
        };
        if known != Some(&stand) {
            let watts = stand.watts;
            if let Some(before) = self.stations.insert(name, stand.clone()) {
                self.add(name, &before, -1, -watts);
            }
            self.add(name, &stand, 1, watts);
        }
        name
    }

    /// What a station draws now, in W.
    pub(super) fn measure(&mut self, name: Name, watts: i64, now_ms: i64) {
        let Some(stand) = self.stations.get_mut(&name) else { return };
        let (change, before) = (watts.max(0).saturating_sub(stand.watts), stand.measured);
        stand.watts = watts.max(0);
        stand.measured = Some(now_ms);
        let stand = stand.clone();
        if let Some(before) = before {
            self.measured.remove(&(before, name));
        }
        self.measured.insert((now_ms, name));
        self.add(name, &stand, 0, change);
    }

    /// What a place amounts to for a party.
    pub(super) fn extent(&self, party: Name, place: Place) -> Extent {
        let of = |party| self.extents.get(&(party, place)).copied().unwrap_or_default();
        let (own, common) = (of(Some(party)), of(None));
        Extent { stations: own.stations + common.stations, watts: own.watts.saturating_add(common.watts) }
    }

    /// How many stations there are.
    pub(super) fn len(&self) -> usize {
        self.stations.len()
    }

    /// The clock was put back: what was measured ahead of it was measured now.
    pub(super) fn step_back(&mut self, now_ms: i64) {
        for (at, name) in self.measured.split_off(&(now_ms.saturating_add(1), Name::FIRST)) {
            let Some(stand) = self.stations.get_mut(&name) else { continue };
            stand.measured = stand.measured.map(|_| at.min(now_ms));
            self.measured.insert((at.min(now_ms), name));
        }
    }

    /// Lets go of what was measured too long ago.
    pub(super) fn forget(&mut self, now_ms: i64) {
        while let Some((at, name)) = self.measured.first().copied()
            && now_ms.saturating_sub(at) >= MEASURED_MS
        {
            self.measured.remove(&(at, name));
            let Some(stand) = self.stations.get_mut(&name) else { continue };
            let watts = std::mem::take(&mut stand.watts);
            stand.measured = None;
            let stand = stand.clone();
            self.add(name, &stand, 0, -watts);
        }
    }

    fn add(&mut self, name: Name, stand: &Stand, stations: i64, watts: i64) {
        let site = stand.site.map_or(Place::Station(name), Place::Site);
        let places = [
            Some(Place::Station(name)),
            stand.site.map(|_| site),
            Some(Place::Area(stand.area)),
            Some(Place::Fleet),
        ];
        let parties: Vec<Option<Name>> = if stand.parties.is_empty() {
            vec![None]
        } else {
            stand.parties.iter().copied().map(Some).collect()
        };
        for party in parties {
            for place in places.into_iter().flatten() {
                let extent = self.extents.entry((party, place)).or_default();
                extent.stations += stations;
                extent.watts = extent.watts.saturating_add(watts);
                if *extent == Extent::default() {
                    self.extents.remove(&(party, place));
                }
            }
        }
    }
}

/// Where something is counted that concerns a station.
pub(super) fn place(
    scope: chargewarden_policy::limit::Scope,
    station: Name,
    site: Option<Name>,
    area: Option<Name>,
) -> Place {
    use chargewarden_policy::limit::Scope;
    match scope {
        Scope::Station => Place::Station(station),
        // A station without a site is a site of its own.
        Scope::Site => site.map_or(Place::Station(station), Place::Site),
        Scope::Area => Place::Area(area),
        Scope::Fleet => Place::Fleet,
    }
}
