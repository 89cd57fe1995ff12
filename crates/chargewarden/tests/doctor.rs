//! `chargewarden doctor` against management systems that are open, closed, half open, false and away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use chargewarden_proxy::{Secret, hash_secret};
use chargewarden_testkit::{
    Csms,
    csms::Manner,
    pki::{Authority, Leaf},
    tls::CsmsTls,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_chargewarden");

/// What the service presents to the CSMS.
const PASSWORD: &str = "password of the service";

/// What it presented before.
const OLD: &str = "password before that";

/// The client certificate of the service, in the TLS section of a CSMS.
const CERTIFICATE: &str = "certificate = \"service.pem\"\nkey = \"service.key\"\n";

/// A deployment's files, in order: nothing in them is worth a warning.
struct Place {
    folder: tempfile::TempDir,
    root: Authority,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), root: Authority::root("CSMS root") }
    }

    /// For a CSMS at `url`; `tls` is the rest of its section, where it has one.
    fn before(url: &str, tls: Option<&str>) -> Place {
        let place = Place::new();
        place.configure(url, tls);
        place
    }

    fn configure(&self, url: &str, tls: Option<&str>) {
        self.root.write(self.folder.path(), "root").unwrap();
        self.root.crl(&[]).write(self.folder.path(), "root").unwrap();
        self.root.issue_to(self.folder.path(), "service", &Leaf::station("the service")).unwrap();
        let tls = tls.map(|more| {
            format!(
                "[csms.tls]\nanchors = [\"root.pem\"]\ncrls = [\"root.crl\"]\nserver_name = \"csms.example\"\n{more}"
            )
        });
        let hash = hash_secret(&Secret::new(b"secret of the station".to_vec()), &[7; 16]).unwrap();
        self.write("password", PASSWORD, 0o600);
        self.write("old", OLD, 0o600);
        let station =
            "[[station]]\nid = \"CS-1\"\nprofile = 1\nversions = [\"1.6\"]\nsources = [\"127.0.0.0/8\"]\n";
        self.write("stations.toml", &format!("{station}secret_hash = \"{hash}\"\n"), 0o640);
        let text = format!(
            "[[csms]]\nname = \"main\"\nparty = \"cnp\"\nurl = \"{url}\"\nuser = \"gateway\"\npassword_file = \"password\"\n{}\n\
             [[parties]]\nname = \"cso\"\nbundles = [\"builtin:cso-baseline\"]\n\
             [inventory]\nfile = \"stations.toml\"\n[store]\npath = \"data\"\n",
            tls.unwrap_or_default()
        );
        self.write("chargewarden.toml", &text, 0o644);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    async fn doctor(&self, more: &[&str]) -> Found {
        let config = self.path("chargewarden.toml");
        let mut arguments = vec!["-c".to_owned(), config.to_str().unwrap().to_owned()];
        arguments.extend(more.iter().map(ToString::to_string));
        doctor(arguments).await
    }

    async fn doctor_with_old(&self, more: &[&str]) -> Found {
        let old = self.path("old");
        let arguments: Vec<&str> =
            ["--old-password-file", old.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
        self.doctor(&arguments).await
    }

    /// A CSMS that proves itself by this place's root.
    fn tls(&self) -> CsmsTls {
        CsmsTls::presenting(&self.root.issue(&Leaf::server("csms.example")))
    }
}

/// What `doctor` said.
struct Found {
    exit: i32,
    report: Value,
}

impl Found {
    /// The codes above notice.
    fn codes(&self) -> Vec<&str> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["severity"] != "notice")
            .map(|finding| finding["code"].as_str().unwrap())
            .collect()
    }

    fn has(&self, code: &str) -> bool {
        self.report["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code)
    }

    #[track_caller]
    fn expect(&self, exit: i32, codes: &[&str]) {
        assert_eq!((self.exit, self.codes()), (exit, codes.to_vec()), "{:#}", self.report);
    }
}

async fn doctor(arguments: Vec<String>) -> Found {
    let run = move || {
        Command::new(PROGRAM).arg("doctor").args(["--json", "--timeout", "5"]).args(arguments).output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    if report == Value::Null {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Found { exit: output.status.code().unwrap(), report }
}

/// A CSMS that asks for the password of the service, and takes `also` besides.
fn careful(also: &'static str) -> Manner {
    Manner {
        admit: Box::new(move |_, basic| {
            basic.is_some_and(|basic| basic.password == PASSWORD || basic.password == also)
        }),
        ..Manner::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposed_csms_is_a_critical_finding() {
    let csms = Csms::start().await.unwrap();
    let place = Place::before(&csms.url(), None);
    let found = place.doctor(&[]).await;
    found.expect(1, &["bypass-open", "bypass-wrong-password"]);
    assert!(found.has("station-not-tried") && found.has("vantage"));
    // Only an id that nobody has was used, no OCPP was spoken, and nobody stayed.
    let sessions = csms.sessions();
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].station().starts_with("chargewarden-canary-"));
    sessions[0].closed().await;
    assert!(sessions[0].transcript().received().is_empty());

    let found = place.doctor(&["--station", "CS-1"]).await;
    assert!(found.exit == 1 && csms.session("CS-1").is_some() && !found.has("station-not-tried"));
    assert_eq!(found.codes().iter().filter(|code| **code == "bypass-open").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_from_elsewhere_without_any_configuration() {
    let csms = Csms::start().await.unwrap();
    let found = doctor(vec!["--url".to_owned(), csms.url()]).await;
    found.expect(1, &["bypass-open", "bypass-wrong-password"]);
    let careful = Csms::with(careful("")).await.unwrap();
    doctor(vec!["--url".to_owned(), careful.url()]).await.expect(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_csms_is_none() {
    let place = Place::new();
    let tls = place.tls().requiring([place.root.certificate()]);
    let csms = Csms::with(Manner { tls: Some(tls), ..careful("") }).await.unwrap();
    place.configure(&csms.url(), Some(CERTIFICATE));
    let found = place.doctor_with_old(&["--station", "CS-1"]).await;
    found.expect(0, &[]);
    let probes = found.report["probes"].as_array().unwrap();
    assert_eq!(probes.len(), 8, "{:#}", found.report);
    assert!(probes.iter().all(|probe| probe["closed"] == true));
    assert!(csms.requests().is_empty(), "without a certificate nobody gets as far as HTTP");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_half_open_is_said_exactly() {
    let place = Place::new();
    let tls = place.tls().asking([place.root.certificate()]);
    let csms = Csms::with(Manner { tls: Some(tls), ..careful(OLD) }).await.unwrap();
    place.configure(&csms.url(), Some(CERTIFICATE));
    place.doctor_with_old(&[]).await.expect(1, &["bypass-old-password", "bypass-without-certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_csms_is_seen_and_told_no_secret() {
    let place = Place::new();
    let tls = CsmsTls::presenting(&Authority::root("Somebody").issue(&Leaf::server("csms.example")));
    let csms = Csms::with(Manner { tls: Some(tls), ..Manner::default() }).await.unwrap();
    place.configure(&csms.url(), Some(CERTIFICATE));
    let found = place.doctor_with_old(&[]).await;
    assert!(found.exit == 1 && found.has("csms-certificate-refused"), "{:#}", found.report);
    let seen = csms.requests();
    let passwords: Vec<_> =
        seen.iter().filter_map(|seen| seen.authorization.as_ref()).map(|basic| &basic.password).collect();
    assert_eq!(passwords.len(), 1, "the nonsense alone");
    assert!(passwords[0] != PASSWORD && passwords[0] != OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csms_that_is_away_leaves_the_question_open() {
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let place = Place::before(&format!("ws://{nowhere}/ocpp"), None);
    place.doctor(&[]).await.expect(4, &["csms-unreachable"]);
    // With other findings those decide.
    place.write("password", PASSWORD, 0o644);
    place.doctor(&[]).await.expect(1, &["csms-unreachable", "secret-readable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_said_and_nothing_is_dialled() {
    let csms = Csms::start().await.unwrap();
    let place = Place::before(&csms.url(), Some("certificate = \"service.pem\"\n"));
    let found = place.doctor(&[]).await;
    assert_eq!((found.exit, &found.report, csms.connections()), (3, &Value::Null, 0));
}

/// Answers every connection that begins in clear with `answer`, and hangs up on TLS.
async fn in_clear(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = tcp.read(&mut head).await.unwrap_or(0);
            if head[..read].starts_with(b"GET ") {
                let _ = tcp.write_all(&answer).await;
                let _ = tcp.read(&mut head).await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_finding() {
    const CLOSE_1008: [u8; 4] = [0x88, 0x02, 0x03, 0xf0];
    let switching = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    for (answer, codes) in [
        (
            b"HTTP/1.1 401 Unauthorized\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n\r\n".to_vec(),
            vec!["clock-skew"],
        ),
        (b"HTTP/1.1 503 Busy\r\n\r\n".to_vec(), vec!["bypass-inconclusive"; 2]),
        ([&switching[..], &CLOSE_1008].concat(), vec!["bypass-closed-after"; 2]),
    ] {
        let place = Place::before(&format!("ws://{}/", in_clear(answer).await), None);
        place.doctor(&[]).await.expect(1, &codes);
    }
    for (answer, code) in [
        (switching.to_vec(), "bypass-plain"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n".to_vec(), "csms-answers-plain"),
    ] {
        let place = Place::before(&format!("wss://{}/ocpp", in_clear(answer).await), Some(""));
        place.doctor(&[]).await.expect(1, &[code]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_weakens_is_listed() {
    let csms = Csms::with(careful("")).await.unwrap();
    let place = Place::before(&csms.url(), None);
    let stations = place.read("stations.toml");
    let hash = stations.split("secret_hash").nth(1).unwrap();
    let quick = chargewarden_testkit::quick_hash("x", b"salt of the test");
    let more = format!(
        "[[station]]\nid = \"CS-2\"\nprofile = 1\nversions = [\"1.6\"]\nfactory = true\nsecret_hash{hash}\
         [[station]]\nid = \"CS-3\"\nprofile = 1\nversions = [\"1.6\"]\nsecret_hash = \"{quick}\"\ntolerances = [\"hex-key\"]\n\
         [[station]]\nid = \"CS-4\"\nprofile = 0\nversions = [\"1.6\"]\ndanger_unauthenticated_until = \"2999-01-01\"\n"
    );
    place.write("stations.toml", &(stations.clone() + &more), 0o644);
    let exposed = "[[listen]]\naddress = \"0.0.0.0:9000\"\ndanger_allow_plain_nonloopback = true\n";
    place.write("chargewarden.toml", &(place.read("chargewarden.toml") + exposed), 0o666);
    let found = place.doctor(&[]).await;
    for code in [
        "plain-listener",
        "danger-setting",
        "station-unauthenticated",
        "station-plain-anywhere",
        "station-plain",
        "factory-credential",
        "weak-hash",
        "shared-hash",
        "tolerance-granted",
        "inventory-readable",
        "file-writable",
    ] {
        assert!(found.has(code), "{code} is missing: {:#}", found.report);
    }
    assert_eq!(found.exit, 1);
    let config = place.path("chargewarden.toml");
    let said = Command::new(PROGRAM).arg("doctor").arg("-c").arg(config).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("  CRITICAL  plain-listener  [listen[0]]\n"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains("argon2"), "{said}");
}
