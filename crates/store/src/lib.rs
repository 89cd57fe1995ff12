//! Durable state and evidence: one trait, SQLite by default.
//!
//! - [`Scribe`] appends to the evidence log: telemetry in groups, consequential records before it answers.
//! - [`Journal`] is the storage under the log.

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

mod durable_file;
mod error;
mod journal;
mod scribe;

pub use error::StoreError;
pub use journal::{Chunk, Journal, LogEnd, SignedCheckpoint, StoredChunk};
pub use scribe::{
    AppendError, CHECKPOINT_INTERVAL, PENDING_BYTES_MAX, PENDING_RECORDS_MAX, RETRY_INTERVAL, SOON_BYTES,
    SOON_INTERVAL, SOON_RECORDS, Scribe,
};
