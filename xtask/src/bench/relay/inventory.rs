//! The stations as Chargewarden knows them.

use std::fmt::Write;

use anyhow::{Result, anyhow};
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::PASSWORD;
use super::leg::{Kind, prefix};

/// Memory and passes of the password hash, far below the default: connecting thousands of stations is
/// not what is measured here, and would take a core minutes.
const HASH_KIB: u32 = 64;
const HASH_PASSES: u32 = 1;

/// An inventory of so many stations.
pub(super) fn inventory(stations: usize) -> Result<String> {
    let params = Params::new(HASH_KIB, HASH_PASSES, 1, None).map_err(|error| anyhow!("argon2: {error}"))?;
    let salt = SaltString::encode_b64(b"the bench's salt").map_err(|error| anyhow!("salt: {error}"))?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(PASSWORD.as_bytes(), &salt)
        .map_err(|error| anyhow!("argon2: {error}"))?;
    let mut inventory = String::new();
    for ordinal in 0..stations {
        let id = format!("{}{ordinal:04}", prefix(Kind::Chargewarden));
        writeln!(
            inventory,
            "[[station]]\nid = \"{id}\"\nprofile = 1\nsecret_hash = \"{hash}\"\nversions = [\"1.6\"]\n"
        )?;
    }
    Ok(inventory)
}
