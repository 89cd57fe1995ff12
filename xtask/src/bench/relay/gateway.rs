//! Chargewarden with everything on: inventory, policy, evidence.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::process::Cores;

pub(super) fn command(
    _place: &Path,
    _port: u16,
    _csms: u16,
    _stations: usize,
    _cores: &Cores,
    _binaries: &Path,
) -> Result<Command> {
    bail!("`chargewarden run` does not exist yet")
}
