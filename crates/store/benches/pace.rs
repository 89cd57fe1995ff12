//! What recording costs: `cargo bench -p chargewarden-store --bench pace`. Needs a place on a real disk (`TMPDIR`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chargewarden_evidence::{
    Attributes, ContentKey, Durability, EffectNote, Event, Hash, Message, MessageType, Record, Side, Stamp,
    Verdict, Who, WhoFields,
};
use chargewarden_store::{Directory, Scribe, SqliteJournal};

/// The records of one timed burst: less than the buffer holds, so that nobody waits.
const BURST: usize = 20_000;
const FRAME: &[u8] = br#"[2,"0c1d7f2e-5f0a-4b51-9c55-6a1d6d3b2f10","MeterValues",{"connectorId":1,"transactionId":4711,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"12345","measurand":"Energy.Active.Import.Register","unit":"Wh"},{"value":"10980","measurand":"Power.Active.Import","unit":"W"}]}]}]"#;

fn plain_record(key: &ContentKey) -> Record {
    let who = Who::new(WhoFields {
        station: "CS-HARBOUR-0042".into(),
        csms: "main".into(),
        session: "0f3a9c51".into(),
        version: "1.6".into(),
        bundles: vec![Hash([1; 32]), Hash([2; 32])],
    });
    let attributes =
        Attributes::object().int("connector", 1).number("power_w", 10980.0).int("energy_wh", 12345).finish();
    let message = Message {
        who,
        from: Side::Station,
        kind: MessageType::Call,
        action: "MeterValues".into(),
        id: "0c1d7f2e-5f0a-4b51-9c55-6a1d6d3b2f10".into(),
        bytes: FRAME.len() as u64,
        mac: key.frame(FRAME),
        error: None,
        doubts: vec![],
        effects: vec![EffectNote { name: "report-meter".into(), attributes }],
        verdict: Verdict::Forward,
        causes: Vec::new(),
        answered: None,
        kept: None,
    };
    Record { at: Stamp::from_millis(1_767_225_600_000), event: Event::Message(message) }
}

/// Processor time of this process, all threads.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn time(name: &str, count: usize, mut work: impl FnMut()) {
    let started = Instant::now();
    (0..count).for_each(|_| work());
    println!("{name:<52} {:>9.0} ns", started.elapsed().as_nanos() as f64 / count as f64);
}

fn open(directory: &Directory) -> Scribe {
    let signer = directory.checkpoint_key("bench.example/evidence", &[1; 32]).unwrap();
    Scribe::open(SqliteJournal::open(directory).unwrap(), signer, None).unwrap()
}

fn main() {
    let key = ContentKey::new(&[7; 32]);
    let record = plain_record(&key);
    println!("a frame of {} bytes, a record of {} bytes", FRAME.len(), record.canonical().len());
    // `cargo bench … -- steady`: only what a profiler should see.
    let steady_only = std::env::args().any(|argument| argument == "steady");
    if !steady_only {
        time_formats(&key, &record);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = tempfile::tempdir().unwrap();
    let directory = Directory::open(place.path()).unwrap();
    runtime.block_on(async {
        let scribe = open(&directory);
        if steady_only {
            return steady(&scribe, &record).await;
        }
        let mut total = Duration::ZERO;
        for _ in 0..10 {
            let started = Instant::now();
            for _ in 0..BURST {
                scribe.append(&record, Durability::Soon).await.unwrap();
            }
            total += started.elapsed();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        println!(
            "{:<52} {:>9.0} ns",
            "append, Soon (for who appends)",
            total.as_nanos() as f64 / (10 * BURST) as f64
        );

        steady(&scribe, &record).await;
        scribe.close().await;

        flat_out(&directory, &record, "Soon, flat out", 4, 100_000, Durability::Soon).await;
        for sessions in [1, 16, 256] {
            let name = format!("Before, {sessions} sessions");
            flat_out(&directory, &record, &name, sessions, 40_000 / sessions.max(16), Durability::Before)
                .await;
        }
    });
}

fn time_formats(key: &ContentKey, record: &Record) {
    time("keyed hash of the frame", 200_000, || {
        black_box(key.frame(black_box(FRAME)));
    });
    let mut buffer = Vec::new();
    time("canonical bytes of the record", 200_000, || {
        buffer.clear();
        black_box(record).write_canonical(&mut buffer);
        black_box(&buffer);
    });
}

/// 10,000 records a second, as a gateway appends them.
async fn steady(scribe: &Scribe, record: &Record) {
    let (seconds, started, before) = (5, Instant::now(), processor_time());
    for tick in 1..=seconds * 100 {
        for _ in 0..100 {
            scribe.append(record, Durability::Soon).await.unwrap();
        }
        tokio::time::sleep_until((started + Duration::from_millis(10) * tick).into()).await;
    }
    let spent = processor_time() - before;
    let per_record = spent.as_nanos() as f64 / f64::from(seconds * 10_000);
    println!("{:<52} {per_record:>9.0} ns", "processor time per record at 10,000/s, all threads");
}

async fn flat_out(
    directory: &Directory,
    record: &Record,
    name: &str,
    sessions: usize,
    each: usize,
    durability: Durability,
) {
    let scribe = open(directory);
    let started = Instant::now();
    let tasks: Vec<_> = (0..sessions)
        .map(|_| {
            let (scribe, record) = (scribe.clone(), record.clone());
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(each);
                for _ in 0..each {
                    let started = Instant::now();
                    scribe.append(&record, durability).await.unwrap();
                    took.push(started.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    scribe.close().await;
    let per_second = took.len() as f64 / started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!("{name:<52} {per_second:>9.0} durable/s   p50 {:?}  p99 {:?}", at(50), at(99));
}
