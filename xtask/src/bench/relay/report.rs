//! The figures, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::leg::Kind;
use super::load::Round;

/// What the whole run showed.
pub(super) struct Report {
    pub(super) legs: Vec<LegReport>,
    pub(super) stations: usize,
    pub(super) rounds: u32,
    pub(super) seconds: u32,
    pub(super) pace_ms: u32,
    pub(super) notes: Vec<String>,
}

/// What one leg showed.
pub(super) struct LegReport {
    kind: Kind,
    rounds: Vec<Figures>,
    pub(super) idle: Option<Idle>,
}

/// Memory at rest.
pub(super) struct Idle {
    pub(super) stations: usize,
    pub(super) before_kib: u64,
    pub(super) after_kib: u64,
}

/// One saturated and one paced round.
#[derive(Clone, Copy)]
struct Figures {
    cpu_us: f64,
    per_second: f64,
    saturated_p99_us: f64,
    p50_us: f64,
    p99_us: f64,
}

impl LegReport {
    pub(super) fn new(kind: Kind) -> LegReport {
        LegReport { kind, rounds: Vec::new(), idle: None }
    }

    /// Adds a round as fast as it goes, the CPU time it took, and a paced round.
    pub(super) fn add(&mut self, saturated: &Round, spent: Duration, paced: &Round) {
        self.rounds.push(Figures {
            cpu_us: spent.as_secs_f64() * 1e6 / saturated.round_trips,
            per_second: saturated.round_trips / saturated.seconds,
            saturated_p99_us: saturated.p99_us,
            p50_us: paced.p50_us,
            p99_us: paced.p99_us,
        });
    }

    /// The median over the rounds: one disturbed round does not move it.
    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn cpu_us(&self) -> f64 {
        self.median(|round| round.cpu_us)
    }

    fn kib_per_station(&self) -> Option<f64> {
        self.idle.as_ref().map(Idle::kib_per_station)
    }
}

impl Idle {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn kib_per_station(&self) -> f64 {
        self.after_kib.saturating_sub(self.before_kib) as f64 / self.stations as f64
    }
}

impl Report {
    /// CPU of one leg as a multiple of nginx's.
    fn times_nginx(&self, leg: &LegReport) -> Option<f64> {
        let nginx = self.legs.iter().find(|leg| leg.kind == Kind::Nginx)?;
        (leg.kind != Kind::Direct).then(|| leg.cpu_us() / nginx.cpu_us())
    }

    pub(super) fn to_json(&self) -> Value {
        let legs = self.legs.iter().map(|leg| {
            json!({
                "leg": leg.kind.to_string(),
                "cpu_us_per_round_trip": leg.cpu_us(),
                "cpu_us_rounds": leg.rounds.iter().map(|round| round.cpu_us).collect::<Vec<_>>(),
                "times_nginx": self.times_nginx(leg),
                "round_trips_per_second": leg.median(|round| round.per_second),
                "saturated_p99_us": leg.median(|round| round.saturated_p99_us),
                "paced_p50_us": leg.median(|round| round.p50_us),
                "paced_p99_us": leg.median(|round| round.p99_us),
                "idle": leg.idle.as_ref().map(|idle| json!({
                    "stations": idle.stations,
                    "before_kib": idle.before_kib,
                    "after_kib": idle.after_kib,
                    "kib_per_station": idle.kib_per_station(),
                })),
            })
        });
        json!({
            "stations": self.stations,
            "rounds": self.rounds,
            "seconds": self.seconds,
            "pace_ms": self.pace_ms,
            "legs": legs.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} stations, {} rounds of {} s per leg, medians; latencies with one message per station \
             and {} ms",
            self.stations, self.rounds, self.seconds, self.pace_ms
        )?;
        writeln!(
            f,
            "{:<14}{:>12}{:>10}{:>12}{:>11}{:>11}{:>14}{:>15}",
            "leg", "CPU us/rt", "x nginx", "rt/s", "p50 us", "p99 us", "full p99 us", "KiB/idle stn"
        )?;
        for leg in &self.legs {
            let optional = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2}"));
            let cpu = Some(leg.cpu_us()).filter(|_| leg.kind != Kind::Direct);
            writeln!(
                f,
                "{:<14}{:>12}{:>10}{:>12.0}{:>11.0}{:>11.0}{:>14.0}{:>15}",
                leg.kind,
                optional(cpu),
                optional(self.times_nginx(leg)),
                leg.median(|round| round.per_second),
                leg.median(|round| round.p50_us),
                leg.median(|round| round.p99_us),
                leg.median(|round| round.saturated_p99_us),
                optional(leg.kib_per_station()),
            )?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
