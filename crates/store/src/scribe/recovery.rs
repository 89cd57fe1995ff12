//! Finds the end of a log and verifies all that nobody has signed yet.

use std::path::Path;

use chargewarden_evidence::entry::{self, genesis};
use chargewarden_evidence::{Checkpoint, CheckpointError, Finding, Frontier, NoteKey, Verifier};

use crate::journal::{LogEnd, StoredChunk};
use crate::{Journal, StoreError};

/// Where writing continues.
#[derive(Debug)]
pub(super) struct Start {
    pub end: LogEnd,
    /// The largest size that has been signed for.
    pub signed: u64,
}

/// Verifies from the chunk with the last signed entry to the end of the log: the signed root vouches for all before it.
pub(super) fn recover(
    journal: &mut impl Journal,
    key: &NoteKey,
    checkpoint_file: Option<&Path>,
) -> Result<Start, StoreError> {
    let origin = journal.begin(key.name(), &key.to_string())?;
    if origin != key.name() {
        return Err(StoreError::OtherLog { expected: key.name().to_owned(), found: origin });
    }
    let notes = notes(journal, checkpoint_file)?;
    let mut signed = 0;
    for (note, source) in &notes {
        signed = signed.max(open(note, source, key)?.size);
    }

    let mut seq = signed.saturating_sub(1);
    let before = journal
        .end_before(seq)?
        .unwrap_or_else(|| LogEnd { head: genesis(&origin), frontier: Frontier::new() });
    let mut verifier = Verifier::resume(&origin, before.frontier.clone(), before.head);
    for (note, source) in &notes {
        verifier.checkpoint(note, source, key);
    }
    seq = before.frontier.size();
    let mut end = before;
    while let Some(chunk) = journal.chunk_from(seq)? {
        read(&chunk, &mut verifier);
        // Advances by at least one entry whatever a broken row says.
        seq = chunk.first.saturating_add(chunk.count).max(seq + 1);
        match chunk.end {
            Some(stored) => end = stored,
            None => verifier
                .stored(format!("the end stored with the chunk at entry {} cannot be read", chunk.first)),
        }
    }
    let verification = verifier.finish(Some((end.frontier.size(), end.head)));
    if let Some(finding) = verification.findings.into_iter().next() {
        return Err(StoreError::Tampered { finding });
    }
    let end = LogEnd { head: verification.head, frontier: verification.frontier };
    Ok(Start { end, signed })
}

fn read(chunk: &StoredChunk, verifier: &mut Verifier) {
    for read in entry::read(&chunk.entries) {
        match read {
            Ok(entry) => verifier.entry(&entry),
            Err(problem) => verifier.stored(format!("the chunk at entry {}: {problem}", chunk.first)),
        }
    }
}

fn notes(
    journal: &mut impl Journal,
    checkpoint_file: Option<&Path>,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut notes = Vec::new();
    if let Some(note) = journal.latest_checkpoint()? {
        notes.push((note, "the last checkpoint in the database".to_owned()));
    }
    if let Some(path) = checkpoint_file {
        match std::fs::read_to_string(path) {
            Ok(note) => notes.push((note, format!("checkpoint `{}`", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io(path, &error)),
        }
    }
    Ok(notes)
}

fn open(note: &str, source: &str, key: &NoteKey) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(note, key).map_err(|problem: CheckpointError| StoreError::Tampered {
        finding: Finding::Checkpoint { source: source.to_owned(), problem },
    })
}
