//! Taking over an inventory file that a command names, and showing what one does.

use std::path::{Path, PathBuf};

use chargewarden_admin::control::{Declined, Fault, ImportRequest, Imported, Kind, PlannedChange};
use chargewarden_proxy::RosterError;
use chargewarden_store::{Source, Station as Stored, StationChange};

use super::{Operations, outcome};
use crate::{
    config::{Around, Problems, Settings, check_stations, parse_inventory},
    inventory::{self, Import},
};

pub(super) async fn import(
    operations: &Operations,
    by: &str,
    request: ImportRequest,
) -> Result<Imported, Declined> {
    let path = PathBuf::from(&request.path);
    let configured = operations.inventory_file().is_some_and(|file| is_same(&file, &path));
    let (import, around) = if configured {
        (Import { source: Source::File, prune: true }, operations.around())
    } else {
        let base = path.parent().unwrap_or(Path::new("/")).to_owned();
        let import = Import { source: Source::Command, prune: request.prune };
        (import, Around { base, ..operations.around() })
    };
    let wanted = read(&request.text, &path, &around, import.source)?;
    let mut imported = Imported { done: !request.dry_run, ..Imported::default() };
    let planned = &mut imported;
    let by = if configured { format!("inventory-file ({by})") } else { by.to_owned() };
    let plan = |stored: &[Stored]| {
        let changes = inventory::plan(stored, wanted, import).map_err(RosterError::Unfit)?;
        describe(planned, stored, &changes);
        Ok(changes)
    };
    let roster = &operations.roster;
    let done =
        if request.dry_run { roster.rehearse(plan).await } else { roster.replace(None, &by, plan).await };
    done.map_err(outcome::declined)?;
    Ok(imported)
}

/// What the next start will do to the inventory.
pub(super) fn pending(settings: &Settings, stored: Vec<Stored>) -> Result<Vec<StationChange>, Declined> {
    let Some(entries) = &settings.entries else { return Ok(Vec::new()) };
    let wanted =
        entries.iter().map(|entry| inventory::of_entry(entry, &settings.around, Source::File)).collect();
    let import = Import { source: Source::File, prune: true };
    inventory::plan(&stored, wanted, import)
        .map_err(|problems| outcome::declined(RosterError::Unfit(problems)))
}

/// Reads and checks all of the file.
fn read(text: &str, path: &Path, around: &Around, source: Source) -> Result<Vec<Stored>, Declined> {
    let mut problems = Problems::default();
    let entries = parse_inventory(text, path, &mut problems);
    check_stations(&entries, around, &mut problems);
    if problems.is_empty() {
        return Ok(entries.iter().map(|(_, entry)| inventory::of_entry(entry, around, source)).collect());
    }
    let problems =
        problems.0.into_iter().map(|problem| Fault { at: problem.at, what: problem.what }).collect();
    Err(Declined { kind: Kind::Invalid, problems })
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), _) => one == other,
    }
}

/// The changes, station by station, for people.
fn describe(imported: &mut Imported, stored: &[Stored], changes: &[StationChange]) {
    let known = |id: &str| stored.iter().find(|station| station.id == id);
    let planned =
        |id: &str, what: &str, fields| PlannedChange { id: id.to_owned(), what: what.to_owned(), fields };
    for change in changes {
        imported.changes.push(match change {
            StationChange::Add(station) | StationChange::Put(station) => match known(&station.id) {
                None => planned(&station.id, "add", vec![format!("profile: {}", station.profile)]),
                Some(before) => {
                    let differences = before.differences(station);
                    planned(&station.id, "change", differences.iter().map(ToString::to_string).collect())
                }
            },
            StationChange::Remove(id) => planned(id, "remove", Vec::new()),
        });
    }
    imported.changes.sort_by(|one, other| one.id.cmp(&other.id));
    let touched = imported.changes.iter().filter(|change| change.what != "add").count();
    imported.unchanged = stored.len().saturating_sub(touched);
}
