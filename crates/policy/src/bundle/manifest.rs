//! `bundle.toml`: whose bundle it is.

use serde::Deserialize;

use super::{BundleProblems, BundleSource, MANIFEST, Problem};

/// Longest name and version of a bundle, in characters: they stand in logs and the console.
const NAME_CHARS_MAX: usize = 64;

/// The content of `bundle.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Must be the party for which the bundle is loaded.
    party: String,
    pub(super) name: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) description: String,
}

pub(super) fn read(source: &BundleSource, problems: &mut BundleProblems) -> Option<Manifest> {
    let Some(text) = source.files.get(MANIFEST) else {
        problems.add(Problem::in_file(MANIFEST, "is missing: it gives `party`, `name` and `version`"));
        return None;
    };
    let manifest: Manifest = match toml::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            problems.add(malformed(MANIFEST, text, &error));
            return None;
        }
    };
    let mut bad = |key: &str, what: String| {
        let offset = text.find(key).unwrap_or(0);
        problems.add(Problem::at(MANIFEST, text, offset, what));
    };
    if manifest.party != source.party.as_str() {
        let ours = &source.party;
        bad("party", format!("is a bundle of `{}`, but configured for `{ours}`", manifest.party));
    }
    for (key, value) in [("name", &manifest.name), ("version", &manifest.version)] {
        let length = value.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || value.chars().any(char::is_control) {
            bad(key, format!("`{key}` must have 1 to {NAME_CHARS_MAX} characters and no controls"));
        }
    }
    Some(manifest)
}

/// A TOML error as a problem.
pub(super) fn malformed(file: &str, text: &str, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start);
    Problem::at(file, text, offset, error.message().replace('\n', " "))
}
