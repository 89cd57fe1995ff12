//! Having something done: by the running service through its control socket, or by this command itself when none runs.

mod client;

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chargewarden_admin::control::{CONTROL_SOCKET, Control, Declined, Kind};
use clap::Args;

use self::client::{Client, NotThere};
use crate::{
    Exit, config,
    operations::{Intent, Operations},
};

/// Which service, or which store: the configuration that names it.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Something to have done, whoever does it.
pub(super) trait Errand {
    /// Whether it changes something.
    const INTENT: Intent;

    /// Whether it can be done without a service.
    const ALONE: bool = true;

    /// Has it done and prints what came of it. `by` is whom evidence names when this command does it itself.
    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined>;
}

impl Which {
    /// Has it done.
    pub(super) fn have<E: Errand>(self, errand: E) -> anyhow::Result<Exit> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        runtime.block_on(self.send(errand))
    }

    async fn send<E: Errand>(self, errand: E) -> anyhow::Result<Exit> {
        let (store, problems) = match config::read_file(&self.config) {
            Ok(sources) => (sources.base.join(&sources.config.store.path), None),
            Err(problems) => match store_of(&self.config) {
                Some(store) => (store, Some(problems)),
                None => return Ok(self.wrong(&problems)),
            },
        };
        let socket = store.join(CONTROL_SOCKET);
        let done = match Client::connect(&socket).await {
            Ok(client) => {
                eprintln!("through the running service ({})", socket.display());
                errand.run(&client, String::new(), self.json).await
            }
            Err(NotThere::Refused(error)) => {
                eprintln!(
                    "error: a service may run, but its socket `{}` cannot be used: {error}",
                    socket.display()
                );
                return Ok(Exit::Unavailable);
            }
            Err(NotThere::Nobody) if !E::ALONE => {
                eprintln!("error: no service runs on `{}`", store.display());
                return Ok(Exit::Unavailable);
            }
            Err(NotThere::Nobody) => {
                if let Some(problems) = problems {
                    return Ok(self.wrong(&problems));
                }
                let settings = match config::load(&self.config) {
                    Ok(settings) => settings,
                    Err(problems) => return Ok(self.wrong(&problems)),
                };
                if let Some(why) = other_owner(&store) {
                    eprintln!("error: {why}");
                    return Ok(Exit::Unavailable);
                }
                eprintln!("no service runs: on the store itself ({})", store.display());
                match Operations::alone(settings, E::INTENT).await {
                    Ok(operations) => {
                        let done = errand.run(&operations, "command".to_owned(), self.json).await;
                        operations.close().await;
                        done
                    }
                    Err(declined) => Err(declined),
                }
            }
        };
        Ok(done.unwrap_or_else(|declined| self.declined(&declined)))
    }

    fn wrong(&self, problems: &config::Problems) -> Exit {
        eprintln!("{}: {} problem(s)\n{problems}", self.config.display(), problems.0.len());
        Exit::Configuration
    }

    fn declined(&self, declined: &Declined) -> Exit {
        if self.json
            && let Ok(text) = serde_json::to_string_pretty(declined)
        {
            super::say(text);
        }
        eprintln!("error: {declined}");
        match declined.kind {
            Kind::NotFound | Kind::Conflict => Exit::Finding,
            Kind::Invalid => Exit::Configuration,
            Kind::Unavailable => Exit::Unavailable,
        }
    }
}

/// Where a configuration keeps its store, as far as it can be told from one that is wrong elsewhere: a mistake in it must not keep
/// anybody from reaching the service that runs on its last good form, and setting a station apart.
fn store_of(configuration: &Path) -> Option<PathBuf> {
    let table: toml::Table = toml::from_str(&std::fs::read_to_string(configuration).ok()?).ok()?;
    let path = match table.get("store").and_then(|store| store.get("path")) {
        Some(path) => PathBuf::from(path.as_str()?),
        None => config::Config::default().store.path,
    };
    Some(configuration.parent().unwrap_or(Path::new("")).join(path))
}

/// Why this user must not write into the store: files of another owner in it would keep the service from starting.
fn other_owner(store: &Path) -> Option<String> {
    let owner = std::fs::metadata(store).ok()?.uid();
    // Where the system has it, this is who runs the process.
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    (owner != user).then(|| {
        format!(
            "`{}` belongs to user {owner}, and what user {user} writes there the service could not read; \
             run this as that user (`sudo -u '#{owner}' …`)",
            store.display()
        )
    })
}
