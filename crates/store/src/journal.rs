//! What the evidence writer needs of a store: append whole groups, and read back where the log ends.

use chargewarden_evidence::{Frontier, Hash, IndexNote};

use crate::StoreError;

/// The storage under the evidence log. Calls block: they are made on the writer's own thread only.
///
/// There is one writer. What [`Journal::commit`] has returned `Ok` for is on disk, whatever happens next; what it has
/// returned an error for is not there, all of it.
pub trait Journal: Send + 'static {
    /// Notes the log's name and public key when the log is new; then returns the name it was begun under.
    fn begin(&mut self, origin: &str, public_key: &str) -> Result<String, StoreError>;

    /// Where the log ends. `None` when it is empty.
    fn end(&mut self) -> Result<Option<LogEnd>, StoreError>;

    /// The chunk that holds entry `seq`, or the next one after it when none does.
    fn chunk_from(&mut self, seq: u64) -> Result<Option<StoredChunk>, StoreError>;

    /// Where the log ended with the last chunk that lies wholly before entry `seq`. `None` without one.
    fn end_before(&mut self, seq: u64) -> Result<Option<LogEnd>, StoreError>;

    /// The latest checkpoint, a signed note.
    fn latest_checkpoint(&mut self) -> Result<Option<String>, StoreError>;

    /// Appends a chunk, its index rows and the checkpoint in one transaction.
    fn commit(&mut self, chunk: &Chunk<'_>) -> Result<(), StoreError>;

    /// Keeps a checkpoint of the log as it is.
    fn commit_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), StoreError>;
}

/// Where a log ends, and all that is needed to continue it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// Hash of the last entry.
    pub head: Hash,
    /// The tree; its size is the number of entries.
    pub frontier: Frontier,
}

/// A group of entries to append.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Number of the first entry.
    pub first: u64,
    /// How many there are; at least one.
    pub count: u64,
    /// The sealed entries, one after another.
    pub entries: &'a [u8],
    /// Where the log ends with them.
    pub end: &'a LogEnd,
    /// What is found by search, by entry number.
    pub index: &'a [(u64, IndexNote)],
    /// A checkpoint of the log up to and with this chunk.
    pub checkpoint: Option<&'a SignedCheckpoint>,
}

/// A chunk read back, as it is on disk: nothing about it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChunk {
    /// Number of the first entry.
    pub first: u64,
    /// How many entries it should hold.
    pub count: u64,
    /// The entries.
    pub entries: Vec<u8>,
    /// Where the log should end with them. `None` when what is stored cannot be.
    pub end: Option<LogEnd>,
}

/// A signed checkpoint and the size it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Number of entries.
    pub size: u64,
    /// The signed note.
    pub note: String,
}
