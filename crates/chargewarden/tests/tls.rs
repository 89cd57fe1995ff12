//! TLS on the station side: who comes in, what is recorded of who does not, and files that change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use std::time::Duration;

use chargewarden_testkit::{Station, payload::Nameplate, tls::TlsVersion};
use serde_json::Value;
use world::{
    SECRET,
    tls::{Pki, dial},
    wait,
};

/// The connections among the records that have this value in a field.
fn connections<'r>(records: &'r [Value], field: &str, value: &str) -> Vec<&'r Value> {
    records
        .iter()
        .map(|record| &record["connection"])
        .filter(|connection| connection[field] == value)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_2_and_3_over_both_versions() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let certificate = pki.station("CS-1");
    for version in TlsVersion::ALL {
        let with_certificate = dial(&world, "CS-1", pki.presenting(&certificate).versions(&[version]));
        let with_password = dial(&world, "CS-3", pki.anonymous().versions(&[version])).password(SECRET);
        // A certificate next to the password of profile 2 says nothing, and a user name next to that of profile 3 the same.
        let with_both = dial(&world, "CS-3", pki.presenting(&certificate)).password(SECRET);
        for dial in [&with_certificate, &with_password, &with_both] {
            let station =
                Station::obliging(dial).await.unwrap_or_else(|error| panic!("{version:?}: {error}"));
            station.boot(&Nameplate::default()).await.unwrap();
            let session = world.csms.wait_for(station.id(), Duration::from_secs(5)).await.unwrap();
            assert!(session.authorization().is_none());
            station.close().await;
            assert!(wait(async || world.gateway.sessions() == 0).await);
        }
    }
    let records = world.records().await;
    let opened: Vec<String> = connections(&records, "stage", "opened")
        .into_iter()
        .filter(|record| record["side"] == "station")
        .map(|record| record["detail"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(opened.len(), 6);
    assert!(opened[0].starts_with("TLS 1.3 TLS13_AES_"), "{opened:?}");
    assert!(opened[0].contains("certificate ") && opened[0].contains("of `CN=CSO stations`"), "{opened:?}");
    assert!(opened[1].starts_with("TLS 1.3 ") && !opened[1].contains("certificate"), "{opened:?}");
    assert!(opened[3].starts_with("TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_"), "{opened:?}");
}
