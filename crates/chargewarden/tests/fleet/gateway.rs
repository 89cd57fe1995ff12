//! The program before a fleet, as a process with TLS files of its own.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chargewarden_testkit::pki::{Authority, Key, Leaf};
use serde_json::Value;
use tempfile::TempDir;

/// The program as cargo built it.
const PROGRAM: &str = env!("CARGO_BIN_EXE_chargewarden");
/// How long the program may take to listen; it brings an inventory of thousands into its store first.
const START_WAIT: Duration = Duration::from_secs(60);
/// The soft limit on open files that the program is started with: a usual one, far too low for a fleet.
const FILES: u32 = 1_024;
/// What the stations' certificates must name.
pub const ORGANISATION: &str = "Example CSO";

/// Files of the program, and the authorities behind its certificates and its stations'.
pub struct Place {
    folder: TempDir,
    pub servers: Authority,
    pub stations: Authority,
}

impl Place {
    /// Files for a gateway before the CSMS at `csms`, with these stations, all of profile 3.
    pub fn new(csms: &str, ids: &[String]) -> Place {
        let folder = TempDir::new().unwrap();
        let place =
            Place { folder, servers: Authority::root("servers"), stations: Authority::root("stations") };
        place.present_new_certificates();
        place.revoke(&[]);
        place.stations.write(place.path(), "stations-root").unwrap();
        let mut inventory = String::new();
        for id in ids {
            writeln!(inventory, "[[station]]\nid = \"{id}\"\nprofile = 3\nversions = [\"1.6\"]\n").unwrap();
        }
        fs::write(place.path().join("stations.toml"), inventory).unwrap();
        fs::write(
            place.path().join("chargewarden.toml"),
            format!(
                r#"
reload_interval = "0s" # reloaded when the test says so
[[listen]]
address = "127.0.0.1:0"
profiles = [3]
[listen.tls]
certificates = [
    {{ chain = "ecdsa.pem", key = "ecdsa.key" }},
    {{ chain = "rsa.pem", key = "rsa.key" }},
]
client_anchors = ["stations-root.pem"]
crls = ["stations.crl"]
organisation = "{ORGANISATION}"
[admin]
address = "127.0.0.1:0"
[[csms]]
name = "cnp"
party = "cso"
url = "{csms}"
[[parties]]
name = "cso"
bundles = ["builtin:cso-baseline"]
[inventory]
file = "stations.toml"
[store]
path = "data"
[limits]
handshake_wait = "60s" # a program without optimisation takes its time for thousands of handshakes
dial_wait = "30s"
[log]
level = "warn"
"#
            ),
        )
        .unwrap();
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes server certificates that are not there yet; returns the serial number of the ECDSA one.
    pub fn present_new_certificates(&self) -> u64 {
        let leaf = Leaf::server("127.0.0.1");
        self.servers.issue_to(self.path(), "rsa", &leaf.clone().key(Key::Rsa2048)).unwrap();
        let ecdsa = self.servers.issue(&leaf);
        ecdsa.write(self.path(), "ecdsa").unwrap();
        ecdsa.serial()
    }

    /// Writes a revocation list.
    pub fn revoke(&self, serials: &[u64]) {
        self.stations.crl(serials).write(self.path(), "stations").unwrap();
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }

    /// The records of the evidence log after the program has ended; fails unless the log verifies.
    pub fn records(&self) -> Vec<Value> {
        let run = |what: &str| {
            let done = Command::new(PROGRAM).args(["evidence", what]).arg(self.path().join("data")).output();
            let done = done.unwrap();
            assert!(done.status.success(), "evidence {what}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap()
        };
        run("verify");
        let lines = run("export");
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone()).collect()
    }
}

/// The running program. Dropping it kills it.
pub struct Gateway {
    process: Child,
    /// Where stations dial.
    pub url: String,
}

impl Gateway {
    pub async fn start(place: &Place) -> Gateway {
        let ready = place.path().join("ready.json");
        let log: PathBuf = place.path().join("log.txt");
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut process = Command::new("prlimit")
            .arg(format!("--nofile={FILES}:"))
            .arg(PROGRAM)
            .arg("run")
            .arg("-c")
            .arg(place.path().join("chargewarden.toml"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prlimit is needed (Debian: util-linux)");
        let begun = Instant::now();
        let addresses: Value = loop {
            if let Ok(text) = fs::read_to_string(&ready) {
                break serde_json::from_str(&text).unwrap();
            }
            let ended = process.try_wait().unwrap().is_some();
            assert!(!ended, "the program ended instead of listening:\n{}", place.log());
            assert!(begun.elapsed() < START_WAIT, "the program does not listen after {START_WAIT:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let url = format!("wss://{}/ocpp", addresses["stations"][0].as_str().unwrap());
        Gateway { process, url }
    }

    /// Resident memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// CPU time of all its threads.
    pub fn cpu(&self) -> Duration {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap() {
            let schedstat = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            nanoseconds += schedstat.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
        Duration::from_nanos(nanoseconds)
    }

    /// Has it read its files again.
    pub fn reload(&self) {
        self.signal("-HUP");
    }

    /// Asks it to end, and holds it to ending in order.
    pub fn stop(mut self) {
        assert!(self.process.try_wait().unwrap().is_none(), "the process died during the test");
        self.signal("-TERM");
        assert_eq!(self.process.wait().unwrap().code(), Some(0), "the program ends in order");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.process.id().to_string()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
