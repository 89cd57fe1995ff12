//! Whatever is done to the database is found by `verify_log`, and said precisely.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use chargewarden_evidence::entry::{self, genesis};
use chargewarden_evidence::{
    Checkpoint, Connection as ConnectionRecord, Durability, Event, Frontier, Hash, NoteKey, NoteSigner,
    Record, Side, Stage, Stamp,
};
use chargewarden_store::audit::{AuditError, export, show, verify_log};
use chargewarden_store::directory::{CHECKPOINT_FILE, EVIDENCE_DB, PUBLIC_KEY_FILE};
use chargewarden_store::{Directory, Scribe, SqliteJournal};
use rusqlite::{Connection, params};

const ORIGIN: &str = "cso.example/evidence";
const SECRET: [u8; 32] = [5; 32];
/// Entries in the log, each in a chunk of its own.
const ENTRIES: u64 = 12;

fn record(number: u64) -> Record {
    let connection = ConnectionRecord {
        side: Side::Station,
        stage: Stage::Opened,
        peer: "127.0.0.1:1".into(),
        station: format!("CS-{number:02}"),
        csms: "main".into(),
        session: format!("s{number}"),
        subprotocol: "ocpp1.6".into(),
        reason: "".into(),
        detail: String::new(),
        code: None,
    };
    Record { at: Stamp::from_millis(1_767_225_600_000), event: Event::Connection(connection) }
}

async fn write_log(path: &Path) {
    let directory = Directory::open(path).unwrap();
    let signer = directory.checkpoint_key(ORIGIN, &SECRET).unwrap();
    let journal = SqliteJournal::open(&directory).unwrap();
    let scribe = Scribe::open(journal, signer, Some(directory.file(CHECKPOINT_FILE))).unwrap();
    for number in 0..ENTRIES {
        scribe.append(&record(number), Durability::Before).await.unwrap();
    }
    scribe.close().await;
}

fn public_key(path: &Path) -> NoteKey {
    NoteKey::parse(&std::fs::read_to_string(path.join(PUBLIC_KEY_FILE)).unwrap()).unwrap()
}

fn findings(path: &Path, checkpoint: Option<&Path>) -> Vec<String> {
    let report = verify_log(path, Some(&public_key(path)), checkpoint).unwrap();
    report.verification.findings.iter().map(ToString::to_string).collect()
}

/// Gives every entry from `from` on its new place, hash and row, as somebody would who knows the format but not the key.
fn rewrite(database: &Connection, records: impl Iterator<Item = Vec<u8>>) {
    database.execute("DELETE FROM chunk", []).unwrap();
    let (mut head, mut frontier) = (genesis(ORIGIN), Frontier::new());
    for record in records {
        let first = frontier.size();
        let mut bytes = Vec::new();
        entry::reserve(&mut bytes, |out| out.extend_from_slice(&record));
        head = entry::seal(&mut bytes, first, head, |hash| frontier.push(hash)).unwrap();
        let tree: Vec<u8> = frontier.subtrees().iter().flat_map(|hash| hash.0).collect();
        database
            .execute(
                "INSERT INTO chunk (first, count, head, frontier, entries) VALUES (?1, 1, ?2, ?3, ?4)",
                params![i64::try_from(first).unwrap(), head.0, tree, bytes],
            )
            .unwrap();
    }
}

fn records(path: &Path) -> Vec<Vec<u8>> {
    (0..ENTRIES).map(|seq| show(path, seq).unwrap().unwrap().record).collect()
}

#[tokio::test]
async fn an_untouched_log_is_clean_while_written_and_after() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let report = verify_log(place.path(), Some(&public_key(place.path())), None).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.verification.entries, report.verification.confirmed_size), (ENTRIES, ENTRIES));
    let text = report.to_string();
    assert!(text.contains("signed for   12 entries; 0 after that are chained only"), "{text}");
    assert!(text.ends_with("verdict      nothing wrong was found"), "{text}");

    let without_key = verify_log(&place.path().join(EVIDENCE_DB), None, None).unwrap();
    assert!(without_key.is_clean() && !without_key.key_is_given);
    assert!(without_key.to_string().contains("give the key you hold"));
}

#[tokio::test]
async fn tampering_with_the_database_is_found() {
    let rewritten = "the log is not the one of which";
    let cases: [(&str, &[&str]); 10] = [
        // One byte of a record.
        (
            "UPDATE chunk SET entries = CAST(replace(entries, 'CS-04', 'CS-40') AS BLOB)",
            &["entry 4 was changed", rewritten],
        ),
        // The very last entry, which no other follows.
        (
            "UPDATE chunk SET entries = CAST(replace(entries, 'CS-11', 'CS-12') AS BLOB)",
            &["entry 11 was changed", rewritten],
        ),
        // A chunk.
        ("DELETE FROM chunk WHERE first = 4", &["entry 4 is missing"]),
        ("DELETE FROM chunk WHERE first BETWEEN 4 AND 6", &["entries 4 to 6 are missing"]),
        ("DELETE FROM chunk WHERE first < 2", &["entries 0 to 1 are missing"]),
        // The tail.
        ("DELETE FROM chunk WHERE first >= 9", &["the log ends after 9 entries, but"]),
        ("DELETE FROM chunk", &["the log ends after 0 entries, but"]),
        // Half a chunk, a row of another type, and a row that lies about what it holds.
        (
            "UPDATE chunk SET entries = substr(entries, 1, 60) WHERE first = 4",
            &["the chunk at entry 4: bytes at offset 0 are no entry"],
        ),
        ("UPDATE chunk SET head = x'00' WHERE first = 4", &["the chunk at entry 4 cannot be read"]),
        (
            "UPDATE chunk SET count = 2 WHERE first = 4",
            &["the chunk at entry 4 holds 1 entries, its row says 2"],
        ),
    ];
    for (sql, expected) in cases {
        let place = tempfile::tempdir().unwrap();
        write_log(place.path()).await;
        let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
        assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
        let found = findings(place.path(), None);
        for expected in expected {
            assert!(found.iter().any(|found| found.contains(expected)), "{sql}: {expected}: {found:#?}");
        }
    }
}

#[tokio::test]
async fn swapped_chunks_are_found() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    database
        .execute_batch(
            "UPDATE chunk SET first = -1 WHERE first = 3; UPDATE chunk SET first = 3 WHERE first = 6;
             UPDATE chunk SET first = 6 WHERE first = -1;",
        )
        .unwrap();
    let found = findings(place.path(), None);
    for expected in
        ["entry 4 stands in the wrong place", "entry 5 stands", "entry 3 stands", "its row says 1 from 3 on"]
    {
        assert!(found.iter().any(|found| found.contains(expected)), "{expected}: {found:#?}");
    }
}

#[tokio::test]
async fn an_entry_edited_with_its_own_hash_recomputed_is_found() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    let four = show(place.path(), 4).unwrap().unwrap();
    let mut bytes = Vec::new();
    let record = String::from_utf8(four.record).unwrap().replace("CS-04", "CS-99");
    entry::reserve(&mut bytes, |out| out.extend_from_slice(record.as_bytes()));
    let head = entry::seal(&mut bytes, 4, four.prev, |_| {}).unwrap();
    database
        .execute("UPDATE chunk SET entries = ?1, head = ?2 WHERE first = 4", params![bytes, head.0])
        .unwrap();
    let found = findings(place.path(), None);
    assert!(found.iter().any(|found| found.contains("entry 4 was changed")), "{found:#?}");
}

#[tokio::test]
async fn a_history_rewritten_to_the_end_is_found_by_the_checkpoints() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    let mut changed = records(place.path());
    changed[4] = record(99).canonical();
    rewrite(&database, changed.into_iter());
    let found = findings(place.path(), None);
    assert!(found[0].contains("was changed") && found[0].contains("the log is not the one"), "{found:#?}");
}

#[tokio::test]
async fn a_log_cut_off_with_all_its_checkpoints_is_found_by_one_kept_elsewhere() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let kept = elsewhere.path().join("kept.checkpoint");
    std::fs::rename(place.path().join(CHECKPOINT_FILE), &kept).unwrap();
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    database
        .execute_batch("DELETE FROM chunk WHERE first >= 9; DELETE FROM checkpoint WHERE size > 9")
        .unwrap();
    // The honest limit: nothing in the directory tells.
    assert_eq!(findings(place.path(), None), [] as [&str; 0]);
    let found = findings(place.path(), Some(&kept));
    assert!(found[0].starts_with("the log ends after 9 entries, but checkpoint `"), "{found:#?}");
}

#[tokio::test]
async fn a_history_rewritten_and_signed_by_another_key_is_found() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let key = public_key(place.path());
    let mut changed = records(place.path());
    changed[4] = record(99).canonical();
    let mallory = NoteSigner::new(ORIGIN, &[6; 32]).unwrap();
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    rewrite(&database, changed.into_iter());
    let mut frontier = Frontier::new();
    (0..ENTRIES).for_each(|seq| frontier.push(show(place.path(), seq).unwrap().unwrap().hash));
    let note = Checkpoint::of(ORIGIN, &frontier).sign(&mallory);
    database.execute("DELETE FROM checkpoint", []).unwrap();
    database.execute("INSERT INTO checkpoint VALUES (?1, ?2)", params![12, note]).unwrap();
    database.execute("UPDATE log SET public_key = ?1", [mallory.public().to_string()]).unwrap();
    std::fs::write(place.path().join(CHECKPOINT_FILE), &note).unwrap();

    // Consistent in itself, as the report without a key admits; the key that the parties hold shows it.
    let report = verify_log(place.path(), None, None).unwrap();
    assert!(report.is_clean() && !report.key_is_given);
    let report = verify_log(place.path(), Some(&key), None).unwrap();
    assert!(report.verification.findings[0].to_string().contains("not signed by"), "{report}");
    assert!(report.to_string().ends_with("verdict      this log cannot be relied on"));
}

#[tokio::test]
async fn any_byte_of_the_entries_counts() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let database = Connection::open(place.path().join(EVIDENCE_DB)).unwrap();
    let original: Vec<u8> =
        database.query_row("SELECT entries FROM chunk WHERE first = 4", [], |row| row.get(0)).unwrap();
    for at in (0..original.len()).step_by(7) {
        let mut changed = original.clone();
        changed[at] ^= 0x20;
        database.execute("UPDATE chunk SET entries = ?1 WHERE first = 4", [changed]).unwrap();
        assert!(!findings(place.path(), None).is_empty(), "byte {at}");
    }
    database.execute("UPDATE chunk SET entries = ?1 WHERE first = 4", [original]).unwrap();
    assert_eq!(findings(place.path(), None), [] as [&str; 0]);
}

#[tokio::test]
async fn entries_are_shown_and_exported_as_they_are() {
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let shown = show(place.path(), 7).unwrap().unwrap();
    assert_eq!((shown.seq, Record::parse(&shown.record).unwrap()), (7, record(7)));
    assert_eq!(show(place.path(), ENTRIES).unwrap(), None);

    let mut out = Vec::new();
    assert_eq!(export(place.path(), 10, &mut out).unwrap(), 2);
    let lines: Vec<serde_json::Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["seq"], 10);
    assert_eq!(lines[1]["prev"], lines[0]["hash"]);
    assert_eq!(lines[1]["record"]["connection"]["station"], "CS-11");
    assert!(Hash::parse(lines[1]["hash"].as_str().unwrap()).is_some());
}

#[tokio::test]
async fn a_copy_without_write_permission_can_be_verified() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    write_log(place.path()).await;
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(place.path().join(EVIDENCE_DB), copy.path().join(EVIDENCE_DB)).unwrap();
    std::fs::set_permissions(copy.path().join(EVIDENCE_DB), std::fs::Permissions::from_mode(0o400)).unwrap();
    std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let report = verify_log(copy.path(), Some(&public_key(place.path())), None);
    std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert!(report.unwrap().is_clean());
}

#[test]
fn what_is_no_log_says_so() {
    let place = tempfile::tempdir().unwrap();
    assert!(matches!(verify_log(place.path(), None, None), Err(AuditError::Store(_))));
    let directory = Directory::open(place.path()).unwrap();
    drop(SqliteJournal::open(&directory).unwrap());
    let error = verify_log(place.path(), None, None).unwrap_err().to_string();
    assert!(error.ends_with("holds no evidence log yet"), "{error}");
}
