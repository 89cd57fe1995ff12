//! The buffer between those who append and the thread that writes.
//!
//! Waking a thread costs more than recording a message. So telemetry is laid down in a shared buffer under a short lock,
//! and the writer comes for it by the clock; it is woken only for a record that somebody waits for, for a buffer that fills
//! up, and for the first record after a quiet time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chargewarden_evidence::{Durability, IndexNote, entry};
use tokio::sync::{Notify, oneshot};

use super::AppendError;

/// How long telemetry may wait to be written. A fifth of the second within which it must be durable, to leave time for a
/// slow disk.
pub const SOON_INTERVAL: Duration = Duration::from_millis(200);
/// So many waiting records wake the writer before the interval is over: about 5 MiB, a transaction of some milliseconds.
/// Only a gateway that handles more than 40,000 messages a second comes to it.
pub const SOON_RECORDS: usize = 8192;
/// So many waiting bytes wake the writer before the interval is over.
pub const SOON_BYTES: usize = 8 << 20;
/// The most records that wait, and so the most that one transaction writes: a few seconds of a busy gateway on a disk that
/// stalls.
pub const PENDING_RECORDS_MAX: usize = 32_768;
/// The most bytes that wait.
pub const PENDING_BYTES_MAX: usize = 32 << 20;

/// Records that wait to be written together.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Entries with empty headers.
    pub entries: Vec<u8>,
    pub records: usize,
    /// What is found by search, by place in the group.
    pub index: Vec<(usize, IndexNote)>,
    /// Who waits, by place in the group.
    pub waiting: Vec<(usize, oneshot::Sender<Result<(), AppendError>>)>,
}

impl Group {
    pub(super) fn push(&mut self, record: &[u8], note: Option<IndexNote>) {
        if let Some(note) = note {
            self.index.push((self.records, note));
        }
        entry::reserve(&mut self.entries, |out| out.extend_from_slice(record));
        self.records += 1;
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.records = 0;
        self.index.clear();
        self.waiting.clear();
    }

    /// Takes back what was pushed last, for which nobody waits.
    pub(super) fn truncate(&mut self, records: usize, bytes: usize) {
        self.entries.truncate(bytes);
        self.records = records;
        self.index.retain(|(place, _)| *place < records);
    }

    fn is_full(&self) -> bool {
        self.records >= PENDING_RECORDS_MAX || self.entries.len() >= PENDING_BYTES_MAX
    }

    /// Takes out the records that somebody waits for, and hands back who does.
    pub(super) fn withdraw_waiting(&mut self) -> Vec<oneshot::Sender<Result<(), AppendError>>> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = Self::default();
        let mut index = std::mem::take(&mut self.index).into_iter().peekable();
        let mut withdrawn = waiting.iter().map(|(place, _)| *place).peekable();
        for (place, entry) in entry::read(&self.entries).map_while(Result::ok).enumerate() {
            let note = index.next_if(|(noted, _)| *noted == place).map(|(_, note)| note);
            if withdrawn.next_if_eq(&place).is_none() {
                rest.push(entry.record, note);
            }
        }
        *self = rest;
        waiting.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Puts what `later` holds behind what this one holds. Nobody waits for any of it.
    fn extend(&mut self, later: &Self) {
        self.entries.extend_from_slice(&later.entries);
        self.index.extend(later.index.iter().map(|(place, note)| (place + self.records, note.clone())));
        self.records += later.records;
    }
}

/// What became of a record that was offered.
#[derive(Debug)]
pub(super) enum Offer {
    Taken,
    /// Taken; the answer comes once it is durable.
    Awaited(oneshot::Receiver<Result<(), AppendError>>),
    /// There is no room now.
    Full,
    Refused(AppendError),
}

/// What the writer has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Write the group that was handed over. It is empty only when writing has failed and is to be tried again.
    Write,
    /// Nothing to write, but the time given has come.
    Due,
    /// Closed, and nothing is left to write.
    End,
}

/// What the writer is doing, which tells whether it must be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// Working: it looks again before it waits.
    Busy,
    /// Waiting for the interval to end.
    Dozing,
    /// Waiting for anything at all.
    Asleep,
}

#[derive(Debug)]
struct State {
    pending: Group,
    writer: Writer,
    /// Writing fails: when to try again.
    failing: Option<Instant>,
    refused: u64,
    waits: u64,
    closing: bool,
    ended: bool,
}

/// The shared buffer.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    /// There is room again, or there will never be.
    pub space: Notify,
    /// The writer has ended.
    pub end: Notify,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                pending: Group::default(),
                writer: Writer::Busy,
                failing: None,
                refused: 0,
                waits: 0,
                closing: false,
                ended: false,
            }),
            wake: Condvar::new(),
            space: Notify::new(),
            end: Notify::new(),
        }
    }

    /// Lays a record down. `note` is taken only when the record is.
    pub(super) fn offer(&self, record: &[u8], note: &mut Option<IndexNote>, durability: Durability) -> Offer {
        let mut state = self.lock();
        if state.closing {
            return Offer::Refused(AppendError::Closed);
        }
        let full = state.pending.is_full();
        if state.failing.is_some() && (full || durability == Durability::Before) {
            state.refused += 1;
            return Offer::Refused(AppendError::Unavailable);
        }
        if full {
            state.waits += 1;
            return Offer::Full;
        }
        let place = state.pending.records;
        state.pending.push(record, note.take());
        let (offer, urgent) = match durability {
            Durability::Soon => (Offer::Taken, false),
            Durability::Before => {
                let (answer, answered) = oneshot::channel();
                state.pending.waiting.push((place, answer));
                (Offer::Awaited(answered), true)
            }
        };
        let wanted = match state.writer {
            Writer::Busy => false,
            Writer::Dozing => urgent || state.pending.wants_writing(),
            Writer::Asleep => true,
        };
        if wanted {
            // Once is enough: it looks at everything before it waits again.
            state.writer = Writer::Busy;
            drop(state);
            self.wake.notify_one();
        }
        offer
    }

    /// Waits for something to do; until `due` at most. On [`Task::Write`] the waiting records have been swapped for `group`,
    /// which must be empty.
    pub(super) fn next(&self, group: &mut Group, due: Option<Instant>) -> Task {
        let mut interval_ends = Instant::now() + SOON_INTERVAL;
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let retry_at = state.failing.filter(|_| !state.closing);
            let has_records = state.pending.records > 0;
            let wanted = state.closing || state.pending.wants_writing() || interval_ends <= now;
            // After a failure the next attempt comes by the clock, with nothing but the writer's own record if need be:
            // records that are awaited are refused until one has succeeded.
            if retry_at.map_or(has_records && wanted, |at| at <= now) {
                std::mem::swap(&mut state.pending, group);
                drop(state);
                self.space.notify_waiters();
                return Task::Write;
            }
            if state.closing && !has_records {
                return Task::End;
            }
            if due.is_some_and(|due| due <= now) && retry_at.is_none() {
                return Task::Due;
            }
            // A quiet interval has passed: sleep until somebody comes. Whoever wakes us begins a new interval.
            let quiet = !has_records && interval_ends <= now;
            let (until, writer) = match retry_at {
                // Nothing can be written before: not to be woken by telemetry.
                Some(at) => (Some(at), Writer::Busy),
                None if quiet => (due, Writer::Asleep),
                None => (Some(due.map_or(interval_ends, |due| due.min(interval_ends))), Writer::Dozing),
            };
            state.writer = writer;
            state = match until {
                Some(until) => {
                    let left = until.saturating_duration_since(now);
                    self.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.writer = Writer::Busy;
            if quiet {
                interval_ends = Instant::now() + SOON_INTERVAL;
            }
        }
    }

    /// Writing failed: telemetry of `group` goes back in front of what came meanwhile; whoever waits learns that nothing
    /// was recorded, and so does everybody who comes until writing works again.
    pub(super) fn give_back(&self, group: &mut Group, retry_at: Instant) {
        let mut refused = group.withdraw_waiting();
        {
            let mut state = self.lock();
            refused.extend(state.pending.withdraw_waiting());
            group.extend(&state.pending);
            std::mem::swap(&mut state.pending, group);
            state.failing = Some(retry_at);
            state.refused += refused.len() as u64;
        }
        group.clear();
        for answer in refused {
            let _ = answer.send(Err(AppendError::Unavailable));
        }
        self.space.notify_waiters();
    }

    /// Writing works again.
    pub(super) fn recovered(&self) {
        self.lock().failing = None;
    }

    /// How many records were refused since the last call.
    pub(super) fn take_refused(&self) -> u64 {
        std::mem::take(&mut self.lock().refused)
    }

    /// They have not been accounted for after all.
    pub(super) fn put_back_refused(&self, refused: u64) {
        self.lock().refused += refused;
    }

    /// How often a record had to wait for room since the last call.
    pub(super) fn take_waits(&self) -> u64 {
        std::mem::take(&mut self.lock().waits)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    pub(super) fn is_failing(&self) -> bool {
        let state = self.lock();
        state.failing.is_some() || state.closing
    }

    /// No more records are taken; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_one();
        self.space.notify_waiters();
    }

    /// The writer is gone.
    pub(super) fn ended(&self) {
        let left = {
            let mut state = self.lock();
            state.closing = true;
            state.ended = true;
            std::mem::take(&mut state.pending)
        };
        for (_, answer) in left.waiting {
            let _ = answer.send(Err(AppendError::Closed));
        }
        self.space.notify_waiters();
        self.end.notify_waiters();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    fn wants_writing(&self) -> bool {
        !self.waiting.is_empty() || self.records >= SOON_RECORDS || self.entries.len() >= SOON_BYTES
    }
}
