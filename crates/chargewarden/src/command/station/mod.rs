//! `chargewarden station`.

mod edit;
mod hash;
mod import;
mod input;
mod show;
mod standing;

use clap::Subcommand;

pub(in crate::command) use self::show::print_json;
use crate::Exit;

/// Commands about stations.
#[derive(Debug, Subcommand)]
pub(crate) enum Station {
    /// List the stations of the inventory.
    List(show::List),
    /// Show a station: everything but its secrets.
    Show(show::Show),
    /// Add a station. Without --secret-stdin a secret is made and shown, this one time.
    Add(Box<edit::Add>),
    /// Change a station. An empty value takes a setting away.
    Change(Box<edit::Change>),
    /// Remove a station and all that is remembered of it; its session ends.
    Remove(standing::Remove),
    /// Replace a station's secret.
    Rotate(edit::Rotate),
    /// Set a station apart: its session ends, and it is relayed to nobody until it is released.
    Quarantine(standing::Quarantine),
    /// Release a station from quarantine.
    Release(standing::Release),
    /// Let a station come with a lower profile, TLS version or OCPP version than it once had.
    Forgive(standing::Forgive),
    /// Take over the stations of an inventory file, or show what that would change.
    Import(import::Import),
    /// Read a secret from standard input and print its argon2id hash for the inventory file.
    Hash(hash::Hash),
}

impl Station {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Station::List(list) => list.run(),
            Station::Show(show) => show.run(),
            Station::Add(add) => add.run(),
            Station::Change(change) => change.run(),
            Station::Remove(remove) => remove.run(),
            Station::Rotate(rotate) => rotate.run(),
            Station::Quarantine(quarantine) => quarantine.run(),
            Station::Release(release) => release.run(),
            Station::Forgive(forgive) => forgive.run(),
            Station::Import(import) => import.run(),
            Station::Hash(hash) => hash.run(),
        }
    }
}
