//! Chargewarden with everything on: inventory, strict frames, policy, evidence on disk.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::PASSWORD;
use super::leg::{Kind, prefix};
use super::process::{Cores, Half};

/// Memory and passes of the password hash, far below the default: connecting thousands of stations is
/// not what is measured here, and would take a core minutes.
const HASH_KIB: u32 = 64;
const HASH_PASSES: u32 = 1;

/// Writes configuration and inventory for so many stations, and returns what starts the service.
pub(super) fn command(
    place: &Path,
    csms: u16,
    stations: usize,
    cores: &Cores,
    binaries: &Path,
) -> Result<Command> {
    let file = place.join("chargewarden.toml");
    fs::write(place.join("csms.secret"), "the csms's own secret\n")?;
    fs::write(
        &file,
        format!(
            "listen = [{{ address = \"127.0.0.1:0\" }}]
admin.address = \"127.0.0.1:0\"
inventory.file = \"inventory.toml\"
store.path = \"data\"
log.level = \"warn\"
limits.handshakes_per_address = 512
limits.handshakes_per_second_per_address = 100000

[[parties]]
name = \"cso\"
bundles = [\"builtin:baseline\"]

[[csms]]
name = \"bench\"
party = \"cso\"
url = \"ws://127.0.0.1:{csms}/ocpp\"
password_file = \"csms.secret\"
"
        ),
    )?;
    fs::write(place.join("inventory.toml"), inventory(stations)?)?;
    let mut command = cores.command(Half::Leg, &binaries.join("chargewarden"));
    command.args(["run", "-c"]).arg(file).current_dir(place);
    Ok(command)
}

/// The stations' port in `listening stations=ADDRESS admin=ADDRESS`.
pub(super) fn port_of(line: &str) -> Result<u16> {
    let rest = line.strip_prefix("listening stations=").with_context(|| format!("unexpected `{line}`"))?;
    let address: SocketAddr = rest.split(' ').next().unwrap_or_default().parse()?;
    Ok(address.port())
}

fn inventory(stations: usize) -> Result<String> {
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
