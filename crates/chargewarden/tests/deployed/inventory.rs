//! Stations are added, changed and removed while the service runs, and when none runs: by the same commands.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::csms::Csms;
use crate::gateway::{Gateway, Place, SECRET};
use crate::station::{booted, heard, knock};
use crate::wire::{Seen, Wire};

/// What must not take longer: from a command's end to the end of the session.
const SOON: Duration = Duration::from_secs(1);

/// Waits for the end of a session that loses its basis.
async fn ends(station: &mut Wire) {
    let since = Instant::now();
    assert_eq!(station.next().await, Seen::Close(Some(1008)));
    assert!(since.elapsed() < SOON, "the session went on for {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_comes_is_rotated_set_apart_and_goes() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6"]"#);
    let gateway = Gateway::start_at(&place).await;

    let first =
        place.ask(&["station", "add", "NEW-1", "--profile", "1", "--versions", "1.6", "--site", "harbour"]);
    assert_eq!(first.len(), 20, "OCPP 1.6 takes 20 characters at most");
    let (mut station, status) = knock(&gateway, ("NEW-1", &first), "1.6").await;
    assert_eq!(status, 101);
    // Kept: a management system that hangs up ends the session.
    let _first = csms.session("NEW-1").await;

    let (code, _, error) =
        place.command(&["station", "add", "NEW-1", "--profile", "1", "--versions", "1.6"], "");
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("there is a station `NEW-1` already"), "{error}");

    let second = place.ask(&["station", "rotate", "NEW-1", "--offline"]);
    assert_ne!(first, second);
    ends(&mut station).await;
    assert_eq!(knock(&gateway, ("NEW-1", &first), "1.6").await.1, 401, "the old secret is refused");
    let (mut station, status) = knock(&gateway, ("NEW-1", &second), "1.6").await;
    assert_eq!(status, 101);
    let _second = csms.session("NEW-1").await;
    let shown: Value = serde_json::from_str(&place.ask(&["station", "show", "NEW-1", "--json"])).unwrap();
    assert_eq!(
        (&shown["connected"], &shown["site"], &shown["source"], &shown["secret"]),
        (&"yes".into(), &"harbour".into(), &"command".into(), &true.into())
    );

    // It moves: what policies decide by is another thing now.
    place.ask(&["station", "change", "NEW-1", "--site", "", "--group", "a,b"]);
    ends(&mut station).await;
    let (mut station, _) = knock(&gateway, ("NEW-1", &second), "1.6").await;
    let _third = csms.session("NEW-1").await;
    place.ask(&["station", "quarantine", "NEW-1", "--reason", "odd reports"]);
    ends(&mut station).await;
    let apart: Value =
        serde_json::from_str(&place.ask(&["station", "list", "--standing", "quarantined", "--json"]))
            .unwrap();
    assert_eq!(apart[0]["because"], "odd reports");
    assert_eq!(apart.as_array().map(Vec::len), Some(1));
    place.ask(&["station", "release", "NEW-1"]);

    let (mut station, status) = knock(&gateway, ("NEW-1", &second), "1.6").await;
    assert_eq!(status, 101);
    let _fourth = csms.session("NEW-1").await;
    place.ask(&["station", "remove", "NEW-1"]);
    ends(&mut station).await;
    assert_eq!(knock(&gateway, ("NEW-1", &second), "1.6").await.1, 401);
    assert_eq!(place.command(&["station", "show", "NEW-1"], "").0, 1);

    gateway.stop();
    place.verify();
    let said: Vec<String> = place
        .records("inventory")
        .iter()
        .filter(|record| record["station"] == "NEW-1")
        .map(|record| format!("{} {}", record["change"].as_str().unwrap(), record["by"].as_str().unwrap()))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        said,
        [
            "added control",
            "credential-rotated control",
            "changed control",
            "quarantined control",
            "released control",
            "removed control",
        ]
    );
    let events = place.records("security");
    assert_eq!(events.iter().filter(|event| event["type"] == "StationQuarantined").count(), 2);
    let withdrawn: Vec<_> = events.iter().filter(|event| event["type"] == "AdmissionWithdrawn").collect();
    assert_eq!(withdrawn.len(), 4, "{withdrawn:?}");
    for secret in [first, second] {
        for (path, bytes) in place.left_behind() {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connected_station_is_given_its_secret_through_ocpp() {
    let (csms, url) = Csms::start().await;
    let place = Arc::new(Place::new(&url, 1, r#"["1.6"]"#));
    let gateway = Gateway::start_at(&place).await;
    let (code, _, error) = place.command(&["station", "rotate", "H-0"], "");
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("not connected") && error.contains("--offline"), "{error}");

    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let asking = Arc::clone(&place);
    let command = tokio::task::spawn_blocking(move || asking.command(&["station", "rotate", "H-0"], ""));
    let order = heard(&mut station).await.expect("a command of the gateway itself");
    let order: Value = serde_json::from_str(&order).unwrap();
    let (id, secret) = (order[1].as_str().unwrap(), order[3]["value"].as_str().unwrap());
    assert_eq!((&order[2], &order[3]["key"]), (&"ChangeConfiguration".into(), &"AuthorizationKey".into()));
    station.text(&format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#)).await;
    let (code, out, error) = command.await.unwrap();
    assert_eq!((code, out.as_str()), (0, ""), "nobody else has to know the secret: {error}");
    assert!(error.contains("the station has the new password"), "{error}");
    // Its session goes on, and its management system has seen nothing of it.
    let report = r#"[2,"a","Heartbeat",{}]"#;
    station.text(report).await;
    assert_eq!(link.next().await.as_deref(), Some(report));
    station.bye().await;
    assert_eq!(knock(&gateway, ("H-0", SECRET), "1.6").await.1, 401);
    assert_eq!(knock(&gateway, ("H-0", secret), "1.6").await.1, 101);
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_commands_work_without_a_service() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6", "2.0.1"]"#);
    // Looking makes nothing.
    let listed: Value = serde_json::from_str(&place.ask(&["station", "list", "--json"])).unwrap();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    assert!(!place.path("data").exists());

    let (code, secret, error) =
        place.command(&["station", "add", "NEW-1", "--profile", "1", "--versions", "2.0.1"], "");
    assert_eq!((code, secret.trim_end().len()), (0, 40), "{error}");
    assert!(error.contains("no service runs"), "{error}");
    let (code, out, error) = place.command(
        &[
            "station",
            "add",
            "NEW-2",
            "--profile",
            "1",
            "--versions",
            "1.6",
            "--secret-stdin",
            "--csms-user",
            "me",
            "--csms-password-stdin",
        ],
        "chosen-by-people\nupstream-password-1\n",
    );
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    let rotated = place.ask(&["station", "rotate", "H-0", "--offline"]);
    for arguments in [vec!["reload"], vec!["status"]] {
        let (code, _, error) = place.command(&arguments, "");
        assert_eq!(code, 4, "{error}");
        assert!(error.contains("no service runs"), "{error}");
    }
    // What the file says cannot be changed by command, and says where it can.
    for arguments in [vec!["station", "change", "H-0", "--site", "x"], vec!["station", "remove", "H-0"]] {
        let (code, _, error) = place.command(&arguments, "");
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("stations.toml") && error.contains("chargewarden reload"), "{error}");
    }

    let gateway = Gateway::start_at(&place).await;
    for (id, version, secret, expected) in [
        ("NEW-1", "2.0.1", secret.trim_end(), 101),
        ("NEW-2", "1.6", "chosen-by-people", 101),
        // The start read the file again: the rotated secret is the one in force all the same.
        ("H-0", "1.6", rotated.as_str(), 101),
        ("H-0", "1.6", SECRET, 401),
    ] {
        let (station, status) = knock(&gateway, (id, secret), version).await;
        assert_eq!(status, expected, "{id}");
        if expected == 101 {
            drop(csms.session(id).await);
        }
        station.reset();
    }
    // A second service is turned away, and a command is not: it goes through the first one.
    let (code, _, error) = place.command(&["run"], "");
    assert_eq!(code, 4);
    assert!(error.contains("is in use by another process"), "{error}");
    assert!(place.command(&["station", "list"], "").2.contains("through the running service"));
    gateway.stop();
    for secret in [secret.trim_end(), "chosen-by-people", "upstream-password-1", &rotated] {
        for (path, bytes) in place.left_behind() {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` is in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_control_socket_is_a_file_of_its_owner() {
    let (_csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6"]"#);
    let gateway = Gateway::start_at(&place).await;
    let socket = place.path("data/control.sock");
    let found = std::fs::symlink_metadata(&socket).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(place.path("data")).unwrap().permissions().mode() & 0o777, 0o700);
    // None of it is offered on the network.
    let status: Value = serde_json::from_str(&place.ask(&["status", "--json"])).unwrap();
    let admin = status["admin_at"].as_str().unwrap();
    let mut asked =
        Wire::open(admin, b"GET /stations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!(asked.status().await.map(|(code, _)| code), Some(404));

    gateway.kill();
    assert!(socket.exists(), "a process that is killed leaves it");
    // A command finds nobody there, and works on the store itself.
    assert!(place.command(&["station", "list"], "").2.contains("no service runs"));
    let gateway = Gateway::start_at(&place).await;
    assert!(place.command(&["station", "list"], "").2.contains("through the running service"));
    gateway.stop();
    assert!(!socket.exists(), "a process that stops removes it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_rehearsed_imported_and_pruned() {
    let (_csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6"]"#);
    let gateway = Gateway::start_at(&place).await;
    let entry = |id: &str, more: &str| {
        format!("[[station]]\nid = \"{id}\"\nprofile = 1\nversions = [\"1.6\"]\n{more}\n")
    };
    place.rewrite("more.toml", |_| entry("M-1", "site = \"harbour\"") + &entry("M-2", ""));
    let more = place.path("more.toml");
    let more = more.to_str().unwrap();
    let ids = || -> Vec<String> {
        let listed: Value = serde_json::from_str(&place.ask(&["station", "list", "--json"])).unwrap();
        listed.as_array().unwrap().iter().map(|station| station["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids();

    let rehearsed = place.ask(&["station", "import", more, "--dry-run"]);
    assert_eq!(rehearsed.lines().filter(|line| line.starts_with('+')).count(), 2, "{rehearsed}");
    assert_eq!(ids(), before);
    place.ask(&["station", "import", more]);
    assert_eq!(ids().len(), before.len() + 2);

    place.rewrite("more.toml", |_| entry("M-2", "site = \"hill\"") + &entry("M-3", ""));
    let rehearsed = place.ask(&["station", "import", more, "--prune", "--dry-run"]);
    for line in ["- M-1", "~ M-2", "site: - -> hill", "+ M-3"] {
        assert!(rehearsed.contains(line), "{rehearsed}");
    }
    place.ask(&["station", "import", more, "--prune"]);
    assert_eq!(ids(), ["BYSTANDER", "H-0", "M-2", "M-3"]);

    // All that is wrong is told at once, and nothing is taken over.
    place.rewrite("more.toml", |_| {
        entry("M 4", "")
            + &entry("M-5", "csms = \"nobody\"")
            + &entry("M-6", "color = \"red\"")
            + &entry("M-7", "")
    });
    let (code, _, error) = place.command(&["station", "import", more], "");
    assert_eq!(code, 3);
    for expected in ["station[0].id", "station[1].csms: `nobody`", "station[2].color: unknown field"] {
        assert!(error.contains(expected), "`{expected}` is not in:\n{error}");
    }
    // What belongs to the inventory file stays its own.
    place.rewrite("more.toml", |_| entry("H-0", "site = \"elsewhere\""));
    let (code, _, error) = place.command(&["station", "import", more], "");
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("H-0: it belongs to the inventory file"), "{error}");
    assert_eq!(ids(), ["BYSTANDER", "H-0", "M-2", "M-3"]);
    gateway.stop();
    // The next start does not remove what commands brought.
    let gateway = Gateway::start_at(&place).await;
    assert_eq!(ids(), ["BYSTANDER", "H-0", "M-2", "M-3"]);
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_have_rules() {
    let (_csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6"]"#);
    for (versions, length, code) in [
        ("1.6", 15, 3),
        ("1.6", 16, 0),
        ("1.6", 20, 0),
        ("1.6", 21, 3),
        ("2.0.1", 40, 0),
        ("2.0.1", 41, 3),
        ("2.1", 64, 0),
        ("2.1", 65, 3),
        ("1.6,2.1", 21, 3),
    ] {
        let id = format!("P-{}-{length}", versions.replace(',', "-"));
        let secret: String = "ghijkmnpqr".chars().cycle().take(length).collect();
        let arguments = ["station", "add", &id, "--profile", "1", "--versions", versions, "--secret-stdin"];
        let (found, out, error) = place.command(&arguments, &secret);
        assert_eq!(found, code, "{versions} {length}: {error}");
        assert!(!out.contains(&secret) && !error.contains(&secret), "a secret that was given is not shown");
    }
    let hex = "0123456789abcdef".repeat(2) + "01234567";
    let add = ["station", "add", "X-1", "--profile", "1", "--versions", "1.6", "--secret-stdin"];
    assert_eq!(place.command(&add, &hex).0, 3);
    let tolerated = [&add[..], &["--tolerance", "hex-key"]].concat();
    assert_eq!(place.command(&tolerated, &hex).0, 0);
    // A certificate is no secret.
    let (code, _, error) = place.command(
        &["station", "add", "X-2", "--profile", "3", "--versions", "1.6", "--secret-stdin"],
        "ghijkmnpqrghijkmnpqr",
    );
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("a station of profile 3 has no secret"), "{error}");
    let (code, out, _) = place.command(
        &["station", "add", "X-2", "--profile", "3", "--versions", "1.6", "--certificate-name", "SN-2"],
        "",
    );
    assert_eq!((code, out.as_str()), (0, ""));
}
