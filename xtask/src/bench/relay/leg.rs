//! What stands between the stations and the management system.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::process::{Cores, Half, Process};
use super::{gateway, nginx};

/// nginx says nothing when it listens; when it does not by then, it has failed.
const START_WAIT: Duration = Duration::from_secs(60);

/// The legs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Nothing: stations talk to the management system.
    Direct,
    /// A relay of ours that copies bytes and looks at none.
    Blind,
    /// nginx as a WebSocket proxy.
    Nginx,
    /// Chargewarden, everything on.
    Chargewarden,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Direct => "direct",
            Kind::Blind => "blind",
            Kind::Nginx => "nginx",
            Kind::Chargewarden => "chargewarden",
        })
    }
}

/// A leg that is up.
pub(super) struct Leg {
    pub(super) kind: Kind,
    /// Base URL for the stations.
    pub(super) url: String,
    /// `None` when nothing stands between.
    process: Option<Process>,
}

impl Leg {
    /// Starts a leg before the management system at `csms`, for so many stations.
    pub(super) fn start(
        kind: Kind,
        csms: u16,
        place: &Path,
        stations: usize,
        cores: &Cores,
        binaries: &Path,
    ) -> Result<Leg> {
        let (port, process) = match kind {
            Kind::Direct => (csms, None),
            Kind::Blind => {
                let mut command = cores.command(Half::Leg, &binaries.join("loadgen"));
                command.args(["relay", "--to", &csms.to_string()]);
                let mut process = Process::start("the blind relay", &mut command)?;
                (super::load::port_of(&process.line()?)?, Some(process))
            }
            Kind::Nginx => {
                let port = free_port()?;
                let mut command = nginx::command(place, port, csms, stations, cores)?;
                (port, Some(Process::start("nginx", &mut command)?))
            }
            Kind::Chargewarden => {
                let mut command = gateway::command(place, csms, stations, cores, binaries)?;
                let mut process = Process::start("chargewarden", &mut command)?;
                (gateway::port_of(&process.line()?)?, Some(process))
            }
        };
        let mut leg = Leg { kind, url: format!("ws://127.0.0.1:{port}/ocpp"), process };
        if kind == Kind::Nginx {
            // The others have said that they listen.
            leg.wait_until_listening(port)?;
        }
        Ok(leg)
    }

    /// What the leg's stations are called, up to their number.
    pub(super) fn prefix(&self) -> String {
        prefix(self.kind)
    }

    /// CPU time the leg has had; none for nothing.
    pub(super) fn cpu(&self) -> Result<Duration> {
        self.process.as_ref().map_or(Ok(Duration::ZERO), Process::cpu)
    }

    /// The leg's memory in KiB; none for nothing.
    pub(super) fn memory_kib(&self) -> Result<u64> {
        self.process.as_ref().map_or(Ok(0), Process::memory_kib)
    }

    fn wait_until_listening(&mut self, port: u16) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(process) = &mut self.process {
                process.check()?;
            }
            if begun.elapsed() > START_WAIT {
                bail!("does not listen on port {port} after {START_WAIT:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// What the stations of a leg are called, up to their number.
pub(super) fn prefix(kind: Kind) -> String {
    format!("bench-{kind}-")
}

/// A port nobody listens on. Another process could take it first; the leg then fails to start.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
