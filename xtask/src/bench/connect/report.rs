//! The figures, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::leg::Kind;
use super::load::Connected;

/// What the whole run showed.
pub(super) struct Report {
    pub(super) legs: Vec<LegReport>,
    pub(super) stations: usize,
    pub(super) rounds: u32,
    pub(super) at_once: usize,
    pub(super) rate: u32,
    pub(super) tls12: bool,
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

/// One round: all at once, then paced.
#[derive(Clone, Copy)]
struct Figures {
    per_cpu_second: f64,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl LegReport {
    pub(super) fn new(kind: Kind) -> LegReport {
        LegReport { kind, rounds: Vec::new(), idle: None }
    }

    /// Adds a round as fast as it goes, the CPU time it took, and a paced round.
    pub(super) fn add(&mut self, storm: &Connected, spent: Duration, paced: &Connected) {
        self.rounds.push(Figures {
            per_cpu_second: storm.handshakes / spent.as_secs_f64(),
            per_second: storm.per_second,
            p50_ms: paced.p50_ms,
            p99_ms: paced.p99_ms,
        });
    }

    /// The median over the rounds: one disturbed round does not move it.
    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn per_cpu_second(&self) -> f64 {
        self.median(|round| round.per_cpu_second)
    }
}

impl Idle {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn kib_per_station(&self) -> f64 {
        self.after_kib.saturating_sub(self.before_kib) as f64 / self.stations as f64
    }
}

impl Report {
    /// Handshakes per CPU second of one leg as a multiple of those of nginx as a proxy.
    fn times_nginx(&self, leg: &LegReport) -> Option<f64> {
        let nginx = self.legs.iter().find(|leg| leg.kind == Kind::Nginx)?;
        Some(leg.per_cpu_second() / nginx.per_cpu_second())
    }

    fn tls(&self) -> &'static str {
        if self.tls12 { "1.2" } else { "1.3" }
    }

    pub(super) fn to_json(&self) -> Value {
        let legs = self.legs.iter().map(|leg| {
            json!({
                "leg": leg.kind.to_string(),
                "handshakes_per_cpu_second": leg.per_cpu_second(),
                "handshakes_per_cpu_second_rounds":
                    leg.rounds.iter().map(|round| round.per_cpu_second).collect::<Vec<_>>(),
                "cpu_us_per_connection": 1e6 / leg.per_cpu_second(),
                "times_nginx": self.times_nginx(leg),
                "connections_per_second": leg.median(|round| round.per_second),
                "paced_p50_ms": leg.median(|round| round.p50_ms),
                "paced_p99_ms": leg.median(|round| round.p99_ms),
                "idle": leg.idle.as_ref().map(|idle| json!({
                    "stations": idle.stations,
                    "before_kib": idle.before_kib,
                    "after_kib": idle.after_kib,
                    "kib_per_station": idle.kib_per_station(),
                })),
            })
        });
        json!({
            "tls": self.tls(),
            "stations": self.stations,
            "rounds": self.rounds,
            "at_once": self.at_once,
            "rate": self.rate,
            "legs": legs.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} stations over mutual TLS {}, {} rounds per leg, medians; {} at once, times with {} per second",
            self.stations,
            self.tls(),
            self.rounds,
            self.at_once,
            self.rate
        )?;
        writeln!(
            f,
            "{:<14}{:>14}{:>10}{:>14}{:>10}{:>10}{:>10}{:>15}",
            "leg", "conn/CPU s", "x nginx", "CPU us/conn", "conn/s", "p50 ms", "p99 ms", "KiB/idle stn"
        )?;
        for leg in &self.legs {
            let optional = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2}"));
            writeln!(
                f,
                "{:<14}{:>14.0}{:>10}{:>14.0}{:>10.0}{:>10.2}{:>10.2}{:>15}",
                leg.kind,
                leg.per_cpu_second(),
                optional(self.times_nginx(leg)),
                1e6 / leg.per_cpu_second(),
                leg.median(|round| round.per_second),
                leg.median(|round| round.p50_ms),
                leg.median(|round| round.p99_ms),
                optional(leg.idle.as_ref().map(Idle::kib_per_station)),
            )?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
