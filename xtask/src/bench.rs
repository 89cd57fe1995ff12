//! Measurements that need a quiet machine and a release build.

mod relay;

use clap::Subcommand;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// CPU, latency and memory of the relay path: direct, nginx, Chargewarden, side by side in one run.
    Relay(relay::Relay),
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Bench::Relay(relay) => relay.run(),
        }
    }
}
