//! Growing delays for those who guess (requirement R-A14).

use chargewarden::config::Config;
use chargewarden_testkit::Station;

use crate::{
    knock::{address, events, knock, refusals, retry_after, status},
    world::{
        SECRET, World,
        tls::{Pki, dial},
        wait,
    },
};

fn strict(config: &mut Config) {
    config.limits.guesses_per_station = 3;
    config.limits.guesses_per_address = 100;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_exist_and_ids_that_do_not_are_throttled_alike() {
    let world = World::start_with(strict).await;
    let mut seen = Vec::new();
    for (from, station) in [(2, "CS-1"), (3, "GHOST")] {
        let mut answers = Vec::new();
        for _ in 0..6 {
            answers.push(knock(&world, from, station, "not the secret").await);
        }
        seen.push(answers);
    }
    let statuses: Vec<&str> = seen[0].iter().map(|answer| status(answer)).collect();
    assert_eq!(statuses, ["401", "401", "401", "401", "429", "429"]);
    assert_eq!(retry_after(&seen[0][4]), Some(1));
    assert_eq!(seen[0], seen[1], "nothing tells that `GHOST` does not exist");
    let refused = refusals(&world.records().await);
    assert_eq!(
        refused[3..6],
        [("CS-1", "wrong-secret"), ("CS-1", "too-many-attempts"), ("CS-1", "too-many-attempts")]
            .map(|(station, reason)| (station.to_owned(), reason.to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_the_true_station_out() {
    let world = World::start_with(strict).await;
    // Last proven from 1.
    assert_eq!(status(&knock(&world, 1, "CS-1", SECRET).await), "101");
    // Many addresses guess, until whoever failed before has to wait.
    for from in 20..30 {
        assert_eq!(
            status(&knock(&world, from, "CS-1", "a guess").await),
            "401",
            "a first attempt from {from}"
        );
    }
    let answer = knock(&world, 20, "CS-1", "a guess").await;
    assert!(status(&answer) == "429" && retry_after(&answer).is_some_and(|wait| wait > 1), "{answer}");
    let admitted =
        async |from| wait(async || status(&knock(&world, from, "CS-1", SECRET).await) == "101").await;
    assert!(admitted(1).await, "where it last proved itself");
    assert!(admitted(40).await, "where it has not been before");
    assert!(admitted(20).await, "its proven secret, even from where somebody guessed");
    // Somebody behind its own address: always looked at, always told to wait.
    for _ in 0..5 {
        knock(&world, 20, "CS-1", "a guess").await;
    }
    let answer = knock(&world, 20, "CS-1", "a guess").await;
    assert_eq!(status(&answer), "429", "{answer}");
    assert!(admitted(20).await);
    let refused = refusals(&world.records().await);
    assert!(refused.contains(&("CS-1".to_owned(), "station-throttled".to_owned())), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_come_too_early_do_not_fill_the_log() {
    let world = World::start_with(strict).await;
    for _ in 0..103 {
        knock(&world, 2, "CS-1", "a guess").await;
    }
    let records = world.records().await;
    let refused = refusals(&records);
    let of = |reason: &str| refused.iter().filter(|(_, found)| found == reason).count();
    assert_eq!(of("wrong-secret"), 4);
    assert_eq!(of("too-many-attempts"), 10, "as many as are recorded one by one within a minute");
    let sums: Vec<_> = events(&records, "RateLimitExceeded");
    let counted = sums.last().unwrap()["repeats"]["count"].as_u64().unwrap();
    assert_eq!((sums.len(), counted), (11, 89), "the rest in one sum: {:?}", sums.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_new_to_a_station_is_heard_after_a_restart() {
    let world = World::start_with(strict).await;
    assert_eq!(status(&knock(&world, 1, "CS-1", SECRET).await), "101");
    // Nothing is proven in memory any more; where it last was is.
    let world = world.again(strict).await;
    for from in 20..30 {
        knock(&world, from, "CS-1", "a guess").await;
    }
    for _ in 0..6 {
        knock(&world, 1, "CS-1", "a guess of somebody behind the same address").await;
    }
    assert_eq!(status(&knock(&world, 1, "CS-1", SECRET).await), "101");
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_not_throttled_by_guesses() {
    let pki = Pki::new();
    let world = pki.start(strict).await;
    let guess =
        || dial(&world, "CS-1", pki.anonymous()).password("not a secret at all").source(address(9).into());
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(Station::obliging(&guess()).await.unwrap_err().status().unwrap());
    }
    assert_eq!((statuses[0], statuses[7]), (401, 429), "{statuses:?}");
    let certificate = pki.presenting(&pki.station("CS-1"));
    let station =
        Station::obliging(&dial(&world, "CS-1", certificate).source(address(9).into())).await.unwrap();
    assert!(station.is_open());
    world.gateway.shutdown().await;
}
