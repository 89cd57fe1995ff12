//! A live station whose conversation must go on while others misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chargewarden_ocpp::Version;
use chargewarden_testkit::csms::Manner;
use chargewarden_testkit::payload::{Nameplate, v16};
use chargewarden_testkit::station::Dial;
use chargewarden_testkit::{Behaviour, Csms, Reply, Station};
use tokio::task::JoinHandle;

use crate::gateway::{Gateway, SECRET};

/// The id of every victim; in the inventory of every place.
pub const VICTIM: &str = "BYSTANDER";

/// Pause between two of its messages.
const PAUSE: Duration = Duration::from_millis(5);

/// How long it is watched before and after.
const CALM: Duration = Duration::from_millis(1_200);

/// How much slower than in calm the victim may become, at the median: the attacker shares its processor.
const SLOWER_MAX: f64 = 20.0;

/// And what is never too slow: a hundredth of what a station waits for.
const QUICK: Duration = Duration::from_millis(200);

/// A management system that counts what arrives from the victim.
pub struct Witness {
    /// The management system.
    pub csms: Csms,
    heartbeats: Arc<AtomicUsize>,
}

impl Witness {
    pub async fn start() -> Witness {
        let heartbeats = Arc::new(AtomicUsize::new(0));
        let ordinary = Manner::default();
        let counted = Arc::clone(&heartbeats);
        let manner = Manner {
            behaviour: Box::new(move |station, version| {
                let mut answers = (ordinary.behaviour)(station, version);
                let counted = Arc::clone(&counted);
                let victim = station == VICTIM;
                Box::new(move |action: &str, request: &serde_json::Value| -> Reply {
                    if victim && action == "Heartbeat" {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                    answers.answer(action, request)
                }) as Box<dyn Behaviour>
            }),
            ..Manner::default()
        };
        Witness { csms: Csms::with(manner).await.unwrap(), heartbeats }
    }
}

/// A station that talks all the time.
pub struct Victim {
    stop: Arc<AtomicBool>,
    talking: JoinHandle<Vec<(Instant, Duration)>>,
}

impl Victim {
    /// Connects and begins to talk.
    pub async fn start(gateway: &Gateway) -> Victim {
        let station = Station::obliging(&dial(gateway)).await.unwrap();
        station.boot(&Nameplate::default()).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&stop);
        let talking = tokio::spawn(async move {
            let mut samples = Vec::new();
            while !ending.load(Ordering::SeqCst) {
                let asked = Instant::now();
                station.say(v16::heartbeat()).await.expect("the victim is answered");
                samples.push((asked, asked.elapsed()));
                tokio::time::sleep(PAUSE).await;
            }
            assert!(station.is_open(), "the victim is still connected");
            samples
        });
        Victim { stop, talking }
    }

    /// Watches the victim before, during and after `attack`; fails when it lost a message, its session, or its time.
    pub async fn through<T>(self, name: &str, witness: &Witness, attack: impl Future<Output = T>) -> T {
        tokio::time::sleep(CALM).await;
        let began = Instant::now();
        let outcome = attack.await;
        let ended = Instant::now();
        tokio::time::sleep(CALM).await;
        self.stop.store(true, Ordering::SeqCst);
        let samples = self.talking.await.unwrap();
        let said = samples.len();
        let phase = |from: Option<Instant>, until: Option<Instant>| -> Vec<Duration> {
            let inside =
                |at: Instant| from.is_none_or(|from| at >= from) && until.is_none_or(|until| at < until);
            samples.iter().filter(|(at, _)| inside(*at)).map(|(_, took)| *took).collect()
        };
        let mut phases =
            [phase(None, Some(began)), phase(Some(began), Some(ended)), phase(Some(ended), None)];
        phases.iter_mut().for_each(|phase| phase.sort());
        let at = |phase: &[Duration], share: usize| {
            phase.get((phase.len() * share / 100).min(phase.len().saturating_sub(1))).copied()
        };
        for (word, phase) in ["before", "during", "after"].into_iter().zip(&phases) {
            println!(
                "{name:<22} {word:<7} {:>5} messages, median {:?}, p99 {:?}",
                phase.len(),
                at(phase, 50),
                at(phase, 99)
            );
        }
        let heard = witness.heartbeats.load(Ordering::SeqCst);
        assert_eq!(heard, said, "{name}: every message of the victim arrived");
        let calm = at(&phases[0], 50).unwrap_or_default().as_secs_f64();
        for phase in &phases[1..] {
            let median = at(phase, 50).unwrap_or_default();
            assert!(
                median <= QUICK || median.as_secs_f64() <= calm * SLOWER_MAX,
                "{name}: {median:?} instead of {calm} s"
            );
        }
        outcome
    }
}

/// As the victim dials.
pub fn dial(gateway: &Gateway) -> Dial {
    Dial {
        password: Some(SECRET.to_owned()),
        ..Dial::new(format!("ws://{}/ocpp", gateway.address), VICTIM, Version::V16)
    }
}
