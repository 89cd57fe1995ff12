//! Reads a log in order and says what is wrong with it.

use std::collections::VecDeque;
use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::entry::{Entry, genesis};
use crate::merkle::Frontier;
use crate::{Hash, NoteKey};

/// The most findings that are kept; further ones are counted. A log with that many has more than a scratch.
pub const FINDINGS_MAX: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entry is not the one that its successor follows: one of the two was changed.
    Changed {
        /// The entry.
        seq: u64,
    },
    /// Entries are missing.
    Dropped {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The entry stands in another place than its own.
    Moved {
        /// The entry.
        seq: u64,
    },
    /// There is more than one entry of this number.
    Duplicated {
        /// The number.
        seq: u64,
    },
    /// What is stored around the entries is not right, or bytes are no entry.
    Stored {
        /// What and where, in the words of whoever read it.
        problem: String,
    },
    /// The log is shorter than a checkpoint says.
    Truncated {
        /// Entries there are.
        held: u64,
        /// Entries there were when the checkpoint was signed.
        signed: u64,
        /// The checkpoint.
        source: String,
    },
    /// The log is not the one of which the checkpoint was signed, though it may be consistent in itself.
    Rewritten {
        /// Entries that an earlier checkpoint confirms.
        after: u64,
        /// Entries that the checkpoint was signed for.
        size: u64,
        /// The checkpoint.
        source: String,
    },
    /// Two checkpoints of this size, both properly signed, have different roots: the key signed two histories.
    Forked {
        /// The size.
        size: u64,
        /// The one.
        source: String,
        /// The other.
        other: String,
    },
    /// A checkpoint of another log.
    OtherLog {
        /// The checkpoint.
        source: String,
        /// The log it is of.
        origin: String,
    },
    /// A checkpoint that does not count: malformed, changed, or signed by another key.
    Checkpoint {
        /// The checkpoint.
        source: String,
        /// What is wrong with it.
        problem: CheckpointError,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq } => {
                write!(f, "entry {seq} was changed, or what its successor says about it")
            }
            Self::Dropped { first, last } if first == last => write!(f, "entry {first} is missing"),
            Self::Dropped { first, last } => write!(f, "entries {first} to {last} are missing"),
            Self::Moved { seq } => write!(f, "entry {seq} stands in the wrong place"),
            Self::Duplicated { seq } => write!(f, "entry {seq} is there more than once"),
            Self::Stored { problem } => f.write_str(problem),
            Self::Truncated { held, signed, source } => {
                write!(f, "the log ends after {held} entries, but {source} was signed for {signed}")
            }
            Self::Rewritten { after, size, source } => write!(
                f,
                "the log is not the one of which {source} was signed: \
                 something in entries {after} to {} was changed",
                size.saturating_sub(1)
            ),
            Self::Forked { size, source, other } => {
                write!(f, "{source} and {other} sign two different histories of {size} entries")
            }
            Self::OtherLog { source, origin } => write!(f, "{source} is of another log, `{origin}`"),
            Self::Checkpoint { source, problem } => write!(f, "{source}: {problem}"),
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Entries read.
    pub entries: u64,
    /// The hash of the last entry; the log's genesis without any.
    pub head: Hash,
    /// The tree over the entries read.
    pub frontier: Frontier,
    /// Checkpoints that the log agrees with.
    pub confirmed: u64,
    /// The largest size that a checkpoint confirms. What comes after is chained, but nobody has signed it.
    pub confirmed_size: u64,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// Findings beyond [`FINDINGS_MAX`].
    pub more_findings: u64,
}

impl Verification {
    /// True when nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.more_findings == 0
    }
}

/// Reads entries in the order in which they are stored. Knows public keys only.
#[derive(Debug)]
pub struct Verifier {
    origin: String,
    frontier: Frontier,
    head: Hash,
    /// The number that the next entry should have.
    next: u64,
    /// Numbers passed over so far.
    gaps: Vec<(u64, u64)>,
    checkpoints: VecDeque<(Checkpoint, String)>,
    read: u64,
    confirmed: u64,
    confirmed_size: u64,
    findings: Vec<Finding>,
    more_findings: u64,
}

impl Verifier {
    /// For the log `origin` from its beginning.
    pub fn new(origin: &str) -> Self {
        Self::resume(origin, Frontier::new(), genesis(origin))
    }

    /// For the log `origin` after as many entries as `frontier` stands for, the last of which has the hash `head`.
    pub fn resume(origin: &str, frontier: Frontier, head: Hash) -> Self {
        Self {
            origin: origin.to_owned(),
            next: frontier.size(),
            frontier,
            head,
            gaps: Vec::new(),
            checkpoints: VecDeque::new(),
            read: 0,
            confirmed: 0,
            confirmed_size: 0,
            findings: Vec::new(),
            more_findings: 0,
        }
    }

    /// Hands in a checkpoint, to be given before the entries; `source` names it in findings. Only what `key` signed counts.
    pub fn checkpoint(&mut self, note: &str, source: &str, key: &NoteKey) {
        let source = source.to_owned();
        let checkpoint = match Checkpoint::open(note, key) {
            Ok(checkpoint) => checkpoint,
            Err(problem) => return self.found(Finding::Checkpoint { source, problem }),
        };
        if checkpoint.origin != self.origin {
            return self.found(Finding::OtherLog { source, origin: checkpoint.origin });
        }
        let place = self.checkpoints.partition_point(|(other, _)| other.size < checkpoint.size);
        let same_size =
            self.checkpoints.range(place..).take_while(|(other, _)| other.size == checkpoint.size);
        let fork = same_size
            .filter(|(other, _)| other.root != checkpoint.root)
            .map(|(_, other)| other.clone())
            .next();
        if let Some(other) = fork {
            self.found(Finding::Forked { size: checkpoint.size, source: source.clone(), other });
        }
        self.checkpoints.insert(place, (checkpoint, source));
    }

    /// The next entry as stored.
    pub fn entry(&mut self, entry: &Entry<'_>) {
        self.compare_checkpoints();
        self.read += 1;
        if entry.seq < self.next {
            return self.out_of_order(entry.seq);
        }
        if entry.seq > self.next {
            self.gaps.push((self.next, entry.seq - 1));
        } else if entry.prev != self.head {
            // Before entry 0 there is nothing to be changed but entry 0 itself, which names another log.
            self.found(Finding::Changed { seq: entry.seq.saturating_sub(1) });
        }
        self.head = entry.hash;
        self.next = entry.seq.saturating_add(1);
        self.frontier.push(entry.hash);
    }

    /// What is stored at this place is not right: bytes that are no entry, or a row that does not fit. `problem` says what.
    pub fn stored(&mut self, problem: String) {
        self.found(Finding::Stored { problem });
    }

    /// The tree over the entries handed in so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// True while nothing has been found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// All entries have been handed in. `end` is what the store itself says about where the log ends: number of entries and
    /// hash of the last. It finds a change of the very last entry, which has no successor.
    pub fn finish(mut self, end: Option<(u64, Hash)>) -> Verification {
        self.compare_checkpoints();
        for (first, last) in std::mem::take(&mut self.gaps) {
            self.found(Finding::Dropped { first, last });
        }
        match end {
            Some((size, _)) if size > self.next => {
                self.found(Finding::Dropped { first: self.next, last: size - 1 });
            }
            Some((size, head)) if size != self.next || head != self.head => {
                self.found(Finding::Changed { seq: self.next.saturating_sub(1) });
            }
            Some(_) | None => {}
        }
        for (checkpoint, source) in std::mem::take(&mut self.checkpoints) {
            // With entries missing in between, the tree says nothing; that they are missing has been said.
            if checkpoint.size > self.next {
                self.found(Finding::Truncated { held: self.next, signed: checkpoint.size, source });
            }
        }
        Verification {
            entries: self.read,
            head: self.head,
            frontier: self.frontier,
            confirmed: self.confirmed,
            confirmed_size: self.confirmed_size,
            findings: self.findings,
            more_findings: self.more_findings,
        }
    }

    fn out_of_order(&mut self, seq: u64) {
        let Some(index) = self.gaps.iter().position(|(first, last)| (*first..=*last).contains(&seq)) else {
            return self.found(Finding::Duplicated { seq });
        };
        let (first, last) = self.gaps.remove(index);
        if seq < last {
            self.gaps.insert(index, (seq + 1, last));
        }
        if first < seq {
            self.gaps.insert(index, (first, seq - 1));
        }
        self.found(Finding::Moved { seq });
    }

    fn compare_checkpoints(&mut self) {
        let next = self.next;
        while self.checkpoints.front().is_some_and(|(checkpoint, _)| checkpoint.size <= next) {
            let Some((checkpoint, source)) = self.checkpoints.pop_front() else { return };
            // Smaller: resumed behind it. Otherwise a gap has moved the leaves and the tree says nothing.
            if checkpoint.size < next || self.frontier.size() != next {
                continue;
            }
            if self.frontier.root() == checkpoint.root {
                self.confirmed += 1;
                self.confirmed_size = checkpoint.size;
            } else {
                let after = self.confirmed_size;
                self.found(Finding::Rewritten { after, size: checkpoint.size, source });
            }
        }
    }

    fn found(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}
