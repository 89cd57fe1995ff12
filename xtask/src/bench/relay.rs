//! `cargo xtask bench relay`: the same load through every leg, in one run, on the same two cores.
//!
//! A leg is what stands between 200 stations and one management system: nothing, a relay that copies
//! bytes, nginx as a WebSocket proxy, Chargewarden with everything on. Load and management system
//! are processes of their own on one core, the leg has the other; rounds alternate between legs, so
//! that whatever else the machine does falls on all of them alike.

mod inventory;
mod leg;
mod load;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use leg::{Kind, Leg};
use load::Stations;
use report::{Idle, LegReport, Report};

use super::csms::Csms;
use super::process::{self, Cores};

/// How long a process may take to give back and settle what connecting cost, before memory is read.
const SETTLE: Duration = Duration::from_secs(5);
/// Basic password of every station of the bench.
const PASSWORD: &str = "the bench's stations share one";

/// Options of the relay bench.
#[derive(Args)]
pub(crate) struct Relay {
    /// Legs to measure.
    #[arg(long, value_delimiter = ',', default_value = "direct,blind,nginx,chargewarden")]
    legs: Vec<Kind>,
    /// Stations in the closed loop.
    #[arg(long, default_value_t = 200)]
    stations: usize,
    /// Rounds per leg.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Length of a round, in seconds.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// Time between two messages of a station in the paced rounds, in milliseconds; these give the latencies.
    #[arg(long, default_value_t = 100)]
    pace_ms: u32,
    /// Idle stations for the memory figure; 0 leaves it out.
    #[arg(long, default_value_t = 4_000)]
    idle: usize,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

impl Relay {
    pub(crate) fn run(self) -> Result<()> {
        ensure!(!self.legs.is_empty() && self.stations > 0 && self.rounds > 0, "nothing to measure");
        let bench = Bench::prepare(self)?;
        let report = bench.measure()?;
        if bench.options.json {
            println!("{:#}", report.to_json());
        } else {
            print!("{report}");
        }
        Ok(())
    }
}

/// Everything that holds for the whole run.
struct Bench {
    options: Relay,
    binaries: PathBuf,
    cores: Cores,
    notes: Vec<String>,
}

impl Bench {
    fn prepare(options: Relay) -> Result<Bench> {
        let binaries = super::build(options.legs.contains(&Kind::Chargewarden))?;
        let (cores, mut notes) = Cores::divide();
        // Two sockets per station in a proxy, and some to spare.
        notes.extend(process::allow_files(2 * options.idle.max(options.stations) + 512)?);
        Ok(Bench { options, binaries, cores, notes })
    }

    fn measure(&self) -> Result<Report> {
        let place = tempfile::Builder::new().prefix("chargewarden-bench-").tempdir()?;
        let loadgen = self.binaries.join("loadgen");
        let csms = Csms::start(&loadgen, &self.cores)?;
        let mut legs = Vec::new();
        for kind in &self.options.legs {
            legs.push(self.raise(
                *kind,
                &csms,
                &place.path().join(format!("{kind}-loop")),
                self.options.stations,
            )?);
        }
        let mut loads = Vec::new();
        for leg in &legs {
            loads.push(Stations::connect(&loadgen, &self.cores, leg, self.options.stations)?);
        }
        let mut reports: Vec<LegReport> = legs.iter().map(|leg| LegReport::new(leg.kind)).collect();
        // The first round warms caches and is not counted.
        for round in 0..=self.options.rounds {
            for ((leg, load), report) in legs.iter().zip(&mut loads).zip(&mut reports) {
                let before = leg.cpu()?;
                let saturated = load.round(self.options.seconds, 0)?;
                let spent = leg.cpu()?.saturating_sub(before);
                let paced = load.round(self.options.seconds, self.options.pace_ms)?;
                if round > 0 {
                    report.add(&saturated, spent, &paced);
                }
            }
        }
        drop(loads);
        drop(legs);
        if self.options.idle > 0 {
            for (kind, report) in self.options.legs.iter().zip(&mut reports) {
                if *kind != Kind::Direct {
                    report.idle = Some(self.idle(*kind, &csms, place.path(), &loadgen)?);
                }
            }
        }
        Ok(Report {
            legs: reports,
            stations: self.options.stations,
            rounds: self.options.rounds,
            seconds: self.options.seconds,
            pace_ms: self.options.pace_ms,
            notes: self.notes.clone(),
        })
    }

    /// Memory of a fresh leg, before and after stations have connected, booted and gone quiet.
    fn idle(&self, kind: Kind, csms: &Csms, place: &Path, loadgen: &Path) -> Result<Idle> {
        let leg = self.raise(kind, csms, &place.join(format!("{kind}-idle")), self.options.idle)?;
        std::thread::sleep(SETTLE);
        let before = leg.memory_kib()?;
        let stations = Stations::connect(loadgen, &self.cores, &leg, self.options.idle)?;
        std::thread::sleep(SETTLE);
        let after = leg.memory_kib()?;
        drop(stations);
        Ok(Idle { stations: self.options.idle, before_kib: before, after_kib: after })
    }

    fn raise(&self, kind: Kind, csms: &Csms, place: &Path, stations: usize) -> Result<Leg> {
        std::fs::create_dir_all(place)?;
        Leg::start(kind, csms.port, place, stations, &self.cores, &self.binaries)
            .with_context(|| format!("leg `{kind}`"))
    }
}
