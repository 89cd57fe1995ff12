//! Security events of stations reach whoever reads the log: when the CSMS drops them, when its link is lost, when the service is
//! killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use chargewarden_ocpp::{SecurityEvent, Version};
use serde_json::Value;

use crate::csms::Csms;
use crate::gateway::{Gateway, PROGRAM, Place};
use crate::station::booted;

const AT: &str = "2026-01-01T00:00:00Z";

fn notification(id: &str, kind: &str) -> String {
    format!(
        r#"[2,"{id}","SecurityEventNotification",{{"type":"{kind}","timestamp":"{AT}","techInfo":"{id}"}}]"#
    )
}

/// The events of stations in the log: type and detail.
fn recorded(place: &Place, more: &[&str]) -> Vec<(u64, String, String)> {
    let mut command = Command::new(PROGRAM);
    command.arg("events").arg(place.path("data")).args(["--json", "--origin", "station"]).args(more);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let event = &entry["record"]["security"];
            (entry["seq"].as_u64().unwrap(), text(&event["type"]), text(&event["detail"]))
        })
        .collect()
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
