//! The stations, a process of their own with certificates of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::leg::Leg;
use crate::bench::process::{Cores, Half, Process};

/// What the stations are called, up to their number.
pub(super) const PREFIX: &str = "bench-connect-";

/// Stations that can connect to any leg, one after another.
pub(super) struct Stations {
    /// Where the certificates are that a leg needs.
    pub(super) pki: PathBuf,
    pub(super) count: usize,
    process: Process,
}

/// How connecting them all went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connected {
    pub(super) handshakes: f64,
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Stations {
    pub(super) fn start(
        loadgen: &Path,
        cores: &Cores,
        pki: &Path,
        count: usize,
        tls12: bool,
    ) -> Result<Stations> {
        let mut command = cores.command(Half::Load, loadgen);
        command.args(["connect", "--prefix", PREFIX, "--count", &count.to_string(), "--pki"]).arg(pki);
        if tls12 {
            command.arg("--tls12");
        }
        let mut process = Process::start("the stations", &mut command)?;
        let line = process.line()?;
        ensure!(line == format!("ready {count}"), "the stations say `{line}`");
        Ok(Stations { pki: pki.to_owned(), count, process })
    }

    /// Connects them all; a rate of zero is as fast as it goes. Fails unless every one got as far as the leg goes.
    pub(super) fn connect(&mut self, leg: &Leg, at_once: usize, rate: u32, boot: bool) -> Result<Connected> {
        let report = self.ask(&format!("connect {} {at_once} {rate} {}", leg.url, u8::from(boot)))?;
        let number = |name: &str| {
            report.get(name).and_then(Value::as_f64).with_context(|| format!("no `{name}` in {report}"))
        };
        let through = if leg.kind.relays() { "admitted" } else { "answered" };
        let handshakes = number(through)?;
        let wanted = f64::from(u32::try_from(self.count)?);
        ensure!(handshakes >= wanted, "leg `{}`: not all stations connected: {report}", leg.kind);
        Ok(Connected {
            handshakes,
            per_second: handshakes / number("seconds")?,
            p50_ms: number("p50_ms")?,
            p99_ms: number("p99_ms")?,
        })
    }

    /// Closes every connection. Fails when one had ended before.
    pub(super) fn hang_up(&mut self) -> Result<()> {
        let report = self.ask("hang-up")?;
        let ended = report.get("ended").and_then(Value::as_object);
        ensure!(ended.is_some_and(serde_json::Map::is_empty), "connections were lost: {report}");
        Ok(())
    }

    fn ask(&mut self, order: &str) -> Result<Value> {
        self.process.tell(order)?;
        Ok(serde_json::from_str(&self.process.line()?)?)
    }
}
