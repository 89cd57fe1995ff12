//! The embedded store: two SQLite databases in a data directory, one for state and one for evidence.
//!
//! They are apart so that a commit of the one never waits for a commit of the other, and so that the evidence can be copied
//! and handed over by itself.

mod journal;
pub(crate) mod schema;
mod worker;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::directory::{Directory, EVIDENCE_DB, STATE_DB};
use crate::store::{Answer, ENTRIES_MAX, Found, Query, StoredEntry};
use crate::{Marks, Station, StationChange, StationState, Store, StoreError};
use chargewarden_evidence::entry;
pub use journal::SqliteJournal;
pub(crate) use journal::{chunk_from, latest_checkpoint, size};
use worker::Worker;

/// The embedded store.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    state: Worker,
    evidence: Worker,
}

impl SqliteStore {
    /// Opens or makes the databases in `directory`.
    pub fn open(directory: &Directory) -> Result<Self, StoreError> {
        let state_path = directory.file(STATE_DB);
        let state = schema::open(&state_path, &schema::STATE)?;
        let evidence_path = directory.file(EVIDENCE_DB);
        // Makes it, should the writer not have come first.
        drop(schema::open(&evidence_path, &schema::EVIDENCE)?);
        let evidence = schema::open_to_read(&evidence_path, &schema::EVIDENCE)?;
        Ok(Self {
            state: Worker::start("state", &state_path, state, directory)?,
            evidence: Worker::start("evidence-reader", &evidence_path, evidence, directory)?,
        })
    }
}

impl Store for SqliteStore {
    fn stations(&self) -> Answer<'_, Vec<Station>> {
        Box::pin(self.state.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM station ORDER BY id")?;
            let stations = statement.query_map([], |row| from_json(row, 0))?;
            stations.collect()
        }))
    }

    fn station(&self, id: &str) -> Answer<'_, Option<Station>> {
        let id = id.to_owned();
        Box::pin(self.state.run(move |connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM station WHERE id = ?1")?;
            statement.query_row([id], |row| from_json(row, 0)).optional()
        }))
    }

    fn put_station(&self, station: &Station) -> Answer<'_, ()> {
        let (id, body) = (station.id.clone(), to_json(station));
        Box::pin(self.state.run(move |connection| put(connection, &id, &body?)))
    }

    fn remove_station(&self, id: &str) -> Answer<'_, bool> {
        let id = id.to_owned();
        Box::pin(self.state.run(move |connection| remove(connection, &id)))
    }

    fn change_stations(&self, changes: Vec<StationChange>) -> Answer<'_, ()> {
        let changes: Result<Vec<Prepared>, _> = changes.into_iter().map(prepare).collect();
        Box::pin(self.state.run(move |connection| {
            // The transaction around it is shared with others: this part of it is undone alone.
            connection.execute_batch("SAVEPOINT stations")?;
            let changed = changes.and_then(|changes| {
                changes.iter().try_for_each(|(id, body)| match body {
                    Some((true, body)) => {
                        remove(connection, id)?;
                        put(connection, id, body)
                    }
                    Some((false, body)) => put(connection, id, body),
                    None => remove(connection, id).map(drop),
                })
            });
            let end =
                if changed.is_ok() { "RELEASE stations" } else { "ROLLBACK TO stations; RELEASE stations" };
            connection.execute_batch(end)?;
            changed
        }))
    }

    fn marks(&self, station: &str) -> Answer<'_, Option<Marks>> {
        let station = station.to_owned();
        Box::pin(self.state.run(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT body FROM station_marks WHERE station = ?1")?;
            statement.query_row([station], |row| from_json(row, 0)).optional()
        }))
    }

    fn put_marks(&self, station: &str, marks: &Marks) -> Answer<'_, ()> {
        let (station, body) = (station.to_owned(), to_json(marks));
        Box::pin(self.state.run(move |connection| {
            let sql = "INSERT OR REPLACE INTO station_marks (station, body) VALUES (?1, ?2)";
            execute(connection, sql, &[&station, &body?])
        }))
    }

    fn forget_marks(&self, station: &str) -> Answer<'_, ()> {
        let station = station.to_owned();
        Box::pin(self.state.run(move |connection| {
            execute(connection, "DELETE FROM station_marks WHERE station = ?1", &[&station])
        }))
    }

    fn state(&self, station: &str) -> Answer<'_, Option<StationState>> {
        let station = station.to_owned();
        Box::pin(self.state.run(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT version, value FROM station_state WHERE station = ?1")?;
            statement
                .query_row([station], |row| Ok(StationState { version: row.get(0)?, value: row.get(1)? }))
                .optional()
        }))
    }

    fn put_state(&self, station: &str, state: StationState) -> Answer<'_, ()> {
        let station = station.to_owned();
        Box::pin(self.state.run(move |connection| {
            let sql = "INSERT OR REPLACE INTO station_state (station, version, value) VALUES (?1, ?2, ?3)";
            execute(connection, sql, &[&station, &state.version, &state.value])
        }))
    }

    fn setting(&self, name: &str) -> Answer<'_, Option<String>> {
        let name = name.to_owned();
        Box::pin(self.state.run(move |connection| {
            let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            statement.query_row([name], |row| row.get(0)).optional()
        }))
    }

    fn put_setting(&self, name: &str, value: &str) -> Answer<'_, ()> {
        let (name, value) = (name.to_owned(), value.to_owned());
        Box::pin(self.state.run(move |connection| {
            execute(
                connection,
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                &[&name, &value],
            )
        }))
    }

    fn log_size(&self) -> Answer<'_, u64> {
        Box::pin(self.evidence.run(size))
    }

    fn entries(&self, from: u64, limit: usize) -> Answer<'_, Vec<StoredEntry>> {
        Box::pin(self.evidence.run(move |connection| entries(connection, from, limit.min(ENTRIES_MAX))))
    }

    fn find(&self, query: &Query) -> Answer<'_, Vec<Found>> {
        let query = query.clone();
        Box::pin(self.evidence.run(move |connection| find(connection, &query)))
    }

    fn latest_checkpoint(&self) -> Answer<'_, Option<String>> {
        Box::pin(self.evidence.run(latest_checkpoint))
    }
}

/// A station's id and what becomes of it: its body and whether it is new, or nothing.
type Prepared = (String, Option<(bool, String)>);

fn prepare(change: StationChange) -> rusqlite::Result<Prepared> {
    Ok(match change {
        StationChange::Add(station) => {
            let body = to_json(&station)?;
            (station.id, Some((true, body)))
        }
        StationChange::Put(station) => {
            let body = to_json(&station)?;
            (station.id, Some((false, body)))
        }
        StationChange::Remove(id) => (id, None),
    })
}

fn put(connection: &Connection, id: &str, body: &str) -> rusqlite::Result<()> {
    execute(connection, "INSERT OR REPLACE INTO station (id, body) VALUES (?1, ?2)", &[&id, &body])
}

/// Removes a station and what is remembered of it. False when there was none.
fn remove(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    execute(connection, "DELETE FROM station_state WHERE station = ?1", &[&id])?;
    execute(connection, "DELETE FROM station_marks WHERE station = ?1", &[&id])?;
    Ok(connection.prepare_cached("DELETE FROM station WHERE id = ?1")?.execute([id])? > 0)
}

/// Entries from number `from` on, as far as they can be read.
pub(crate) fn entries(
    connection: &Connection,
    from: u64,
    limit: usize,
) -> rusqlite::Result<Vec<StoredEntry>> {
    let (mut found, mut seq) = (Vec::new(), from);
    while found.len() < limit
        && let Some(chunk) = chunk_from(connection, seq)?
    {
        let stored = entry::read(&chunk.entries)
            .map_while(Result::ok)
            .filter(|entry| entry.seq >= from)
            .take(limit - found.len())
            .map(|entry| StoredEntry {
                seq: entry.seq,
                prev: entry.prev,
                hash: entry.hash,
                record: entry.record.to_vec(),
            });
        found.extend(stored);
        seq = chunk.first.saturating_add(chunk.count).max(seq.saturating_add(1));
    }
    Ok(found)
}

fn find(connection: &Connection, query: &Query) -> rusqlite::Result<Vec<Found>> {
    let limit = if query.limit == 0 { ENTRIES_MAX } else { query.limit.min(ENTRIES_MAX) };
    // A station's rows are found by their index; the other conditions are looked at row by row, from the newest on.
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, station, kind, action, verdict, reason FROM notable
         WHERE (?1 IS NULL OR seq < ?1) AND (?2 IS NULL OR station = ?2) AND (?3 IS NULL OR kind = ?3)
           AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR verdict = ?5) AND (?6 IS NULL OR reason = ?6)
         ORDER BY seq DESC LIMIT ?7",
    )?;
    let before = query.before.map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(
        params![before, query.station, query.kind, query.action, query.verdict, query.reason, limit],
        |row| {
            Ok(Found {
                seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                at: row.get(1)?,
                station: row.get(2)?,
                kind: row.get(3)?,
                action: row.get(4)?,
                verdict: row.get(5)?,
                reason: row.get(6)?,
            })
        },
    )?;
    rows.collect()
}

fn execute(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests;
