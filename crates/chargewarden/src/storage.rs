//! The data directory, opened: what the service and a command that finds no service both work on.

use std::{path::Path, sync::Arc};

use chargewarden_evidence::ContentKey;
use chargewarden_store::{
    Directory, Scribe, SealKey, SqliteJournal, SqliteStore, Store, StoreError, directory,
};
use thiserror::Error;

/// Everything below `store.path`. No other process uses it meanwhile.
pub(crate) struct Storage {
    pub(crate) scribe: Scribe,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) content_key: ContentKey,
    pub(crate) seal_key: SealKey,
}

/// Why it does not open.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The store or the evidence log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bytes for a key.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl Storage {
    /// Opens or makes it; a log that is new is named `log_name`.
    pub(crate) fn open(path: &Path, log_name: &str) -> Result<Storage, StorageError> {
        let place = Directory::open(path)?;
        let content_key = place.content_key(&*fresh()?)?;
        let seal_key = place.seal_key(&*fresh()?)?;
        let signer = place.checkpoint_key(log_name, &*fresh()?)?;
        let journal = SqliteJournal::open(&place)?;
        let scribe = Scribe::open(journal, signer, Some(place.file(directory::CHECKPOINT_FILE)))?;
        let store = Arc::new(SqliteStore::open(&place)?);
        Ok(Storage { scribe, store, content_key, seal_key })
    }
}

/// Bytes for a key that may have to be made.
fn fresh() -> Result<zeroize::Zeroizing<[u8; 32]>, getrandom::Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}
