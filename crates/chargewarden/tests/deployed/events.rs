//! Security events of stations reach whoever reads the log: when the CSMS drops them, when its link is lost, when the service is
//! killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use chargewarden_ocpp::{SecurityEvent, Version};
use serde_json::Value;

use crate::corpus::{Corpus, HandshakeCase};
use crate::csms::Csms;
use crate::gateway::{Gateway, PROGRAM, Place, SECRET};
use crate::station::booted;
use crate::wire::Wire;

const AT: &str = "2026-01-01T00:00:00Z";

fn notification(id: &str, kind: &str) -> String {
    format!(
        r#"[2,"{id}","SecurityEventNotification",{{"type":"{kind}","timestamp":"{AT}","techInfo":"{id}"}}]"#
    )
}

/// The lines of `chargewarden events`.
fn lines(place: &Place, more: &[&str]) -> Vec<Value> {
    let mut command = Command::new(PROGRAM);
    command.arg("events").arg(place.path("data")).arg("--json").args(more);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events of stations in the log: number, type and detail.
fn recorded(place: &Place, more: &[&str]) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines(place, &[&["--origin", "station"], more].concat())
        .iter()
        .map(|entry| {
            let event = &entry["record"]["security"];
            (entry["seq"].as_u64().unwrap(), text(&event["type"]), text(&event["detail"]))
        })
        .collect()
}

/// How many events of the service there are, by type.
fn raised(place: &Place) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in lines(place, &["--origin", "service"]) {
        let event = &entry["record"]["security"];
        let count = event["repeats"]["count"].as_u64().unwrap_or(1);
        *counts.entry(event["type"].as_str().unwrap().to_owned()).or_default() += count;
    }
    counts
}

async fn knock(gateway: &Gateway, id: &str, secret: &str, break_it: bool) {
    let cases: Vec<HandshakeCase> = Corpus::read(include_str!("corpus/handshakes.toml"));
    let mut ordinary = cases.into_iter().next().unwrap();
    if break_it {
        ordinary.request.retain(|line| !line.starts_with("Upgrade"));
    }
    let mut wire = Wire::open(&gateway.address, &ordinary.bytes(&[], id, secret)).await;
    let _ = wire.status().await;
}

/// R-E01, R-E03: every standard event of every version, through a CSMS that drops them all, a lost link and `kill -9`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_kept_whatever_becomes_of_it() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 3, r#"["1.6", "2.0.1", "2.1"]"#);
    let mut expected: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (n, version) in [Version::V16, Version::V201, Version::V21].into_iter().enumerate() {
        let kinds: Vec<&str> = SecurityEvent::ALL
            .iter()
            .filter(|event| event.versions.contains(&version))
            .map(|event| event.name)
            .collect();
        let gateway = Gateway::start_at(&place).await;
        let id = format!("H-{n}");
        let (mut station, mut link) = booted(&gateway, &csms, &id, &version.to_string()).await;
        for (place_of, kind) in kinds.iter().enumerate() {
            if place_of == kinds.len() / 2 {
                // The link is lost, and the station comes back.
                drop(link);
                let _ = station.next().await;
                (station, link) = booted(&gateway, &csms, &id, &version.to_string()).await;
            }
            let message_id = format!("{version}-{place_of}");
            station.text(&notification(&message_id, kind)).await;
            *expected.entry(((*kind).to_owned(), message_id)).or_default() += 1;
            // The CSMS has it, so it was durable before. It answers, and keeps nothing.
            assert!(link.next().await.is_some(), "{kind}");
            link.orders.send(format!(r#"[3,"{version}-{place_of}",{{}}]"#)).unwrap();
            assert!(crate::station::heard(&mut station).await.is_some());
        }
        gateway.kill();
    }
    let mut found: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (_, kind, detail) in recorded(&place, &[]) {
        *found.entry((kind, detail)).or_default() += 1;
    }
    assert_eq!(found, expected);
    assert_eq!(found.len(), 18 + 20 + 21);
    // Whoever notes the last number goes on behind it.
    let all = recorded(&place, &[]);
    let middle = all[all.len() / 2].0.to_string();
    assert_eq!(recorded(&place, &["--after", &middle]).len(), all.len() - all.len() / 2 - 1);
    assert_eq!(recorded(&place, &["--station", "H-0"]).len(), 18);
    assert!(
        recorded(&place, &["--critical"])
            .iter()
            .all(|(_, kind, _)| SecurityEvent::find(kind).unwrap().critical)
    );
    place.verify();
}

/// R-E03, S07: a CSMS that never answers does not keep an event from whoever follows the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_followed_while_the_service_runs() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["2.0.1"]"#);
    let gateway = Gateway::start_at(&place).await;
    let mut follower = Command::new(PROGRAM)
        .arg("events")
        .arg("-c")
        .arg(place.path("chargewarden.toml"))
        .args(["--follow", "--critical"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let (mut station, _silent) = booted(&gateway, &csms, "H-0", "2.0.1").await;
    station.text(&notification("door", "TamperDetectionActivated")).await;
    let line = tokio::task::spawn_blocking(move || {
        let mut lines = lines;
        lines.next()
    })
    .await
    .unwrap();
    follower.kill().unwrap();
    follower.wait().unwrap();
    let line = line.unwrap().unwrap();
    assert!(line.contains("! TamperDetectionActivated station=H-0"), "{line}");
    gateway.stop();
}

/// R-E02, R-A11: what strangers, stations and management systems do to the running program is on record by its name, each
/// time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_events_are_raised() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 2, r#"["1.6"]"#);
    let gateway = Gateway::start_at(&place).await;
    knock(&gateway, "H-0", "wrong-secret-of-16", false).await;
    knock(&gateway, "H-0", SECRET, true).await;
    for n in 0..30 {
        knock(&gateway, &format!("NOBODY-{n}"), SECRET, false).await;
    }
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let answering = tokio::spawn(async move {
        // The first one lives: it answers pings.
        while let crate::wire::Seen::Text(_) = station.next().await {}
    });
    knock(&gateway, "H-0", SECRET, false).await;
    for order in [
        "[",
        r#"[3,"nothing",{}]"#,
        r#"[2,"a","ChangeConfiguration",{"key":"SecurityProfile","value":"0"}]"#,
        r#"[2,"b","ChangeConfiguration",{"key":"CentralSystemURL","value":"wss://evil.example/"}]"#,
        r#"[2,"c","InstallCertificate",{"certificateType":"CentralSystemRootCertificate","certificate":"x"}]"#,
        r#"[2,"d","ClearChargingProfile",{}]"#,
    ] {
        link.orders.send(order.to_owned()).unwrap();
        if order.starts_with("[2") {
            assert!(link.next().await.is_some(), "{order} is answered");
        }
    }
    gateway.stop();
    answering.abort();
    let found = raised(&place);
    for (kind, count) in [
        ("AuthFailed", 1),
        ("MalformedHandshake", 1),
        ("UnknownIdentity", 30),
        ("DuplicateConnection", 1),
        ("SchemaViolation", 1),
        ("StateViolation", 1),
        ("ProfileDowngradeAttempt", 1),
        ("PolicyDenied", 1),
        ("CertificateDenied", 1),
        ("Held", 1),
    ] {
        assert_eq!(found.get(kind), Some(&count), "{kind}: {found:?}");
    }
    // Thirty strangers from one address are ten records and a sum.
    let unknown = lines(&place, &[])
        .into_iter()
        .filter(|entry| entry["record"]["security"]["type"] == "UnknownIdentity");
    assert_eq!(unknown.count(), 11);
    assert!(!found.contains_key("PolicyChanged"));
    // Other policies in the next run.
    let (configuration, bundle) = (place.path("chargewarden.toml"), place.path("bundle"));
    std::fs::create_dir(&bundle).unwrap();
    std::fs::write(bundle.join("bundle.toml"), "party = \"cso\"\nname = \"open\"\nversion = \"1\"\n")
        .unwrap();
    std::fs::write(bundle.join("open.cedar"), "@id(\"all\") permit (principal, action, resource);\n")
        .unwrap();
    let text = std::fs::read_to_string(&configuration).unwrap().replace("builtin:cso-baseline", "bundle");
    std::fs::write(&configuration, text).unwrap();
    Gateway::start_at(&place).await.stop();
    assert_eq!(raised(&place).get("PolicyChanged"), Some(&1));
    place.verify();
}
