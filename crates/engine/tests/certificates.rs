//! Conversations about certificates, with the shipped policies. Keys and certificates are made on the spot, so these are
//! not scripts.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod scene;

use std::sync::Arc;

use chargewarden_engine::{Boot, StationState, Step};
use chargewarden_ocpp::{Side, Version};
use chargewarden_policy::{Bundle, Policies, pack};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};
use scene::{Stage, booted, opening, told, world};

const DAY_MS: u64 = 86_400_000;

fn stage(version: Version, state: Option<StationState>) -> Stage {
    let baseline = Bundle::compile(&pack::cso_baseline("cso".parse().unwrap())).unwrap();
    let world = world(Arc::new(Policies::new(vec![Arc::new(baseline)])));
    let mut opening = opening(version, state.or_else(|| Some(booted(Boot::Accepted, version))));
    opening.about.facts.certificate_name = Some("CS-1".to_owned());
    opening.about.facts.organisation = Some("Example CSO".to_owned());
    opening.about.facts.security_profile = 2;
    Stage::open(opening, world)
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Example CSO");
    params
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn csr(name: &str, key: &KeyPair) -> String {
    json(&params(name).serialize_request(key).unwrap().pem().unwrap())
}

fn chain(name: &str, key: &KeyPair) -> String {
    let authority = Issuer::new(params("CA"), KeyPair::generate().unwrap());
    json(&params(name).signed_by(key, &authority).unwrap().pem())
}

/// What was done, without what is learned and without the certificates.
fn acts(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .filter(|step| !matches!(step, Step::Learn(_)))
        .map(|step| told(step).split(" (durable").next().unwrap().to_owned())
        .collect()
}

/// A station asks, and its CSMS takes the request.
fn ask(stage: &mut Stage, id: &str, csr: &str, status: &str) -> Vec<String> {
    let sent = acts(&stage.say(Side::Station, &format!(r#"[2,"{id}","SignCertificate",{{"csr":{csr}}}]"#)));
    if sent.last().unwrap() == "csms< as sent" {
        stage.say(Side::Csms, &format!(r#"[3,"{id}",{{"status":"{status}"}}]"#));
    }
    sent
}

fn give(stage: &mut Stage, id: &str, chain: &str) -> Vec<String> {
    acts(&stage.say(Side::Csms, &format!(r#"[2,"{id}","CertificateSigned",{{"certificateChain":{chain}}}]"#)))
}

fn answer(stage: &mut Stage, id: &str, status: &str) {
    stage.say(Side::Station, &format!(r#"[3,"{id}",{{"status":"{status}"}}]"#));
}

const PASSED: &str = "station< as sent";

#[test]
fn a_certificate_comes_for_the_request_and_once() {
    for version in [Version::V16, Version::V201, Version::V21] {
        let (mut stage, key) = (stage(version, None), KeyPair::generate().unwrap());
        let refused = give(&mut stage, "a", &chain("CS-1", &key));
        assert!(refused[0].starts_with("= event! service CertificateDenied"), "{refused:?}");
        assert!(refused[1].contains("station-certificate-unasked"), "{refused:?}");
        assert_eq!(ask(&mut stage, "1", &csr("CS-1", &key), "Accepted").last().unwrap(), "csms< as sent");
        // Another key, then the right one; the station does not take it at first.
        let other = give(&mut stage, "b", &chain("CS-1", &KeyPair::generate().unwrap()));
        assert!(other[1].contains("station-certificate-unasked"), "{other:?}");
        assert_eq!(give(&mut stage, "c", &chain("CS-1", &key)).last().unwrap(), PASSED);
        answer(&mut stage, "c", "Rejected");
        assert_eq!(give(&mut stage, "d", &chain("CS-1", &key)).last().unwrap(), PASSED);
        answer(&mut stage, "d", "Accepted");
        let again = give(&mut stage, "e", &chain("CS-1", &key));
        assert!(again[1].contains("station-certificate-unasked"), "{again:?}");
    }
}

#[test]
fn a_request_that_was_turned_down_or_is_old_opens_nothing() {
    let (mut stage, key) = (stage(Version::V201, None), KeyPair::generate().unwrap());
    ask(&mut stage, "1", &csr("CS-1", &key), "Rejected");
    assert!(give(&mut stage, "a", &chain("CS-1", &key))[1].contains("station-certificate-unasked"));
    ask(&mut stage, "2", &csr("CS-1", &key), "Accepted");
    stage.wait(7 * DAY_MS);
    assert!(give(&mut stage, "b", &chain("CS-1", &key))[1].contains("station-certificate-unasked"));
}

#[test]
fn a_request_survives_the_session_and_the_service() {
    let key = KeyPair::generate().unwrap();
    let state = {
        let mut stage = stage(Version::V21, None);
        ask(&mut stage, "1", &csr("CS-1", &key), "Accepted");
        StationState::from_json(stage.session.state().to_json().as_bytes()).unwrap()
    };
    let mut stage = stage(Version::V21, Some(state));
    assert_eq!(give(&mut stage, "a", &chain("CS-1", &key)).last().unwrap(), PASSED);
}

#[test]
fn a_request_for_somebody_else_is_rejected_in_its_own_words() {
    let key = KeyPair::generate().unwrap();
    for (version, status) in [
        (Version::V16, r#"{"status":"Rejected"}"#),
        (Version::V201, r#"{"status":"Rejected","statusInfo":{"reasonCode":"InvalidCSR","#),
        (Version::V21, r#"{"status":"Rejected","statusInfo":{"reasonCode":"InvalidCSR","#),
    ] {
        let mut stage = stage(version, None);
        let said = ask(&mut stage, "1", &csr("CS-2", &key), "Accepted");
        assert!(said[0].starts_with("= event! service CertificateDenied"), "{said:?}");
        assert!(said[2].contains(status), "{said:?}");
        assert!(give(&mut stage, "a", &chain("CS-2", &key))[1].contains("station-certificate-unasked"));
    }
}

#[test]
fn a_request_in_a_tunnel_is_a_request() {
    let inner = |csr: &str| {
        let data = json(&format!(r#"{{"csr":{csr},"certificateType":"V2GCertificate"}}"#));
        format!(
            r#"[2,"1","DataTransfer",{{"vendorId":"com.example.listed","messageId":"SignCertificate","data":{data}}}]"#
        )
    };
    let (mut stage, key) = (stage(Version::V16, None), KeyPair::generate().unwrap());
    let said = acts(&stage.say(Side::Station, &inner(r#""rubbish""#)));
    assert!(said[1].contains("certificate-request-unreadable"), "{said:?}");
    let said = acts(&stage.say(Side::Station, &inner(&csr("DEABCE1", &key)).replace("\"1\"", "\"2\"")));
    assert_eq!(said.last().unwrap(), "csms< as sent", "{said:?}");
    let data = json(r#"{"status":"Accepted"}"#);
    stage.say(Side::Csms, &format!(r#"[3,"2",{{"status":"Accepted","data":{data}}}]"#));
    let signed = |key: &KeyPair, id: &str| {
        let data = json(&format!(
            r#"{{"certificateChain":{},"certificateType":"V2GCertificate"}}"#,
            chain("DEABCE1", key)
        ));
        format!(
            r#"[2,"{id}","DataTransfer",{{"vendorId":"com.example.listed","messageId":"CertificateSigned","data":{data}}}]"#
        )
    };
    let other = acts(&stage.say(Side::Csms, &signed(&KeyPair::generate().unwrap(), "a")));
    assert!(other[1].contains("station-certificate-unasked"), "{other:?}");
    assert_eq!(acts(&stage.say(Side::Csms, &signed(&key, "b"))).last().unwrap(), PASSED);
}

#[test]
fn a_station_that_asks_all_day_is_stopped_unless_told_to() {
    let mut stage = stage(Version::V201, None);
    let one = |stage: &mut Stage, id: &str| {
        ask(stage, id, &csr("CS-1", &KeyPair::generate().unwrap()), "Accepted").join("\n")
    };
    for id in ["1", "2", "3", "4"] {
        assert!(one(&mut stage, id).ends_with("csms< as sent"));
    }
    assert!(one(&mut stage, "5").contains("certificate-requests-too-many"));
    stage
        .say(Side::Csms, r#"[2,"t","TriggerMessage",{"requestedMessage":"SignChargingStationCertificate"}]"#);
    answer(&mut stage, "t", "Accepted");
    assert!(one(&mut stage, "6").ends_with("csms< as sent"));
    stage.wait(DAY_MS);
    assert!(one(&mut stage, "7").ends_with("csms< as sent"));
}
