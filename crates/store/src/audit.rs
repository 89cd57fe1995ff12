//! Looking at an evidence log from outside: verify it, show an entry, export. Works on the file alone, with public keys
//! only, while a service writes the log or not.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chargewarden_evidence::{Hash, NoteKey, Record, Verification, Verifier, entry};
use rusqlite::{Connection, OptionalExtension};

use crate::directory::{CHECKPOINT_FILE, EVIDENCE_DB};
use crate::sqlite::schema::{self, EVIDENCE};
use crate::sqlite::{chunk_from, entries};
use crate::{StoreError, StoredEntry};

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The database.
    pub path: PathBuf,
    /// The log's name.
    pub origin: String,
    /// The public key that checkpoints were held against.
    pub key: NoteKey,
    /// True when the key was given from outside. A key out of the log itself shows that the log is consistent, not that it
    /// is the service's: whoever can replace the log can replace that key.
    pub key_is_given: bool,
    /// What was found.
    pub verification: Verification,
    /// Checkpoints that were held against the log.
    pub checkpoints: u64,
}

impl Report {
    /// True when nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.verification.is_clean()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.verification;
        writeln!(f, "log          {} in {}", self.origin, self.path.display())?;
        writeln!(f, "entries      {}", found.entries)?;
        writeln!(f, "root         {}", found.frontier.root())?;
        writeln!(f, "key          {}", self.key)?;
        if !self.key_is_given {
            writeln!(f, "             from the log itself: give the key you hold to know whose log this is")?;
        }
        writeln!(f, "checkpoints  {} of {} agree", found.confirmed, self.checkpoints)?;
        let unsigned = found.entries.saturating_sub(found.confirmed_size);
        writeln!(f, "signed for   {} entries; {unsigned} after that are chained only", found.confirmed_size)?;
        for finding in &found.findings {
            writeln!(f, "WRONG        {finding}")?;
        }
        if found.more_findings > 0 {
            writeln!(f, "WRONG        {} more findings", found.more_findings)?;
        }
        write!(
            f,
            "verdict      {}",
            if self.is_clean() { "nothing wrong was found" } else { "this log cannot be relied on" }
        )
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A checkpoint file cannot be read.
    #[error("checkpoint `{}`: {source}", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is read cannot be written out.
    #[error("the export cannot be written: {0}")]
    Export(io::Error),
    /// The log was never begun.
    #[error("`{}` holds no evidence log yet", .path.display())]
    Empty {
        /// The database.
        path: PathBuf,
    },
}

/// Verifies a log: `path` is a data directory or the database in it.
///
/// Held against the log are all checkpoints in it, the checkpoint file beside it, and `checkpoint_file`, one kept
/// elsewhere: only the last tells when somebody with the whole directory has cut the log off. `key` is the public key the
/// verifier holds; without it, the one in the log is taken, and the report says so.
pub fn verify_log(
    path: &Path,
    key: Option<&NoteKey>,
    checkpoint_file: Option<&Path>,
) -> Result<Report, AuditError> {
    // Read before the log, which only grows.
    let mut notes = Vec::new();
    if let Some(given) = checkpoint_file {
        notes.push((
            given.to_owned(),
            read_note(given).map_err(|source| AuditError::Checkpoint { path: given.to_owned(), source })?,
        ));
    }
    let path = database(path);
    let beside = path.with_file_name(CHECKPOINT_FILE);
    match read_note(&beside) {
        Ok(note) => notes.push((beside, note)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(AuditError::Checkpoint { path: beside, source }),
    }

    let connection = schema::open_to_read(&path, &EVIDENCE)?;
    let failed = |error| StoreError::sqlite(&path, error);
    // One transaction: the log as it is at this moment, however much is appended meanwhile.
    connection.execute_batch("BEGIN").map_err(failed)?;
    let (origin, own_key) = identity(&connection, &path)?;
    let key_is_given = key.is_some();
    let key = match key {
        Some(key) => key.clone(),
        None => NoteKey::parse(&own_key).map_err(StoreError::from)?,
    };

    let mut verifier = Verifier::new(&origin);
    let mut checkpoints = 0;
    let mut hold_against = |verifier: &mut Verifier, note: &str, source: &str| {
        checkpoints += 1;
        verifier.checkpoint(note, source, &key);
    };
    for (path, note) in &notes {
        hold_against(&mut verifier, note, &format!("checkpoint `{}`", path.display()));
    }
    let mut stored = connection.prepare("SELECT size, note FROM checkpoint ORDER BY size").map_err(failed)?;
    let mut rows = stored.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (size, note): (i64, String) =
            row.get(0).and_then(|size| Ok((size, row.get(1)?))).map_err(failed)?;
        hold_against(&mut verifier, &note, &format!("the stored checkpoint of {size} entries"));
    }

    let verification = read_all(&connection, &path, verifier)?;
    Ok(Report { path, origin, key, key_is_given, verification, checkpoints })
}

/// Entry number `seq` of a log, when it is there and can be read. Not verified.
pub fn show(path: &Path, seq: u64) -> Result<Option<StoredEntry>, AuditError> {
    let path = database(path);
    let connection = schema::open_to_read(&path, &EVIDENCE)?;
    let found = entries(&connection, seq, 1).map_err(|error| StoreError::sqlite(&path, error))?;
    Ok(found.into_iter().find(|entry| entry.seq == seq))
}

/// A log opened to read its security events, in order and as often as one likes: beside a running service or on a copy.
#[derive(Debug)]
pub struct SecurityEvents {
    connection: Connection,
    path: PathBuf,
}

impl SecurityEvents {
    /// Entries that are read at once, at most.
    pub const BATCH: usize = 500;

    /// Opens the log: `path` is a data directory or the database in it.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let path = database(path);
        let connection = schema::open_to_read(&path, &EVIDENCE)?;
        Ok(Self { connection, path })
    }

    /// The next security events behind entry number `after`, or from the first on: at most [`SecurityEvents::BATCH`],
    /// none when there are no more yet. Found by the index that is written with the entries. Not verified.
    pub fn behind(&self, after: Option<u64>) -> Result<Vec<StoredEntry>, AuditError> {
        let failed = |error| StoreError::sqlite(&self.path, error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq FROM notable WHERE seq > ?1 AND kind = 'security' ORDER BY seq LIMIT ?2",
            )
            .map_err(failed)?;
        let after = after.map_or(-1, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let batch = i64::try_from(Self::BATCH).unwrap_or(i64::MAX);
        let seqs: Vec<i64> = statement
            .query_map([after, batch], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(failed)?;
        let mut found: Vec<StoredEntry> = Vec::with_capacity(seqs.len());
        // Events come in clusters: those of one chunk are read together.
        let mut chunk: Vec<StoredEntry> = Vec::new();
        for seq in seqs.into_iter().filter_map(|seq| u64::try_from(seq).ok()) {
            if chunk.last().is_none_or(|last| last.seq < seq) {
                chunk = chunk_from(&self.connection, seq).map_err(failed)?.map_or_else(Vec::new, |stored| {
                    entry::read(&stored.entries).map_while(Result::ok).map(stored_entry).collect()
                });
            }
            let Some(entry) = chunk.iter().find(|entry| entry.seq == seq) else {
                let detail = format!("entry {seq} is in the index and cannot be read");
                return Err(StoreError::Damaged { path: self.path.clone(), detail }.into());
            };
            found.push(entry.clone());
        }
        Ok(found)
    }
}

fn stored_entry(entry: entry::Entry<'_>) -> StoredEntry {
    StoredEntry { seq: entry.seq, prev: entry.prev, hash: entry.hash, record: entry.record.to_vec() }
}

/// Writes entries from number `from` on as lines of JSON: `{"seq":…,"prev":"…","hash":"…","record":{…}}`, each record in
/// its canonical bytes. Returns how many. Not verified.
pub fn export(path: &Path, from: u64, out: &mut dyn Write) -> Result<u64, AuditError> {
    let path = database(path);
    let connection = schema::open_to_read(&path, &EVIDENCE)?;
    let failed = |error| StoreError::sqlite(&path, error);
    connection.execute_batch("BEGIN").map_err(failed)?;
    let (mut seq, mut count) = (from, 0);
    while let Some(chunk) = chunk_from(&connection, seq).map_err(failed)? {
        for entry in entry::read(&chunk.entries).map_while(Result::ok).filter(|entry| entry.seq >= from) {
            write!(
                out,
                "{{\"seq\":{},\"prev\":\"{}\",\"hash\":\"{}\",\"record\":",
                entry.seq, entry.prev, entry.hash
            )
            .and_then(|()| write_record(out, entry.record))
            .and_then(|()| out.write_all(b"}\n"))
            .map_err(AuditError::Export)?;
            count += 1;
        }
        seq = chunk.first.saturating_add(chunk.count).max(seq.saturating_add(1));
    }
    out.flush().map_err(AuditError::Export)?;
    Ok(count)
}

/// A record as it is; what is not one, as a text that cannot disturb the line.
fn write_record(out: &mut dyn Write, record: &[u8]) -> io::Result<()> {
    if Record::parse(record).is_ok() && record.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return out.write_all(record);
    }
    let text: String = record.escape_ascii().to_string();
    write!(out, "{}", serde_json::Value::String(text))
}

fn read_all(
    connection: &Connection,
    path: &Path,
    mut verifier: Verifier,
) -> Result<Verification, StoreError> {
    let failed = |error| StoreError::sqlite(path, error);
    let mut statement = connection
        .prepare("SELECT first, count, head, entries, frontier FROM chunk ORDER BY first")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut end = None;
    while let Some(row) = rows.next().map_err(failed)? {
        let first: i64 = row.get(0).map_err(failed)?;
        let place = format!("the chunk at entry {first}");
        // Whatever somebody has put there: what has not the right type cannot be read.
        let (Ok(count), Ok(head), Ok(bytes), Ok(frontier)) =
            (row.get(1), row.get(2).map(Hash), row.get::<_, Vec<u8>>(3), row.get::<_, Vec<u8>>(4))
        else {
            verifier.stored(format!("{place} cannot be read"));
            continue;
        };
        let (mut held, mut numbered) = (0, true);
        for read in entry::read(&bytes) {
            match read {
                Ok(entry) => {
                    numbered &= held > 0 || i64::try_from(entry.seq) == Ok(first);
                    held += 1;
                    verifier.entry(&entry);
                }
                Err(problem) => verifier.stored(format!("{place}: {problem}")),
            }
        }
        if held != count || !numbered {
            verifier.stored(format!("{place} holds {held} entries, its row says {count} from {first} on"));
        }
        // Not evidence, but what the service would continue from.
        let tree = verifier.frontier().subtrees().iter().flat_map(|hash| hash.0);
        if verifier.is_clean() && !tree.eq(frontier) {
            verifier.stored(format!("the tree stored with {place} is not that of the entries"));
        }
        end = u64::try_from(first.saturating_add(count)).ok().map(|size| (size, head));
    }
    Ok(verifier.finish(end))
}

fn identity(connection: &Connection, path: &Path) -> Result<(String, String), AuditError> {
    connection
        .query_row("SELECT origin, public_key FROM log", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(|error| StoreError::sqlite(path, error))?
        .ok_or_else(|| AuditError::Empty { path: path.to_owned() })
}

fn database(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(EVIDENCE_DB) } else { path.to_owned() }
}

fn read_note(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}
