//! The tables, and how an older database becomes a current one.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::{StoreError, durable_file};

/// How long to wait for a reader that is in the way. There is never another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page size in bytes. Groups of entries fill many pages, and each page is a system call or two: against 4 KiB, telemetry
/// costs a fifth less and twice as much can be written; against 64 KiB, a single record commits in two thirds of the time.
const PAGE_BYTES: i64 = 16_384;
/// Size of the write-ahead log, in pages (16 MiB), at which it is copied into the database: rarely enough not to be noticed,
/// and not more than a restart reads in a moment.
const WAL_PAGES: i64 = 1024;

/// The tables of one database, as the steps that lead to them. A step that has been released is never changed.
pub(crate) struct Schema {
    /// Written into the file's header: tells our databases from others and from each other.
    application_id: i64,
    steps: &'static [&'static str],
}

pub(crate) const STATE: Schema = Schema {
    application_id: 0x4357_5354, // "CWST"
    steps: &[
        "
        CREATE TABLE station (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE station_state (
            station TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    ",
        "
        CREATE TABLE station_marks (station TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    ",
    ],
};

pub(crate) const EVIDENCE: Schema = Schema {
    application_id: 0x4357_4556, // "CWEV"
    steps: &["
        CREATE TABLE log (id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, public_key TEXT NOT NULL) STRICT;
        -- One row per group commit. The entries come last: they fill overflow pages, which the other columns do not need.
        CREATE TABLE chunk (
            first INTEGER PRIMARY KEY, count INTEGER NOT NULL, head BLOB NOT NULL, frontier BLOB NOT NULL,
            entries BLOB NOT NULL
        ) STRICT;
        CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
        -- Only what is not routine. For finding entries; the entries are the evidence.
        CREATE TABLE notable (
            seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, station TEXT NOT NULL, kind TEXT NOT NULL,
            action TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL
        ) STRICT;
        CREATE INDEX notable_by_station ON notable (station, seq);
    "],
};

/// Opens a database for writing, making or upgrading it as needed.
pub(crate) fn open(path: &Path, schema: &Schema) -> Result<Connection, StoreError> {
    if !path.exists() {
        // SQLite would take the usual mode; its own files take the mode of this one.
        durable_file::create_secret(path, b"").map_err(|error| StoreError::io(path, &error))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| StoreError::sqlite(path, error);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // Heeded while the database is empty.
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let detail = format!("its file system allows no write-ahead log (journal mode `{mode}`)");
        return Err(StoreError::Damaged { path: path.to_owned(), detail });
    }
    // FULL: a commit is on disk when it returns.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", WAL_PAGES, |_| Ok(())).map_err(failed)?;
    migrate(&mut connection, path, schema)?;
    Ok(connection)
}

/// Opens a database for reading, whether a service writes it at the moment or not.
pub(crate) fn open_to_read(path: &Path, schema: &Schema) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::sqlite(path, error);
    if let Err(error) = std::fs::metadata(path) {
        return Err(StoreError::io(path, &error));
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    match version(&connection, path, schema) {
        Err(StoreError::Unavailable { .. }) => {}
        Err(error) => return Err(error),
        Ok(_) => return Ok(connection),
    }
    // A copy without its write-ahead log in a directory where we may not write: nobody else writes it either.
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let connection =
        Connection::open_with_flags(format!("file:{text}?immutable=1"), flags).map_err(failed)?;
    version(&connection, path, schema)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path, schema: &Schema) -> Result<(), StoreError> {
    let version = version(connection, path, schema)?;
    let failed = |error| StoreError::sqlite(path, error);
    let steps = schema.steps.get(version..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(failed)?;
    transaction.pragma_update(None, "application_id", schema.application_id).map_err(failed)?;
    transaction
        .execute_batch("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT")
        .map_err(failed)?;
    for (index, step) in steps.iter().enumerate() {
        transaction.execute_batch(step).map_err(failed)?;
        let reached = i64::try_from(version + index + 1).unwrap_or(i64::MAX);
        transaction.execute("INSERT INTO schema_version (version) VALUES (?1)", [reached]).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// How many steps the database has taken; 0 when it is empty.
fn version(connection: &Connection, path: &Path, schema: &Schema) -> Result<usize, StoreError> {
    let failed = |error| StoreError::sqlite(path, error);
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let any: Option<String> = connection
        .query_row("SELECT name FROM sqlite_schema LIMIT 1", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    if any.is_none() && id == 0 {
        return Ok(0);
    }
    if id != schema.application_id {
        let detail = "it is a database of something else".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), detail });
    }
    let found: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(failed)?;
    let known = schema.steps.len();
    match usize::try_from(found) {
        Ok(found) if found <= known => Ok(found),
        _ => {
            let known = i64::try_from(known).unwrap_or(i64::MAX);
            Err(StoreError::Newer { path: path.to_owned(), found, known })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_and_opens_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state.db");
        drop(open(&path, &STATE).unwrap());
        let connection = open(&path, &STATE).unwrap();
        assert_eq!(version(&connection, &path, &STATE).unwrap(), STATE.steps.len());
        drop(connection);
        assert!(open_to_read(&path, &STATE).is_ok());
    }

    #[test]
    fn a_newer_or_foreign_database_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state.db");
        let connection = open(&path, &STATE).unwrap();
        let error = open(&path, &EVIDENCE).unwrap_err().to_string();
        assert!(error.contains("it is a database of something else"), "{error}");
        connection.execute("INSERT INTO schema_version (version) VALUES (99)", []).unwrap();
        let error = open(&path, &STATE).unwrap_err().to_string();
        assert!(
            error.contains("has schema version 99, this program knows 2; run the newer program"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_database_says_so() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state.db");
        std::fs::write(
            &path,
            "a text that is long enough to be looked at as the header of a database file, and is none",
        )
        .unwrap();
        assert!(matches!(open(&path, &STATE), Err(StoreError::Damaged { .. })));
        let error = open_to_read(&place.path().join("none.db"), &STATE).unwrap_err().to_string();
        assert!(error.contains("none.db` is unavailable: No such file"), "{error}");
    }
}
