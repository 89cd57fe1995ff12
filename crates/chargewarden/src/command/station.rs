//! `chargewarden station`.

use std::{
    io::{Read, stdin},
    path::PathBuf,
};

use anyhow::{Context, bail};
use chargewarden_proxy::{Secret, hash_secret};
use clap::{Args, Subcommand};
use serde_json::json;

use super::say;
use crate::{Exit, config};

/// Commands about stations.
#[derive(Debug, Subcommand)]
pub(crate) enum Station {
    /// Read a secret from standard input and print its argon2id hash for the inventory.
    Hash(Hash),
    /// List the stations of the inventory.
    List(List),
}

/// Options of `station hash`.
#[derive(Debug, Args)]
pub(crate) struct Hash {}

/// Options of `station list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Bytes of a secret that no station could send are not read.
const SECRET_BYTES_MAX: u64 = chargewarden_proxy::handshake::SECRET_BYTES_MAX as u64;

/// OCPP 1.6 security whitepaper A00.FR.205, OCPP 2.x A00.FR.204: a password has at least 16 characters.
const SECRET_BYTES_WEAK: usize = 16;

impl Station {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Station::Hash(hash) => hash.run(),
            Station::List(list) => list.run(),
        }
    }
}

impl Hash {
    fn run(self) -> anyhow::Result<Exit> {
        let mut secret = zeroize::Zeroizing::new(Vec::new());
        stdin().take(SECRET_BYTES_MAX + 2).read_to_end(&mut secret).context("standard input")?;
        if secret.last() == Some(&b'\n') {
            secret.pop();
        }
        if secret.is_empty() || secret.len() as u64 > SECRET_BYTES_MAX {
            bail!("a secret has 1 to {SECRET_BYTES_MAX} bytes");
        }
        if secret.len() < SECRET_BYTES_WEAK {
            eprintln!("warning: OCPP asks for at least {SECRET_BYTES_WEAK} characters");
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        say(hash_secret(&Secret::new(secret.to_vec()), &salt)?);
        Ok(Exit::Ok)
    }
}

impl List {
    fn run(self) -> anyhow::Result<Exit> {
        let settings = config::read_file(&self.config)
            .and_then(|sources| config::resolve(&sources.config, &sources.base));
        let settings = match settings {
            Ok(settings) => settings,
            Err(problems) => {
                eprintln!("{problems}");
                return Ok(Exit::Configuration);
            }
        };
        if self.json {
            let stations: Vec<_> = settings
                .stations
                .iter()
                .map(|station| {
                    json!({
                        "id": station.id.as_str(), "csms": station.csms.name, "site": station.site,
                        "groups": station.groups, "area": station.area,
                        "versions": station.versions.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    })
                })
                .collect();
            say(serde_json::to_string_pretty(&stations)?);
            return Ok(Exit::Ok);
        }
        for station in &settings.stations {
            let versions: Vec<String> = station.versions.iter().map(ToString::to_string).collect();
            say(format_args!("{:<48} {:<16} {}", station.id.as_str(), station.csms.name, versions.join(",")));
        }
        Ok(Exit::Ok)
    }
}
