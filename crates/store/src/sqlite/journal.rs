//! The evidence log in SQLite: one row per group of entries.

use std::path::{Path, PathBuf};

use chargewarden_evidence::{Frontier, Hash};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::schema::{self, EVIDENCE};
use crate::directory::{Directory, EVIDENCE_DB};
use crate::{Chunk, Journal, LogEnd, SignedCheckpoint, StoreError, StoredChunk};

/// The evidence log of a data directory.
#[derive(Debug)]
pub struct SqliteJournal {
    connection: Connection,
    path: PathBuf,
    _directory: Directory,
}

impl SqliteJournal {
    /// Opens or makes the log in `directory`.
    pub fn open(directory: &Directory) -> Result<Self, StoreError> {
        let path = directory.file(EVIDENCE_DB);
        let connection = schema::open(&path, &EVIDENCE)?;
        Ok(Self { connection, path, _directory: directory.clone() })
    }

    /// Allows no more than `pages` in the database, as a full disk would. For tests.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, pages: i64) {
        self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> StoreError + use<'_> {
        |error| StoreError::sqlite(&self.path, error)
    }

    fn end_where(&self, condition: &str, seq: i64) -> Result<Option<LogEnd>, StoreError> {
        let sql = format!(
            "SELECT first, count, head, frontier FROM chunk WHERE {condition} ORDER BY first DESC LIMIT 1"
        );
        let row = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([seq], end_of).optional())
            .map_err(self.failed())?;
        match row {
            None => Ok(None),
            Some(Some(end)) => Ok(Some(end)),
            Some(None) => Err(damaged(&self.path, "the end of a chunk cannot be read")),
        }
    }
}

impl Journal for SqliteJournal {
    fn begin(&mut self, origin: &str, public_key: &str) -> Result<String, StoreError> {
        self.connection
            .execute(
                "INSERT OR IGNORE INTO log (id, origin, public_key) VALUES (1, ?1, ?2)",
                [origin, public_key],
            )
            .and_then(|_| self.connection.query_row("SELECT origin FROM log", [], |row| row.get(0)))
            .map_err(self.failed())
    }

    fn end(&mut self) -> Result<Option<LogEnd>, StoreError> {
        self.end_where("first <= ?1", i64::MAX)
    }

    fn chunk_from(&mut self, seq: u64) -> Result<Option<StoredChunk>, StoreError> {
        chunk_from(&self.connection, seq).map_err(self.failed())
    }

    fn end_before(&mut self, seq: u64) -> Result<Option<LogEnd>, StoreError> {
        self.end_where("first + count <= ?1", integer(seq))
    }

    fn latest_checkpoint(&mut self) -> Result<Option<String>, StoreError> {
        latest_checkpoint(&self.connection).map_err(self.failed())
    }

    fn commit(&mut self, chunk: &Chunk<'_>) -> Result<(), StoreError> {
        let path = &self.path;
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            transaction
                .prepare_cached(
                    "INSERT INTO chunk (first, count, head, frontier, entries) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    integer(chunk.first),
                    integer(chunk.count),
                    chunk.end.head.0,
                    chunk.end.frontier.subtrees().iter().flat_map(|hash| hash.0).collect::<Vec<u8>>(),
                    chunk.entries,
                ])?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO notable (seq, at, station, kind, action, verdict, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for (seq, note) in chunk.index {
                let at = note.at.as_millis();
                insert.execute(params![
                    integer(*seq),
                    at,
                    note.station,
                    note.kind,
                    note.action,
                    note.verdict,
                    note.reason
                ])?;
            }
            drop(insert);
            if let Some(checkpoint) = chunk.checkpoint {
                put_checkpoint(&transaction, checkpoint)?;
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| StoreError::sqlite(path, error))
    }

    fn commit_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), StoreError> {
        put_checkpoint(&self.connection, checkpoint).map_err(self.failed())
    }
}

/// The chunk that holds entry `seq`, or the next one.
pub(crate) fn chunk_from(connection: &Connection, seq: u64) -> rusqlite::Result<Option<StoredChunk>> {
    // The rows are few and narrow enough that both cases are one look-up by key: the last row that begins at or before
    // `seq`, unless it ends before, then the first one behind.
    let mut before = connection.prepare_cached(
        "SELECT first, count, head, frontier, entries FROM chunk WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
    )?;
    let chunk = before.query_row([integer(seq)], stored_chunk).optional()?;
    if let Some(chunk) = chunk
        && chunk.first.saturating_add(chunk.count) > seq
    {
        return Ok(Some(chunk));
    }
    let mut behind = connection.prepare_cached(
        "SELECT first, count, head, frontier, entries FROM chunk WHERE first > ?1 ORDER BY first LIMIT 1",
    )?;
    behind.query_row([integer(seq)], stored_chunk).optional()
}

/// Number of entries according to the last chunk.
pub(crate) fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let size: i64 =
        connection.query_row("SELECT coalesce(max(first + count), 0) FROM chunk", [], |row| row.get(0))?;
    Ok(number(size))
}

pub(crate) fn latest_checkpoint(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", [], |row| row.get(0))
        .optional()
}

fn put_checkpoint(connection: &Connection, checkpoint: &SignedCheckpoint) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO checkpoint (size, note) VALUES (?1, ?2)")?
        .execute(params![integer(checkpoint.size), checkpoint.note])?;
    Ok(())
}

fn stored_chunk(row: &Row<'_>) -> rusqlite::Result<StoredChunk> {
    Ok(StoredChunk {
        first: number(row.get(0)?),
        count: number(row.get(1)?),
        entries: row.get(4)?,
        end: end_of(row)?,
    })
}

/// From the columns first, count, head and frontier. `None` when they do not fit each other.
fn end_of(row: &Row<'_>) -> rusqlite::Result<Option<LogEnd>> {
    let (first, count): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (head, frontier): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
    let (hashes, rest) = frontier.as_chunks::<32>();
    let size = number(first).saturating_add(number(count));
    let frontier = Frontier::from_parts(size, hashes.iter().copied().map(Hash).collect());
    Ok(match (<[u8; 32]>::try_from(head), frontier) {
        (Ok(head), Some(frontier)) if rest.is_empty() => Some(LogEnd { head: Hash(head), frontier }),
        _ => None,
    })
}

fn damaged(path: &Path, detail: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), detail: detail.to_owned() }
}

/// SQLite's integers have a sign. A log of 2^63 entries would take a million years at ten million entries a second.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A negative number can only be there if somebody put it there; as 0 it breaks the sequence, and is found.
fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}
