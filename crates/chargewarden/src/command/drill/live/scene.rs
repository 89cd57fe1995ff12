//! A gateway with an entrance of each kind, authorities made for it, and management systems of every sort.

use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chargewarden_ocpp::Version;
use chargewarden_store::audit;
use chargewarden_testkit::csms::Manner;
use chargewarden_testkit::pki::{Authority, Issued, Key, Leaf};
use chargewarden_testkit::station::Dial;
use chargewarden_testkit::tls::{CsmsTls, StationTls};
use chargewarden_testkit::{Csms, Station, quick_hash};
use serde_json::Value;

use super::ENTRIES;
use crate::Gateway;
use crate::config::{
    Config, Csms as CsmsEntry, CsmsTls as CsmsTlsEntry, KeyPair, Listen, ListenTls, Party, StationEntry,
    Wait, resolve,
};

/// The organisation in the certificates of stations.
pub(super) const ORGANISATION: &str = "Example CSO";
/// The name in the certificates of management systems.
const CSMS_NAME: &str = "csms.example";
/// Stations of each entry with a password over an open line, numbered from 1.
pub(super) const PLAIN: usize = 18;
/// The station of each entry with a password over TLS.
pub(super) const PASSWORD: usize = 20;
/// The station of each entry with a certificate.
pub(super) const CERTIFICATE: usize = 30;
/// Those in whose place impostors stand, and behind them the one with the genuine system.
pub(super) const IMPOSTORS: std::ops::Range<usize> = 40..43;
/// Station of the genuine system.
pub(super) const GENUINE: usize = 43;
/// How long whoever connects may take to say who he is.
pub(super) const HANDSHAKE_WAIT: Duration = Duration::from_secs(2);

/// The scene.
pub(super) struct Scene {
    gateway: Gateway,
    /// The management system of nearly all stations.
    pub(super) csms: Csms,
    /// Management systems with a certificate that is not the right one, and the genuine.
    pub(super) systems: Vec<Csms>,
    servers: Authority,
    stations: Authority,
    /// The password of a station is this, with its id behind.
    secret: String,
    folder: tempfile::TempDir,
}

impl Scene {
    /// Starts everything.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no temporary directory")?;
        let secret = random()?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let root = Authority::root("CSO root");
        let stations = root.intermediate("CSO stations");
        let servers = Authority::root("Servers");
        write(folder.path(), &root, &stations, &servers)?;
        let csms = Csms::start().await.context("no loopback port for the management system")?;
        let system_root = Authority::root("CSMS root");
        system_root.write(folder.path(), "system")?;
        system_root.crl(&[]).write(folder.path(), "system")?;
        let genuine = || Leaf::server(CSMS_NAME);
        let presented = [
            Authority::root("Somebody else").issue(&genuine()),
            system_root.namesake().issue(&genuine()),
            system_root.issue(&Leaf::server("csms.elsewhere")),
            system_root.issue(&genuine()),
        ];
        let mut systems = Vec::new();
        for issued in &presented {
            let manner = Manner { tls: Some(CsmsTls::presenting(issued)), ..Manner::default() };
            systems.push(Csms::with(manner).await.context("no loopback port for a management system")?);
        }
        let config = config(folder.path(), &csms, &systems, &secret)?;
        let settings = resolve(&config, folder.path()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let gateway = Gateway::start(settings).await?;
        Ok(Self { gateway, csms, systems, servers, stations, secret, folder })
    }

    /// Ends everything, and reads the records.
    pub(super) async fn end(self) -> anyhow::Result<Vec<Value>> {
        let Self { gateway, csms, systems, folder, .. } = self;
        gateway.shutdown().await;
        drop((csms, systems));
        let data = folder.path().join("data");
        ensure!(
            audit::verify_log(&data, None, None)?.is_clean(),
            "the evidence of the drill does not verify"
        );
        let mut lines = Vec::new();
        audit::export(&data, 0, &mut lines)?;
        let mut records = Vec::new();
        for line in lines.lines() {
            let mut entry: Value = serde_json::from_str(&line?)?;
            records.push(entry.get_mut("record").map(Value::take).unwrap_or_default());
        }
        Ok(records)
    }

    /// The password of a station.
    pub(super) fn password(&self, station: &str) -> String {
        password(&self.secret, station)
    }

    /// How a station dials as it should, over an open line.
    pub(super) fn dial(&self, station: &str, version: Version) -> Dial {
        self.stranger(station, version).password(&self.password(station))
    }

    /// The same without a credential.
    pub(super) fn stranger(&self, station: &str, version: Version) -> Dial {
        Dial::new(format!("ws://{}/ocpp", self.entrance(0)), station, version).wait(Duration::from_secs(5))
    }

    /// Over TLS, without a credential.
    pub(super) fn stranger_tls(&self, station: &str, version: Version, tls: StationTls) -> Dial {
        Dial::new(format!("wss://{}/ocpp", self.entrance(1)), station, version)
            .tls(tls)
            .wait(Duration::from_secs(5))
    }

    /// The address of an entrance: 0 is open, 1 has TLS.
    pub(super) fn entrance(&self, number: usize) -> std::net::SocketAddr {
        let addresses = self.gateway.addresses();
        addresses.stations.get(number).copied().unwrap_or_else(|| addresses.first())
    }

    /// TLS of a station without a certificate.
    pub(super) fn anonymous(&self) -> StationTls {
        StationTls::trusting([self.servers.certificate()]).server_name("localhost")
    }

    /// A certificate of the stations' authority.
    pub(super) fn certificate(&self, leaf: &Leaf) -> Issued {
        self.stations.issue(leaf)
    }
}

/// Whether somebody who dials like this is let in. Whoever is leaves at once.
pub(super) async fn comes_in(dial: &Dial) -> bool {
    match Station::obliging(dial).await {
        Ok(station) => {
            station.close().await;
            true
        }
        Err(_) => false,
    }
}

/// The same for who may have to wait a moment: a session before may still be ending.
pub(super) async fn comes_in_soon(dial: &Dial) -> bool {
    let deadline = Instant::now() + Duration::from_secs(6);
    while Instant::now() < deadline {
        if comes_in(dial).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    false
}

fn password(secret: &str, station: &str) -> String {
    format!("{secret}-{station}")
}

fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn write(folder: &Path, root: &Authority, stations: &Authority, servers: &Authority) -> std::io::Result<()> {
    servers.issue_to(folder, "ecdsa", &Leaf::server("localhost"))?;
    servers.issue_to(folder, "rsa", &Leaf::server("localhost").key(Key::Rsa2048))?;
    root.write(folder, "root")?;
    root.crl(&[]).write(folder, "root")?;
    stations.crl(&[]).write(folder, "stations")?;
    Ok(())
}

fn config(folder: &Path, csms: &Csms, systems: &[Csms], secret: &str) -> anyhow::Result<Config> {
    let pair =
        |name: &str| KeyPair { chain: format!("{name}.pem").into(), key: format!("{name}.key").into() };
    let tls = ListenTls {
        certificates: vec![pair("ecdsa"), pair("rsa")],
        client_anchors: vec!["root.pem".into()],
        crls: vec!["root.crl".into(), "stations.crl".into()],
        organisation: Some(ORGANISATION.to_owned()),
        ..ListenTls::default()
    };
    let loopback = || "127.0.0.1:0".to_owned();
    let listen = vec![
        Listen { address: loopback(), profiles: vec![0, 1], ..Listen::default() },
        Listen { address: loopback(), profiles: vec![2, 3], tls: Some(tls), ..Listen::default() },
    ];
    let mut config = Config { listen, ..Config::default() };
    config.admin.address = loopback();
    config.store.path = folder.join("data");
    config.parties = vec![Party { name: "cso".into(), bundles: vec!["builtin:cso-baseline".into()] }];
    config.csms =
        vec![CsmsEntry { name: "main".into(), party: "cso".into(), url: csms.url(), ..CsmsEntry::default() }];
    for (number, system) in systems.iter().enumerate() {
        config.csms.push(CsmsEntry {
            name: format!("system-{number}"),
            party: "cso".into(),
            url: system.url(),
            tls: Some(CsmsTlsEntry {
                anchors: vec![folder.join("system.pem")],
                crls: vec![folder.join("system.crl")],
                server_name: Some(CSMS_NAME.to_owned()),
                ..CsmsTlsEntry::default()
            }),
            ..CsmsEntry::default()
        });
    }
    for live in ENTRIES {
        config.inventory.stations.extend(inventory(live.id, secret)?);
    }
    let wait = |duration| Wait(duration);
    // As shipped, but for waits that are longer than a drill, and for guesses.
    config.limits.handshakes_per_second_per_address = 1_000;
    config.limits.handshakes_per_second = 5_000;
    config.limits.handshake_wait = wait(HANDSHAKE_WAIT);
    config.limits.dial_wait = wait(Duration::from_secs(1));
    config.limits.incumbent_wait = wait(Duration::from_millis(500));
    config.limits.close_wait = wait(Duration::from_millis(500));
    config.limits.csms_lost_spread = wait(Duration::from_millis(50));
    config.limits.drain_spread = wait(Duration::from_millis(20));
    Ok(config)
}

/// The stations of an entry.
fn inventory(id: &str, secret: &str) -> anyhow::Result<Vec<StationEntry>> {
    let versions: Vec<String> = Version::ALL.iter().map(ToString::to_string).collect();
    let entry = |number: usize, profile: u8| -> anyhow::Result<StationEntry> {
        let station = format!("{id}-{number}");
        let hash = quick_hash(&password(secret, &station), &random()?);
        let named = (IMPOSTORS.start..=GENUINE)
            .contains(&number)
            .then(|| format!("system-{}", number - IMPOSTORS.start));
        Ok(StationEntry {
            id: station,
            profile,
            secret_hash: if profile == 3 { String::new() } else { hash },
            versions: versions.clone(),
            csms: Some(named.unwrap_or_else(|| "main".to_owned())),
            ..StationEntry::default()
        })
    };
    let plain = (1..=PLAIN).chain(IMPOSTORS.start..=GENUINE).map(|number| entry(number, 1));
    plain.chain([entry(PASSWORD, 2), entry(CERTIFICATE, 3)]).collect()
}
