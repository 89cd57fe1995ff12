//! The evidence writer: many append, one thread writes in groups.

mod queue;
mod recovery;
#[cfg(test)]
mod tests;
mod writer;

use std::cell::RefCell;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use chargewarden_evidence::{Durability, IndexNote, NoteSigner, Record, entry};

use crate::{Journal, StoreError};
use queue::{Offer, Queue};
pub use queue::{PENDING_BYTES_MAX, PENDING_RECORDS_MAX, SOON_BYTES, SOON_INTERVAL, SOON_RECORDS};
pub use writer::{CHECKPOINT_INTERVAL, RETRY_INTERVAL};

/// Why a record was not taken. It is not in the log and will not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The store cannot write now. Consequential messages must be refused until it can.
    #[error("evidence cannot be written now")]
    Unavailable,
    /// Longer than [`entry::RECORD_BYTES_MAX`].
    #[error("a record of {bytes} bytes is too long")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The log has been closed.
    #[error("the evidence log is closed")]
    Closed,
}

/// Appends records to the evidence log. Cheap to clone; the log is closed in order when [`Scribe::close`] is called or the
/// last clone is dropped.
#[derive(Clone, Debug)]
pub struct Scribe {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    queue: Arc<Queue>,
}

thread_local! {
    /// A record's bytes are made outside the lock, in a buffer that stays.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Scribe {
    /// Opens the log under `journal` and starts the writer.
    ///
    /// The signer's name is the log's name. Everything after the last signed checkpoint is verified first: a log whose end
    /// was changed, cut off or signed by another key is not continued. With `checkpoint_file`, each checkpoint is also
    /// written there (atomically), and the one found there is verified too: it tells when the log was cut off.
    pub fn open(
        mut journal: impl Journal,
        signer: NoteSigner,
        checkpoint_file: Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        let start = recovery::recover(&mut journal, signer.public(), checkpoint_file.as_deref())?;
        let queue = Arc::new(Queue::new());
        let writer = writer::Writer::new(journal, signer, checkpoint_file, start, Arc::clone(&queue));
        std::thread::Builder::new()
            .name("evidence".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::io("evidence thread".as_ref(), &error))?;
        Ok(Self { handle: Arc::new(Handle { queue }) })
    }

    /// Appends a record.
    ///
    /// - [`Durability::Before`]: resolves once the record is on disk. An error says that it is not and will not be.
    /// - [`Durability::Soon`]: resolves at once; the record is on disk within [`SOON_INTERVAL`] and a commit. Waits while
    ///   [`PENDING_RECORDS_MAX`] records wait. While the store cannot write, records are kept up to that bound and
    ///   refused beyond.
    ///
    /// Records are in the log in the order in which this is called. Dropping the future does not take a record back.
    pub async fn append(&self, record: &Record, durability: Durability) -> Result<(), AppendError> {
        let mut note =
            (durability == Durability::Before || !record.is_routine()).then(|| record.index_note());
        let offer = SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            record.write_canonical(scratch);
            self.offer(scratch, &mut note, durability)
        });
        match offer {
            Offer::Taken => Ok(()),
            Offer::Refused(error) => Err(error),
            Offer::Awaited(answered) => answered.await.unwrap_or(Err(AppendError::Closed)),
            // Rare, and large: kept out of the callers' futures.
            Offer::Full => {
                Box::pin(self.append_when_there_is_room(record.canonical(), note, durability)).await
            }
        }
    }

    /// False while records are refused: for readiness checks.
    pub fn is_available(&self) -> bool {
        !self.handle.queue.is_failing()
    }

    /// Writes what waits, signs a checkpoint and ends the writer. Records appended later are refused.
    pub async fn close(&self) {
        let queue = &self.handle.queue;
        queue.close();
        loop {
            let mut end = pin!(queue.end.notified());
            // Enabled before looking, so that an end in between is not missed.
            end.as_mut().enable();
            if queue.has_ended() {
                return;
            }
            end.await;
        }
    }

    async fn append_when_there_is_room(
        &self,
        record: Vec<u8>,
        mut note: Option<IndexNote>,
        durability: Durability,
    ) -> Result<(), AppendError> {
        loop {
            let mut space = pin!(self.handle.queue.space.notified());
            space.as_mut().enable();
            match self.offer(&record, &mut note, durability) {
                Offer::Taken => return Ok(()),
                Offer::Refused(error) => return Err(error),
                Offer::Awaited(answered) => return answered.await.unwrap_or(Err(AppendError::Closed)),
                Offer::Full => space.await,
            }
        }
    }

    fn offer(&self, record: &[u8], note: &mut Option<IndexNote>, durability: Durability) -> Offer {
        if record.len() > entry::RECORD_BYTES_MAX {
            return Offer::Refused(AppendError::TooLarge { bytes: record.len() });
        }
        self.handle.queue.offer(record, note, durability)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.close();
    }
}
