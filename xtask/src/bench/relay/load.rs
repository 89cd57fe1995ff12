//! The stations of a leg, a process of their own.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::PASSWORD;
use super::leg::Leg;
use crate::bench::process::{Cores, Half, Process};

/// The stations of one leg.
pub(super) struct Stations {
    process: Process,
}

/// What one round gave.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) round_trips: f64,
    pub(super) seconds: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

impl Stations {
    /// Connects and boots them all.
    pub(super) fn connect(loadgen: &Path, cores: &Cores, leg: &Leg, count: usize) -> Result<Stations> {
        let mut command = cores.command(Half::Load, loadgen);
        command.args(["stations", "--url", &leg.url, "--prefix", &leg.prefix()]);
        command.args(["--count", &count.to_string(), "--password", PASSWORD]);
        let mut process = Process::start(&format!("the stations of `{}`", leg.kind), &mut command)?;
        let line = process.line()?;
        ensure!(line == format!("ready {count}"), "the stations say `{line}`");
        Ok(Stations { process })
    }

    /// Lets them talk for a while; a pace of zero is as fast as the answers come.
    pub(super) fn round(&mut self, seconds: u32, pace_ms: u32) -> Result<Round> {
        self.process.tell(&format!("go {seconds} {pace_ms}"))?;
        let line = self.process.line()?;
        let summary: Value = serde_json::from_str(&line)?;
        let number = |name: &str| {
            summary.get(name).and_then(Value::as_f64).with_context(|| format!("no `{name}` in {line}"))
        };
        Ok(Round {
            round_trips: number("round_trips")?,
            seconds: number("seconds")?,
            p50_us: number("p50_us")?,
            p99_us: number("p99_us")?,
        })
    }
}
