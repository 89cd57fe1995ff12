//! Thousands of stations, each with its own certificate and address.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chargewarden_ocpp::Version;
use chargewarden_testkit::Station;
use chargewarden_testkit::payload::{Nameplate, v16};
use chargewarden_testkit::pki::{Issued, Leaf};
use chargewarden_testkit::station::{Dial, DialError};
use chargewarden_testkit::tls::StationTls;
use tokio::task::JoinSet;

use crate::gateway::{Gateway, ORGANISATION, Place};

/// A station that is not connected by then fails the test.
const DIAL_WAIT: Duration = Duration::from_secs(180);

pub fn ids(count: usize) -> Vec<String> {
    (0..count).map(|ordinal| format!("CS-{ordinal:04}")).collect()
}

/// Stations that are not connected yet.
pub struct Fleet {
    ids: Vec<String>,
    pub certificates: Vec<Issued>,
    trusting: StationTls,
}

/// How connecting them all went.
pub struct Connected {
    pub stations: Vec<Station>,
    pub took: Duration,
    /// Time of the slowest station.
    pub slowest: Duration,
}

impl Fleet {
    pub fn new(place: &Place, ids: Vec<String>) -> Fleet {
        let leaf = |id: &String| Leaf::station(id).organisation(ORGANISATION);
        let certificates = ids.iter().map(|id| place.stations.issue(&leaf(id))).collect();
        Fleet { ids, certificates, trusting: StationTls::trusting([place.servers.certificate()]) }
    }

    /// How one of them dials. Each has an address of its own, as stations have.
    pub fn dial(&self, gateway: &Gateway, ordinal: usize) -> Dial {
        let [_, _, high, low] = u32::try_from(ordinal + 1).unwrap().to_be_bytes();
        Dial::new(&gateway.url, &self.ids[ordinal], Version::V16)
            .tls(self.trusting.clone().presenting(&self.certificates[ordinal]))
            .source(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)))
            .wait(DIAL_WAIT)
    }

    /// All dial at once, once. Fails when one is not admitted.
    pub async fn connect(&self, gateway: &Gateway) -> Connected {
        let begun = Instant::now();
        let mut dialling = JoinSet::new();
        for ordinal in 0..self.ids.len() {
            let dial = self.dial(gateway, ordinal);
            dialling.spawn(async move {
                let station = Station::obliging(&dial).await;
                (ordinal, station, begun.elapsed())
            });
        }
        let (mut stations, mut refused) = (Vec::new(), Vec::<(usize, DialError)>::new());
        let mut slowest = Duration::ZERO;
        while let Some(done) = dialling.join_next().await {
            let (ordinal, station, took) = done.unwrap();
            slowest = slowest.max(took);
            match station {
                Ok(station) => stations.push((ordinal, station)),
                Err(error) => refused.push((ordinal, error)),
            }
        }
        assert!(refused.is_empty(), "{} of all refused, such as {:?}", refused.len(), refused.first());
        stations.sort_by_key(|(ordinal, _)| *ordinal);
        let stations = stations.into_iter().map(|(_, station)| station).collect();
        Connected { stations, took: begun.elapsed(), slowest }
    }
}

/// Boots them all at once.
pub async fn boot(stations: &[Station]) {
    let mut booting = JoinSet::new();
    for station in stations {
        let station = station.clone();
        booting.spawn(async move {
            let booted = station.boot(&Nameplate::default()).await.unwrap();
            assert_eq!(booted.status(), Some("Accepted"), "{}", station.id());
        });
    }
    booting.join_all().await;
}

/// Stations that send heartbeats until told to stop.
pub struct Traffic {
    beating: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Traffic {
    /// Every station sends one heartbeat per `pace`, spread evenly. A station may stop when its connection ends; the test looks.
    pub fn begin(stations: &[Station], pace: Duration) -> Traffic {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let mut beating = JoinSet::new();
        let count = u32::try_from(stations.len()).unwrap();
        for (station, ordinal) in stations.iter().zip(0..) {
            let (station, stop, answered) = (station.clone(), stop.clone(), answered.clone());
            let offset = pace * ordinal / count;
            beating.spawn(async move {
                tokio::time::sleep(offset).await;
                while !stop.load(Ordering::Relaxed) {
                    if station.say(v16::heartbeat()).await.is_err() {
                        return;
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(pace).await;
                }
            });
        }
        Traffic { beating, stop, answered }
    }

    /// Heartbeats answered so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Lets every station finish what it is saying.
    pub async fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.beating.join_next().await {
            ended.unwrap();
        }
    }
}
