//! The CSMS side: whose certificate is believed, what is presented to whom, and signs that somebody goes around us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chargewarden::config::{Config, Csms as CsmsEntry, CsmsTls as CsmsTlsEntry, StationEntry, UpstreamEntry};
use chargewarden_ocpp::Version;
use chargewarden_testkit::{
    Csms, Station,
    csms::Manner,
    payload::Nameplate,
    pki::{Authority, DAY, Issued, Key, Leaf, Usage, self_signed},
    tls::{CsmsTls, TlsVersion},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_websockets::{CloseCode, Message};
use world::{SECRET, World, wait};

/// The name that the certificate of every CSMS here must have.
const NAME: &str = "csms.example";

/// A CSMS behind the gateway, with what is presented and what is expected of it.
struct Case {
    /// Names the CSMS and the station that dials it; lower case.
    name: &'static str,
    presents: Issued,
    crls: Vec<chargewarden_testkit::pki::Crl>,
    versions: Vec<TlsVersion>,
    change: fn(&mut CsmsTlsEntry),
    /// What stands in the evidence; empty: it is accepted.
    detail: &'static str,
}

impl Case {
    fn new(name: &'static str, presents: Issued, detail: &'static str) -> Case {
        let versions = TlsVersion::ALL.to_vec();
        Case { name, presents, crls: Vec::new(), versions, change: |_| {}, detail }
    }
}

/// The table: one thing is wrong in each but the first two.
fn cases(root: &Authority) -> Vec<Case> {
    let good = || Leaf::server(NAME);
    let below = root.intermediate("CSMS authority");
    let revoked = root.issue(&good());
    let withdrawn = root.intermediate("Withdrawn authority").issue(&good());
    let withdrawn_number = 0x00de_ad01;
    let numbered = root.issue(&good().serial(withdrawn_number));
    let now = SystemTime::now();
    let untrusted = "does not lead to an anchor pinned for it";
    vec![
        Case::new("good", root.issue(&good()), ""),
        Case {
            crls: vec![root.crl(&[revoked.serial()])],
            ..Case::new("good-listed", root.issue(&good()), "")
        },
        Case::new("self-signed", self_signed(&good()), untrusted),
        Case::new("other-root", Authority::root("Public authority").issue(&good()), untrusted),
        Case::new("namesake", root.namesake().issue(&good()), "proves nothing"),
        Case::new("no-path", below.issue(&good()).without_path(), untrusted),
        Case::new("expired", root.issue(&good().expired()), "has expired"),
        Case::new("not-yet", root.issue(&good().not_yet_valid()), "is not valid yet"),
        Case::new("other-name", root.issue(&Leaf::server("csms.elsewhere")), "is for other names"),
        Case::new("address", root.issue(&Leaf::server("127.0.0.1")), "is for other names"),
        Case::new(
            "name-in-cn",
            root.issue(&Leaf::station(NAME).usages(&[Usage::ServerAuth])),
            "is for other names",
        ),
        Case::new("for-clients", root.issue(&good().usages(&[Usage::ClientAuth])), "is not for servers"),
        Case::new("authority", root.issue(&good().authority()), "is not for servers"),
        Case { crls: vec![root.crl(&[revoked.serial()])], ..Case::new("revoked", revoked, "was revoked") },
        Case { crls: vec![root.crl(&[withdrawn_number])], ..Case::new("revoked-2", numbered, "was revoked") },
        Case {
            crls: vec![Authority::root("Another").crl(&[])],
            ..Case::new("unlisted", root.issue(&good()), "is covered by none of the revocation lists")
        },
        Case {
            crls: vec![root.crl(&[])],
            ..Case::new("path-unlisted", withdrawn, "is covered by none of the revocation lists")
        },
        Case {
            crls: vec![root.crl_valid(&[], now - 9 * DAY, now - DAY)],
            ..Case::new("old-list", root.issue(&good()), "expired revocation list only")
        },
        Case {
            versions: vec![TlsVersion::V12],
            change: |tls| tls.min_version = "1.3".to_owned(),
            ..Case::new(
                "old-tls",
                root.issue(&good()),
                "refused the TLS connection with the alert ProtocolVersion",
            )
        },
    ]
}

/// T07: whoever stands in the CSMS's place without its certificate gets nothing, and the evidence has what he presented.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_certificate_is_refused_before_a_byte_of_http() {
    let (root, folder) = (Authority::root("CSMS root"), tempfile::tempdir().unwrap());
    root.write(folder.path(), "root").unwrap();
    let cases = cases(&root);
    let mut systems = Vec::new();
    for case in &cases {
        let tls = CsmsTls::presenting(&case.presents).versions(&case.versions);
        systems.push(Csms::with(Manner { tls: Some(tls), ..Manner::default() }).await.unwrap());
        for (number, crl) in case.crls.iter().enumerate() {
            crl.write(folder.path(), &format!("{}-{number}", case.name)).unwrap();
        }
    }
    let world = World::start_with(|config| {
        let like = config.inventory.stations.remove(0);
        config.inventory.stations.clear();
        config.csms.clear();
        for (case, system) in cases.iter().zip(&systems) {
            config.csms.push(entry(case, system, folder.path()));
            let (id, csms) = (case.name.to_owned(), Some(case.name.to_owned()));
            config.inventory.stations.push(StationEntry { id, csms, ..like.clone() });
        }
    })
    .await;

    for (case, system) in cases.iter().zip(&systems) {
        let dialled = Station::obliging(&world.dial(case.name, Version::V16)).await;
        if case.detail.is_empty() {
            let station = dialled.unwrap_or_else(|error| panic!("{}: {error}", case.name));
            station.boot(&Nameplate::default()).await.unwrap();
            let seen = &system.requests()[0];
            assert_eq!(seen.tls.as_ref().unwrap().server_name.as_deref(), Some(NAME));
            station.close().await;
        } else {
            assert_eq!(dialled.unwrap_err().status(), Some(502), "{}", case.name);
            assert!(system.connections() > 0, "{}", case.name);
            assert!(system.requests().is_empty(), "{}: something was sent", case.name);
        }
    }

    let records = world.records().await;
    for case in cases.iter().filter(|case| !case.detail.is_empty()) {
        let refused = refusal(&records, case.name);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(case.detail), "{}: {detail}", case.name);
        if case.name == "old-tls" {
            assert_eq!(refused["reason"], "csms-refused");
            continue;
        }
        assert_eq!(refused["reason"], "csms-certificate", "{}", case.name);
        let shown = ["the certificate for `csms.example`", "subject `CN=", "issuer `CN=", "sha256 "];
        assert!(shown.iter().all(|part| detail.contains(part)), "{}: {detail}", case.name);
        let event = event(&records, "UpstreamCertInvalid", case.name).expect("the security event");
        assert!(event["detail"].as_str().unwrap().contains(case.detail), "{event}");
        assert_eq!((&event["csms"], &event["critical"]), (&Value::from(case.name), &Value::from(true)));
    }
    let opened = records
        .iter()
        .find(|record| record["connection"]["side"] == "csms" && record["connection"]["station"] == "good");
    let detail = opened.unwrap()["connection"]["detail"].as_str().unwrap();
    assert!(detail.starts_with("TLS 1.3; subject `CN=csms.example`"), "{detail}");
}

fn entry(case: &Case, system: &Csms, folder: &Path) -> CsmsEntry {
    let crls = (0..case.crls.len()).map(|number| folder.join(format!("{}-{number}.crl", case.name)));
    let mut tls = CsmsTlsEntry {
        anchors: vec![folder.join("root.pem")],
        crls: crls.collect(),
        server_name: Some(NAME.to_owned()),
        ..CsmsTlsEntry::default()
    };
    (case.change)(&mut tls);
    CsmsEntry {
        name: case.name.to_owned(),
        party: "cnp".to_owned(),
        url: system.url(),
        tls: Some(tls),
        ..CsmsEntry::default()
    }
}

/// The record of a station's refusal.
fn refusal<'r>(records: &'r [Value], station: &str) -> &'r Value {
    let mut refusals = records.iter().map(|record| &record["connection"]);
    refusals
        .find(|connection| connection["stage"] == "refused" && connection["station"] == station)
        .unwrap_or_else(|| panic!("{station} was not refused"))
}

/// The first security event of a type about a station.
fn event<'r>(records: &'r [Value], kind: &str, station: &str) -> Option<&'r Value> {
    let mut events = records.iter().map(|record| &record["security"]);
    events.find(|event| event["type"] == kind && event["station"] == station)
}

/// A redirect is named in the evidence, without what may be secret in it, and nobody goes there.
#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = elsewhere.local_addr().unwrap();
    let csms = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ocpp", csms.local_addr().unwrap());
    let answering = tokio::spawn(async move {
        loop {
            let (mut tcp, _) = csms.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let _ = tcp.read(&mut head).await.unwrap();
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: ws://me:pw@{there}/x?token=abc\r\n\r\n"
            );
            tcp.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let world = World::start_with(|config| config.csms[0].url = url).await;
    let refused = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap_err();
    assert_eq!(refused.status(), Some(502));
    let records = world.records().await;
    let refused = refusal(&records, "CS-1");
    assert_eq!(refused["reason"], "csms-redirect");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("a redirect to `ws://{there}/x`, which is not followed")), "{detail}");
    assert!(!detail.contains("token") && !detail.contains("pw@"), "{detail}");
    let nobody = tokio::time::timeout(Duration::from_millis(100), elsewhere.accept()).await;
    assert!(nobody.is_err(), "somebody followed");
    answering.abort();
}

/// TCP, TLS and upgrade together have `dial_wait`: a server that accepts and says nothing keeps nobody longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_csms_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/ocpp", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let anchors = vec![Authority::root("CSMS root").write(folder.path(), "root").unwrap()];
    let world = World::start_with(|config| {
        config.limits.dial_wait = chargewarden::config::Wait(Duration::from_millis(300));
        config.csms[0].url = url;
        config.csms[0].tls = Some(CsmsTlsEntry { anchors, ..CsmsTlsEntry::default() });
    })
    .await;
    let began = std::time::Instant::now();
    let refused = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap_err();
    assert_eq!(refused.status(), Some(502));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let records = world.records().await;
    let refused = refusal(&records, "CS-1");
    assert_eq!(refused["reason"], "csms-unreachable");
    assert_eq!(refused["detail"], "no upgrade within 300ms");
}

/// Each station may have an access of its own; its own secret stays with us.
#[tokio::test(flavor = "multi_thread")]
async fn each_station_presents_what_is_its_own_and_never_its_secret() {
    let (root, folder) = (Authority::root("CSMS root"), tempfile::tempdir().unwrap());
    let file = |name: &str| folder.path().join(name);
    root.write(folder.path(), "root").unwrap();
    root.issue_to(folder.path(), "service", &Leaf::station("the service")).unwrap();
    root.issue_to(folder.path(), "own", &Leaf::station("own of CS-1").key(Key::EcdsaP384)).unwrap();
    std::fs::write(file("shared.password"), "shared password 1\n").unwrap();
    std::fs::write(file("own.password"), "password of CS-1 alone\n").unwrap();
    let tls = CsmsTls::presenting(&root.issue(&Leaf::server(NAME)));
    let tls = tls.requiring([root.certificate()]);
    let csms = Csms::with(Manner { tls: Some(tls), ..Manner::default() }).await.unwrap();
    let elsewhere = Csms::with(Manner {
        tls: Some(CsmsTls::presenting(&root.issue(&Leaf::server(NAME))).asking([root.certificate()])),
        ..Manner::default()
    });
    let elsewhere = elsewhere.await.unwrap();
    let world = World::start_with(|config: &mut Config| {
        let main = &mut config.csms[0];
        main.url = csms.url();
        main.user = Some("gateway".to_owned());
        main.password_file = Some(file("shared.password"));
        main.tls = Some(CsmsTlsEntry {
            anchors: vec![file("root.pem")],
            server_name: Some(NAME.to_owned()),
            certificate: Some(file("service.pem")),
            key: Some(file("service.key")),
            ..CsmsTlsEntry::default()
        });
        config.inventory.stations[0].upstream = Some(UpstreamEntry {
            identity: Some("secret identity/7".to_owned()),
            password_file: Some(file("own.password")),
            certificate: Some(file("own.pem")),
            key: Some(file("own.key")),
            ..UpstreamEntry::default()
        });
        config.inventory.stations[1].upstream = Some(UpstreamEntry {
            url: Some(elsewhere.url().replace("/ocpp", "/other/base")),
            ..UpstreamEntry::default()
        });
    })
    .await;
    for id in ["CS-1", "CS-2", "CS-3"] {
        let station = Station::obliging(&world.dial(id, Version::V201)).await.unwrap();
        station.boot(&Nameplate::default()).await.unwrap();
        station.close().await;
    }
    let seen: Vec<_> = csms.requests().into_iter().chain(elsewhere.requests()).collect();
    let presented = |seen: &chargewarden_testkit::csms::Seen| {
        let basic = seen.authorization.clone().unwrap();
        let tls = seen.tls.as_ref().unwrap();
        let leaf = chargewarden_proxy::upstream::CertificateFacts::read(&tls.chain[0]).unwrap();
        format!("{} {}:{} {}", seen.station, basic.user, basic.password, leaf.subject)
    };
    let presented: Vec<String> = seen.iter().map(presented).collect();
    assert_eq!(
        presented,
        [
            "secret identity/7 secret identity/7:password of CS-1 alone CN=own of CS-1",
            "CS-3 gateway:shared password 1 CN=the service",
            "CS-2 gateway:shared password 1 CN=the service",
        ]
    );
    assert!(seen[2].head.starts_with("GET /other/base/CS-2 HTTP/1.1\r\n"), "{}", seen[2].head);
    for seen in &seen {
        let spellings = ["CS-1", "CS-2", "CS-3"].map(|id| STANDARD.encode(format!("{id}:{SECRET}")));
        assert!(!seen.head.contains(SECRET) && !spellings.iter().any(|token| seen.head.contains(token)));
    }
}

/// A CSMS that refuses our certificate, or that we have none, is a refusal by the CSMS and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_csms_that_wants_a_certificate_is_not_reached_without() {
    let (root, folder) = (Authority::root("CSMS root"), tempfile::tempdir().unwrap());
    root.write(folder.path(), "root").unwrap();
    for version in TlsVersion::ALL {
        let tls = CsmsTls::presenting(&root.issue(&Leaf::server(NAME))).versions(&[version]);
        let tls = tls.requiring([root.certificate()]);
        let csms = Csms::with(Manner { tls: Some(tls), ..Manner::default() }).await.unwrap();
        let world = World::start_with(|config| {
            config.csms[0].url = csms.url();
            config.csms[0].tls = Some(CsmsTlsEntry {
                anchors: vec![folder.path().join("root.pem")],
                server_name: Some(NAME.to_owned()),
                ..CsmsTlsEntry::default()
            });
        })
        .await;
        let refused = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap_err();
        assert_eq!(refused.status(), Some(502), "{version:?}");
        assert!(csms.requests().is_empty());
        let records = world.records().await;
        let refused = refusal(&records, "CS-1");
        assert_eq!(refused["reason"], "csms-refused", "{version:?}: {refused}");
        assert!(refused["detail"].as_str().unwrap().contains("refused the TLS connection"), "{refused}");
    }
}

/// T15: the CSMS throws our session out in favour of another, and says so; or it does so again and again.
#[tokio::test(flavor = "multi_thread")]
async fn displacement_by_somebody_else_is_a_security_event() {
    let world = World::start().await;
    let close = |code: CloseCode, text: &'static str| Message::close(Some(code), text);
    let farewells = [
        ("CS-1", vec![close(CloseCode::POLICY_VIOLATION, "Duplicate session for this charge point")]),
        ("CS-2", vec![close(CloseCode::SERVICE_RESTART, ""); 4]),
        ("CS-3", vec![close(CloseCode::NORMAL_CLOSURE, ""); 2]),
    ];
    for (id, messages) in farewells {
        for message in messages {
            let station = Station::obliging(&world.dial(id, Version::V16)).await.unwrap();
            let session = world.csms.wait_for(id, Duration::from_secs(5)).await.unwrap();
            session.message(message).await.unwrap();
            station.closed().await;
            assert!(wait(async || world.gateway.sessions() == 0).await);
        }
    }
    let records = world.records().await;
    let detail = |id| event(&records, "UpstreamDisplaced", id).map(|event| event["detail"].clone());
    assert_eq!(detail("CS-1"), Some("the CSMS said that another connection took over".into()));
    assert_eq!(detail("CS-2"), None, "a CSMS that restarts displaces nobody");
    assert_eq!(detail("CS-3"), Some("the CSMS ended the session soon after it began, again".into()));
}
