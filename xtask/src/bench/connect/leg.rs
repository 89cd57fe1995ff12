//! What ends the stations' TLS.

use std::fmt::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::load::{PREFIX, Stations};
use crate::bench::process::{Cores, Process};
use crate::bench::{gateway, nginx};

/// The legs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// nginx that ends TLS and answers 204 itself: the handshake alone.
    NginxTls,
    /// nginx that ends TLS and proxies the WebSocket.
    Nginx,
    /// Chargewarden, everything on.
    Chargewarden,
}

impl Kind {
    /// Whether stations get as far as the management system.
    pub(super) fn relays(self) -> bool {
        match self {
            Kind::NginxTls => false,
            Kind::Nginx | Kind::Chargewarden => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::NginxTls => "nginx-tls",
            Kind::Nginx => "nginx",
            Kind::Chargewarden => "chargewarden",
        })
    }
}

/// A leg that is up.
pub(super) struct Leg {
    pub(super) kind: Kind,
    /// Base URL for the stations.
    pub(super) url: String,
    process: Process,
}

impl Leg {
    /// Starts a leg before the management system at `csms`, for these stations.
    pub(super) fn start(
        kind: Kind,
        csms: u16,
        place: &Path,
        stations: &Stations,
        cores: &Cores,
        binaries: &Path,
    ) -> Result<Leg> {
        let (port, process) = match kind {
            Kind::NginxTls | Kind::Nginx => {
                let port = nginx::free_port()?;
                let location = match kind.relays() {
                    true => nginx::proxy_to(csms),
                    false => "location / { return 204; }".to_owned(),
                };
                let server = format!("{}\n        {location}", tls_server(port, &stations.pki));
                (port, nginx::start(place, port, &server, stations.count, cores)?)
            }
            Kind::Chargewarden => {
                let tables = format!("{}\n{LIMITS}", listener(&stations.pki));
                gateway::start(place, &tables, &inventory(stations.count)?, csms, cores, binaries)?
            }
        };
        Ok(Leg { kind, url: format!("wss://127.0.0.1:{port}/ocpp"), process })
    }

    /// CPU time the leg has had.
    pub(super) fn cpu(&self) -> Result<Duration> {
        self.process.cpu()
    }

    /// The leg's memory in KiB.
    pub(super) fn memory_kib(&self) -> Result<u64> {
        self.process.memory_kib()
    }
}

/// Chargewarden's defaults hold off thousands of connections from one address, which is where the bench's all come from.
const LIMITS: &str = "[limits]
handshakes_per_address = 4096
handshakes = 4096
handshakes_per_second = 100000
admissions_per_station = 1000
handshakes_per_second_per_address = 100000
";

fn tls_server(port: u16, pki: &Path) -> String {
    let pki = pki.display();
    format!(
        "listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {pki}/server.pem;
        ssl_certificate_key {pki}/server.key;
        ssl_client_certificate {pki}/stations-root.pem;
        ssl_crl {pki}/stations.crl;
        ssl_verify_client on;
        ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256;
        ssl_ecdh_curve X25519:prime256v1;
        ssl_session_cache off;
        ssl_session_tickets off;"
    )
}

fn listener(pki: &Path) -> String {
    let pki = pki.display();
    format!(
        "[[listen]]
address = \"127.0.0.1:0\"
profiles = [3]
[listen.tls]
certificates = [{{ chain = \"{pki}/server.pem\", key = \"{pki}/server.key\" }}]
client_anchors = [\"{pki}/stations-root.pem\"]
crls = [\"{pki}/stations.crl\"]
organisation = \"Example CSO\"
"
    )
}

fn inventory(stations: usize) -> Result<String> {
    let mut inventory = String::new();
    for ordinal in 0..stations {
        writeln!(
            inventory,
            "[[station]]\nid = \"{PREFIX}{ordinal:04}\"\nprofile = 3\nversions = [\"1.6\"]\n"
        )?;
    }
    Ok(inventory)
}
