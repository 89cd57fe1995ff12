//! Durable state and evidence: one trait, SQLite by default.
//!
//! - [`Scribe`] appends to the evidence log: telemetry in groups, consequential records before it answers.
//! - [`Journal`] is the storage under the log.
//! - [`Store`] holds inventory, station states and settings, and reads the log.
//! - [`audit`] verifies, shows and exports a log from outside.
//! - [`SqliteStore`] and [`SqliteJournal`] are the embedded storage, in a [`Directory`] that also holds the keys.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "tests"
    )
)]

pub mod audit;
pub mod conformance;
pub mod difference;
pub mod directory;
mod durable_file;
mod error;
mod inventory;
mod journal;
mod scribe;
mod sealed;
mod sqlite;
mod store;

pub use directory::Directory;

pub use error::StoreError;
pub use inventory::{
    Credential, Marks, Source, Station, StationChange, StationState, UPSTREAM_PASSWORD, Upstream,
};
pub use journal::{Chunk, Journal, LogEnd, SignedCheckpoint, StoredChunk};
pub use scribe::{
    AppendError, CHECKPOINT_INTERVAL, PENDING_BYTES_MAX, PENDING_RECORDS_MAX, RETRY_INTERVAL, SOON_BYTES,
    SOON_INTERVAL, SOON_RECORDS, Scribe,
};
pub use sealed::{SEALED_BYTES_MAX, SealError, SealKey, Sealed};
pub use sqlite::{SqliteJournal, SqliteStore};
pub use store::{Answer, ENTRIES_MAX, Found, Query, Store, StoredEntry};
