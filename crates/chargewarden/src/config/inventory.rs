//! The inventory file: which stations there are.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::PartyId;
use chargewarden_proxy::{Csms, Profile, Secrets, Station, StationId, Tolerance, check_hash};
use serde::Deserialize;

use super::{
    Problems, StationEntry,
    envelope::{self, Site},
    listen::networks,
    upstream::Access,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    station: Vec<toml::Value>,
}

/// Reads the entries of an inventory file; what is wrong is noted with the number of the entry.
pub fn read_inventory(path: &Path, problems: &mut Problems) -> Vec<(String, StationEntry)> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_inventory(&text, path, problems),
        Err(error) => {
            problems.add(path.display().to_string(), format!("cannot be read: {error}"));
            Vec::new()
        }
    }
}

/// Reads the entries of the text of an inventory file; `path` is for what is wrong.
pub fn parse_inventory(text: &str, path: &Path, problems: &mut Problems) -> Vec<(String, StationEntry)> {
    let place = path.display();
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            problems.add(place.to_string(), error.to_string().trim_end());
            return Vec::new();
        }
    };
    let mut entries = Vec::with_capacity(file.station.len());
    for (number, value) in file.station.into_iter().enumerate() {
        let at = format!("{place}: station[{number}]");
        match serde_path_to_error::deserialize::<_, StationEntry>(value) {
            Ok(entry) => entries.push((at, entry)),
            Err(error) => {
                problems.add(format!("{at}.{}", error.path()), error.inner().to_string().trim_end());
            }
        }
    }
    entries
}

/// What entries refer to.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    /// Where relative paths start.
    pub(crate) base: PathBuf,
    /// The parties there are.
    pub(crate) parties: Vec<PartyId>,
    /// The management systems there are.
    pub(crate) csms: BTreeMap<String, Arc<Csms>>,
    /// What sites can carry.
    pub(crate) sites: BTreeMap<String, Site>,
}

/// Checks the entries against each other and against the management systems.
pub(crate) fn stations(
    entries: &[(String, StationEntry)],
    around: &Around,
    problems: &mut Problems,
) -> Vec<Station> {
    let mut places: HashMap<&str, &str> = HashMap::with_capacity(entries.len());
    let mut stations = Vec::with_capacity(entries.len());
    for (at, entry) in entries {
        if let Some(first) = places.insert(&entry.id, at) {
            problems.add(at, format!("`{}` was already given by {first}; ids are unique", entry.id));
        }
        stations.extend(station(at, entry.clone(), around, problems));
    }
    stations
}

/// Checks an entry; `at` is for what is wrong.
pub(crate) fn station(
    at: &str,
    entry: StationEntry,
    around: &Around,
    problems: &mut Problems,
) -> Option<Station> {
    let sources = networks(&format!("{at}.sources"), &entry.sources, problems);
    let own = format!("{at}.upstream");
    let access = entry.upstream.as_ref().map(|upstream| Access::read(&own, upstream, &around.base, problems));
    let mut note = |key: &str, what: String| problems.add(format!("{at}.{key}"), what);
    let id = StationId::parse(&entry.id).map_err(|problem| note("id", problem.to_string())).ok();
    let profile = Profile::of_number(entry.profile).or_else(|| {
        note("profile", format!("`{}` is not a security profile (0 to 3)", entry.profile));
        None
    });
    let until = entry.danger_unauthenticated_until.as_ref().and_then(|date| {
        let until = Timestamp::parse(&format!("{date}T00:00:00Z")).ok();
        if until.is_none() {
            note("danger_unauthenticated_until", format!("`{date}` is not a date, such as `2026-12-31`"));
        }
        until
    });
    if profile == Some(Profile::Unauthenticated) && entry.danger_unauthenticated_until.is_none() {
        note(
            "profile",
            "profile 0 lets anybody who knows the id be the station; if it must be, say until when: \
             `danger_unauthenticated_until = \"YYYY-MM-DD\"`"
                .to_owned(),
        );
    }
    if !entry.secret_hash.is_empty()
        && let Err(problem) = check_hash(&entry.secret_hash)
    {
        // The value is not shown: people put the secret itself here.
        note("secret_hash", problem.to_string());
    }
    let versions = versions(&entry, &mut note);
    let envelope = envelope::envelope(&entry, &around.sites, &mut note);
    let owner = match &entry.owner {
        None => around.parties.first().cloned(),
        Some(name) => around.parties.iter().find(|party| party.as_str() == name).cloned().or_else(|| {
            note("owner", format!("`{name}` is not the name of one of `parties`"));
            None
        }),
    };
    let mut parties = Vec::new();
    for name in &entry.parties {
        match around.parties.iter().find(|party| party.as_str() == name) {
            Some(party) => parties.push(party.clone()),
            None => note("parties", format!("`{name}` is not the name of one of `parties`")),
        }
    }
    let mut tolerances = BTreeSet::new();
    for name in &entry.tolerances {
        match name.parse::<Tolerance>() {
            Ok(tolerance) => drop(tolerances.insert(tolerance)),
            Err(problem) => note("tolerances", problem.to_string()),
        }
    }
    let csms = match (&entry.csms, around.csms.first_key_value()) {
        (Some(name), _) => around.csms.get(name).or_else(|| {
            note("csms", format!("`{name}` is not the name of a [[csms]] ({})", known(&around.csms)));
            None
        }),
        (None, Some((_, only))) if around.csms.len() == 1 => Some(only),
        (None, _) => {
            note("csms", format!("say which management system it is relayed to ({})", known(&around.csms)));
            None
        }
    };
    let csms = csms?;
    let upstream = access.map(|access| access.resolve(&own, csms, problems));
    Some(Station {
        id: id?,
        profile: profile?,
        unauthenticated_until: until,
        secrets: Secrets {
            current: Some(entry.secret_hash).filter(|hash| !hash.is_empty()),
            proposed: None,
            deferred: false,
        },
        factory: entry.factory,
        quarantine: None,
        certificate_name: entry.certificate_name,
        versions,
        site: entry.site.unwrap_or_default(),
        groups: entry.groups,
        area: entry.area.unwrap_or_default(),
        envelope,
        owner: owner?,
        parties: if parties.is_empty() { around.parties.to_vec() } else { parties },
        sources,
        tolerances,
        csms: Arc::clone(csms),
        upstream,
    })
}

fn versions(entry: &StationEntry, note: &mut impl FnMut(&str, String)) -> Vec<Version> {
    let mut versions = Vec::new();
    for version in &entry.versions {
        match version.parse::<Version>() {
            Ok(version) if versions.contains(&version) => {
                note("versions", format!("`{version}` stands twice"))
            }
            Ok(version) => versions.push(version),
            Err(problem) => note("versions", problem.to_string()),
        }
    }
    if entry.versions.is_empty() {
        note("versions", "say which versions it may speak, such as `versions = [\"1.6\"]`".to_owned());
    }
    versions
}

fn known(csms: &BTreeMap<String, Arc<Csms>>) -> String {
    if csms.is_empty() {
        return "there is none".to_owned();
    }
    let names: Vec<String> = csms.keys().map(|name| format!("`{name}`")).collect();
    format!("there is {}", names.join(", "))
}
