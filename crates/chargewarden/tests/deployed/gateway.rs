//! The program under test, as a process with files of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

/// The password of every station.
pub const SECRET: &str = "correct-horse-16";

/// The program as cargo built it.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_chargewarden");

/// How long the program may take to listen.
const START_WAIT: Duration = Duration::from_secs(20);

/// A data directory and configuration that outlive the process.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// Files for a gateway before the CSMS at `csms`, with stations `H-0` … and `BYSTANDER`, which speak `versions`.
    pub fn new(csms: &str, stations: usize, versions: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let hash = chargewarden_testkit::quick_hash(SECRET, b"salt of the test");
        let ids = (0..stations).map(|n| format!("H-{n}")).chain(["BYSTANDER".to_owned()]);
        let inventory: String = ids
            .map(|id| {
                format!("[[station]]\nid = \"{id}\"\nprofile = 1\nversions = {versions}\nsecret_hash = \"{hash}\"\n\n")
            })
            .collect();
        std::fs::write(folder.path().join("stations.toml"), inventory).unwrap();
        let configuration = format!(
            r#"
[[listen]]
address = "127.0.0.1:0"
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
guesses_per_address = 100000
guesses_per_station = 100000
admissions_per_station = 1000
handshakes_per_second_per_address = 100000
handshake_wait = "5s"
dial_wait = "2s"
incumbent_wait = "1s"
message_wait = "2s"
tick = "500ms"
[log]
level = "warn"
"#
        );
        std::fs::write(folder.path().join("chargewarden.toml"), configuration).unwrap();
        Self { folder }
    }

    /// Lets a CSMS do everything.
    pub fn permit_everything(&self) {
        let bundle = self.path("everything");
        std::fs::create_dir(&bundle).unwrap();
        std::fs::write(
            bundle.join("bundle.toml"),
            "party = \"cso\"\nname = \"everything\"\nversion = \"1\"\n",
        )
        .unwrap();
        std::fs::write(bundle.join("all.cedar"), "@id(\"all\") permit (principal, action, resource);\n")
            .unwrap();
        self.edit("chargewarden.toml", "builtin:cso-baseline", "everything");
    }

    /// A station's secret is its maker's.
    pub fn factory(&self, id: &str) {
        let entry = format!("id = \"{id}\"\n");
        self.edit("stations.toml", &entry, &format!("{entry}factory = true\n"));
    }

    /// Guesses and handshakes are limited as in a configuration that says nothing of it.
    pub fn shipped_limits(&self) {
        let path = self.path("chargewarden.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let loosened = |line: &&str| !line.starts_with("guesses_") && !line.starts_with("handshakes_");
        let shipped: Vec<&str> = text.lines().filter(loosened).collect();
        std::fs::write(path, shipped.join("\n")).unwrap();
    }

    fn edit(&self, name: &str, what: &str, with: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(what));
        std::fs::write(self.path(name), text.replace(what, with)).unwrap();
    }

    /// Has the next process log everything.
    pub fn log_everything(&self) {
        let path = self.path("chargewarden.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("level = \"warn\"", "level = \"trace\"")).unwrap();
    }

    /// Everything that the processes left: what they logged, and every file of the data directory.
    pub fn left_behind(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let data = std::fs::read_dir(self.path("data")).unwrap().map(|entry| entry.unwrap().path());
        data.chain([self.path("log.txt")]).map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
    }

    /// Runs a command on this configuration: its exit code, standard output and standard error.
    pub fn command(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .arg("-c")
            .arg(self.path("chargewarden.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone already.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let done = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    }

    /// The same, for one that must work: its standard output.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.command(arguments, "");
        assert_eq!(code, 0, "{arguments:?}: {out}{error}");
        out.trim_end().to_owned()
    }

    /// Changes a file of the place.
    pub fn rewrite(&self, name: &str, change: impl FnOnce(String) -> String) {
        let path = self.path(name);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, change(text)).unwrap();
    }

    /// The records of the log of this kind, each as JSON. The service must have stopped.
    pub fn records(&self, kind: &str) -> Vec<Value> {
        let export =
            Command::new(PROGRAM).args(["evidence", "export"]).arg(self.path("data")).output().unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let lines = String::from_utf8(export.stdout).unwrap();
        let records =
            lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone());
        records.filter(|record| record.get(kind).is_some()).map(|record| record[kind].clone()).collect()
    }

    /// Where a file of the place is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ids of the commands that evidence says were forwarded to stations, and how often each.
    pub fn forwarded_commands(&self) -> HashMap<String, u32> {
        let export =
            Command::new(PROGRAM).args(["evidence", "export"]).arg(self.path("data")).output().unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let mut found = HashMap::new();
        for line in String::from_utf8(export.stdout).unwrap().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let message = &entry["record"]["message"];
            let forwarded =
                message["verdict"] == "forward" && message["from"] == "csms" && message["type"] == "call";
            if let Some(id) = message["id"].as_str().filter(|_| forwarded) {
                *found.entry(id.to_owned()).or_default() += 1;
            }
        }
        found
    }

    /// Fails unless the evidence log verifies.
    pub fn verify(&self) {
        let verify =
            Command::new(PROGRAM).args(["evidence", "verify"]).arg(self.path("data")).output().unwrap();
        assert!(
            verify.status.success(),
            "{}{}",
            String::from_utf8_lossy(&verify.stdout),
            String::from_utf8_lossy(&verify.stderr)
        );
    }
}

/// A running process. Dropping it kills it.
pub struct Gateway {
    process: Child,
    /// Where stations connect.
    pub address: String,
    /// Where it tells how it is.
    admin: String,
}

impl Gateway {
    /// Starts the program in `place`.
    pub async fn start_at(place: &Place) -> Self {
        let ready = place.path("ready.json");
        let _ = std::fs::remove_file(&ready);
        let log = std::fs::File::options().create(true).append(true).open(place.path("log.txt")).unwrap();
        let mut process = Command::new(PROGRAM)
            .arg("run")
            .arg("-c")
            .arg(place.path("chargewarden.toml"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = SystemTime::now() + START_WAIT;
        let addresses: Value = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break serde_json::from_str(&text).unwrap();
            }
            if process.try_wait().unwrap().is_some() {
                let log = std::fs::read_to_string(place.path("log.txt")).unwrap_or_default();
                panic!("the program ended instead of listening:\n{log}");
            }
            assert!(SystemTime::now() < deadline, "the program does not listen after {START_WAIT:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let admin = addresses["admin"].as_str().unwrap().to_owned();
        Self { process, address: addresses["stations"][0].as_str().unwrap().to_owned(), admin }
    }

    /// The value of a metric, or the sum where its labels contain `labels` more than once; zero where there is none.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut tcp = tokio::net::TcpStream::connect(&self.admin).await.unwrap();
        tcp.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).await.unwrap();
        let is_it = |line: &&str| {
            line.starts_with(name) && line[name.len()..].starts_with([' ', '{']) && line.contains(labels)
        };
        text.lines()
            .filter(is_it)
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .fold(0.0, |sum, value| sum + value)
    }

    /// How often a named bound was reached.
    pub async fn bound_hit(&self, bound: &str) -> f64 {
        self.metric("chargewarden_bounds_hit_total", &format!("bound=\"{bound}\"")).await
    }

    /// The most memory that the process ever had, in KiB.
    pub fn memory_peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak of memory");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Asks it to end, and holds it to ending in order.
    pub fn stop(mut self) {
        assert!(self.process.try_wait().unwrap().is_none(), "the process died during the test");
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(0), "the program ends in order");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The time, as a CSMS would give it.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    chargewarden_ocpp::Timestamp::from_millis(since.as_millis() as i64).to_string()
}
