//! The inventory: what the store keeps of stations, in the form in which admission reads it, and the one place that changes it.
//!
//! A change is recorded in evidence, made durable in the store, shown to admission, and then told to the session whose basis it
//! takes away, in this order: so there is no change without a record, none that a restart forgets, and no session that goes on
//! on what is no longer so. Changes of one station come one after another; a change of the whole waits for all of them.

mod basis;
mod rotation;
#[cfg(test)]
mod tests;
mod whole;

pub use rotation::ROTATION_WAIT;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, PoisonError, RwLock},
};

use chargewarden_evidence::{Durability, Event, Inventory, Record, Stamp};
use chargewarden_store::{
    AppendError, Marks, Scribe, Station as Stored, StationChange, Store, StoreError, difference,
};
use thiserror::Error;

use crate::{
    clock,
    decoy::Decoys,
    directory::Station,
    handshake::StationId,
    presence::{Presence, Withdrawn},
    ratchet::Ratchet,
};

/// Makes what is stored into what admission reads, or says what keeps it from that.
pub type Resolve = dyn Fn(&Stored) -> Result<Station, String> + Send + Sync;

/// Stations whose changes may be under way at once: each waits for two writes to the disk, and a fleet may rotate at once.
const LANES: usize = 64;

/// The inventory.
pub struct Roster {
    store: Arc<dyn Store>,
    scribe: Scribe,
    known: RwLock<Known>,
    pub(crate) presence: Arc<Presence>,
    /// What admissions taught of the stations.
    pub(crate) ratchet: Ratchet,
    /// Held by a change of the whole; shared by changes of single stations.
    whole: tokio::sync::RwLock<()>,
    lanes: [tokio::sync::Mutex<()>; LANES],
    hasher: RandomState,
}

struct Known {
    resolve: Arc<Resolve>,
    stations: HashMap<StationId, Arc<Station>>,
    /// Stored, but not to be used as things are, and why.
    unusable: BTreeMap<String, String>,
    decoys: Decoys,
    decoy: Arc<str>,
}

/// Why a change was not made. Nothing is changed then.
#[derive(Debug, Error)]
pub enum RosterError {
    /// There is no such station.
    #[error("there is no station `{0}`")]
    Unknown(String),
    /// There is one already.
    #[error("there is a station `{0}` already")]
    Exists(String),
    /// The change does not fit what is there.
    #[error("{0}")]
    Refused(String),
    /// What would come out cannot be used: station and what is wrong, all of them.
    #[error("{}", list(.0))]
    Unfit(Vec<(String, String)>),
    /// It could not be recorded.
    #[error("the change cannot be recorded: {0}")]
    Evidence(#[from] AppendError),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(problems: &[(String, String)]) -> String {
    problems.iter().map(|(id, what)| format!("{id}: {what}")).collect::<Vec<_>>().join("\n")
}

/// What a change of the whole did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Stations that are new.
    pub added: usize,
    /// Stations that are different.
    pub changed: usize,
    /// Stations that are gone.
    pub removed: usize,
}

impl Roster {
    /// Reads the inventory. A station that cannot be used as things are (its management system is gone from the
    /// configuration) is kept and not admitted; see [`Roster::unusable`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn open(
        store: Arc<dyn Store>,
        scribe: Scribe,
        resolve: Arc<Resolve>,
    ) -> Result<Roster, StoreError> {
        let mut known = Known::of(resolve, &store.stations().await?);
        for (station, problem) in &known.unusable {
            tracing::warn!(station, problem, "a station of the inventory cannot be used and is not admitted");
        }
        known.count();
        Ok(Roster {
            ratchet: Ratchet::start(Arc::clone(&store)),
            store,
            scribe,
            known: RwLock::new(known),
            presence: Arc::default(),
            whole: tokio::sync::RwLock::default(),
            lanes: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            hasher: RandomState::new(),
        })
    }

    /// The station of an id, as of now.
    #[must_use]
    pub fn find(&self, id: &StationId) -> Option<Arc<Station>> {
        self.read(|known| known.stations.get(id).cloned())
    }

    /// The hash to verify for ids that are not in it.
    pub(crate) fn decoy(&self) -> Arc<str> {
        self.read(|known| Arc::clone(&known.decoy))
    }

    /// How many stations may connect.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read(|known| known.stations.len())
    }

    /// Whether none may.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stations that are kept and cannot be used, and why.
    #[must_use]
    pub fn unusable(&self) -> BTreeMap<String, String> {
        self.read(|known| known.unusable.clone())
    }

    /// Whether the station is connected, or being admitted.
    #[must_use]
    pub fn is_connected(&self, id: &StationId) -> bool {
        self.presence.has(id)
    }

    /// Where the inventory is kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Adds a station that is not there yet. What was remembered of an earlier one with its id is forgotten.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn add(&self, station: Stored, by: &str) -> Result<(), RosterError> {
        let _turn = self.turn(&station.id).await;
        if self.store.station(&station.id).await?.is_some() {
            return Err(RosterError::Exists(station.id));
        }
        let resolved = self.resolve(&station)?;
        self.record("added", &station.id, by, added(&station), Durability::Before).await?;
        let id = station.id.clone();
        self.kept(&id, by, self.store.change_stations(vec![StationChange::Add(station)]).await).await?;
        self.ratchet.reread(&resolved.id);
        self.show(resolved);
        Ok(())
    }

    /// Changes a station: `edit` gets the entry as it is and refuses with what is wrong. False when nothing differs after it.
    ///
    /// A session that was opened on something that is no longer so is told to end.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn change(
        &self,
        id: &str,
        by: &str,
        edit: impl FnOnce(&mut Stored) -> Result<(), String> + Send,
    ) -> Result<bool, RosterError> {
        let _turn = self.turn(id).await;
        let before = self.stored(id).await?;
        let mut after = before.clone();
        edit(&mut after).map_err(RosterError::Refused)?;
        let Some(withdrawn) = self.commit(&before, after, by).await? else { return Ok(false) };
        self.withdraw(&before.id, withdrawn);
        Ok(true)
    }

    /// Lets a station come with less than it has had: its high-water marks are forgotten, and set anew by its next admission.
    /// Says what they were. Evidence names the danger.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub async fn forgive(&self, id: &str, by: &str) -> Result<Marks, RosterError> {
        let _turn = self.turn(id).await;
        self.stored(id).await?;
        let Ok(station) = StationId::parse(id) else { return Err(RosterError::Unknown(id.to_owned())) };
        let marks = self.ratchet.marks(&station).await?;
        let said = |mark: &Option<String>| mark.clone().unwrap_or_else(|| "none".to_owned());
        let detail = format!(
            "danger_lower_security: it may come with less than profile {}, TLS {}, OCPP {}",
            marks.profile,
            said(&marks.tls),
            said(&marks.version)
        );
        self.record("forgiven", id, by, detail, Durability::Before).await?;
        self.kept(id, by, self.ratchet.forgive(&station).await).await?;
        Ok(marks)
    }

    /// Removes a station and all that is remembered of it; its session is told to end.
    ///
    /// # Errors
    /// See [`RosterError`]. `allowed` may refuse by looking at the entry.
    pub async fn remove(
        &self,
        id: &str,
        by: &str,
        allowed: impl FnOnce(&Stored) -> Result<(), String> + Send,
    ) -> Result<(), RosterError> {
        let _turn = self.turn(id).await;
        allowed(&self.stored(id).await?).map_err(RosterError::Refused)?;
        self.record("removed", id, by, String::new(), Durability::Before).await?;
        self.kept(id, by, self.store.remove_station(id).await.map(drop)).await?;
        self.hide(id);
        self.withdraw(id, Some(Withdrawn::Removed));
        Ok(())
    }

    /// Whether a station that was looked up as `entry` may still have the session that was opened for it; else why not.
    pub(crate) fn withdrawn_since(&self, entry: &Station) -> Option<Withdrawn> {
        match self.find(&entry.id) {
            None => Some(Withdrawn::Removed),
            Some(now) => basis::withdrawn(entry, &now),
        }
    }

    async fn stored(&self, id: &str) -> Result<Stored, RosterError> {
        self.store.station(id).await?.ok_or_else(|| RosterError::Unknown(id.to_owned()))
    }

    /// Records, stores and shows a changed entry. None when nothing differs; else what its session loses.
    async fn commit(
        &self,
        before: &Stored,
        after: Stored,
        by: &str,
    ) -> Result<Option<Option<Withdrawn>>, RosterError> {
        if *before == after {
            return Ok(None);
        }
        let resolved = self.resolve(&after)?;
        let detail = difference::summary(&before.differences(&after));
        let word = basis::word(before, &after);
        self.record(word, &after.id, by, detail, Durability::Before).await?;
        self.kept(&after.id, by, self.store.put_station(&after).await).await?;
        let withdrawn = self.find(&resolved.id).and_then(|was| basis::withdrawn(&was, &resolved));
        self.show(resolved);
        Ok(Some(withdrawn))
    }

    fn resolve(&self, station: &Stored) -> Result<Station, RosterError> {
        let resolve = self.read(|known| Arc::clone(&known.resolve));
        resolve(station).map_err(|what| RosterError::Unfit(vec![(station.id.clone(), what)]))
    }

    fn show(&self, station: Station) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.unusable.remove(station.id.as_str());
        known.insert(station);
        known.count();
    }

    fn hide(&self, id: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.unusable.remove(id);
        if let Ok(id) = StationId::parse(id) {
            known.remove(&id);
            self.ratchet.reread(&id);
        }
        known.count();
    }

    fn withdraw(&self, id: &str, withdrawn: Option<Withdrawn>) {
        if let (Some(withdrawn), Ok(id)) = (withdrawn, StationId::parse(id)) {
            self.presence.withdraw(&id, withdrawn);
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until no other change of this station, or of the whole, is under way.
    async fn turn(&self, id: &str) -> Turn<'_> {
        let shared = self.whole.read().await;
        let lane = usize::try_from(self.hasher.hash_one(id) % LANES as u64).unwrap_or(0);
        let lane = match self.lanes.get(lane) {
            Some(lane) => Some(lane.lock().await),
            None => None,
        };
        Turn { _shared: shared, _lane: lane }
    }

    /// Notes in evidence that a change that was recorded did not come to be.
    async fn kept(&self, id: &str, by: &str, stored: Result<(), StoreError>) -> Result<(), RosterError> {
        if let Err(error) = &stored {
            let failed = self.record("failed", id, by, error.to_string(), Durability::Soon).await;
            tracing::error!(station = id, %error, recorded = failed.is_ok(), "a change of the inventory is not stored");
        }
        stored.map_err(RosterError::Store)
    }

    async fn record(
        &self,
        change: &'static str,
        station: &str,
        by: &str,
        detail: String,
        durability: Durability,
    ) -> Result<(), AppendError> {
        let inventory = Inventory {
            change: Cow::Borrowed(change),
            station: station.to_owned(),
            by: by.to_owned(),
            detail,
        };
        let at = Stamp::from_millis(clock::wall().as_millis());
        tracing::info!(station, change, by, detail = inventory.detail, "inventory");
        self.scribe.append(&Record { at, event: Event::Inventory(inventory) }, durability).await
    }
}

/// What evidence keeps of a station that is new.
fn added(station: &Stored) -> String {
    format!("profile: {}, source: {}", station.profile, station.source.name())
}

struct Turn<'a> {
    _shared: tokio::sync::RwLockReadGuard<'a, ()>,
    _lane: Option<tokio::sync::MutexGuard<'a, ()>>,
}

impl Known {
    fn of<'a>(resolve: Arc<Resolve>, stored: impl IntoIterator<Item = &'a Stored>) -> Known {
        let decoys = Decoys::default();
        let mut known = Known {
            resolve,
            stations: HashMap::new(),
            unusable: BTreeMap::new(),
            decoy: decoys.current(),
            decoys,
        };
        for station in stored {
            match (known.resolve)(station) {
                Ok(resolved) => known.insert(resolved),
                Err(what) => drop(known.unusable.insert(station.id.clone(), what)),
            }
        }
        known.decoy = known.decoys.current();
        known
    }

    fn insert(&mut self, station: Station) {
        self.decoys.add(&station);
        if let Some(before) = self.stations.insert(station.id.clone(), Arc::new(station)) {
            self.decoys.remove(&before);
        }
    }

    fn remove(&mut self, id: &StationId) {
        if let Some(before) = self.stations.remove(id) {
            self.decoys.remove(&before);
        }
    }

    /// Shows in metrics how many there are, and has the decoy follow what most of them have.
    fn count(&mut self) {
        self.decoy = self.decoys.current();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; inventories are far below 2^52")]
        metrics::gauge!("chargewarden_stations").set(self.stations.len() as f64);
    }
}
