//! Tamper-evident records: canonical bytes, Merkle log, checkpoints, verifier.
//!
//! Everything here is pure: keys, times and bytes are arguments, and nothing reads a file, a clock or a random source.
//!
//! A [`Record`] says what happened. [`Record::write_canonical`] gives its one and only byte form. An [`entry`] puts a
//! sequence number and the hash of the entry before it in front of those bytes, the [`merkle`] tree of RFC 6962 grows over
//! the entries, and a [`Checkpoint`] signs the root of that tree at a size. The [`Verifier`] reads entries in order and says
//! precisely what is wrong with them. The formats are written down in `docs/evidence.md`.

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

mod attributes;
mod checkpoint;
pub mod entry;
mod hash;
mod json;
mod key;
pub mod merkle;
mod message;
pub mod note;
mod own_call;
pub mod proof;
mod record;
pub mod security;
mod service;
mod stamp;
mod verifier;
mod violation;
mod who;

pub use attributes::{AttributeWriter, Attributes};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use hash::Hash;
pub use json::TEXT_CHARS_MAX;
pub use key::{ContentKey, FrameMac, TokenHash};
pub use merkle::Frontier;
pub use message::{Answered, Cause, EffectNote, Message, MessageType, Side, Verdict};
pub use note::{NoteError, NoteKey, NoteSigner};
pub use own_call::{OwnCall, OwnCallPhase};
pub use record::{Durability, Event, IndexNote, Record, RecordError};
pub use security::{Origin, OwnEvent, Repeats, Security};
pub use service::{Bundle, BundleOutcome, Connection, Gap, Inventory, Lifecycle, Phase, Stage};
pub use stamp::Stamp;
pub use verifier::{FINDINGS_MAX, Finding, Verification, Verifier};
pub use violation::{Tolerance, Violation};
pub use who::{Who, WhoFields};

/// Text whose set of values is known at compile time where it is written, and is owned where it was read back.
pub type Word = std::borrow::Cow<'static, str>;
