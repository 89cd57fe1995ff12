//! The thread that writes the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chargewarden_evidence::{Checkpoint, Event, Gap, IndexNote, NoteSigner, Record, Stamp, entry};

use super::queue::{Group, Queue, Task};
use super::recovery::Start;
use crate::durable_file;
use crate::journal::{Chunk, LogEnd, SignedCheckpoint};
use crate::{Journal, StoreError};

/// A checkpoint is signed at most this often while the log grows. It bounds what somebody with the disk, but without the
/// key and without an older checkpoint, could cut off unseen.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);
/// After a failed write, the next attempt comes after this time.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Writer<J> {
    journal: J,
    signer: NoteSigner,
    checkpoint_file: Option<PathBuf>,
    queue: Arc<Queue>,
    end: LogEnd,
    /// The largest size that has been signed for.
    signed: u64,
    checkpoint_at: Instant,
    /// Since when writing has failed, and with what.
    failing: Option<(Stamp, String)>,
}

/// However the thread ends, nobody is left waiting for it.
struct EndGuard(Arc<Queue>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl<J: Journal> Writer<J> {
    pub(super) fn new(
        journal: J,
        signer: NoteSigner,
        checkpoint_file: Option<PathBuf>,
        start: Start,
        queue: Arc<Queue>,
    ) -> Self {
        Self {
            journal,
            signer,
            checkpoint_file,
            queue,
            end: start.end,
            signed: start.signed,
            // What was left unsigned by the last run has been verified: it is signed with the first group or at once.
            checkpoint_at: Instant::now(),
            failing: None,
        }
    }

    pub(super) fn run(self) {
        let _end = EndGuard(Arc::clone(&self.queue));
        // Dropped before the guard: once the end is told, the journal is closed and its directory free.
        let mut writer = self;
        writer.work();
    }

    fn work(&mut self) {
        let mut group = Group::default();
        loop {
            let due = (self.end.frontier.size() > self.signed).then_some(self.checkpoint_at);
            match self.queue.next(&mut group, due) {
                Task::Write => {
                    if !self.write(&mut group) {
                        return;
                    }
                }
                Task::Due => self.sign(),
                Task::End => {
                    if self.end.frontier.size() > self.signed {
                        self.sign();
                    }
                    return;
                }
            }
        }
    }

    /// Writes a group. False when the writer must end.
    fn write(&mut self, group: &mut Group) -> bool {
        if self.failing.is_some() && !self.is_where_we_left_it() {
            return false;
        }
        let (records, bytes, started) = (group.records, group.entries.len(), Instant::now());
        let refused = self.push_gap(group);
        match self.commit(group) {
            Ok(checkpoint) => {
                let written = group.records as u64;
                for (_, answer) in group.waiting.drain(..) {
                    let _ = answer.send(Ok(()));
                }
                self.count(written, group.entries.len() as u64, started.elapsed());
                group.clear();
                if let Some(checkpoint) = checkpoint {
                    self.publish(&checkpoint);
                }
                self.report_recovery(refused);
                true
            }
            Err(error) => {
                group.truncate(records, bytes);
                self.queue.put_back_refused(refused);
                self.report_failure(&error, group)
            }
        }
    }

    /// The first group after a failure ends with a record of how many were refused.
    fn push_gap(&self, group: &mut Group) -> u64 {
        let Some((since, detail)) = &self.failing else { return 0 };
        let refused = self.queue.take_refused();
        let gap = Gap { since: *since, refused, detail: detail.clone() };
        let gap = Record { at: now(), event: Event::Gap(gap) };
        group.push(&gap.canonical(), Some(gap.index_note()));
        refused
    }

    /// Appends a group, and a checkpoint if it is time for one.
    fn commit(&mut self, group: &mut Group) -> Result<Option<SignedCheckpoint>, StoreError> {
        let first = self.end.frontier.size();
        let mut frontier = self.end.frontier.clone();
        let head = entry::seal(&mut group.entries, first, self.end.head, |hash| frontier.push(hash))
            .map_err(|_| {
                // The entries were framed by the queue.
                StoreError::Damaged {
                    path: "evidence buffer".into(),
                    detail: "a group cannot be sealed".to_owned(),
                }
            })?;
        let end = LogEnd { head, frontier };
        let index: Vec<(u64, IndexNote)> =
            group.index.iter().map(|(place, note)| (first + *place as u64, note.clone())).collect();
        let checkpoint = (self.checkpoint_at <= Instant::now()).then(|| self.checkpoint_of(&end));
        self.journal.commit(&Chunk {
            first,
            count: group.records as u64,
            entries: &group.entries,
            end: &end,
            index: &index,
            checkpoint: checkpoint.as_ref(),
        })?;
        self.end = end;
        Ok(checkpoint)
    }

    fn sign(&mut self) {
        let checkpoint = self.checkpoint_of(&self.end);
        match self.journal.commit_checkpoint(&checkpoint) {
            Ok(()) => self.publish(&checkpoint),
            Err(error) => {
                tracing::warn!(%error, "a checkpoint could not be stored, trying again later");
                self.checkpoint_at = Instant::now() + CHECKPOINT_INTERVAL;
            }
        }
    }

    fn checkpoint_of(&self, end: &LogEnd) -> SignedCheckpoint {
        let checkpoint = Checkpoint::of(self.signer.public().name(), &end.frontier);
        SignedCheckpoint { size: checkpoint.size, note: checkpoint.sign(&self.signer) }
    }

    fn publish(&mut self, checkpoint: &SignedCheckpoint) {
        self.signed = checkpoint.size;
        self.checkpoint_at = Instant::now() + CHECKPOINT_INTERVAL;
        metrics::counter!("chargewarden_evidence_checkpoints_total").increment(1);
        if let Some(path) = &self.checkpoint_file
            && let Err(error) = durable_file::replace(path, checkpoint.note.as_bytes())
        {
            tracing::warn!(%error, path = %Path::display(path), "the checkpoint file could not be written");
        }
    }

    /// After a failure that told us nothing was written, nothing must have been written.
    fn is_where_we_left_it(&mut self) -> bool {
        match self.journal.end() {
            Ok(end) => {
                let size = end.as_ref().map_or(0, |end| end.frontier.size());
                let same =
                    size == self.end.frontier.size() && end.is_none_or(|end| end.head == self.end.head);
                if !same {
                    tracing::error!(
                        size,
                        expected = self.end.frontier.size(),
                        "the evidence log is not as it was left; no more is written until a restart"
                    );
                }
                same
            }
            // Not readable either: the commit will fail, too, and say so.
            Err(_) => true,
        }
    }

    fn report_failure(&mut self, error: &StoreError, group: &mut Group) -> bool {
        metrics::counter!("chargewarden_evidence_write_failures_total").increment(1);
        metrics::gauge!("chargewarden_evidence_available").set(0.0);
        let first = self.failing.is_none();
        if first {
            tracing::error!(
                %error,
                records = group.records,
                "evidence cannot be written: consequential messages are refused until it can"
            );
            self.failing = Some((now(), error.to_string()));
        }
        let closing = self.queue.is_closing();
        self.queue.give_back(group, Instant::now() + RETRY_INTERVAL);
        if closing && !first {
            tracing::error!(%error, "evidence that waits to be written is lost: the service ends");
        }
        // When closing, one more attempt is made.
        !closing || first
    }

    fn report_recovery(&mut self, refused: u64) {
        if self.failing.take().is_none() {
            return;
        }
        self.queue.recovered();
        metrics::counter!("chargewarden_evidence_refused_total").increment(refused);
        tracing::info!(refused, "evidence is written again");
    }

    fn count(&self, records: u64, bytes: u64, took: Duration) {
        metrics::counter!("chargewarden_evidence_records_total").increment(records);
        metrics::counter!("chargewarden_evidence_bytes_total").increment(bytes);
        metrics::histogram!("chargewarden_evidence_commit_seconds").record(took);
        metrics::gauge!("chargewarden_evidence_available").set(1.0);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("chargewarden_evidence_entries").set(self.end.frontier.size() as f64);
        let waits = self.queue.take_waits();
        if waits > 0 {
            metrics::counter!("chargewarden_evidence_waits_total").increment(waits);
        }
    }
}

fn now() -> Stamp {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    Stamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
