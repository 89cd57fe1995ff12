//! The bundles that a drill is played against.

use std::path::Path;
use std::sync::Arc;

use chargewarden_drill::attack::{Level, lists};
use chargewarden_policy::{Bundle, BundleSource, PartyId, pack};
use serde_json::{Value, json};

use crate::config::{self, BUILTIN_PREFIX, Problems};

/// What is drilled without being told: the packs for an owner and for a provider.
const SHIPPED: [(&str, &str); 2] = [("cso", "cso-baseline"), ("cnp", "cnp-baseline")];

/// Bundles before they are compiled.
pub(super) struct Policies {
    sources: Vec<(String, BundleSource)>,
}

impl Policies {
    /// Those of a configuration, or these, or the shipped ones. On the lists of shipped packs stand examples; the drill puts its own
    /// certificates there, so that there is work to let through.
    pub(super) fn read(file: Option<&Path>, packs: &[String]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut sources = Vec::new();
        let mut read = |party: &str, place: &str, base: &Path| {
            let party: PartyId = match party.parse() {
                Ok(party) => party,
                Err(error) => return problems.add(place, format!("`{party}` is no party: {error}")),
            };
            match config::read_source(&party, place, base) {
                Ok(mut source) => {
                    if place.starts_with(BUILTIN_PREFIX) {
                        lists::fill(&mut source.files);
                    }
                    sources.push((place.to_owned(), source));
                }
                Err(found) => problems.0.extend(found.0),
            }
        };
        if let Some(file) = file {
            let found = config::read_file(file)?;
            for party in &found.config.parties {
                party.bundles.iter().for_each(|place| read(&party.name, place, &found.base));
            }
        } else if packs.is_empty() {
            for (party, name) in SHIPPED.iter().filter(|(_, name)| pack::find(name).is_some()) {
                read(party, &format!("{BUILTIN_PREFIX}{name}"), Path::new(""));
            }
        } else {
            for given in packs {
                let (party, place) = match given.split_once('=') {
                    Some((party, place)) => (Some(party.to_owned()), place),
                    None => (config::party_of(given).map(|party| party.to_string()), given.as_str()),
                };
                read(party.as_deref().unwrap_or_default(), place, Path::new(""));
            }
        }
        problems.none_or(Self { sources })
    }

    /// Compiled, with so much in them.
    pub(super) fn bundles(&self, level: Level) -> Result<Vec<Arc<Bundle>>, Problems> {
        let compile = |(place, source): &(String, BundleSource)| {
            let cut = BundleSource { party: source.party.clone(), files: level.cut(&source.files) };
            config::compile(place, &cut).map(Arc::new)
        };
        self.sources.iter().map(compile).collect()
    }

    /// For people: `builtin:cso-baseline of cso`.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> =
            self.sources.iter().map(|(place, source)| format!("{place} of {}", source.party)).collect();
        names.join(" and ")
    }

    pub(super) fn to_json(&self) -> Value {
        let of = |(place, source): &(String, BundleSource)| json!({ "bundle": place, "party": source.party.as_str() });
        Value::Array(self.sources.iter().map(of).collect())
    }
}
