//! The management system that every leg of a bench leads to, a process of its own.

use std::path::Path;

use anyhow::{Context, Result};

use super::process::{Cores, Half, Process};

/// Answers every call at once.
pub(super) struct Csms {
    pub(super) port: u16,
    _process: Process,
}

impl Csms {
    pub(super) fn start(loadgen: &Path, cores: &Cores) -> Result<Csms> {
        let mut command = cores.command(Half::Load, loadgen);
        let mut process = Process::start("the csms", command.arg("csms"))?;
        Ok(Csms { port: port_of(&process.line()?)?, _process: process })
    }
}

/// The port in `listening PORT`.
pub(super) fn port_of(line: &str) -> Result<u16> {
    let port = line.strip_prefix("listening ").with_context(|| format!("unexpected `{line}`"))?;
    Ok(port.parse()?)
}
