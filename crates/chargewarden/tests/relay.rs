//! A station, the gateway and a CSMS over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use chargewarden_ocpp::Version;
use chargewarden_testkit::{Direction, Station, payload::Nameplate};
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_station_boots_through_the_gateway_in_every_version() {
    let world = World::start().await;
    for (id, version) in ["CS-1", "CS-2", "CS-3"].into_iter().zip(Version::ALL) {
        let station = Station::obliging(&world.dial(id, version)).await.unwrap();
        let answer = station.boot(&Nameplate::default()).await.unwrap();
        assert_eq!(answer.status(), Some("Accepted"), "{version}");
        let session = world.csms.session(id).unwrap();
        assert_eq!(session.version(), version);
        let texts = |transcript: &chargewarden_testkit::Transcript, direction| {
            let mut texts: Vec<String> = transcript
                .lines()
                .into_iter()
                .filter(|line| line.direction == direction)
                .map(|line| line.text)
                .collect();
            texts.sort();
            texts
        };
        // What one sent is, byte for byte, what the other received.
        assert_eq!(
            texts(station.transcript(), Direction::Sent),
            texts(session.transcript(), Direction::Received)
        );
        assert_eq!(
            texts(station.transcript(), Direction::Received),
            texts(session.transcript(), Direction::Sent)
        );
    }
    let records = world.records().await;
    let forwarded = records.iter().filter(|record| record["message"]["verdict"] == "forward").count();
    assert!(forwarded >= 6, "{records:#?}");
    assert_eq!(records.last().unwrap()["lifecycle"]["phase"], "stopped");
}
