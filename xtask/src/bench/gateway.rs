//! Chargewarden with everything on: inventory, strict frames, policy, evidence on disk.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};

use super::process::{Cores, Half, Process};

/// Starts the service with these `[[listen]]` and `[limits]` tables and this inventory before the management system at
/// `csms`; returns the stations' port.
pub(super) fn start(
    place: &Path,
    tables: &str,
    inventory: &str,
    csms: u16,
    cores: &Cores,
    binaries: &Path,
) -> Result<(u16, Process)> {
    let file = place.join("chargewarden.toml");
    fs::write(place.join("csms.secret"), "the csms's own secret\n")?;
    fs::write(place.join("inventory.toml"), inventory)?;
    fs::write(
        &file,
        format!(
            "admin.address = \"127.0.0.1:0\"
inventory.file = \"inventory.toml\"
store.path = \"data\"
log.level = \"warn\"

[[parties]]
name = \"cso\"
bundles = [\"builtin:cso-baseline\"]

[[csms]]
name = \"bench\"
party = \"cso\"
url = \"ws://127.0.0.1:{csms}/ocpp\"
password_file = \"csms.secret\"

{tables}"
        ),
    )?;
    let mut command = cores.command(Half::Leg, &binaries.join("chargewarden"));
    command.args(["run", "-c"]).arg(file).current_dir(place);
    let mut process = Process::start("chargewarden", &mut command)?;
    let port = port_of(&process.line()?)?;
    Ok((port, process))
}

/// The stations' port in `listening stations=ADDRESS admin=ADDRESS`; the first where there are several.
fn port_of(line: &str) -> Result<u16> {
    let rest = line.strip_prefix("listening stations=").with_context(|| format!("unexpected `{line}`"))?;
    let address: SocketAddr = rest.split([' ', ',']).next().unwrap_or_default().parse()?;
    Ok(address.port())
}
