//! Measurements that need a quiet machine and a release build.

mod connect;
mod csms;
mod gateway;
mod nginx;
mod process;
mod relay;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use clap::Subcommand;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// CPU, latency and memory of the relay path: direct, nginx, Chargewarden, side by side in one run.
    Relay(relay::Relay),
    /// CPU, time and memory of connecting over mutual TLS: nginx, Chargewarden, side by side in one run.
    Connect(connect::Connect),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Bench::Relay(relay) => relay.run(),
            Bench::Connect(connect) => connect.run(),
        }
    }
}

/// Builds what is measured and what measures, optimised; returns where the binaries are.
fn build(chargewarden: bool) -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet", "--package", "chargewarden-testkit", "--bin", "loadgen"]);
    if chargewarden {
        cargo.args(["--package", "chargewarden", "--bin", "chargewarden"]);
    }
    let status = cargo.current_dir(&metadata.workspace_root).status()?;
    ensure!(status.success(), "the release build failed");
    Ok(metadata.target_directory.join("release").into_std_path_buf())
}
