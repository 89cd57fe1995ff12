//! How long a refusal takes says nothing about why.

use std::time::{Duration, Instant};

use chargewarden::config::StationEntry;
use chargewarden_testkit::Station;

use crate::{
    knock::{knock_as, request, status},
    world::{
        SECRET, World,
        tls::{Pki, dial},
    },
};

/// Attempts of each kind in a round.
const SAMPLES: usize = 21;

/// The medians of two kinds may differ by this factor. Without the work of one hash it would be ten and more; noise of a busy
/// machine moves the median of attempts that take turns by a few per cent.
const FACTOR_MAX: f64 = 1.5;

/// Rounds until it must have been noise.
const ROUNDS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_takes_the_same_time() {
    let world = World::start_with(|config| {
        config.limits.guesses_per_address = 100_000;
        config.limits.guesses_per_station = 100_000;
        let like = config.inventory.stations[0].clone();
        let elsewhere =
            StationEntry { id: "ELSEWHERE".into(), sources: vec!["10.0.0.0/8".into()], ..like.clone() };
        let other = StationEntry { id: "OTHER-PROFILE".into(), profile: 2, ..like.clone() };
        let certified =
            StationEntry { id: "CERTIFIED".into(), profile: 3, secret_hash: String::new(), ..like.clone() };
        config.inventory.stations.extend([elsewhere, other, certified]);
    })
    .await;
    // Proven, so that its tag is known: an attempt with it must not be quicker where something else is wrong.
    assert_eq!(status(&knock_as(&world, 1, &request("CS-2", "CS-2", SECRET, "ocpp1.6")).await.1), "101");
    let kinds = [
        ("wrong secret", request("CS-1", "CS-1", "wrong horse battery", "ocpp1.6")),
        ("wrong secret of a proven station", request("CS-2", "CS-2", "wrong horse battery", "ocpp1.6")),
        ("unknown id", request("GHOST", "GHOST", SECRET, "ocpp1.6")),
        ("another profile", request("OTHER-PROFILE", "OTHER-PROFILE", SECRET, "ocpp1.6")),
        ("a profile without secret", request("CERTIFIED", "CERTIFIED", SECRET, "ocpp1.6")),
        ("wrong source, right secret", request("ELSEWHERE", "ELSEWHERE", SECRET, "ocpp1.6")),
        ("wrong source, wrong secret", request("ELSEWHERE", "ELSEWHERE", "wrong horse battery", "ocpp1.6")),
        ("wrong user", request("CS-1", "CS-3", SECRET, "ocpp1.6")),
        ("unknown id and wrong user", request("GHOST", "CS-3", SECRET, "ocpp1.6")),
    ];
    let mut report = String::new();
    for _ in 0..ROUNDS {
        let medians = round(&world, &kinds).await;
        report =
            kinds.iter().zip(&medians).map(|((kind, _), time)| format!("{kind:<35} {time:?}\n")).collect();
        println!("{report}");
        if alike(&medians) {
            world.gateway.shutdown().await;
            return;
        }
    }
    panic!("times tell them apart:\n{report}");
}

/// The same certificate, good but not theirs, for ids that exist with either profile and for one that does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_does_not_tell_which_ids_exist() {
    let pki = Pki::new();
    let world = pki.start(|config| config.limits.guesses_per_address = 100_000).await;
    let tls = pki.presenting(&pki.station("NOBODY"));
    let mut report = String::new();
    for _ in 0..ROUNDS {
        let mut times = vec![Vec::new(); 3];
        for _ in 0..SAMPLES {
            for (id, times) in ["CS-1", "CS-3", "GHOST"].into_iter().zip(&mut times) {
                let started = Instant::now();
                let refused = Station::obliging(&dial(&world, id, tls.clone())).await.unwrap_err();
                assert_eq!(refused.status(), Some(401), "{id}: {refused}");
                times.push(started.elapsed());
            }
        }
        let medians: Vec<Duration> = times.into_iter().map(median).collect();
        report = format!("its own profile, another profile, unknown: {medians:?}");
        println!("{report}");
        if alike(&medians) {
            world.gateway.shutdown().await;
            return;
        }
    }
    panic!("times tell them apart: {report}");
}

fn alike(medians: &[Duration]) -> bool {
    let [least, most] = [medians.iter().min().unwrap(), medians.iter().max().unwrap()];
    most.as_secs_f64() <= least.as_secs_f64() * FACTOR_MAX
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The median time of each kind; the kinds take turns, so that what else the machine does is the same for all.
async fn round(world: &World, kinds: &[(&str, String)]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); kinds.len()];
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..SAMPLES {
        for ((_, request), times) in kinds.iter().zip(&mut times) {
            let started = Instant::now();
            answers.insert(knock_as(world, 7, request).await.1);
            times.push(started.elapsed());
        }
    }
    assert_eq!(answers.len(), 1, "all answers are the same: {answers:#?}");
    assert_eq!(status(answers.first().unwrap()), "401");
    times.into_iter().map(median).collect()
}
