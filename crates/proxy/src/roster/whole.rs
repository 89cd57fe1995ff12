//! Changes of many stations at once, and of how all of them are read: an import, a reload.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use chargewarden_evidence::Durability;
use chargewarden_store::{Station as Stored, StationChange, difference};

use super::{Applied, Known, Resolve, Roster, RosterError, added, basis};
use crate::presence::Withdrawn;

/// What comes of a change of the whole.
struct Outcome {
    changes: Vec<StationChange>,
    /// Word, station and detail of each, for evidence.
    records: Vec<(&'static str, String, String)>,
    known: Known,
    applied: Applied,
}

impl Roster {
    /// Changes the whole: `plan` gets all entries and says what becomes of them. With `resolve`, the entries are read
    /// in its way from then on. All or nothing.
    ///
    /// # Errors
    /// See [`RosterError`]; every station that could not be used afterwards is named.
    pub async fn replace(
        &self,
        resolve: Option<Arc<Resolve>>,
        by: &str,
        plan: impl FnOnce(&[Stored]) -> Result<Vec<StationChange>, RosterError> + Send,
    ) -> Result<Applied, RosterError> {
        let _whole = self.whole.write().await;
        let Outcome { changes, records, known, applied } = self.outcome(resolve, plan).await?;
        let last = records.len();
        for (number, (word, id, detail)) in records.into_iter().enumerate() {
            // The log is in order: once the last is on disk, all are.
            let durability = if number + 1 == last { Durability::Before } else { Durability::Soon };
            self.record(word, &id, by, detail, durability).await?;
        }
        if !changes.is_empty() {
            self.kept("", by, self.store.change_stations(changes).await).await?;
        }
        self.supersede(known);
        Ok(applied)
    }

    /// What [`Roster::replace`] would do, and what would keep it from it.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn rehearse(
        &self,
        plan: impl FnOnce(&[Stored]) -> Result<Vec<StationChange>, RosterError> + Send,
    ) -> Result<Applied, RosterError> {
        self.outcome(None, plan).await.map(|outcome| outcome.applied)
    }

    /// What comes of a change of the whole, checked.
    async fn outcome(
        &self,
        resolve: Option<Arc<Resolve>>,
        plan: impl FnOnce(&[Stored]) -> Result<Vec<StationChange>, RosterError> + Send,
    ) -> Result<Outcome, RosterError> {
        let stored = self.store.stations().await?;
        let changes = plan(&stored)?;
        let mut after: BTreeMap<String, Stored> =
            stored.into_iter().map(|station| (station.id.clone(), station)).collect();
        let mut applied = Applied::default();
        let mut records = BTreeMap::new();
        for change in &changes {
            let (word, id, detail) = match change {
                StationChange::Add(station) | StationChange::Put(station) => {
                    match after.insert(station.id.clone(), station.clone()) {
                        None => {
                            applied.added += 1;
                            ("added", &station.id, added(station))
                        }
                        Some(before) => {
                            applied.changed += 1;
                            let differences = before.differences(station);
                            (basis::word(&before, station), &station.id, difference::summary(&differences))
                        }
                    }
                }
                StationChange::Remove(id) => {
                    applied.removed += 1;
                    after.remove(id);
                    ("removed", id, String::new())
                }
            };
            records.insert(id.clone(), (word, detail));
        }
        let resolve = resolve.unwrap_or_else(|| self.read(|known| Arc::clone(&known.resolve)));
        let known = Known::of(resolve, after.values());
        let already = self.unusable();
        // What could not be used before and is not touched now is no reason to refuse.
        let unfit =
            known.unusable.iter().filter(|(id, _)| records.contains_key(*id) || !already.contains_key(*id));
        let unfit: Vec<_> = unfit.map(|(id, what)| (id.clone(), what.clone())).collect();
        if !unfit.is_empty() {
            return Err(RosterError::Unfit(unfit));
        }
        let records = records.into_iter().map(|(id, (word, detail))| (word, id, detail)).collect();
        Ok(Outcome { changes, records, known, applied })
    }

    /// Puts what is known in the place of what was, and tells the sessions that lose their basis by it.
    fn supersede(&self, mut known: Known) {
        let before = {
            let mut place = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.count();
            std::mem::replace(&mut *place, known)
        };
        for (id, before) in before.stations {
            let withdrawn = match self.find(&id) {
                None => {
                    self.ratchet.reread(&id);
                    Some(Withdrawn::Removed)
                }
                Some(after) => basis::withdrawn(&before, &after),
            };
            self.withdraw(id.as_str(), withdrawn);
        }
    }
}
