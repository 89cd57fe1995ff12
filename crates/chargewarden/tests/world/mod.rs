//! A gateway in process, with a simulated CSMS behind it, in a temporary directory.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod tls;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chargewarden::{
    Gateway,
    config::{Config, Csms as CsmsEntry, Listen, Party, StationEntry, Wait, resolve},
};
use chargewarden_ocpp::Version;
use chargewarden_proxy::{Secret, hash_secret};
use chargewarden_testkit::{Csms, csms::Manner, station::Dial};

/// The secret of every station here.
pub(crate) const SECRET: &str = "correct horse battery";

/// What a test runs in.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) csms: Csms,
    pub(crate) place: tempfile::TempDir,
}

impl World {
    /// Stations `CS-1` to `CS-3` that may speak every version; policies that permit everything known.
    pub(crate) async fn start() -> World {
        World::with(Manner::default(), |_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> World {
        World::with(Manner::default(), change).await
    }

    pub(crate) async fn with(manner: Manner, change: impl FnOnce(&mut Config)) -> World {
        let csms = Csms::with(manner).await.unwrap();
        World::on(csms, change).await
    }

    pub(crate) async fn on(csms: Csms, change: impl FnOnce(&mut Config)) -> World {
        World::raise(csms, |_, config| change(config)).await
    }

    /// With files of its own: `change` is told where relative paths start.
    pub(crate) async fn start_in(change: impl FnOnce(&Path, &mut Config)) -> World {
        World::raise(Csms::start().await.unwrap(), change).await
    }

    /// The same gateway started again on what it left, with another configuration.
    pub(crate) async fn again(self, change: impl FnOnce(&mut Config)) -> World {
        let World { gateway, csms, place } = self;
        gateway.shutdown().await;
        let mut config = config(place.path(), &csms.url());
        change(&mut config);
        let settings = resolve(&config, place.path()).unwrap();
        World { gateway: Gateway::start(settings).await.unwrap(), csms, place }
    }

    async fn raise(csms: Csms, change: impl FnOnce(&Path, &mut Config)) -> World {
        let place = tempfile::tempdir().unwrap();
        let mut config = config(place.path(), &csms.url());
        change(place.path(), &mut config);
        let settings = resolve(&config, place.path()).unwrap();
        let gateway = Gateway::start(settings).await.unwrap();
        World { gateway, csms, place }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    pub(crate) fn dial(&self, station: &str, version: Version) -> Dial {
        let url = format!("ws://{}/ocpp", self.gateway.addresses().first());
        Dial::new(url, station, version).password(SECRET)
    }

    /// Stops the gateway and reads the records of its log, each as JSON.
    pub(crate) async fn records(self) -> Vec<serde_json::Value> {
        let data = self.data();
        self.gateway.shutdown().await;
        let mut lines = Vec::new();
        chargewarden_store::audit::export(&data, 0, &mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["record"].clone())
            .collect()
    }
}

/// Asks until it is so, for ten seconds at most.
pub(crate) async fn wait(is_so: impl AsyncFn() -> bool) -> bool {
    for _ in 0..200 {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

/// A small, quick configuration in `place`.
pub(crate) fn config(place: &Path, csms: &str) -> Config {
    let bundle = place.join("everything");
    std::fs::create_dir_all(&bundle).unwrap();
    std::fs::write(bundle.join("bundle.toml"), "party = \"cso\"\nname = \"everything\"\nversion = \"1\"\n")
        .unwrap();
    std::fs::write(bundle.join("everything.cedar"), "@id(\"all\") permit (principal, action, resource);\n")
        .unwrap();
    let hash = hash_secret(&Secret::new(SECRET.into()), &[7; 16]).unwrap();
    let listen = vec![Listen { address: "127.0.0.1:0".to_owned(), ..Listen::default() }];
    let mut config = Config { listen, ..Config::default() };
    config.admin.address = "127.0.0.1:0".to_owned();
    config.store.path = "data".into();
    config.parties = vec![Party { name: "cso".to_owned(), bundles: vec!["everything".to_owned()] }];
    config.csms = vec![CsmsEntry {
        name: "main".to_owned(),
        party: "cnp".to_owned(),
        url: csms.to_owned(),
        ..CsmsEntry::default()
    }];
    let versions: Vec<String> = Version::ALL.iter().map(ToString::to_string).collect();
    config.inventory.stations = ["CS-1", "CS-2", "CS-3"]
        .into_iter()
        .map(|id| StationEntry {
            id: id.to_owned(),
            profile: 1,
            secret_hash: hash.clone(),
            versions: versions.clone(),
            ..StationEntry::default()
        })
        .collect();
    // Every station of a test comes from one address.
    config.limits.handshakes_per_second_per_address = 10_000;
    let wait = |millis| Wait(Duration::from_millis(millis));
    config.limits.csms_lost_spread = wait(50);
    config.limits.drain_spread = wait(20);
    config.limits.close_wait = wait(500);
    config.limits.incumbent_wait = wait(500);
    config
}
