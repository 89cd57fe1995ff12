//! Bundles from where they are kept: directories, or packs that ship in the program.

use std::{collections::BTreeMap, path::Path};

use chargewarden_policy::{
    Bundle, BundleProblems, BundleSource, PartyId,
    bundle::MANIFEST,
    pack::{self, Pack},
};

use super::Problems;

/// `builtin:cso-baseline` names the shipped pack `cso-baseline`.
pub const BUILTIN_PREFIX: &str = "builtin:";

/// Longest file of a bundle that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Most files of a bundle that are read.
const FILES_MAX: usize = 256;

/// Deepest directory of a bundle that is read.
const DEPTH_MAX: usize = 4;

/// Reads and compiles the bundle `place` (a directory, relative to `base`, or a shipped pack) for `party`.
///
/// # Errors
/// Everything that is wrong with it; the places are files of the bundle.
pub fn read_bundle(party: &PartyId, place: &str, base: &Path) -> Result<Bundle, Problems> {
    compile(place, &read_source(party, place, base)?)
}

/// The problems of the bundle at `place`.
#[must_use]
pub fn told(place: &str, found: &BundleProblems) -> Problems {
    let mut problems = Problems::default();
    for problem in found.iter() {
        problems.add(place, problem.to_string());
    }
    problems
}

/// Reads the files of the bundle `place` (a directory, relative to `base`, or a shipped pack) for `party`.
///
/// # Errors
/// What cannot be read.
pub fn read_source(party: &PartyId, place: &str, base: &Path) -> Result<BundleSource, Problems> {
    let mut problems = Problems::default();
    let files = match place.strip_prefix(BUILTIN_PREFIX) {
        Some(name) => builtin(name, party, &mut problems),
        None => directory(&base.join(place), &mut problems),
    };
    Ok(BundleSource { party: party.clone(), files: problems.none_or(files)? })
}

/// Compiles files that were read from `place`.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn compile(place: &str, source: &BundleSource) -> Result<Bundle, Problems> {
    Bundle::compile(source).map_err(|found| told(place, &found))
}

/// Whose bundle the manifest at `place` says it is: what a command without a configuration reads it for. `cso` for manifests
/// that cannot be read, whose problems [`read_bundle`] then reports.
#[must_use]
pub fn party_of(place: &str) -> Option<PartyId> {
    if let Some(name) = place.strip_prefix(BUILTIN_PREFIX) {
        return pack::find(name).and_then(Pack::party).unwrap_or("cso").parse().ok();
    }
    let manifest = std::fs::read_to_string(Path::new(place).join(MANIFEST)).unwrap_or_default();
    let table: toml::Table = toml::from_str(&manifest).unwrap_or_default();
    table.get("party").and_then(toml::Value::as_str).unwrap_or("cso").parse().ok()
}

fn builtin(name: &str, party: &PartyId, problems: &mut Problems) -> BTreeMap<String, String> {
    if let Some(pack) = pack::find(name) {
        return pack.adopted_by(party.clone()).files;
    }
    let names: Vec<String> = pack::all().iter().map(|pack| format!("`{}`", pack.name)).collect();
    problems.add(
        format!("{BUILTIN_PREFIX}{name}"),
        format!("no such pack ships with this program (there is {})", names.join(", ")),
    );
    BTreeMap::new()
}

fn directory(root: &Path, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    walk(root, "", 0, &mut files, problems);
    files
}

fn walk(
    folder: &Path,
    within: &str,
    depth: usize,
    files: &mut BTreeMap<String, String>,
    problems: &mut Problems,
) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return problems.add(folder.display().to_string(), format!("cannot be read: {error}")),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                return problems.add(folder.display().to_string(), format!("cannot be read: {error}"));
            }
        };
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            problems.add(path.display().to_string(), "the name is not UTF-8");
            continue;
        };
        if name.starts_with('.') || name == "README.md" {
            continue;
        }
        let within = if within.is_empty() { name } else { format!("{within}/{name}") };
        if path.is_dir() {
            if depth == DEPTH_MAX {
                problems.add(path.display().to_string(), format!("deeper than {DEPTH_MAX} directories"));
            } else {
                walk(&path, &within, depth + 1, files, problems);
            }
            continue;
        }
        if files.len() == FILES_MAX {
            return problems.add(folder.display().to_string(), format!("more than {FILES_MAX} files"));
        }
        match read(&path) {
            Ok(text) => {
                files.insert(within, text);
            }
            Err(why) => problems.add(path.display().to_string(), why),
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("longer than {FILE_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}
