//! `chargewarden station hash`.

use std::io::{Read, stdin};

use anyhow::{Context, bail};
use chargewarden_proxy::{PASSWORD_MIN, Secret, hash_secret};
use clap::Args;

use super::input::SECRET_BYTES_MAX;
use crate::{Exit, command::say};

/// Options of `station hash`.
#[derive(Debug, Args)]
pub(crate) struct Hash {}

impl Hash {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut secret = zeroize::Zeroizing::new(Vec::new());
        stdin().take(SECRET_BYTES_MAX as u64 + 2).read_to_end(&mut secret).context("standard input")?;
        if secret.last() == Some(&b'\n') {
            secret.pop();
        }
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            bail!("a secret has 1 to {SECRET_BYTES_MAX} bytes");
        }
        if secret.len() < PASSWORD_MIN {
            eprintln!("warning: OCPP asks for at least {PASSWORD_MIN} characters");
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        say(hash_secret(&Secret::new(secret.to_vec()), &salt)?);
        Ok(Exit::Ok)
    }
}
