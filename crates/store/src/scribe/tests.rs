use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use chargewarden_evidence::{Event, Inventory, Stamp};

use super::*;
use crate::directory::{CHECKPOINT_FILE, EVIDENCE_DB};
use crate::{
    Chunk, Directory, LogEnd, Query, SignedCheckpoint, SqliteJournal, SqliteStore, Store, StoredChunk, audit,
};

fn record(number: usize) -> Record {
    let event = Event::Inventory(Inventory {
        change: "added".into(),
        station: format!("CS-{number}"),
        by: "inventory-file".into(),
        detail: String::new(),
    });
    Record { at: Stamp::from_millis(0), event }
}

fn open_with<J: Journal>(path: &Path, wrap: impl FnOnce(SqliteJournal) -> J) -> Result<Scribe, StoreError> {
    let directory = Directory::open(path)?;
    let signer = directory.checkpoint_key("cso.example/evidence", &[1; 32])?;
    let journal = wrap(SqliteJournal::open(&directory)?);
    Scribe::open(journal, signer, Some(directory.file(CHECKPOINT_FILE)))
}

fn open(path: &Path) -> Result<Scribe, StoreError> {
    open_with(path, |journal| journal)
}

/// Nobody is told when a log that was merely dropped has been closed.
async fn wait_until_free(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(StoreError::InUse { .. }) = Directory::open(path) {
        assert!(Instant::now() < deadline, "the directory stays locked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The stations of all entries, in order.
fn stations(path: &Path) -> Vec<String> {
    let mut out = Vec::new();
    audit::export(path, 0, &mut out).unwrap();
    String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let record = line["record"].as_object().unwrap();
            match record.get("inventory") {
                Some(inventory) => inventory["station"].as_str().unwrap().to_owned(),
                None => format!("gap of {}", record["gap"]["refused"]),
            }
        })
        .collect()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("CS-{number}")).collect()
}

#[tokio::test]
async fn a_record_awaited_is_on_disk() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open(place.path()).unwrap();
    for number in 0..5 {
        scribe.append(&record(number), Durability::Before).await.unwrap();
        assert_eq!(stations(place.path()).len(), number + 1);
    }
    assert!(audit::verify_log(place.path(), None, None).unwrap().is_clean());
}

#[tokio::test]
async fn telemetry_is_on_disk_soon_without_anybody_waiting() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open(place.path()).unwrap();
    for round in 1..=2 {
        scribe.append(&record(0), Durability::Soon).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while stations(place.path()).len() < round {
            assert!(Instant::now() < deadline, "not written in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Let the writer fall asleep: the next record must wake it.
        tokio::time::sleep(SOON_INTERVAL * 2).await;
    }
}

#[tokio::test]
async fn records_keep_their_order_and_the_log_continues_after_restarts() {
    let place = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let scribe = open(place.path()).unwrap();
        for number in run * 100..(run + 1) * 100 {
            let durability = if number % 17 == 0 { Durability::Before } else { Durability::Soon };
            scribe.append(&record(number), durability).await.unwrap();
        }
        if run == 1 {
            drop(scribe);
            wait_until_free(place.path()).await;
        } else {
            scribe.close().await;
            assert_eq!(scribe.append(&record(0), Durability::Soon).await, Err(AppendError::Closed));
            assert!(!scribe.is_available());
        }
    }
    assert_eq!(stations(place.path()), numbered(0..300));
    let report = audit::verify_log(place.path(), None, Some(&place.path().join(CHECKPOINT_FILE))).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.verification.entries, report.verification.confirmed_size), (300, 300));
}

#[tokio::test]
async fn what_is_not_routine_is_found_by_search() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open(place.path()).unwrap();
    assert!(matches!(Directory::open(place.path()), Err(StoreError::InUse { .. })));
    scribe.append(&record(7), Durability::Soon).await.unwrap();
    scribe.close().await;
    let store = SqliteStore::open(&Directory::open(place.path()).unwrap()).unwrap();
    let found = store.find(&Query { station: Some("CS-7".to_owned()), ..Query::default() }).await.unwrap();
    assert_eq!(
        found.iter().map(|found| (found.seq, found.action.as_str())).collect::<Vec<_>>(),
        [(0, "added")]
    );
}

#[tokio::test]
async fn many_sessions_share_commits() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open(place.path()).unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let scribe = scribe.clone();
            tokio::spawn(async move { scribe.append(&record(number), Durability::Before).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    scribe.close().await;
    let connection = rusqlite::Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    let chunks: i64 = connection.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0)).unwrap();
    assert!(chunks < 100, "{chunks} commits for 200 records");
}

/// A journal whose commits fail, or wait, as long as somebody says so.
struct Moody {
    inner: SqliteJournal,
    mood: Arc<Mood>,
}

#[derive(Default)]
struct Mood {
    fails: AtomicBool,
    blocks: Mutex<bool>,
    unblocked: Condvar,
}

impl Journal for Moody {
    fn begin(&mut self, origin: &str, public_key: &str) -> Result<String, StoreError> {
        self.inner.begin(origin, public_key)
    }
    fn end(&mut self) -> Result<Option<LogEnd>, StoreError> {
        self.inner.end()
    }
    fn chunk_from(&mut self, seq: u64) -> Result<Option<StoredChunk>, StoreError> {
        self.inner.chunk_from(seq)
    }
    fn end_before(&mut self, seq: u64) -> Result<Option<LogEnd>, StoreError> {
        self.inner.end_before(seq)
    }
    fn latest_checkpoint(&mut self) -> Result<Option<String>, StoreError> {
        self.inner.latest_checkpoint()
    }
    fn commit(&mut self, chunk: &Chunk<'_>) -> Result<(), StoreError> {
        let blocks = self.mood.blocks.lock().unwrap();
        drop(self.mood.unblocked.wait_while(blocks, |blocks| *blocks).unwrap());
        if self.mood.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable { path: "test".into(), detail: "no mood".to_owned() });
        }
        self.inner.commit(chunk)
    }
    fn commit_checkpoint(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), StoreError> {
        self.inner.commit_checkpoint(checkpoint)
    }
}

#[tokio::test]
async fn while_writing_fails_telemetry_is_kept_and_the_rest_refused() {
    let place = tempfile::tempdir().unwrap();
    let mood = Arc::new(Mood::default());
    let scribe = open_with(place.path(), |inner| Moody { inner, mood: Arc::clone(&mood) }).unwrap();
    scribe.append(&record(0), Durability::Before).await.unwrap();

    mood.fails.store(true, Ordering::SeqCst);
    scribe.append(&record(1), Durability::Soon).await.unwrap();
    assert_eq!(scribe.append(&record(90), Durability::Before).await, Err(AppendError::Unavailable));
    assert!(!scribe.is_available());
    scribe.append(&record(2), Durability::Soon).await.unwrap();
    assert_eq!(scribe.append(&record(91), Durability::Before).await, Err(AppendError::Unavailable));

    mood.fails.store(false, Ordering::SeqCst);
    wait_until_available(&scribe).await;
    scribe.append(&record(3), Durability::Before).await.unwrap();
    scribe.close().await;
    assert_eq!(stations(place.path()), ["CS-0", "CS-1", "CS-2", "gap of 2", "CS-3"]);
    assert!(audit::verify_log(place.path(), None, None).unwrap().is_clean());
}

#[tokio::test]
async fn writing_is_tried_again_even_when_nothing_waits() {
    let place = tempfile::tempdir().unwrap();
    let mood = Arc::new(Mood::default());
    let scribe = open_with(place.path(), |inner| Moody { inner, mood: Arc::clone(&mood) }).unwrap();
    mood.fails.store(true, Ordering::SeqCst);
    assert_eq!(scribe.append(&record(90), Durability::Before).await, Err(AppendError::Unavailable));
    tokio::time::sleep(RETRY_INTERVAL * 2).await;
    assert_eq!(scribe.append(&record(91), Durability::Before).await, Err(AppendError::Unavailable));
    mood.fails.store(false, Ordering::SeqCst);
    wait_until_available(&scribe).await;
    scribe.append(&record(0), Durability::Before).await.unwrap();
    scribe.close().await;
    assert_eq!(stations(place.path()), ["gap of 2", "CS-0"]);
}

async fn wait_until_available(scribe: &Scribe) {
    let deadline = Instant::now() + RETRY_INTERVAL * 10;
    while !scribe.is_available() {
        assert!(Instant::now() < deadline, "never came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_until_there_is_room() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open_with(place.path(), |journal| {
        journal.limit_pages(40);
        journal
    })
    .unwrap();
    let mut refused = None;
    for number in 0..400 {
        let mut record = record(number);
        let Event::Inventory(inventory) = &mut record.event else { panic!("inventory") };
        inventory.detail = "x".repeat(1000);
        if let Err(error) = scribe.append(&record, Durability::Before).await {
            refused = Some((number, error));
            break;
        }
    }
    let (written, error) = refused.expect("the disk never filled up");
    assert_eq!(error, AppendError::Unavailable);
    assert_eq!(stations(place.path()), numbered(0..written));
    scribe.close().await;
    // With room again the log goes on where it was.
    let scribe = open(place.path()).unwrap();
    scribe.append(&record(written), Durability::Before).await.unwrap();
    assert_eq!(stations(place.path()), numbered(0..written + 1));
}

#[tokio::test]
async fn a_full_buffer_makes_telemetry_wait_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mood = Arc::new(Mood::default());
    *mood.blocks.lock().unwrap() = true;
    let scribe = open_with(place.path(), |inner| Moody { inner, mood: Arc::clone(&mood) }).unwrap();
    let total = 2 * PENDING_RECORDS_MAX + 1000;
    let appending = tokio::spawn({
        let scribe = scribe.clone();
        async move {
            for number in 0..total {
                scribe.append(&record(number), Durability::Soon).await.unwrap();
            }
        }
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    // One group is with the writer, one fills up the buffer, and then whoever appends waits.
    while scribe.handle.queue.take_waits() == 0 {
        assert!(Instant::now() < deadline, "nobody ever waited");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!appending.is_finished());
    *mood.blocks.lock().unwrap() = false;
    mood.unblocked.notify_all();
    appending.await.unwrap();
    scribe.close().await;
    let report = audit::verify_log(place.path(), None, None).unwrap();
    assert_eq!((report.is_clean(), report.verification.entries), (true, total as u64));
}

#[tokio::test]
async fn a_record_that_is_too_long_is_refused_alone() {
    let place = tempfile::tempdir().unwrap();
    let scribe = open(place.path()).unwrap();
    let mut long = record(0);
    let danger = vec!["x".repeat(1000); 1100];
    long.event = Event::Lifecycle(chargewarden_evidence::Lifecycle {
        phase: chargewarden_evidence::Phase::Started,
        version: String::new(),
        configuration: chargewarden_evidence::Hash([0; 32]),
        danger,
    });
    let error = scribe.append(&long, Durability::Soon).await.unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error}");
    scribe.append(&record(1), Durability::Before).await.unwrap();
}

/// A log of three runs, the last of which did not end in order: its entries are not signed for.
async fn unsigned_tail(path: &Path) {
    let scribe = open(path).unwrap();
    for number in 0..4 {
        scribe.append(&record(number), Durability::Before).await.unwrap();
    }
    scribe.close().await;
    let scribe = open(path).unwrap();
    scribe.append(&record(4), Durability::Before).await.unwrap();
    scribe.close().await;
    let note = std::fs::read(path.join(CHECKPOINT_FILE)).unwrap();
    let scribe = open(path).unwrap();
    scribe.append(&record(5), Durability::Before).await.unwrap();
    scribe.append(&record(6), Durability::Before).await.unwrap();
    scribe.close().await;
    // As if the process had been killed before it signed again.
    let connection = rusqlite::Connection::open(path.join(EVIDENCE_DB)).unwrap();
    connection.execute("DELETE FROM checkpoint WHERE size > 5", []).unwrap();
    std::fs::write(path.join(CHECKPOINT_FILE), note).unwrap();
}

#[tokio::test]
async fn a_log_that_was_tampered_with_is_not_continued() {
    let cases: [(&str, &str); 7] = [
        ("", ""),
        ("UPDATE chunk SET entries = CAST(replace(entries, 'CS-2', 'CS-9') AS BLOB)", ""),
        ("UPDATE chunk SET entries = CAST(replace(entries, 'CS-5', 'CS-9') AS BLOB)", "entry 5 was changed"),
        ("UPDATE chunk SET entries = CAST(replace(entries, 'CS-6', 'CS-9') AS BLOB)", "entry 6 was changed"),
        ("DELETE FROM chunk WHERE first = 5", "entry 5 is missing"),
        ("DELETE FROM chunk WHERE first >= 3", "the log ends after 3 entries, but"),
        ("UPDATE checkpoint SET note = replace(note, 'cso', 'cnp')", "not signed by"),
    ];
    for (sql, found) in cases {
        let place = tempfile::tempdir().unwrap();
        unsigned_tail(place.path()).await;
        let connection = rusqlite::Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
        if !sql.is_empty() {
            connection.execute(sql, []).unwrap();
        }
        drop(connection);
        match open(place.path()) {
            // What is signed for is not read again at every start: `verify` does that.
            Ok(_) => assert_eq!(found, "", "{sql}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!found.is_empty() && error.contains(found), "{sql}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn another_key_does_not_continue_the_log() {
    let place = tempfile::tempdir().unwrap();
    open(place.path()).unwrap().close().await;
    let directory = Directory::open(place.path()).unwrap();
    let open = |signer| Scribe::open(SqliteJournal::open(&directory).unwrap(), signer, None);
    let other_name = NoteSigner::new("cnp.example/evidence", &[1; 32]).unwrap();
    assert!(matches!(open(other_name), Err(StoreError::OtherLog { .. })));
    let scribe = open(NoteSigner::new("cso.example/evidence", &[1; 32]).unwrap()).unwrap();
    scribe.append(&record(0), Durability::Before).await.unwrap();
    scribe.close().await;
    let other_key = NoteSigner::new("cso.example/evidence", &[2; 32]).unwrap();
    let error = open(other_key).unwrap_err().to_string();
    assert!(error.contains("not signed by `cso.example/evidence+"), "{error}");
}
