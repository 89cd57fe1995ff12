//! `cargo xtask bench relay`.

use anyhow::bail;
use clap::Args;

/// Options of the relay bench.
#[derive(Args)]
pub(crate) struct Relay {}

impl Relay {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        bail!("the relay bench is being built")
    }
}
