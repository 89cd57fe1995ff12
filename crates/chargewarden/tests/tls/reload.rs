//! Files read again while stations are connected.

use std::time::{Duration, Instant, SystemTime};

use chargewarden::config::Wait;
use chargewarden_ocpp::Version;
use chargewarden_testkit::{
    Station,
    payload::Nameplate,
    pki::{Authority, DAY, Leaf},
};

use crate::{
    connections,
    world::{
        SECRET,
        tls::{ORGANISATION, Pki, dial},
        wait,
    },
};

const POLICY_VIOLATION: u16 = 1008;

/// Sends heartbeats until told to stop; every one must be answered. How many were.
fn keep_talking(station: &Station) -> (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<usize>) {
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let station = station.clone();
    let talking = tokio::spawn(async move {
        let mut answered = 0;
        while stopped.try_recv().is_err() {
            station.call("Heartbeat", serde_json::json!({})).await.unwrap();
            answered += 1;
        }
        answered
    });
    (stop, talking)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_station_goes_and_all_others_stay() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let (first, second) = (pki.station("CS-1"), pki.station("CS-2"));
    let staying = Station::obliging(&dial(&world, "CS-1", pki.presenting(&first))).await.unwrap();
    let going = Station::obliging(&dial(&world, "CS-2", pki.presenting(&second))).await.unwrap();
    let password = Station::obliging(&dial(&world, "CS-3", pki.anonymous()).password(SECRET)).await.unwrap();
    for station in [&staying, &going, &password] {
        station.boot(&Nameplate::default()).await.unwrap();
    }
    let talks = [keep_talking(&staying), keep_talking(&password)];

    pki.revoke(&[&second]);
    let revoked = Instant::now();
    world.gateway.reload_tls(0, pki.files()).await.unwrap();
    let closed = going.closed().await;
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    assert_eq!(closed.code, Some(POLICY_VIOLATION), "{}", closed.reason);

    // Nothing else is noticed, not even when the gateway's own certificates are replaced by those of another authority.
    let others = Authority::root("Other servers");
    others.issue_to(pki.folder(), "ecdsa", &Leaf::server("localhost")).unwrap();
    for _ in 0..5 {
        world.gateway.reload_tls(0, pki.files()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (stop, talking) in talks {
        stop.send(()).unwrap();
        assert!(talking.await.unwrap() > 5);
    }
    let again = Station::obliging(&dial(&world, "CS-2", pki.presenting(&second))).await.unwrap_err();
    assert!(again.status().is_none(), "the server's certificate is new: {again}");
    let trusting =
        chargewarden_testkit::tls::StationTls::trusting([others.certificate()]).server_name("localhost");
    let again = Station::obliging(&dial(&world, "CS-2", trusting.presenting(&second))).await.unwrap_err();
    assert_eq!(again.status(), Some(401));

    drop((staying, password));
    let records = world.records().await;
    let ended = connections(&records, "reason", "certificate-revoked");
    let stages: Vec<_> = ended.iter().map(|end| (end["station"].as_str(), end["stage"].as_str())).collect();
    assert_eq!(stages, [(Some("CS-2"), Some("closed")), (Some("CS-2"), Some("refused"))]);
    let which = format!("certificate {:04x} of `CN=CSO stations`", second.serial());
    assert!(ended.iter().all(|end| end["detail"].as_str().unwrap().contains(&which)), "{ended:?}");
    let events: Vec<_> =
        records.iter().filter(|record| record["security"]["type"] == "CertificateRevoked").collect();
    assert_eq!(events.len(), 2, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_change_nothing() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let certificate = pki.station("CS-1");
    let connect = async || Station::obliging(&dial(&world, "CS-1", pki.presenting(&certificate))).await;
    let station = connect().await.unwrap();
    station.boot(&Nameplate::default()).await.unwrap();

    let list = pki.folder().join("stations.crl");
    let before = std::fs::read(&list).unwrap();
    std::fs::write(&list, "no list").unwrap();
    let error = world.gateway.reload_tls(0, pki.files()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` holds no revocation list", list.display()));
    std::fs::write(&list, &before[..before.len() / 2]).unwrap();
    world.gateway.reload_tls(0, pki.files()).await.unwrap_err();
    std::fs::remove_file(&list).unwrap();
    let error = world.gateway.reload_tls(0, pki.files()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read `{}`", list.display()));
    std::fs::write(&list, &before).unwrap();

    // The key of one certificate with the chain of another.
    std::fs::copy(pki.folder().join("rsa.key"), pki.folder().join("ecdsa.key")).unwrap();
    let error = world.gateway.reload_tls(0, pki.files()).await.unwrap_err();
    assert!(error.to_string().contains("certificate with its key cannot be used"), "{error}");
    let error = world.gateway.reload_tls(7, pki.files()).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no listener with the number 7");

    station.call("Heartbeat", serde_json::json!({})).await.unwrap();
    station.close().await;
    assert!(wait(async || world.gateway.sessions() == 0).await);
    connect().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_late_keeps_newcomers_out_and_ends_nobody() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let (first, second) = (pki.station("CS-1"), pki.station("CS-2"));
    let station = Station::obliging(&dial(&world, "CS-1", pki.presenting(&first))).await.unwrap();
    let now = SystemTime::now();
    pki.stations.crl_valid(&[], now - 2 * DAY, now - DAY).write(pki.folder(), "stations").unwrap();
    world.gateway.reload_tls(0, pki.files()).await.unwrap();
    let error = Station::obliging(&dial(&world, "CS-2", pki.presenting(&second))).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    station.boot(&Nameplate::default()).await.unwrap();
    let records = world.records().await;
    assert_eq!(connections(&records, "reason", "certificate-revocation-unknown").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_its_anchor_goes() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let station =
        Station::obliging(&dial(&world, "CS-1", pki.presenting(&pki.station("CS-1")))).await.unwrap();
    let other = Authority::root("Another operator");
    other.write(pki.folder(), "root").unwrap();
    world.gateway.reload_tls(0, pki.files()).await.unwrap();
    assert_eq!(station.closed().await.code, Some(POLICY_VIOLATION));
    let records = world.records().await;
    assert_eq!(connections(&records, "reason", "certificate-untrusted")[0]["stage"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_expires_ends_its_session() {
    let pki = Pki::new();
    let world = pki.start(|config| config.limits.tick = Wait(Duration::from_millis(100))).await;
    let leaf = Leaf::station("CS-1").organisation(ORGANISATION).valid_for(Duration::from_secs(3));
    let short = pki.stations.issue(&leaf);
    let station = Station::obliging(&dial(&world, "CS-1", pki.presenting(&short))).await.unwrap();
    assert_eq!(station.version(), Version::V201);
    let closed = tokio::time::timeout(Duration::from_secs(6), station.closed()).await.unwrap();
    assert_eq!(closed.code, Some(POLICY_VIOLATION));
    let records = world.records().await;
    assert_eq!(connections(&records, "reason", "certificate-expired")[0]["stage"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_files_are_noticed() {
    let pki = Pki::new();
    let world = pki.start(|config| config.reload_interval = Wait(Duration::from_millis(100))).await;
    let (first, second) = (pki.station("CS-1"), pki.station("CS-2"));
    let staying = Station::obliging(&dial(&world, "CS-1", pki.presenting(&first))).await.unwrap();
    let going = Station::obliging(&dial(&world, "CS-2", pki.presenting(&second))).await.unwrap();
    for station in [&staying, &going] {
        station.boot(&Nameplate::default()).await.unwrap();
    }

    // A list that cannot be read harms nobody, and is told once.
    let list = pki.folder().join("stations.crl");
    let before = std::fs::read(&list).unwrap();
    std::fs::write(&list, "no list").unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    std::fs::write(&list, before).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;

    pki.revoke(&[&second]);
    let revoked = Instant::now();
    let closed = going.closed().await;
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    assert_eq!(closed.code, Some(POLICY_VIOLATION), "{}", closed.reason);
    staying.call("Heartbeat", serde_json::json!({})).await.unwrap();
    let again = Station::obliging(&dial(&world, "CS-2", pki.presenting(&second))).await.unwrap_err();
    assert_eq!(again.status(), Some(401));

    drop(staying);
    let records = world.records().await;
    let phases: Vec<_> = records.iter().filter_map(|record| record["lifecycle"]["phase"].as_str()).collect();
    assert_eq!(phases.iter().filter(|phase| **phase == "reload-refused").count(), 1, "{phases:?}");
}
