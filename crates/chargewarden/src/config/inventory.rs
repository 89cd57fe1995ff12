//! The inventory file: which stations there are.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use chargewarden_ocpp::Version;
use chargewarden_proxy::{Csms, Station, StationId, check_hash};
use serde::Deserialize;

use super::{Problems, StationEntry};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    station: Vec<toml::Value>,
}

/// Reads the entries of an inventory file; what is wrong is noted with the number of the entry.
pub fn read_inventory(path: &Path, problems: &mut Problems) -> Vec<(String, StationEntry)> {
    let place = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.add(place.to_string(), format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let file: File = match toml::from_str(&text) {
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

/// Checks the entries against each other and against the management systems.
pub(super) fn stations(
    entries: Vec<(String, StationEntry)>,
    csms: &BTreeMap<String, Arc<Csms>>,
    problems: &mut Problems,
) -> Vec<Station> {
    let mut places: HashMap<String, String> = HashMap::with_capacity(entries.len());
    let mut stations = Vec::with_capacity(entries.len());
    for (at, entry) in entries {
        if let Some(first) = places.insert(entry.id.clone(), at.clone()) {
            problems.add(&at, format!("`{}` was already given by {first}; ids are unique", entry.id));
        }
        if let Some(station) = station(&at, entry, csms, problems) {
            stations.push(station);
        }
    }
    stations
}

fn station(
    at: &str,
    entry: StationEntry,
    csms: &BTreeMap<String, Arc<Csms>>,
    problems: &mut Problems,
) -> Option<Station> {
    let mut note = |key: &str, what: String| problems.add(format!("{at}.{key}"), what);
    let id = StationId::parse(&entry.id).map_err(|problem| note("id", problem.to_string())).ok();
    if let Err(problem) = check_hash(&entry.secret_hash) {
        // The value is not shown: people put the secret itself here.
        note("secret_hash", problem.to_string());
    }
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
    let csms = match (&entry.csms, csms.first_key_value()) {
        (Some(name), _) => csms.get(name).or_else(|| {
            note("csms", format!("`{name}` is not the name of a [[csms]] ({})", known(csms)));
            None
        }),
        (None, Some((_, only))) if csms.len() == 1 => Some(only),
        (None, _) => {
            note("csms", format!("say which management system it is relayed to ({})", known(csms)));
            None
        }
    };
    Some(Station {
        id: id?,
        secret_hash: entry.secret_hash,
        versions,
        site: entry.site.unwrap_or_default(),
        groups: entry.groups,
        area: entry.area.unwrap_or_default(),
        csms: Arc::clone(csms?),
    })
}

fn known(csms: &BTreeMap<String, Arc<Csms>>) -> String {
    if csms.is_empty() {
        return "there is none".to_owned();
    }
    let names: Vec<String> = csms.keys().map(|name| format!("`{name}`")).collect();
    format!("there is {}", names.join(", "))
}
