//! A simulated station and a simulated management system talk to each other directly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chargewarden_ocpp::Version;
use chargewarden_testkit::csms::{Csms, Manner};
use chargewarden_testkit::fleet::{Fleet, Plan, roster};
use chargewarden_testkit::payload::{Nameplate, v2x, v16};
use chargewarden_testkit::station::{Dial, DialError};
use chargewarden_testkit::{Answer, CallFailure, Reply, Station};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

fn dial(csms: &Csms, station: &str, version: Version) -> Dial {
    Dial::new(csms.url(), station, version).password("a secret of some length")
}

#[tokio::test]
async fn both_ends_call_and_keep_the_same_record() {
    for version in [Version::V16, Version::V201, Version::V21] {
        let csms = Csms::start().await.unwrap();
        let station = Station::obliging(&dial(&csms, "CS 1", version)).await.unwrap();
        let session = csms.wait_for("CS 1", SOON).await.unwrap();
        assert_eq!(session.version(), version);
        assert_eq!(session.authorization().unwrap().user, "CS 1");

        let booted = station.boot(&Nameplate::default()).await.unwrap();
        assert_eq!(booted.status(), Some("Accepted"));
        let kind = if version == Version::V16 { "Soft" } else { "OnIdle" };
        assert_eq!(session.say(v16::reset(kind)).await.unwrap().status(), Some("Accepted"));
        let odd = "[2 ,\"odd\",\n \"Clear\\u0043ache\", { }]\n";
        assert_eq!(session.ask_raw("odd", odd).await.unwrap().status(), Some("Accepted"));

        assert_eq!(station.transcript().received(), session.transcript().sent());
        assert_eq!(station.transcript().sent(), session.transcript().received());
        assert_eq!(station.transcript().received_calls("ClearCache"), 1);
        assert_eq!(station.close().await.code, Some(1000));
    }
}

#[tokio::test]
async fn a_behaviour_may_refuse_or_keep_silent() {
    let csms = Csms::start().await.unwrap();
    let moody = |action: &str, _: &Value| match action {
        "Reset" => Reply::Result(json!({ "status": "Rejected" })),
        "ClearCache" => Reply::Silence,
        _ => Reply::not_implemented(action),
    };
    let station = Station::connect(&dial(&csms, "CS-1", Version::V201), moody).await.unwrap();
    let session = csms.wait_for("CS-1", SOON).await.unwrap();

    let rejected = session.say(v2x::reset("OnIdle")).await.unwrap();
    assert_eq!(rejected.status(), Some("Rejected"));
    let Answer::Error { code, .. } = session.say(v2x::unlock(1)).await.unwrap() else {
        panic!("a CALLERROR was expected")
    };
    assert_eq!(code, "NotImplemented");
    let cut = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        station.cut().await;
    };
    let (silence, ()) = tokio::join!(session.say(v2x::clear_cache()), cut);
    assert_eq!(silence, Err(CallFailure::Closed));
}

#[tokio::test]
async fn who_is_not_admitted_is_told_so() {
    let manner = Manner {
        versions: vec![Version::V16],
        admit: Box::new(|_, basic| basic.is_some_and(|basic| basic.password == "right")),
        ..Manner::default()
    };
    let csms = Csms::with(manner).await.unwrap();
    let wrong_secret = Station::obliging(&dial(&csms, "CS-1", Version::V16)).await;
    assert_eq!(wrong_secret.err().as_ref().and_then(DialError::status), Some(401));
    let wrong_version = Station::obliging(&dial(&csms, "CS-1", Version::V21)).await;
    assert_eq!(wrong_version.err().as_ref().and_then(DialError::status), Some(400));
}

#[tokio::test]
async fn a_dropped_management_system_hangs_up() {
    let csms = Csms::start().await.unwrap();
    let station = Station::obliging(&dial(&csms, "CS-1", Version::V16)).await.unwrap();
    csms.wait_for("CS-1", SOON).await.unwrap();
    drop(csms);
    tokio::time::timeout(SOON, station.closed()).await.unwrap();
}

#[tokio::test]
async fn a_fleet_charges_and_obeys() {
    let csms = Csms::start().await.unwrap();
    let plan = Plan {
        url: csms.url(),
        password: Arc::new(|id| format!("secret of {id}")),
        tls: None,
        speed: 3_000.0,
        seed: 7,
        entries: roster(),
    };
    let fleet = Fleet::launch(&plan);
    let all_charged = async {
        while fleet.snapshots().iter().any(|station| station.completed == 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_charged).await.unwrap();

    let harbour = csms.wait_for("harbour-01", SOON).await.unwrap();
    harbour.say(v16::change_availability(0, "Inoperative")).await.unwrap();
    harbour.say(v16::limit_power(1, 9, 3_000.0)).await.unwrap();
    let rapid = csms.wait_for("motorway-01", SOON).await.unwrap();
    rapid.say(v2x::update_firmware(1, "https://firmware.example.com/4")).await.unwrap();
    rapid.say(v2x::reset("Immediate")).await.unwrap();
    rapid.closed().await;
    csms.wait_for("motorway-01", SOON).await.unwrap();

    let harbour = fleet.snapshot("harbour-01").unwrap();
    assert!(!harbour.in_service);
    assert_eq!(harbour.limit_w, Some(3_000));
    let rapid = fleet.snapshot("motorway-01").unwrap();
    assert_eq!(rapid.firmware_from.as_deref(), Some("https://firmware.example.com/4"));
    tokio::time::timeout(SOON, fleet.wind_down()).await.unwrap();
}
