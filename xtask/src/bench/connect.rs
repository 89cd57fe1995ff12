//! `cargo xtask bench connect`: the same stations connect over mutual TLS to every leg, in one run, on the same two cores.
//!
//! A leg ends TLS before one management system: nginx that only ends it, nginx that proxies the WebSocket onwards,
//! Chargewarden with everything on. All use the same certificates, the same revocation list and no resumption, so that every
//! connection is a full handshake. Load and management system are processes of their own on one core, the leg has the other.

mod leg;
mod load;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::csms::Csms;
use super::process::{self, Cores};
use leg::{Kind, Leg};
use load::Stations;
use report::{Idle, LegReport, Report};

/// How long a leg may take to finish what it does after an answer, before its CPU time is read.
const AFTERMATH: Duration = Duration::from_millis(500);
/// How long a leg may take to give back and settle what connecting cost, before memory is read.
const SETTLE: Duration = Duration::from_secs(5);

/// Options of the connect bench.
#[derive(Args)]
pub(crate) struct Connect {
    /// Legs to measure.
    #[arg(long, value_delimiter = ',', default_value = "nginx-tls,nginx,chargewarden")]
    legs: Vec<Kind>,
    /// Stations that connect in a round.
    #[arg(long, default_value_t = 1_000)]
    stations: usize,
    /// Rounds per leg.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Handshakes under way at once.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Connections per second in the paced half of a round, which gives the connection times.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Idle stations for the memory figure; 0 leaves it out.
    #[arg(long, default_value_t = 2_000)]
    idle: usize,
    /// Stations that speak TLS 1.2 only.
    #[arg(long)]
    tls12: bool,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

impl Connect {
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
    options: Connect,
    loadgen: PathBuf,
    binaries: PathBuf,
    cores: Cores,
    notes: Vec<String>,
}

impl Bench {
    fn prepare(options: Connect) -> Result<Bench> {
        let binaries = super::build(options.legs.contains(&Kind::Chargewarden))?;
        let (cores, mut notes) = Cores::divide();
        // Two sockets per station in a proxy, and some to spare.
        notes.extend(process::allow_files(2 * options.idle.max(options.stations) + 512)?);
        Ok(Bench { options, loadgen: binaries.join("loadgen"), binaries, cores, notes })
    }

    fn measure(&self) -> Result<Report> {
        let place = tempfile::Builder::new().prefix("chargewarden-bench-").tempdir()?;
        let csms = Csms::start(&self.loadgen, &self.cores)?;
        let mut reports: Vec<LegReport> =
            self.options.legs.iter().map(|kind| LegReport::new(*kind)).collect();
        let mut stations = self.stations(place.path(), self.options.stations)?;
        let mut legs = Vec::new();
        for kind in &self.options.legs {
            let folder = place.path().join(format!("{kind}-rounds"));
            legs.push(self.raise(*kind, &csms, &folder, &stations)?);
        }
        // The first round warms caches and is not counted.
        for round in 0..=self.options.rounds {
            for (leg, report) in legs.iter().zip(&mut reports) {
                let before = leg.cpu()?;
                let storm = stations.connect(leg, self.options.at_once, 0, false)?;
                std::thread::sleep(AFTERMATH);
                let spent = leg.cpu()?.saturating_sub(before);
                stations.hang_up()?;
                std::thread::sleep(AFTERMATH);
                let paced = stations.connect(leg, self.options.at_once, self.options.rate, false)?;
                stations.hang_up()?;
                std::thread::sleep(AFTERMATH);
                if round > 0 {
                    report.add(&storm, spent, &paced);
                }
            }
        }
        drop(stations);
        drop(legs);
        if self.options.idle > 0 {
            let mut stations = self.stations(place.path(), self.options.idle)?;
            for (kind, report) in self.options.legs.iter().zip(&mut reports) {
                if *kind != Kind::NginxTls {
                    report.idle = Some(self.idle(*kind, &csms, place.path(), &mut stations)?);
                }
            }
        }
        Ok(Report {
            legs: reports,
            stations: self.options.stations,
            rounds: self.options.rounds,
            at_once: self.options.at_once,
            rate: self.options.rate,
            tls12: self.options.tls12,
            notes: self.notes.clone(),
        })
    }

    /// Memory of a fresh leg, before and after stations have connected, booted and gone quiet.
    fn idle(&self, kind: Kind, csms: &Csms, place: &Path, stations: &mut Stations) -> Result<Idle> {
        let leg = self.raise(kind, csms, &place.join(format!("{kind}-idle")), stations)?;
        std::thread::sleep(SETTLE);
        let before_kib = leg.memory_kib()?;
        stations.connect(&leg, self.options.at_once, 0, true)?;
        std::thread::sleep(SETTLE);
        let after_kib = leg.memory_kib()?;
        stations.hang_up()?;
        Ok(Idle { stations: stations.count, before_kib, after_kib })
    }

    fn stations(&self, place: &Path, count: usize) -> Result<Stations> {
        let pki = place.join(format!("pki-{count}"));
        Stations::start(&self.loadgen, &self.cores, &pki, count, self.options.tls12)
    }

    fn raise(&self, kind: Kind, csms: &Csms, place: &Path, stations: &Stations) -> Result<Leg> {
        std::fs::create_dir_all(place)?;
        Leg::start(kind, csms.port, place, stations, &self.cores, &self.binaries)
            .with_context(|| format!("leg `{kind}`"))
    }
}
