//! Who is let in over TLS, and who is not.

use std::time::Duration;

use chargewarden::config::Wait;
use chargewarden_testkit::{
    Station,
    payload::Nameplate,
    pki::{Authority, Issued, Leaf, Usage, self_signed},
    tls::TlsVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    connections, refusals, settled,
    world::{
        SECRET,
        tls::{ORGANISATION, Pki, dial},
        wait,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn profiles_2_and_3_over_both_versions() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let certificate = pki.station("CS-1");
    // The newer last: a station that has used it is not let in with less.
    for version in [TlsVersion::V12, TlsVersion::V13] {
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
    assert!(opened[3].starts_with("TLS 1.3 TLS13_AES_"), "{opened:?}");
    assert!(opened[3].contains("certificate ") && opened[3].contains("of `CN=CSO stations`"), "{opened:?}");
    assert!(opened[4].starts_with("TLS 1.3 ") && !opened[4].contains("certificate"), "{opened:?}");
    assert!(opened[0].starts_with("TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_"), "{opened:?}");
}

/// Each is refused with a reason of its own and the same answer; the table of all faults is in the proxy's own tests.
#[tokio::test(flavor = "multi_thread")]
async fn faults_have_their_reasons_inside_and_one_answer_outside() {
    let pki = Pki::new();
    let stolen = pki.station("CS-1");
    pki.revoke(&[&stolen]);
    let world = pki
        .start(|config| {
            config.limits.guesses_per_address = 1_000;
            config.limits.guesses_per_station = 1_000;
        })
        .await;
    let leaf = || Leaf::station("CS-1").organisation(ORGANISATION);
    let (good, issue) = (pki.station("CS-1"), |leaf: Leaf| pki.stations.issue(&leaf));
    let bring = |issued: &Issued| dial(&world, "CS-1", pki.presenting(issued));
    let nothing = || dial(&world, "CS-1", pki.anonymous());
    let password = |station: &str| dial(&world, station, pki.anonymous()).password(SECRET);
    let cases = [
        (nothing(), "certificate-missing"),
        (bring(&Authority::root("CSO root").issue(&leaf())), "certificate-untrusted"),
        (bring(&self_signed(&leaf())), "certificate-untrusted"),
        (bring(&issue(leaf().expired())), "certificate-expired"),
        (bring(&issue(leaf().not_yet_valid())), "certificate-not-yet-valid"),
        (bring(&stolen), "certificate-revoked"),
        (bring(&issue(leaf().usages(&[Usage::ServerAuth]))), "certificate-usage"),
        (bring(&issue(leaf().authority())), "certificate-is-authority"),
        (bring(&pki.station("CS-2")), "certificate-name"),
        (bring(&issue(Leaf::station("CS-1").organisation("Example CNP"))), "certificate-organisation"),
        (bring(&good).user("CS-2").password(SECRET), "wrong-user"),
        // The profile of somebody else, both ways, and a station that does not exist.
        (password("CS-1"), "profile-mismatch"),
        (dial(&world, "CS-3", pki.presenting(&pki.station("CS-3"))), "profile-mismatch"),
        (dial(&world, "CS-3", pki.anonymous()), "missing-credentials"),
        (dial(&world, "CS-9", pki.presenting(&pki.station("CS-9"))), "unknown-station"),
        (password("CS-9"), "unknown-station"),
    ];
    for (dial, reason) in &cases {
        let error = Station::obliging(dial).await.expect_err(reason);
        assert_eq!(error.status(), Some(401), "{reason}: {error}");
    }
    // A key that proves nothing ends the handshake; what it is recorded as does not differ.
    let error = Station::obliging(&bring(&pki.stations.issue_weak(&leaf()))).await.unwrap_err();
    assert!(error.alert().is_some(), "{error}");
    assert_eq!(world.csms.connections(), 0);

    let records = settled(world).await;
    let said = refusals(&records);
    let mut expected: Vec<&str> = cases.iter().map(|(_, reason)| *reason).collect();
    expected.push("certificate-weak-key");
    assert_eq!(said.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), expected);
    assert!(said[16].1.contains("an RSA key of 1024 bits"), "{}", said[16].1);
    let revoked = format!("certificate {:04x} of `CN=CSO stations`", stolen.serial());
    assert!(said[5].1.contains(&revoked), "{}", said[5].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_may_have_another_name_than_the_station() {
    let pki = Pki::new();
    let world =
        pki.start(|config| config.inventory.stations[0].certificate_name = Some("SN-17".to_owned())).await;
    Station::obliging(&dial(&world, "CS-1", pki.presenting(&pki.station("SN-17")))).await.unwrap();
    let error =
        Station::obliging(&dial(&world, "CS-1", pki.presenting(&pki.station("CS-1")))).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
}

/// Whoever keeps a handshake open without finishing it is shown the door like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_end_is_ended() {
    let pki = Pki::new();
    let world = pki
        .start(|config| {
            let wait = |millis| Wait(Duration::from_millis(millis));
            (config.limits.dial_wait, config.limits.handshake_wait) = (wait(500), wait(1500));
        })
        .await;
    let mut tcp = tokio::net::TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
    tcp.write_all(&[22, 3, 1, 0, 200, 1, 0]).await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), tcp.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
    let records = settled(world).await;
    assert_eq!(refusals(&records)[0].0, "handshake-timeout");
}
