//! A second connection does not win, and who keeps trying is kept out (threat T02).

use std::time::Duration;

use chargewarden::config::Wait;
use chargewarden_ocpp::Version;
use chargewarden_testkit::{Station, payload::Nameplate};
use tokio::io::AsyncReadExt;

use crate::{
    knock::{address, events, knock, knock_as, refusals, request, retry_after, status},
    world::{SECRET, World, wait},
};

#[tokio::test(flavor = "multi_thread")]
async fn challengers_are_described_and_then_kept_out() {
    let world = World::start_with(|config| config.limits.lost_challenges = 3).await;
    let first = Station::obliging(&world.dial("CS-1", Version::V16).source(address(1).into())).await.unwrap();
    first.boot(&Nameplate::default()).await.unwrap();
    // Another station that belongs to the address from which the challenges come.
    assert_eq!(status(&knock(&world, 5, "CS-2", SECRET).await), "101");
    for _ in 0..3 {
        let answer = knock(&world, 5, "CS-1", SECRET).await;
        assert_eq!(status(&answer), "409", "{answer}");
    }
    let answer = knock(&world, 5, "CS-1", SECRET).await;
    assert!(status(&answer) == "429" && retry_after(&answer).is_some_and(|wait| wait > 500), "{answer}");
    assert_eq!(status(&knock(&world, 5, "CS-3", SECRET).await), "429", "the address, for whatever it claims");
    assert_eq!(status(&knock(&world, 5, "GHOST", SECRET).await), "429");
    assert_eq!(status(&knock(&world, 6, "CS-3", SECRET).await), "101", "the address, not the station");
    // Whose address it is, is let in once it is not connected.
    assert!(wait(async || status(&knock(&world, 5, "CS-2", SECRET).await) == "101").await);
    assert!(first.is_open());
    let records = world.records().await;
    let duplicates = events(&records, "DuplicateConnection");
    assert_eq!(duplicates.len(), 3);
    let detail = duplicates[0]["detail"].as_str().unwrap();
    assert!(detail.contains("newcomer: 127.0.0.5:") && detail.contains("agent `knocker/1`"), "{detail}");
    assert!(detail.contains("Incumbent: 127.0.0.1:"), "{detail}");
    assert!(!events(&records, "AddressQuarantined").is_empty());
    assert!(refusals(&records).contains(&("GHOST".to_owned(), "address-quarantined".to_owned())));
}

/// Frames of a connection that pings, counted until it is quiet.
async fn pings(tcp: &mut tokio::net::TcpStream) -> usize {
    let mut bytes = Vec::new();
    while tokio::time::timeout(Duration::from_millis(300), tcp.read_buf(&mut bytes))
        .await
        .is_ok_and(|n| n.is_ok_and(|n| n > 0))
    {}
    bytes.windows(2).filter(|two| *two == [0x89, 8]).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_challengers_neither_floods_nor_displaces() {
    let world = World::start_with(|config| {
        config.limits.lost_challenges = 1_000;
        config.limits.incumbent_wait = Wait(Duration::from_secs(2));
        config.limits.handshakes_per_address = 1_000;
    })
    .await;
    // It answers pings as any WebSocket client does.
    let living = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap();
    living.boot(&Nameplate::default()).await.unwrap();
    // This one only listens: what arrives is counted.
    let (mut deaf, answer) = knock_as(&world, 2, &request("CS-2", "CS-2", SECRET, "ocpp1.6")).await;
    assert_eq!(status(&answer), "101");
    let request = |station: &str| request(station, station, SECRET, "ocpp1.6");
    let (living_one, deaf_one) = (request("CS-1"), request("CS-2"));
    let challengers =
        (0..60).map(|n| knock_as(&world, 100 + n % 20, if n % 2 == 0 { &living_one } else { &deaf_one }));
    let (answers, pinged) = tokio::join!(futures_util::future::join_all(challengers), pings(&mut deaf));
    let of = |answers: &[(tokio::net::TcpStream, String)], code| {
        answers.iter().filter(|(_, answer)| status(answer) == code).count()
    };
    assert!(living.is_open(), "thirty challengers at once, and the incumbent answered");
    assert_eq!(pinged, 1, "one ping for thirty challengers");
    // One of those who challenged the deaf one takes its place; nobody takes that of the living.
    assert_eq!((of(&answers, "101"), of(&answers, "409")), (1, 59));
    assert!(living.boot(&Nameplate::default()).await.is_ok());
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_comes_too_often_has_to_wait() {
    let world = World::start_with(|config| config.limits.admissions_per_station = 3).await;
    let mut admitted = 0;
    let mut refused = String::new();
    for _ in 0..40 {
        let answer = knock(&world, 1, "CS-1", SECRET).await;
        match status(&answer) {
            "101" => admitted += 1,
            "429" => {
                refused = answer;
                break;
            }
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    assert_eq!(admitted, 3);
    assert!(retry_after(&refused).is_some_and(|wait| (1..=20).contains(&wait)), "{refused}");
    assert_eq!(status(&knock(&world, 1, "CS-2", SECRET).await), "101", "each station for itself");
    assert!(
        refusals(&world.records().await).contains(&("CS-1".to_owned(), "too-many-admissions".to_owned()))
    );
}
