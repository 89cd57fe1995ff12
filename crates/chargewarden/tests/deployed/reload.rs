//! A changed configuration is taken over while the service runs; a wrong one is not, and harms nobody.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::csms::Csms;
use crate::gateway::{Gateway, Place, SECRET};
use crate::station::{booted, heard, knock};
use crate::wire::{PATIENCE, Seen};

/// Asks until it is so.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "{what} does not come to be");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn status(place: &Place) -> Value {
    serde_json::from_str(&place.ask(&["status", "--json"])).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_keeps_what_is_in_force() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6"]"#);
    place.rewrite("chargewarden.toml", |text| "reload_interval = \"0s\"\n".to_owned() + &text);
    let gateway = Gateway::start_at(&place).await;
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let whole = std::fs::read_to_string(place.path("chargewarden.toml")).unwrap();

    for (name, broken) in [
        ("chargewarden.toml", "nonsense"),
        ("stations.toml", "[[station]]\nid = \"H-0\"\nversions = [\"9\"]\n"),
        ("stations.toml", "[[station]"),
    ] {
        let before = std::fs::read_to_string(place.path(name)).unwrap();
        place.rewrite(name, |_| broken.to_owned());
        gateway.signal("HUP");
        // The command cannot ask a service whose configuration it cannot read.
        if name == "chargewarden.toml" {
            std::thread::sleep(Duration::from_millis(500));
            place.rewrite(name, |_| before.clone());
        }
        eventually("the refusal", || status(&place)["reload_problems"] != Value::Array(vec![]));
        place.rewrite(name, |_| before);
        gateway.signal("HUP");
        eventually("the reload", || status(&place)["reload_problems"] == Value::Array(vec![]));
    }
    assert_eq!(place.command(&["reload"], "").0, 0);
    place.rewrite("chargewarden.toml", |text| text.replace("[[parties]]", "[[parties]]\nhat = 1"));
    assert_eq!(place.command(&["reload"], "").0, 3);
    // A mistake there keeps nobody from the service that runs on the last good form.
    assert_eq!(place.command(&["station", "quarantine", "BYSTANDER", "--reason", "odd"], "").0, 0);
    place.rewrite("chargewarden.toml", |_| whole);

    // The session that was there all the time has noticed nothing.
    let report = r#"[2,"a","Heartbeat",{}]"#;
    station.text(report).await;
    assert_eq!(link.next().await.as_deref(), Some(report));
    gateway.stop();
    let phases: Vec<String> = place
        .records("lifecycle")
        .iter()
        .map(|record| record["phase"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(phases.iter().filter(|phase| *phase == "reload-refused").count(), 4, "{phases:?}");
    assert!(phases.iter().filter(|phase| *phase == "reloaded").count() >= 4, "{phases:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_inventory_is_noticed() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 2, r#"["1.6"]"#);
    place.rewrite("chargewarden.toml", |text| "reload_interval = \"100ms\"\n".to_owned() + &text);
    let gateway = Gateway::start_at(&place).await;
    let (mut going, _link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let (mut staying, mut link) = booted(&gateway, &csms, "H-1", "1.6").await;
    // A change of the configuration itself waits until somebody asks for it.
    place.rewrite("chargewarden.toml", |text| text.replace("level = \"warn\"", "level = \"nonsense=\""));
    place.rewrite("stations.toml", |text| text.replace("\"H-0\"", "\"H-9\""));
    assert_eq!(going.next().await, Seen::Close(Some(1008)), "its station is gone from the file");
    assert_eq!(knock(&gateway, ("H-0", SECRET), "1.6").await.1, 401);
    assert_eq!(knock(&gateway, ("H-9", SECRET), "1.6").await.1, 101);
    let report = r#"[2,"a","Heartbeat",{}]"#;
    staying.text(report).await;
    assert_eq!(link.next().await.as_deref(), Some(report));
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_and_management_systems_change_while_it_runs() {
    let (csms, url) = Csms::start().await;
    let (other, other_url) = Csms::start().await;
    let place = Place::new(&url, 2, r#"["1.6"]"#);
    let gateway = Gateway::start_at(&place).await;
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;

    // Another policy decides the next message; the session stays.
    std::fs::create_dir(place.path("strict")).unwrap();
    place.rewrite("strict/bundle.toml", |_| {
        "party = \"cso\"\nname = \"strict\"\nversion = \"7\"\n".to_owned()
    });
    place.rewrite("strict/strict.cedar", |_| {
        "@id(\"some\") permit (principal, action, resource);\n@id(\"none\") @reason(\"not now\") forbid (principal, action == Action::\"restart\", resource);\n"
            .to_owned()
    });
    place.rewrite("chargewarden.toml", |text| {
        text.replace("\"builtin:cso-baseline\"", "\"strict\"").replace("tick = \"500ms\"", "tick = \"400ms\"")
    });
    let said = place.ask(&["reload"]);
    assert!(said.contains("bundle of cso: strict 7"), "{said}");
    assert!(said.contains("limits.tick: needs a restart"), "{said}");
    link.orders.send(r#"[2,"x","Reset",{"type":"Soft"}]"#.to_owned()).unwrap();
    let answer = link.next().await.expect("an answer");
    assert!(answer.contains("Rejected"), "{answer}");
    assert_eq!(
        status(&place)["reload_problems"][0].as_str().map(|text| text.starts_with("limits.tick")),
        Some(true)
    );

    // Another place of the management system: the session ends, and comes back there.
    place.rewrite("chargewarden.toml", |text| text.replace(&url, &other_url));
    assert!(place.ask(&["reload"]).contains("csms[0].url"));
    assert_eq!(station.next().await, Seen::Close(Some(1008)));
    let (mut station, link) = booted(&gateway, &other, "H-0", "1.6").await;
    let order = r#"[2,"y","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#;
    link.orders.send(order.to_owned()).unwrap();
    assert_eq!(heard(&mut station).await.as_deref(), Some(order));
    gateway.stop();
    assert_eq!(place.records("security").iter().filter(|event| event["type"] == "PolicyChanged").count(), 1);
    place.verify();
}
