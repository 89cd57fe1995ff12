//! kill -9 at any moment loses no record that somebody was told is durable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chargewarden_evidence::{Durability, Event, Inventory, Record, Stamp};
use chargewarden_store::audit::{export, verify_log};
use chargewarden_store::directory::CHECKPOINT_FILE;
use chargewarden_store::{Directory, Scribe, SqliteJournal};

const ROUNDS: u32 = 20;
/// Set in the child: where it writes.
const PLACE: &str = "CHARGEWARDEN_TEST_KILL";

fn open(path: &Path) -> Scribe {
    let directory = Directory::open(path).unwrap();
    let signer = directory.checkpoint_key("cso.example/evidence", &[1; 32]).unwrap();
    Scribe::open(SqliteJournal::open(&directory).unwrap(), signer, Some(directory.file(CHECKPOINT_FILE)))
        .unwrap()
}

fn record(station: String) -> Record {
    let event = Event::Inventory(Inventory {
        change: "added".into(),
        station,
        by: "inventory-file".into(),
        detail: String::new(),
    });
    Record { at: Stamp::from_millis(0), event }
}

/// Not a test of its own: what runs in the process that is killed. Writes from several tasks, telemetry and awaited records
/// mixed, and prints each station once its record is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let run = std::process::id();
    let scribe = open(Path::new(&place));
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let scribe = scribe.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    let station = format!("{run}-{task}-{number}");
                    let durability = if number % 4 == 0 { Durability::Before } else { Durability::Soon };
                    scribe.append(&record(station.clone()), durability).await.unwrap();
                    if durability == Durability::Before {
                        // One write, so that lines are whole.
                        std::io::stdout().write_all(format!("durable {station}\n").as_bytes()).unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn kill_loses_nothing_durable() {
    let place = tempfile::tempdir().unwrap();
    let mut durable = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(PLACE, place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("durable ").map(str::to_owned)).collect::<Vec<_>>()
        });
        std::thread::sleep(Duration::from_millis(150) + Duration::from_millis(u64::from(round) * 13));
        // SIGKILL
        child.kill().unwrap();
        child.wait().unwrap();
        durable.extend(reader.join().unwrap());
    }
    assert!(durable.len() > 100, "only {} records became durable", durable.len());

    let report = verify_log(place.path(), None, None).unwrap();
    assert!(report.is_clean(), "{report}");
    let mut out = Vec::new();
    export(place.path(), 0, &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let held: std::collections::HashSet<&str> = lines
        .lines()
        .filter_map(|line| line.split_once("\"station\":\"").and_then(|(_, rest)| rest.split_once('"')))
        .map(|(station, _)| station)
        .collect();
    for station in &durable {
        assert!(held.contains(station.as_str()), "{station} was durable and is gone");
    }
}
