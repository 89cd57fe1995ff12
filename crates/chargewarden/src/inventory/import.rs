//! What a file of the inventory changes in the store.
//!
//! A file says which stations there are and where they belong. The store says how a station stands and what its secret is:
//! a secret that was rotated stays until the file says something new. Which of the two says that there is a station,
//! the file or a command, is noted with it, and neither removes what the other brought.

use std::collections::BTreeMap;

use chargewarden_store::{Source, Station as Stored, StationChange, Upstream};

/// How a file is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Import {
    /// Whose stations these are: the configured file's, or a command's.
    pub(crate) source: Source,
    /// Whether stations of the same source that are not in it go.
    pub(crate) prune: bool,
}

/// What becomes of the stored stations by the wanted ones, by id.
///
/// # Errors
/// Each station that a command cannot take over, since it belongs to the inventory file, and why.
pub(crate) fn plan(
    stored: &[Stored],
    wanted: Vec<Stored>,
    import: Import,
) -> Result<Vec<StationChange>, Vec<(String, String)>> {
    let mut before: BTreeMap<&str, &Stored> =
        stored.iter().map(|station| (station.id.as_str(), station)).collect();
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let Some(known) = before.remove(wanted.id.as_str()) else {
            changes.push(StationChange::Add(wanted));
            continue;
        };
        let after = merged(known, wanted, import.source);
        if after == *known {
            continue;
        }
        if known.source == Source::File && import.source == Source::Command {
            problems.push((after.id, "it belongs to the inventory file; change it there".to_owned()));
            continue;
        }
        changes.push(StationChange::Put(after));
    }
    if import.prune {
        let gone = before.into_values().filter(|station| station.source == import.source);
        changes.extend(gone.map(|station| StationChange::Remove(station.id.clone())));
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems) }
}

/// The station as it is wanted, with what the store knows better.
fn merged(known: &Stored, wanted: Stored, source: Source) -> Stored {
    // What the file said last; a command's file is not remembered, and says something new whenever it differs.
    let said = match source {
        Source::File => &known.file_credential,
        Source::Command => &known.credential,
    };
    let new = wanted.credential.is_some() && wanted.credential != *said;
    let mut after = if new {
        // Whether it is the factory's comes and goes with the secret.
        Stored { proposed: None, ..wanted }
    } else {
        Stored {
            credential: known.credential.clone(),
            proposed: known.proposed.clone(),
            proposed_deferred: known.proposed_deferred,
            factory: known.factory,
            file_credential: wanted.file_credential.or_else(|| known.file_credential.clone()),
            ..wanted
        }
    };
    after.quarantine.clone_from(&known.quarantine);
    let sealed = known.upstream.as_ref().and_then(|upstream| upstream.password.clone());
    let elsewhere = after
        .upstream
        .as_ref()
        .is_some_and(|upstream| upstream.password_file.is_some() || upstream.password_env.is_some());
    if sealed.is_some() && !elsewhere {
        after.upstream.get_or_insert_with(Upstream::default).password = sealed;
    }
    if source == Source::Command {
        after.source = known.source;
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use chargewarden_store::Credential;

    const FILE: Import = Import { source: Source::File, prune: true };
    const COMMAND: Import = Import { source: Source::Command, prune: false };

    fn hash(name: &str) -> Option<Credential> {
        Some(Credential::from_phc(format!("$argon2id${name}")))
    }

    fn station(id: &str, secret: Option<Credential>, source: Source) -> Stored {
        Stored {
            file_credential: if source == Source::File { secret.clone() } else { None },
            credential: secret,
            source,
            ..serde_json::from_value(serde_json::json!({ "id": id, "owner": "cso", "parties": [] })).unwrap()
        }
    }

    /// The one change that is planned.
    fn one(known: Stored, wanted: Stored, import: Import) -> Option<StationChange> {
        let mut changes = plan(&[known], vec![wanted], import).unwrap();
        assert!(changes.len() < 2, "{changes:?}");
        changes.pop()
    }

    #[test]
    fn a_rotated_secret_stays_until_the_file_says_something_new() {
        let first = station("CS-1", hash("file-1"), Source::File);
        let rotated = Stored { credential: hash("rotated"), ..first.clone() };
        assert_eq!(one(rotated.clone(), first.clone(), FILE), None);
        // A change of the file elsewhere does not bring the old secret back.
        let moved = Stored { site: Some("harbour".to_owned()), ..first.clone() };
        let expected = Stored { credential: hash("rotated"), ..moved.clone() };
        assert_eq!(one(rotated.clone(), moved, FILE), Some(StationChange::Put(expected)));
        let edited = station("CS-1", hash("file-2"), Source::File);
        assert_eq!(one(rotated.clone(), edited.clone(), FILE), Some(StationChange::Put(edited)));
        // A secret that is taken out of the file is not taken from the station, nor forgotten.
        let silent = station("CS-1", None, Source::File);
        assert_eq!(one(rotated.clone(), silent, FILE), None);
    }

    #[test]
    fn what_the_store_knows_better_stays() {
        let wanted = Stored { factory: true, ..station("CS-1", hash("factory"), Source::File) };
        let known = Stored {
            credential: hash("own"),
            factory: false,
            quarantine: Some("odd".to_owned()),
            proposed: hash("next"),
            ..wanted.clone()
        };
        assert_eq!(one(known.clone(), wanted, FILE), None, "the factory's secret was replaced");
        let anew = Stored { factory: true, ..station("CS-1", hash("other"), Source::File) };
        let expected = Stored { quarantine: Some("odd".to_owned()), ..anew.clone() };
        assert_eq!(one(known, anew, FILE), Some(StationChange::Put(expected)));
    }

    #[test]
    fn neither_removes_what_the_other_brought() {
        let stored =
            [station("BY-FILE", hash("a"), Source::File), station("BY-COMMAND", hash("b"), Source::Command)];
        assert_eq!(plan(&stored, vec![], FILE).unwrap(), [StationChange::Remove("BY-FILE".to_owned())]);
        let prune = Import { prune: true, ..COMMAND };
        assert_eq!(plan(&stored, vec![], prune).unwrap(), [StationChange::Remove("BY-COMMAND".to_owned())]);
        assert_eq!(plan(&stored, vec![], COMMAND).unwrap(), []);
    }

    #[test]
    fn the_file_takes_a_station_over_and_a_command_does_not() {
        let by_command = station("CS-1", hash("b"), Source::Command);
        let wanted = station("CS-1", hash("a"), Source::File);
        assert_eq!(one(by_command, wanted.clone(), FILE), Some(StationChange::Put(wanted.clone())));
        let problems =
            plan(std::slice::from_ref(&wanted), vec![station("CS-1", hash("c"), Source::Command)], COMMAND);
        assert!(problems.unwrap_err()[0].1.contains("belongs to the inventory file"));
        // What is the same needs no permission.
        let same = Stored { file_credential: None, source: Source::Command, ..wanted.clone() };
        assert_eq!(plan(&[wanted], vec![same], COMMAND), Ok(vec![]));
    }
}
