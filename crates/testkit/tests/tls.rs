//! Stations and management systems of the testkit over TLS, directly against each other.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use chargewarden_ocpp::Version;
use chargewarden_testkit::csms::Manner;
use chargewarden_testkit::payload::v16;
use chargewarden_testkit::pki::{Authority, Key, Leaf};
use chargewarden_testkit::station::{Dial, DialError};
use chargewarden_testkit::tls::{CsmsTls, StationTls, TlsVersion};
use chargewarden_testkit::{Csms, Station};
use rustls::AlertDescription;

const SOON: Duration = Duration::from_secs(5);

async fn csms(tls: CsmsTls) -> Csms {
    Csms::with(Manner { tls: Some(tls), ..Manner::default() }).await.unwrap()
}

fn dial(csms: &Csms, tls: StationTls) -> Dial {
    Dial::new(csms.url(), "CS-1", Version::V16).tls(tls)
}

#[tokio::test]
async fn both_ends_see_what_the_other_showed() {
    let (root, clients) = (Authority::root("servers"), Authority::root("clients"));
    let station = clients.intermediate("stations").issue(&Leaf::station("CS-1"));
    for (kind, version) in [(Key::EcdsaP256, TlsVersion::V13), (Key::Rsa2048, TlsVersion::V12)] {
        let server = root.issue(&Leaf::server("127.0.0.1").key(kind));
        let csms = csms(CsmsTls::presenting(&server).requiring([clients.certificate()])).await;
        let tls = StationTls::trusting([root.certificate()]).presenting(&station).versions(&[version]);
        let shown = dial(&csms, tls.clone()).server_certificate().await.unwrap();
        assert_eq!(shown, *server.certificate());
        let connected = Station::obliging(&dial(&csms, tls).password("secret")).await.unwrap();
        assert!(connected.say(v16::heartbeat()).await.unwrap().payload().is_some());

        let session = csms.wait_for("CS-1", SOON).await.unwrap();
        let seen = session.seen();
        assert!(seen.head.starts_with("GET /ocpp/CS-1 HTTP/1.1\r\n") && seen.head.ends_with("\r\n\r\n"));
        assert_eq!(seen.authorization.as_ref().unwrap().password, "secret");
        let shown = seen.tls.as_ref().unwrap();
        assert_eq!(shown.version, version);
        assert_eq!(shown.chain, station.chain());
        assert!(shown.cipher.contains("AES"), "{}", shown.cipher);
        assert_eq!((csms.opened("CS-1"), csms.connections(), csms.requests().len()), (1, 2, 1));
        session.say(v16::reset("Soft")).await.unwrap();
    }
}

#[tokio::test]
async fn a_stranger_is_told_by_an_alert() {
    let root = Authority::root("root");
    let server = root.issue(&Leaf::server("127.0.0.1"));
    let revoked = root.issue(&Leaf::station("CS-1"));
    let tls = CsmsTls::presenting(&server).requiring([root.certificate()]);
    let csms = csms(tls.revoking(&[root.crl(&[revoked.serial()])])).await;
    let trusting = StationTls::trusting([root.certificate()]);
    let alert = async |tls: StationTls| {
        let error = Station::obliging(&dial(&csms, tls)).await.unwrap_err();
        error.alert().unwrap_or_else(|| panic!("no alert: {error}"))
    };
    assert_eq!(alert(trusting.clone()).await, AlertDescription::CertificateRequired);
    assert_eq!(alert(trusting.clone().presenting(&revoked)).await, AlertDescription::CertificateRevoked);
    let stranger = root.namesake().issue(&Leaf::station("CS-1"));
    assert_eq!(alert(trusting.clone().presenting(&stranger)).await, AlertDescription::DecryptError);
    assert_eq!((csms.requests().len(), csms.connections()), (0, 3));

    let other = StationTls::trusting([Authority::root("other").certificate()]);
    let error = Station::obliging(&dial(&csms, other)).await.unwrap_err();
    assert!(matches!(error, DialError::Tls(rustls::Error::InvalidCertificate(_))), "{error}");
    let other = trusting.server_name("another.example");
    let error = Station::obliging(&dial(&csms, other)).await.unwrap_err();
    assert!(matches!(error, DialError::Tls(rustls::Error::InvalidCertificate(_))), "{error}");
}

#[tokio::test]
async fn who_asks_politely_serves_strangers_too() {
    let root = Authority::root("root");
    let server = root.issue(&Leaf::server("csms.example"));
    let csms = csms(CsmsTls::presenting(&server).asking([root.certificate()])).await;
    let tls = StationTls::trusting([root.certificate()]).server_name("csms.example");
    Station::obliging(&dial(&csms, tls)).await.unwrap();
    let shown = csms.requests()[0].tls.clone().unwrap();
    assert_eq!(shown.server_name.as_deref(), Some("csms.example"));
    assert!(shown.chain.is_empty());
}

#[tokio::test]
async fn a_station_may_dial_from_another_address() {
    let csms = Csms::start().await.unwrap();
    let dial = Dial::new(csms.url(), "CS-1", Version::V16).source([127, 0, 0, 9].into());
    Station::obliging(&dial.user("someone").password("secret")).await.unwrap();
    let seen = &csms.requests()[0];
    assert_eq!(seen.address.ip().to_string(), "127.0.0.9");
    assert_eq!(seen.authorization.as_ref().unwrap().user, "someone");
}
