//! 2,000 stations return at once over mutual TLS; then certificates and revocation list change under load.

use std::time::{Duration, Instant};

use chargewarden_testkit::csms::Manner;
use chargewarden_testkit::{Csms, Station};
use rustls::pki_types::CertificateDer;

use crate::gateway::{Gateway, Place};
use crate::stations::{Connected, Fleet, Traffic, boot, ids};

/// Stations of the fleet.
const STATIONS: usize = 2_000;
/// The stations whose certificates are revoked, one after another.
const REVOKED: [usize; 3] = [1_234, 7, 1_999];
/// Bound on connecting them all, for a build without optimisation on a busy machine; a minute would be far too long otherwise.
const TIME_MAX: Duration = Duration::from_secs(120);
/// Bound on what one connected and booted station may add to the program's resident memory, in KiB.
const KIB_PER_STATION_MAX: u64 = 160;
/// Time between two heartbeats of a station while files change.
const PACE: Duration = Duration::from_secs(10);
/// In which a revoked station must be gone. Most of it is reading the configuration again, half a second without optimisation: on a
/// machine that is busy with other things the quickest of the three counts, and the others have [`REVOKED_MAX`].
const REVOKED_WITHIN: Duration = Duration::from_secs(1);
/// In which every revoked station must be gone, however busy the machine is.
const REVOKED_MAX: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_stations_return_at_once_and_none_is_lost_when_files_change() {
    // Both ends of every station live in this process.
    rlimit::increase_nofile_limit(20_000).unwrap();
    let csms = Csms::with(Manner::default()).await.unwrap();
    let place = Place::new(&csms.url(), &ids(STATIONS));
    let fleet = Fleet::new(&place, ids(STATIONS));
    let gateway = Gateway::start(&place).await;
    let empty_kib = gateway.resident_kib();

    let first = all_at_once(&fleet, &gateway, "cold").await;
    boot(&first.stations).await;
    let grown_kib = gateway.resident_kib().saturating_sub(empty_kib);
    let per_station = grown_kib / u64::try_from(STATIONS).unwrap();
    println!(
        "memory: {empty_kib} KiB empty, {grown_kib} KiB more with {STATIONS} booted stations: {per_station} KiB each"
    );
    assert!(per_station <= KIB_PER_STATION_MAX, "{per_station} KiB per station");
    assert!(fleet_is(&csms, 1), "the CSMS saw every station once");

    // The power fails everywhere, and comes back everywhere.
    for station in &first.stations {
        station.cut().await;
    }
    let second = all_at_once(&fleet, &gateway, "after a power cut").await;
    boot(&second.stations).await;
    assert!(fleet_is(&csms, 2), "the CSMS saw every station once more");

    files_change(&place, &fleet, &gateway, &second.stations).await;
    assert!(fleet_is(&csms, 2), "nobody had to come again");

    drop(second);
    gateway.stop();
    let revoked = place.records().into_iter().filter(|record| {
        let connection = &record["connection"];
        connection["stage"] == "refused" && connection["reason"] == "certificate-revoked"
    });
    assert_eq!(revoked.count(), REVOKED.len(), "the revoked stations' second attempts are in evidence");
}

async fn all_at_once(fleet: &Fleet, gateway: &Gateway, when: &str) -> Connected {
    let before = gateway.cpu();
    let connected = fleet.connect(gateway).await;
    let cpu = gateway.cpu().saturating_sub(before);
    println!(
        "{when}: {} stations admitted in {:.1} s ({:.1} s the slowest), {:.2} ms CPU of the gateway each",
        connected.stations.len(),
        connected.took.as_secs_f64(),
        connected.slowest.as_secs_f64(),
        cpu.as_secs_f64() * 1e3 / f64::from(u32::try_from(STATIONS).unwrap()),
    );
    assert!(connected.took < TIME_MAX, "{:?}", connected.took);
    connected
}

/// Whether every station opened so many sessions at the CSMS, no more and no fewer.
fn fleet_is(csms: &Csms, sessions: usize) -> bool {
    let wrong: Vec<_> = ids(STATIONS).into_iter().filter(|id| csms.opened(id) != sessions).collect();
    if !wrong.is_empty() {
        println!("not {sessions} sessions: {} stations, such as {:?}", wrong.len(), wrong.first());
    }
    wrong.is_empty()
}

/// New server certificates and longer revocation lists, while all stations talk.
async fn files_change(place: &Place, fleet: &Fleet, gateway: &Gateway, stations: &[Station]) {
    let traffic = Traffic::begin(stations, PACE);
    tokio::time::sleep(PACE).await;
    let before = traffic.answered();
    let mut serials = Vec::new();
    let mut quickest = REVOKED_MAX;
    for revoked in REVOKED {
        serials.push(fleet.certificates[revoked].serial());
        let old = presented(gateway, fleet).await;
        place.present_new_certificates();
        place.revoke(&serials);
        let begun = Instant::now();
        gateway.reload();
        let closed = tokio::time::timeout(REVOKED_MAX, stations[revoked].closed()).await;
        let took = begun.elapsed();
        let closed = closed.unwrap_or_else(|_| panic!("the revoked station stays\n{}", place.log()));
        assert_eq!(closed.code, Some(1008), "{closed:?}");
        println!("reload: a revoked station was gone after {:.0} ms", took.as_secs_f64() * 1e3);
        quickest = quickest.min(took);
        assert_ne!(old, presented(gateway, fleet).await, "new connections get the new certificate");
    }
    assert!(quickest <= REVOKED_WITHIN, "{quickest:?}");

    tokio::time::sleep(PACE).await;
    let lost = stations.iter().filter(|station| !station.is_open()).count();
    assert_eq!(lost, REVOKED.len(), "only the revoked stations are gone");
    let answered = traffic.answered() - before;
    println!("reload: {answered} heartbeats were answered meanwhile and in the {PACE:?} after");
    assert!(answered >= u64::try_from(STATIONS).unwrap() / 2, "{answered} heartbeats answered");
    traffic.end().await;

    for revoked in REVOKED {
        let again = Station::obliging(&fleet.dial(gateway, revoked)).await.unwrap_err();
        assert_eq!(again.status(), Some(401), "a revoked station stays out: {again}");
    }
}

/// The certificate that a new connection is shown.
async fn presented(gateway: &Gateway, fleet: &Fleet) -> CertificateDer<'static> {
    fleet.dial(gateway, 0).server_certificate().await.unwrap()
}
