//! Who a station must prove to be: one profile per identity, and every bad credential refused alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod doors;
mod world;

use std::{net::Ipv4Addr, time::SystemTime};

use chargewarden_testkit::pki::{Authority, DAY, Issued, Key, Leaf, Usage, self_signed};
use doors::{Authorities, CSO, Knock, entrances, station, status};
use world::{SECRET, World};

/// Requirement R-A01: of every provisioned and every offered profile, only the equal ones are admitted.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_diagonal_is_admitted() {
    let authorities = Authorities::new();
    let world = World::start_in(|place, config| {
        authorities.write(place, &[]);
        entrances(config);
        let like = config.inventory.stations[0].clone();
        // A station for each pair, so that no pair meets the session or the marks of another.
        config.inventory.stations = pairs()
            .map(|(provisioned, offered)| station(&name(provisioned, offered), provisioned, &like))
            .collect();
        config.limits.guesses_per_address = 1_000;
        config.limits.guesses_per_station = 1_000;
    })
    .await;
    let mut table = String::from("provisioned \\ offered   0    1    2    3\n");
    for provisioned in 0..4 {
        table.push_str(&format!("{provisioned}                    "));
        for offered in 0..4 {
            let id = name(provisioned, offered);
            let certificate = authorities.station(&id);
            let answer =
                Knock::rightly(&id, offered, &certificate).knock(&world, &authorities).await.unwrap();
            let expected = if provisioned == offered { "101" } else { "401" };
            assert_eq!(status(&answer), expected, "provisioned {provisioned}, offered {offered}: {answer}");
            table.push_str(&format!("  {}", status(&answer)));
        }
        table.push('\n');
    }
    println!("{table}");
    let admitted = world.csms.sessions();
    assert_eq!(admitted.len(), 4, "the management system saw only those that were admitted");
    let reasons: Vec<String> =
        refusals(world.records().await).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons.len(), 12);
    for reason in &reasons {
        assert!(
            ["profile-mismatch", "missing-credentials", "certificate-missing", "wrong-secret"]
                .contains(&reason.as_str()),
            "{reason}"
        );
    }
}

fn pairs() -> impl Iterator<Item = (u8, u8)> {
    (0..4).flat_map(|provisioned| (0..4).map(move |offered| (provisioned, offered)))
}

fn name(provisioned: u8, offered: u8) -> String {
    format!("CS-{provisioned}{offered}")
}

/// The refused connections of a log: the claimed station and the reason.
fn refusals(records: Vec<serde_json::Value>) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    records
        .iter()
        .map(|record| &record["connection"])
        .filter(|connection| connection["stage"] == "refused")
        .map(|connection| (text(&connection["station"]), text(&connection["reason"])))
        .collect()
}

/// A bad certificate: what it is called, the certificate, the reason in evidence.
type Bad = (&'static str, Issued, &'static str);

/// Every one would be good but for the fault it is named after.
fn bad_certificates(authorities: &Authorities, revoked: Issued) -> Vec<Bad> {
    let good = || Leaf::station("CS-3").organisation(CSO);
    let issue = |leaf: Leaf| authorities.stations.issue(&leaf);
    let now = SystemTime::now();
    let elsewhere = Authority::root("somebody else");
    vec![
        ("another station's", issue(Leaf::station("CS-2").organisation(CSO)), "certificate-name"),
        ("a name that differs in case", issue(Leaf::station("cs-3").organisation(CSO)), "certificate-name"),
        ("a name with more behind it", issue(Leaf::station("CS-3 ").organisation(CSO)), "certificate-name"),
        ("no name", issue(good().common_names([])), "certificate-name-ambiguous"),
        ("two names", issue(good().common_names(["CS-3", "CS-2"])), "certificate-name-ambiguous"),
        ("a host for a name", issue(Leaf::station("gw.example").organisation(CSO)), "certificate-names-host"),
        (
            "an address for a name",
            issue(Leaf::station("127.0.0.1").organisation(CSO)),
            "certificate-names-host",
        ),
        (
            "a URL for a name",
            issue(Leaf::station("wss://gw.example/CS-3").organisation(CSO)),
            "certificate-names-host",
        ),
        ("another alternative name", issue(good().dns("CS-2")), "certificate-alternative-name"),
        ("an address besides", issue(good().ip(Ipv4Addr::LOCALHOST.into())), "certificate-alternative-name"),
        ("no organisation", issue(Leaf::station("CS-3")), "certificate-organisation"),
        ("another organisation", issue(good().organisation("Another CSO")), "certificate-organisation"),
        ("two organisations", issue(good().organisations("Another CSO", CSO)), "certificate-organisation"),
        ("expired", issue(good().expired()), "certificate-expired"),
        (
            "expired a moment ago",
            issue(good().valid(now - 2 * DAY, now - DAY / 86_400)),
            "certificate-expired",
        ),
        ("not valid yet", issue(good().not_yet_valid()), "certificate-not-yet-valid"),
        ("revoked", revoked, "certificate-revoked"),
        ("of another authority", elsewhere.issue(&good()), "certificate-untrusted"),
        (
            "of an authority of the same name",
            authorities.stations.namesake().issue(&good()),
            "certificate-untrusted",
        ),
        ("signed by itself", self_signed(&good()), "certificate-untrusted"),
        ("without the path", authorities.station("CS-3").without_path(), "certificate-untrusted"),
        ("for servers", issue(good().usages(&[Usage::ServerAuth])), "certificate-usage"),
        ("for signing code", issue(good().usages(&[Usage::CodeSigning])), "certificate-usage"),
        ("an authority's", issue(good().authority()), "certificate-is-authority"),
        (
            "of an authority whose revocations nobody knows",
            authorities.root.intermediate("CSO more stations").issue(&good()),
            "certificate-revocation-unknown",
        ),
    ]
}

/// Requirements R-A01, R-A04, R-A10, R-A11: each has its own reason in evidence, and outside all look the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_bad_credential_is_refused_alike() {
    let authorities = Authorities::new();
    let revoked = authorities.station("CS-3");
    let world = World::start_in(|place, config| {
        authorities.write(place, &[revoked.serial()]);
        entrances(config);
        let like = config.inventory.stations[0].clone();
        config.inventory.stations =
            (0..4).map(|profile| station(&format!("CS-{profile}"), profile, &like)).collect();
        config.inventory.stations.push(chargewarden::config::StationEntry {
            sources: vec!["10.0.0.0/8".to_owned()],
            ..station("CS-ELSEWHERE", 2, &like)
        });
        config.inventory.stations.push(chargewarden::config::StationEntry {
            danger_unauthenticated_until: Some("2020-01-01".to_owned()),
            ..station("CS-PAST", 0, &like)
        });
        config.limits.guesses_per_address = 1_000;
        config.limits.guesses_per_station = 1_000;
    })
    .await;
    let mut rows: Vec<(String, Knock<'_>, &str)> = Vec::new();
    let good = authorities.station("CS-3");
    let p384 = authorities.stations.issue(&Leaf::station("CS-3").organisation(CSO).key(Key::EcdsaP384));
    let bad = bad_certificates(&authorities, revoked);
    for (what, certificate, reason) in &bad {
        let knock = Knock { station: "CS-3", tls: true, certificate: Some(certificate), basic: None };
        rows.push((format!("certificate: {what}"), knock, reason));
    }
    let basic = |station, tls, basic| Knock { station, tls, certificate: None, basic };
    rows.extend([
        ("no certificate".to_owned(), basic("CS-3", true, None), "certificate-missing"),
        (
            "a secret in place of the certificate".to_owned(),
            basic("CS-3", true, Some(("CS-3", SECRET))),
            "profile-mismatch",
        ),
        (
            "a certificate in place of the secret".to_owned(),
            Knock { station: "CS-2", tls: true, certificate: Some(&good), basic: None },
            "profile-mismatch",
        ),
        ("no secret".to_owned(), basic("CS-2", true, None), "missing-credentials"),
        (
            "a wrong secret".to_owned(),
            basic("CS-2", true, Some(("CS-2", "wrong horse battery"))),
            "wrong-secret",
        ),
        ("another's user name".to_owned(), basic("CS-2", true, Some(("CS-1", SECRET))), "wrong-user"),
        ("an unknown id".to_owned(), basic("CS-9", true, Some(("CS-9", SECRET))), "unknown-station"),
        (
            "an unknown id with a certificate".to_owned(),
            Knock { station: "CS-9", tls: true, certificate: Some(&good), basic: None },
            "unknown-station",
        ),
        (
            "the secret without TLS".to_owned(),
            basic("CS-2", false, Some(("CS-2", SECRET))),
            "profile-mismatch",
        ),
        (
            "the right secret from a wrong network".to_owned(),
            basic("CS-ELSEWHERE", true, Some(("CS-ELSEWHERE", SECRET))),
            "address-not-allowed",
        ),
        (
            "a wrong secret from a wrong network".to_owned(),
            basic("CS-ELSEWHERE", true, Some(("CS-ELSEWHERE", "wrong horse battery"))),
            "wrong-secret",
        ),
        ("an exception that has ended".to_owned(), basic("CS-PAST", false, None), "exception-expired"),
    ]);
    assert!(rows.len() >= 25);
    let mut outside: Vec<String> = Vec::new();
    for (what, knock, _) in &rows {
        let answer =
            knock.knock(&world, &authorities).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(status(&answer), "401", "{what}: {answer}");
        outside.push(answer);
    }
    outside.dedup();
    assert_eq!(outside.len(), 1, "outside, all look the same: {outside:#?}");
    assert!(world.csms.sessions().is_empty(), "nobody reached the management system");

    // The same station with a good certificate is admitted: what was refused was refused for its fault.
    let rightly = Knock { station: "CS-3", tls: true, certificate: Some(&p384), basic: None };
    let answer = rightly.knock(&world, &authorities).await.unwrap();
    assert_eq!(status(&answer), "101", "{answer}");

    let recorded: Vec<String> =
        refusals(world.records().await).into_iter().map(|(_, reason)| reason).collect();
    let mut wrong = String::new();
    for ((what, _, expected), found) in rows.iter().zip(&recorded) {
        println!("{what:<55} {found}");
        if found != expected {
            wrong.push_str(&format!("{what}: `{found}`, not `{expected}`\n"));
        }
    }
    assert_eq!(recorded.len(), rows.len());
    assert!(wrong.is_empty(), "{wrong}");
}
