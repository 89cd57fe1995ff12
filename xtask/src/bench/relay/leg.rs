//! What stands between the stations and the management system.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::inventory::inventory;
use crate::bench::csms::port_of;
use crate::bench::process::{Cores, Half, Process};
use crate::bench::{gateway, nginx};

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
                (port_of(&process.line()?)?, Some(process))
            }
            Kind::Nginx => {
                let port = nginx::free_port()?;
                let server =
                    format!("listen 127.0.0.1:{port} backlog=4096;\n        {}", nginx::proxy_to(csms));
                (port, Some(nginx::start(place, port, &server, stations, cores)?))
            }
            Kind::Chargewarden => {
                let tables = "[[listen]]\naddress = \"127.0.0.1:0\"\n\n[limits]\n\
                    handshakes_per_second_per_address = 100000\n";
                let (port, process) =
                    gateway::start(place, tables, &inventory(stations)?, csms, cores, binaries)?;
                (port, Some(process))
            }
        };
        Ok(Leg { kind, url: format!("ws://127.0.0.1:{port}/ocpp"), process })
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
}

/// What the stations of a leg are called, up to their number.
pub(super) fn prefix(kind: Kind) -> String {
    format!("bench-{kind}-")
}
