//! `chargewarden run`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::{
    Addresses, Exit, Gateway, StartError, config,
    descriptors::{self, Descriptors},
    telemetry,
};

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Write the addresses in use to this file (JSON) once stations are admitted; removed at the end.
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

impl Run {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let settings = match config::load(&self.config) {
            Ok(settings) => settings,
            Err(problems) => {
                eprintln!("{}: {} problem(s)\n{problems}", self.config.display(), problems.0.len());
                return Ok(Exit::Configuration);
            }
        };
        telemetry::init(&settings.log);
        match descriptors::raise(settings.bounds.sessions, settings.bounds.handshakes) {
            Ok(Descriptors { limit, stations }) => tracing::info!(limit, stations, "files that may be open"),
            Err(error) => tracing::warn!(%error, "the limit on open files stays as it is"),
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
        runtime.block_on(self.serve(settings))
    }

    async fn serve(self, settings: config::Settings) -> anyhow::Result<Exit> {
        // Before anything is open, so that a signal in between ends it in order.
        let mut terminate = signal(SignalKind::terminate()).context("signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
        let mut hangup = signal(SignalKind::hangup()).context("signals")?;
        let gateway = match Gateway::start(settings).await {
            Ok(gateway) => gateway,
            Err(error) => return Ok(refuse_to_start(&error)),
        };
        let addresses = gateway.addresses();
        let stations: Vec<String> = addresses.stations.iter().map(ToString::to_string).collect();
        let stations = stations.join(",");
        tracing::info!(stations, admin = %addresses.admin, "listening");
        say(format_args!("listening stations={stations} admin={}", addresses.admin));
        if let Some(path) = &self.ready_file {
            write_ready(path, addresses)?;
        }
        let name = loop {
            tokio::select! {
                _ = terminate.recv() => break "SIGTERM",
                _ = interrupt.recv() => break "SIGINT",
                // What it did is logged and recorded.
                _ = hangup.recv() => drop(gateway.reload("SIGHUP").await),
            }
        };
        tracing::info!(signal = name, sessions = gateway.sessions(), "stopping");
        let stopped = gateway.shutdown().await;
        if let Some(path) = &self.ready_file {
            let _ = std::fs::remove_file(path);
        }
        tracing::info!(sessions_left = stopped.sessions_left, "stopped");
        Ok(if stopped.sessions_left == 0 { Exit::Ok } else { Exit::Unclean })
    }
}

fn refuse_to_start(error: &StartError) -> Exit {
    eprintln!("error: {:#}", anyhow::Error::msg(error.to_string()));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    Exit::Unavailable
}

/// Written beside and moved, so that a reader never sees half of it.
fn write_ready(path: &Path, addresses: Addresses) -> anyhow::Result<()> {
    let beside = path.with_extension("tmp");
    let text = serde_json::to_string(&addresses)? + "\n";
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write `{}`", path.display()))
}
