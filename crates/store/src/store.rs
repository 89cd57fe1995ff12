//! The trait that every storage implements.

use std::pin::Pin;

use chargewarden_evidence::Hash;

use crate::{Marks, Station, StationChange, StationState, StoreError};

/// The answer to come.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Inventory, station states, settings, and reading the evidence log. What has been answered with `Ok` is on disk.
///
/// Evidence is appended through [`crate::Scribe`], never here.
pub trait Store: Send + Sync + 'static {
    /// All stations, by id.
    fn stations(&self) -> Answer<'_, Vec<Station>>;

    /// The station of this id.
    fn station(&self, id: &str) -> Answer<'_, Option<Station>>;

    /// Adds a station or changes it.
    fn put_station(&self, station: &Station) -> Answer<'_, ()>;

    /// Removes a station, its state and its marks. False when there was none.
    fn remove_station(&self, id: &str) -> Answer<'_, bool>;

    /// Makes these changes, in their order: all of them or none.
    fn change_stations(&self, changes: Vec<StationChange>) -> Answer<'_, ()>;

    /// What admissions taught about a station.
    fn marks(&self, station: &str) -> Answer<'_, Option<Marks>>;

    /// Keeps what admissions taught about a station. It need not be in the inventory.
    fn put_marks(&self, station: &str, marks: &Marks) -> Answer<'_, ()>;

    /// Forgets what admissions taught about a station.
    fn forget_marks(&self, station: &str) -> Answer<'_, ()>;

    /// What the engine remembers of a station.
    fn state(&self, station: &str) -> Answer<'_, Option<StationState>>;

    /// Remembers a station's state, in the place of the one before. The station need not be in the inventory.
    fn put_state(&self, station: &str, state: StationState) -> Answer<'_, ()>;

    /// A setting of the service itself.
    fn setting(&self, name: &str) -> Answer<'_, Option<String>>;

    /// Keeps a setting of the service itself.
    fn put_setting(&self, name: &str, value: &str) -> Answer<'_, ()>;

    /// Number of entries in the evidence log.
    fn log_size(&self) -> Answer<'_, u64>;

    /// Entries from number `from` on, in order, [`ENTRIES_MAX`] at most. Not verified.
    fn entries(&self, from: u64, limit: usize) -> Answer<'_, Vec<StoredEntry>>;

    /// Entries that are not routine, the newest first, [`ENTRIES_MAX`] at most.
    fn find(&self, query: &Query) -> Answer<'_, Vec<Found>>;

    /// The latest checkpoint, a signed note.
    fn latest_checkpoint(&self) -> Answer<'_, Option<String>>;
}

/// The most entries that one call returns.
pub const ENTRIES_MAX: usize = 1000;

/// An entry of the evidence log as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number.
    pub seq: u64,
    /// The hash of the entry before.
    pub prev: Hash,
    /// Its own hash.
    pub hash: Hash,
    /// The record's canonical bytes.
    pub record: Vec<u8>,
}

/// What to look for: all that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only entries before this number: to page on.
    pub before: Option<u64>,
    /// Of this station.
    pub station: Option<String>,
    /// Of this kind, such as `connection`.
    pub kind: Option<String>,
    /// With this action.
    pub action: Option<String>,
    /// With this verdict: `forward`, `refuse`, `hold`.
    pub verdict: Option<String>,
    /// With this reason.
    pub reason: Option<String>,
    /// How many at most. 0: [`ENTRIES_MAX`].
    pub limit: usize,
}

/// An entry found by its index row. The row is for finding: the entry is the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The entry's number.
    pub seq: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The station's id; may be empty.
    pub station: String,
    /// The kind of event.
    pub kind: String,
    /// The action; may be empty.
    pub action: String,
    /// The verdict; may be empty.
    pub verdict: String,
    /// The reason; may be empty.
    pub reason: String,
}
