//! Passwords that are replaced through OCPP, over sockets: what the station shows afterwards decides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chargewarden_ocpp::Version;
use chargewarden_proxy::{Rotated, Secret, StationId};
use chargewarden_testkit::{Reply, Station, payload::Nameplate};
use serde_json::{Value, json};
use world::{SECRET, World, wait};

/// A password that every version takes.
const NEW: &str = "q7Zf-3xT_9bLw2Rk";

/// Another.
const OTHER: &str = "w2Rk-9bL_3xTq7Zf";

/// How a station answers the change of its password.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Accepted,
    Rejected,
    RebootRequired,
    /// CALLERROR.
    Error,
    /// Not at all.
    Nothing,
}

/// A station that answers so, and notes the password.
struct Simulated {
    station: Station,
    given: Arc<Mutex<Vec<String>>>,
}

async fn connect(world: &World, id: &str, version: Version, password: &str, word: Word) -> Simulated {
    let given: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = Arc::clone(&given);
    let behaviour = move |action: &str, payload: &Value| {
        let data = &payload["setVariableData"][0];
        let password = payload["value"].as_str().or(data["attributeValue"].as_str());
        if !matches!(action, "ChangeConfiguration" | "SetVariables") {
            return Reply::Result(json!({"status": "Accepted"}));
        }
        notes.lock().unwrap().push(password.unwrap().to_owned());
        let status = match word {
            Word::Accepted => "Accepted",
            Word::Rejected => "Rejected",
            Word::RebootRequired => "RebootRequired",
            Word::Error => return Reply::Error { code: "InternalError".into(), description: String::new() },
            Word::Nothing => return Reply::Silence,
        };
        Reply::Result(match action {
            "ChangeConfiguration" => json!({ "status": status }),
            _ => json!({"setVariableResult": [{
                "attributeStatus": status, "component": data["component"], "variable": data["variable"]
            }]}),
        })
    };
    let dial = world.dial(id, version).password(password);
    let station = Station::connect(&dial, behaviour).await.unwrap();
    station.boot(&Nameplate::default()).await.unwrap();
    Simulated { station, given }
}

impl Simulated {
    async fn leave(self, world: &World) {
        self.station.close().await;
        assert!(wait(async || world.gateway.sessions() == 0).await);
    }
}

/// Whether a station with this password is let in. It goes again at once.
async fn admitted(world: &World, id: &str, version: Version, password: &str) -> bool {
    match Station::obliging(&world.dial(id, version).password(password)).await {
        Ok(station) => {
            station.close().await;
            assert!(wait(async || world.gateway.sessions() == 0).await);
            true
        }
        Err(error) => {
            assert_eq!(error.status(), Some(401), "{error}");
            false
        }
    }
}

/// The CSMS changes the password of a connected station.
async fn change(world: &World, id: &str, version: Version, password: &str) {
    let session = world.csms.wait_for(id, Duration::from_secs(5)).await.unwrap();
    let (action, payload) = match version {
        Version::V16 => ("ChangeConfiguration", json!({"key": "AuthorizationKey", "value": password})),
        Version::V201 | Version::V21 => (
            "SetVariables",
            json!({"setVariableData": [{
                "component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"},
                "attributeValue": password
            }]}),
        ),
    };
    // A station that does not answer leaves the call open.
    let _ = tokio::time::timeout(Duration::from_millis(500), session.call(action, payload)).await;
}

/// The service gives a station this password, or one that it makes.
async fn rotate(world: &World, station: &str, password: Option<&str>) -> Rotated {
    let secret = password.map(|password| Secret::new(password.into()));
    world.gateway.roster().rotate(&StationId::parse(station).unwrap(), secret.as_ref()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_station_says_of_its_new_password_counts() {
    let world = World::start().await;
    for version in Version::ALL {
        for (station, word, old_good, new_good) in [
            ("CS-1", Word::Accepted, false, true),
            ("CS-2", Word::Rejected, true, false),
            ("CS-3", Word::Error, true, false),
        ] {
            let old = if station == "CS-1" && version != Version::V16 { previous(version) } else { SECRET };
            let new = if station == "CS-1" { own(version) } else { OTHER };
            let peer = connect(&world, station, version, old, word).await;
            change(&world, station, version, new).await;
            assert_eq!(*peer.given.lock().unwrap(), [new.to_owned()], "{version} {word:?}");
            assert!(peer.station.is_open(), "the session goes on");
            peer.leave(&world).await;
            assert_eq!(admitted(&world, station, version, old).await, old_good, "{version} {word:?}, old");
            assert_eq!(admitted(&world, station, version, new).await, new_good, "{version} {word:?}, new");
        }
    }
    let changes = changes(world, "CS-1").await;
    assert_eq!(changes, ["rotation-proposed", "credential-rotated"].repeat(3));
}

/// What `CS-1` is given in each version, and so has in the next.
fn own(version: Version) -> &'static str {
    match version {
        Version::V16 => NEW,
        Version::V201 => "second-Zf-3xT_9bLw2Rk",
        Version::V21 => "third-Zf-3xT_9bLw2Rk",
    }
}

fn previous(version: Version) -> &'static str {
    match version {
        Version::V16 => SECRET,
        Version::V201 => own(Version::V16),
        Version::V21 => own(Version::V201),
    }
}

/// What evidence says was done to a station's passwords. No secret is in any record.
async fn changes(world: World, station: &str) -> Vec<String> {
    let records = world.records().await;
    let text = serde_json::to_string(&records).unwrap();
    for secret in [NEW, OTHER, SECRET, own(Version::V201), own(Version::V21)] {
        assert!(!text.contains(secret), "a secret in evidence");
    }
    records
        .iter()
        .map(|record| &record["inventory"])
        .filter(|inventory| inventory["station"] == station && inventory["change"] != "added")
        .map(|inventory| inventory["change"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_either_works_once_and_then_only_that_one() {
    let world = World::start().await;
    for (station, used, unused) in [("CS-1", NEW, SECRET), ("CS-2", SECRET, NEW)] {
        let peer = connect(&world, station, Version::V16, SECRET, Word::Nothing).await;
        change(&world, station, Version::V16, NEW).await;
        assert_eq!(peer.given.lock().unwrap().len(), 1);
        // The connection is lost before it answers.
        peer.station.cut().await;
        assert!(wait(async || world.gateway.sessions() == 0).await);
        assert!(admitted(&world, station, Version::V16, used).await, "{station}");
        assert!(!admitted(&world, station, Version::V16, unused).await, "{station}");
        assert!(admitted(&world, station, Version::V16, used).await, "{station}");
    }
    assert_eq!(changes(world, "CS-1").await, ["rotation-proposed", "rotation-unknown", "credential-rotated"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_for_after_the_restart_leaves_the_old_one_good_until_it_is_used() {
    let world = World::start().await;
    let peer = connect(&world, "CS-1", Version::V201, SECRET, Word::RebootRequired).await;
    let outcome = rotate(&world, "CS-1", Some(NEW)).await;
    assert_eq!(outcome, Rotated::Deferred);
    peer.leave(&world).await;
    for _ in 0..2 {
        assert!(
            admitted(&world, "CS-1", Version::V201, SECRET).await,
            "it lost its link and did not restart"
        );
    }
    let peer = connect(&world, "CS-1", Version::V201, SECRET, Word::Accepted).await;
    let again = rotate(&world, "CS-1", Some(OTHER)).await;
    assert!(matches!(again, Rotated::NotSent(_)), "{again:?}");
    peer.leave(&world).await;
    assert!(admitted(&world, "CS-1", Version::V201, NEW).await);
    assert!(!admitted(&world, "CS-1", Version::V201, SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_replaces_a_password_by_itself() {
    let world = World::start().await;
    assert_eq!(rotate(&world, "CS-1", Some(NEW)).await, Rotated::NotConnected);
    for (station, word, outcome) in [
        ("CS-1", Word::Accepted, Rotated::Accepted),
        ("CS-2", Word::Rejected, Rotated::Rejected),
        ("CS-3", Word::Error, Rotated::Rejected),
    ] {
        let peer = connect(&world, station, Version::V16, SECRET, word).await;
        assert_eq!(rotate(&world, station, Some(NEW)).await, outcome, "{word:?}");
        let short = rotate(&world, station, Some("short")).await;
        assert!(matches!(short, Rotated::NotSent(_)), "{short:?}");
        let csms = world.csms.session(station).unwrap();
        assert!(!csms.transcript().to_string().contains(NEW), "the CSMS sees nothing of it");
        let accepted = outcome == Rotated::Accepted;
        peer.leave(&world).await;
        assert_eq!(admitted(&world, station, Version::V16, NEW).await, accepted, "{word:?}");
        assert_eq!(admitted(&world, station, Version::V16, SECRET).await, !accepted, "{word:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_makes_passwords_that_a_station_can_take() {
    let world = World::start_with(|config| {
        config.inventory.stations[1].tolerances = vec!["hex-key".to_owned()];
    })
    .await;
    for (station, version, length) in
        [("CS-1", Version::V16, 20), ("CS-2", Version::V16, 40), ("CS-3", Version::V21, 40)]
    {
        let peer = connect(&world, station, version, SECRET, Word::Accepted).await;
        assert_eq!(rotate(&world, station, None).await, Rotated::Accepted);
        let made = peer.given.lock().unwrap().first().cloned().unwrap();
        assert_eq!(made.len(), length);
        assert_eq!(made.bytes().all(|byte| byte.is_ascii_hexdigit()), station == "CS-2", "{station}");
        peer.leave(&world).await;
        assert!(admitted(&world, station, version, &made).await, "{station}");
        assert!(!admitted(&world, station, version, SECRET).await, "{station}");
    }
}

/// A gateway whose first station still has its maker's password.
async fn with_factory() -> World {
    World::start_with(|config| config.inventory.stations[0].factory = true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_station_gets_a_password_of_its_own_before_anything_else() {
    let world = with_factory().await;
    let version = Version::V16;
    let peer = connect(&world, "CS-1", version, SECRET, Word::Accepted).await;
    let beat = peer.station.call("Heartbeat", json!({})).await.unwrap();
    assert!(beat.text().contains("SecurityError"), "{}", beat.text());
    let closed = tokio::time::timeout(Duration::from_secs(5), peer.station.closed()).await.unwrap();
    assert_eq!(closed.code, Some(1012), "it is to come back");
    assert!(wait(async || world.gateway.sessions() == 0).await);
    assert_eq!(world.csms.opened_in_all(), 0, "no CSMS hears of it");
    let own = peer.given.lock().unwrap().first().cloned().unwrap();
    assert_eq!(own.len(), 20);
    assert!(!admitted(&world, "CS-1", version, SECRET).await, "the maker's is refused at once");
    let peer = connect(&world, "CS-1", version, &own, Word::Accepted).await;
    let beat = peer.station.call("Heartbeat", json!({})).await.unwrap();
    assert!(beat.text().contains("currentTime"), "{}", beat.text());
    assert_eq!(world.csms.opened_in_all(), 1);
    peer.leave(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_refuses_a_password_of_its_own_stays_outside() {
    let world = with_factory().await;
    let peer = connect(&world, "CS-1", Version::V201, SECRET, Word::Rejected).await;
    assert!(wait(async || peer.given.lock().unwrap().len() == 1).await);
    peer.station.boot(&Nameplate::default()).await.unwrap();
    peer.leave(&world).await;
    let peer = connect(&world, "CS-1", Version::V201, SECRET, Word::Accepted).await;
    assert!(peer.given.lock().unwrap().is_empty(), "it is not asked again at once");
    assert_eq!(world.csms.opened_in_all(), 0);
    peer.leave(&world).await;
    let records = world.records().await;
    let events: Vec<&str> = records.iter().filter_map(|record| record["security"]["type"].as_str()).collect();
    assert!(events.contains(&"FactoryCredential") && events.contains(&"RotationRefused"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_station_in_quarantine_is_relayed() {
    let world = World::start().await;
    let before = connect(&world, "CS-1", Version::V201, SECRET, Word::Accepted).await;
    let apart = |reason: Option<&'static str>| {
        world.gateway.roster().change("CS-1", "test", move |entry| {
            entry.quarantine = reason.map(str::to_owned);
            Ok(())
        })
    };
    apart(Some("odd reports")).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), before.station.closed()).await.unwrap();
    assert_eq!(closed.code, Some(1008));
    assert!(wait(async || world.gateway.sessions() == 0).await);
    let opened = world.csms.opened_in_all();

    let peer = connect(&world, "CS-1", Version::V201, SECRET, Word::Accepted).await;
    let boot = peer.station.boot(&Nameplate::default()).await.unwrap();
    assert_eq!(boot.status(), Some("Pending"));
    for (action, payload) in [
        ("Heartbeat", json!({})),
        (
            "SecurityEventNotification",
            json!({"type": "MemoryExhaustion", "timestamp": "2026-01-01T00:00:00Z"}),
        ),
    ] {
        let answer = peer.station.call(action, payload).await.unwrap();
        assert!(answer.text().contains("SecurityError"), "{}", answer.text());
    }
    let refused = rotate(&world, "CS-1", Some(NEW)).await;
    assert!(matches!(refused, Rotated::NotSent(_)), "{refused:?}");
    assert_eq!(world.csms.opened_in_all(), opened, "no CSMS hears of it");
    apart(None).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), peer.station.closed()).await.unwrap();
    assert!(wait(async || world.gateway.sessions() == 0).await);

    let after = connect(&world, "CS-1", Version::V201, SECRET, Word::Accepted).await;
    assert_eq!(after.station.boot(&Nameplate::default()).await.unwrap().status(), Some("Accepted"));
    after.leave(&world).await;
    let records = world.records().await;
    let kept: Vec<&Value> = records
        .iter()
        .map(|record| &record["message"])
        .filter(|message| message["action"] == "SecurityEventNotification")
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["kept"]["type"], "MemoryExhaustion", "{}", kept[0]);
}
