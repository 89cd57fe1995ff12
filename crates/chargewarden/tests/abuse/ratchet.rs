//! High-water marks: nobody is let in with less than the station has had (requirement R-A03, threat T06).

use chargewarden::config::Config;
use chargewarden_testkit::{Station, tls::TlsVersion};

use crate::{
    knock::{events, knock, knock_as, refusals, request, status},
    world::{
        SECRET, World,
        tls::{Pki, dial},
        wait,
    },
};

async fn admitted(world: &World, versions: &str) -> String {
    let request = request("CS-1", "CS-1", SECRET, versions);
    let answer = std::sync::Mutex::new(String::new());
    // The session before may still be ending.
    wait(async || {
        *answer.lock().unwrap() = knock_as(world, 1, &request).await.1;
        status(&answer.lock().unwrap()) != "409"
    })
    .await;
    answer.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_is_not_taken_again() {
    let world = World::start_with(|_| {}).await;
    let answer = admitted(&world, "ocpp2.0.1").await;
    assert!(answer.contains("ocpp2.0.1"), "{answer}");
    assert_eq!(status(&admitted(&world, "ocpp1.6").await), "401");
    // What is below the mark is not even offered to the management system.
    let answer = admitted(&world, "ocpp1.6, ocpp2.0.1").await;
    assert!(answer.contains("sec-websocket-protocol: ocpp2.0.1\r\n"), "{answer}");
    let world = world.again(|_| {}).await;
    assert_eq!(status(&admitted(&world, "ocpp1.6").await), "401", "marks survive a restart");
    world.gateway.roster().forgive("CS-1", "test").await.unwrap();
    assert_eq!(status(&admitted(&world, "ocpp1.6").await), "101");
    let records = world.records().await;
    assert_eq!(refusals(&records).iter().filter(|(_, reason)| reason == "version-lowered").count(), 2);
    assert_eq!(events(&records, "ProfileDowngradeAttempt").len(), 2);
    let forgiven: Vec<_> = records
        .iter()
        .map(|record| &record["inventory"])
        .filter(|change| change["change"] == "forgiven")
        .map(|change| change["detail"].as_str().unwrap())
        .collect();
    assert_eq!(
        forgiven,
        ["danger_lower_security: it may come with less than profile 1, TLS none, OCPP 2.0.1"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_profile_nor_tls_version_is_lowered() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let versions = |versions: &[TlsVersion]| {
        dial(&world, "CS-1", pki.presenting(&pki.station("CS-1")).versions(versions))
    };
    let station = Station::obliging(&versions(&TlsVersion::ALL)).await.unwrap();
    station.close().await;
    let error = Station::obliging(&versions(&[TlsVersion::V12])).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    // A station that has only ever used 1.2 goes on.
    let plain = dial(&world, "CS-3", pki.anonymous().versions(&[TlsVersion::V12])).password(SECRET);
    Station::obliging(&plain).await.unwrap().close().await;
    assert!(wait(async || Station::obliging(&plain).await.is_ok()).await);

    // The operator lowered what `CS-1` is provisioned for, and its certificate is not asked for any more.
    let lowered = |config: &mut Config| config.inventory.stations.truncate(1);
    let world = world.again(lowered).await;
    assert_eq!(status(&knock(&world, 1, "CS-1", SECRET).await), "401");
    world.gateway.roster().forgive("CS-1", "test").await.unwrap();
    assert_eq!(status(&knock(&world, 1, "CS-1", SECRET).await), "101");
    let refused = refusals(&world.records().await);
    assert!(refused.contains(&("CS-1".to_owned(), "tls-lowered".to_owned())), "{refused:?}");
    assert!(refused.contains(&("CS-1".to_owned(), "profile-lowered".to_owned())), "{refused:?}");
}
