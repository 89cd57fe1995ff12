//! Station certificates judged one by one: each with a single fault, each fault with its own reason.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chargewarden_ocpp::Timestamp;
use chargewarden_proxy::tls::{
    CHAIN_MAX, CertificateFault, CertificateProblem, Expected, Revocation, Trust, judge,
};
use chargewarden_testkit::pki::{Authority, DAY, Issued, Key, Leaf, Usage, self_signed};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls_pki_types::CertificateDer;

const ORGANISATION: &str = "Example CSO";

/// A root, the authority of stations below it, and what a listener of the operator trusts.
struct World {
    root: Authority,
    stations: Authority,
}

impl World {
    fn new() -> World {
        let root = Authority::root("CSO root");
        let stations = root.intermediate("CSO stations");
        World { root, stations }
    }

    fn trust(&self) -> Trust {
        self.trusting(&[self.root.crl(&[]).der().clone(), self.stations.crl(&[]).der().clone()])
    }

    fn trusting(&self, lists: &[rustls_pki_types::CertificateRevocationListDer<'static>]) -> Trust {
        Trust::new(&[self.root.certificate().clone()], lists, Revocation::Required).unwrap()
    }
}

fn leaf() -> Leaf {
    Leaf::station("CS-1").organisation(ORGANISATION)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

fn expected() -> Expected<'static> {
    Expected { name: "CS-1", organisation: Some(ORGANISATION), now: now() }
}

fn fault(chain: &[CertificateDer<'_>], trust: &Trust) -> CertificateProblem {
    judge(chain, trust, &expected()).unwrap_err()
}

/// A certificate for a public key whose private half nobody has, or for parameters that the kit does not offer.
fn issue(
    authority: &Authority,
    key: &impl PublicKeyData,
    change: impl FnOnce(&mut CertificateParams),
) -> Vec<CertificateDer<'static>> {
    let issuer =
        Issuer::from_ca_cert_der(authority.certificate(), KeyPair::from_pem(&authority.key_pem()).unwrap())
            .unwrap();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "CS-1");
    parameters.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    parameters.not_before = (SystemTime::now() - DAY).into();
    parameters.not_after = (SystemTime::now() + DAY).into();
    parameters.is_ca = IsCa::ExplicitNoCa;
    change(&mut parameters);
    vec![CertificateDer::from(parameters.signed_by(key, &issuer).unwrap())]
}

/// A public key that is only bytes.
struct Bytes(Vec<u8>, &'static rcgen::SignatureAlgorithm);

impl PublicKeyData for Bytes {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.1
    }
}

#[test]
fn a_good_certificate_binds() {
    let world = World::new();
    let trust = world.trust();
    for good in [
        leaf(),
        leaf().key(Key::EcdsaP384),
        leaf().key(Key::Ed25519),
        leaf().key(Key::Rsa2048),
        leaf().usages(&[]),
        leaf().usages(&[Usage::ServerAuth, Usage::ClientAuth]),
        leaf().dns("other.example").dns("cs-1"),
        leaf().uri("CS-1"),
    ] {
        let issued = world.stations.issue(&good);
        let bound = judge(issued.chain(), &trust, &expected()).unwrap();
        assert_eq!(bound.serial, format!("{:04x}", issued.serial()));
        assert_eq!(bound.issuer, "CN=CSO stations");
        assert!(bound.not_after > now());
        assert!(bound.to_string().starts_with("certificate 1"), "{bound}");
    }
}

#[test]
fn each_fault_of_a_certificate_has_its_own_reason() {
    let world = World::new();
    let trust = world.trust();
    let stations = &world.stations;
    let other = Authority::root("Somebody else");
    let issued = |leaf: Leaf| stations.issue(&leaf).chain().to_vec();
    let p224 = [&[4; 1], [7; 56].as_slice()].concat();
    use CertificateFault as Fault;
    let bad: Vec<(&str, Vec<CertificateDer<'static>>, Fault)> = vec![
        ("nothing", vec![], Fault::Missing),
        ("too many", vec![stations.certificate().clone(); CHAIN_MAX + 1], Fault::ChainTooLong),
        ("not a certificate", vec![CertificateDer::from(b"certificate".to_vec())], Fault::Malformed),
        ("cut short", cut(&stations.issue(&leaf())), Fault::Malformed),
        ("with bytes after it", lengthened(&stations.issue(&leaf())), Fault::Malformed),
        (
            "an unknown critical extension",
            issue(stations, &KeyPair::generate().unwrap(), |parameters| {
                let mut extension =
                    rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
                extension.set_criticality(true);
                parameters.custom_extensions.push(extension);
            }),
            Fault::Malformed,
        ),
        (
            "an extension twice",
            issue(stations, &KeyPair::generate().unwrap(), |parameters| {
                let twice =
                    || rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 2], vec![5, 0]);
                parameters.custom_extensions.extend([twice(), twice()]);
            }),
            Fault::Malformed,
        ),
        ("an authority", issued(leaf().authority()), Fault::IsAuthority),
        ("the authority of stations itself", vec![stations.certificate().clone()], Fault::IsAuthority),
        ("RSA of 1024 bits", stations.issue_weak(&leaf()).chain().to_vec(), Fault::WeakKey),
        (
            "a point that is on no known curve",
            strange_curve(&issue(stations, &Bytes(p224, &rcgen::PKCS_ECDSA_P256_SHA256), |_| {})),
            Fault::WeakKey,
        ),
        ("SHA-1", claiming_sha1(), Fault::WeakSignature),
        ("not yet valid", issued(leaf().not_yet_valid()), Fault::NotYetValid),
        ("expired", issued(leaf().expired()), Fault::Expired),
        ("for servers", issued(leaf().usages(&[Usage::ServerAuth])), Fault::Usage),
        ("for code", issued(leaf().usages(&[Usage::CodeSigning])), Fault::Usage),
        ("for anything", issued(leaf().usages(&[Usage::Any])), Fault::Usage),
        ("a key that may not sign", issued(leaf().without_signing()), Fault::Usage),
        ("of somebody else", other.issue(&leaf()).chain().to_vec(), Fault::Untrusted),
        ("signed by itself", self_signed(&leaf()).chain().to_vec(), Fault::Untrusted),
        ("without its authority", stations.issue(&leaf()).without_path().chain().to_vec(), Fault::Untrusted),
        (
            "of a namesake of the root",
            world.root.namesake().issue(&leaf()).chain().to_vec(),
            Fault::Untrusted,
        ),
        ("of another station", below_a_station(&world), Fault::Untrusted),
        ("no common name", issued(leaf().common_names([])), Fault::NameAmbiguous),
        ("two common names", issued(leaf().common_names(["CS-1", "CS-2"])), Fault::NameAmbiguous),
        ("a URL as name", issued(leaf().common_names(["wss://csms.example/ocpp"])), Fault::NamesHost),
        ("a host as name", issued(leaf().common_names(["cs-1.example.com"])), Fault::NamesHost),
        ("a wildcard as name", issued(leaf().common_names(["*.example.com"])), Fault::NamesHost),
        ("an address as name", issued(leaf().common_names(["192.0.2.7"])), Fault::NamesHost),
        (
            "an address with a port as name",
            issued(leaf().common_names(["[2001:db8::1]:443"])),
            Fault::NamesHost,
        ),
        (
            "of another station of the operator",
            issued(Leaf::station("CS-2").organisation(ORGANISATION)),
            Fault::Name,
        ),
        ("the name in other letters", issued(leaf().common_names(["cs-1"])), Fault::Name),
        ("the name and more", issued(leaf().common_names(["CS-1\0CS-2"])), Fault::Name),
        ("alternative names of others", issued(leaf().dns("cs-2").uri("urn:CS-1")), Fault::AlternativeName),
        ("an address as alternative name", issued(leaf().ip([192, 0, 2, 7].into())), Fault::AlternativeName),
        (
            "of another organisation",
            issued(Leaf::station("CS-1").organisation("Example CNP")),
            Fault::Organisation,
        ),
        ("without organisation", issued(Leaf::station("CS-1")), Fault::Organisation),
        ("two organisations", issued(leaf().organisations(ORGANISATION, "Example CNP")), Fault::Organisation),
    ];
    for (what, chain, reason) in &bad {
        let problem = fault(chain, &trust);
        assert_eq!(problem.fault, *reason, "{what}: {}", problem.detail);
        assert!(
            problem.detail.len() < 1000 && !problem.detail.contains(char::is_control),
            "{what}: {}",
            problem.detail
        );
    }
    assert!(bad.len() >= 25, "{}", bad.len());
}

/// The first of two faults in the order of [`CertificateFault`] is the one that is said.
#[test]
fn of_several_faults_the_first_is_said() {
    let world = World::new();
    let trust = world.trust();
    let said = |leaf: Leaf| fault(world.stations.issue(&leaf).chain(), &trust).fault;
    assert_eq!(said(Leaf::station("CS-2")), CertificateFault::Name);
    assert_eq!(said(Leaf::station("cs.example").usages(&[Usage::ServerAuth])), CertificateFault::Usage);
    assert_eq!(said(Leaf::station("CS-2").usages(&[Usage::ServerAuth]).expired()), CertificateFault::Expired);
    assert_eq!(said(Leaf::station("CS-2").expired().authority()), CertificateFault::IsAuthority);
    let strange = self_signed(&Leaf::station("CS-2"));
    assert_eq!(fault(strange.chain(), &trust).fault, CertificateFault::Untrusted);
}

#[test]
fn revocation_is_known_or_the_certificate_is_refused() {
    let world = World::new();
    let World { root, stations } = &world;
    let (good, stolen) = (stations.issue(&leaf()), stations.issue(&leaf()));
    let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
    let stale = stations.crl_valid(&[], now - 2 * DAY, now - hour).der().clone();
    let fresh = stations.crl(&[stolen.serial()]).der().clone();
    let roots = root.crl(&[]).der().clone();

    let full = world.trusting(&[roots.clone(), fresh.clone()]);
    judge(good.chain(), &full, &expected()).unwrap();
    assert_eq!(fault(stolen.chain(), &full).fault, CertificateFault::Revoked);
    // The newer of two lists counts, whichever was named first.
    let both = world.trusting(&[roots.clone(), stale.clone(), fresh.clone()]);
    assert_eq!(fault(stolen.chain(), &both).fault, CertificateFault::Revoked);

    let unknown = CertificateFault::RevocationUnknown;
    for (what, lists) in [
        ("no list at all", vec![]),
        ("a list of the root only", vec![roots.clone()]),
        ("a list of the stations' authority only", vec![fresh.clone()]),
        ("a list that is too old", vec![roots.clone(), stale.clone()]),
        ("a list of a namesake", vec![roots.clone(), stations.namesake().crl(&[]).der().clone()]),
    ] {
        assert_eq!(fault(good.chain(), &world.trusting(&lists)).fault, unknown, "{what}");
    }

    let anchors = [root.certificate().clone()];
    let optional = |lists: &[_]| Trust::new(&anchors, lists, Revocation::DangerOptional).unwrap();
    judge(good.chain(), &optional(&[]), &expected()).unwrap();
    judge(good.chain(), &optional(&[stale]), &expected()).unwrap();
    assert_eq!(fault(stolen.chain(), &optional(&[fresh])).fault, CertificateFault::Revoked);
}

#[test]
fn a_revoked_authority_takes_its_stations_with_it() {
    let world = World::new();
    let serial = serial_of(world.stations.certificate());
    let lists = [world.root.crl(&[serial]).der().clone(), world.stations.crl(&[]).der().clone()];
    let issued = world.stations.issue(&leaf());
    assert_eq!(fault(issued.chain(), &world.trusting(&lists)).fault, CertificateFault::Revoked);
}

#[test]
fn authorities_have_periods_lengths_and_keys_too() {
    let root = Authority::root("CSO root");
    let day = |days: i32| {
        SystemTime::now() + DAY * u32::try_from(days.max(0)).unwrap()
            - DAY * u32::try_from((-days).max(0)).unwrap()
    };
    let authority = |from: i32, until: i32, path: Option<u8>| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "Made by hand");
        parameters.is_ca =
            IsCa::Ca(path.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (parameters.not_before, parameters.not_after) = (day(from).into(), day(until).into());
        (parameters, KeyPair::generate().unwrap())
    };
    let issuer =
        Issuer::from_ca_cert_der(root.certificate(), KeyPair::from_pem(&root.key_pem()).unwrap()).unwrap();
    let sign_leaf = |parameters: &CertificateParams, key: &KeyPair| {
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        leaf.distinguished_name.push(DnType::CommonName, "CS-1");
        leaf.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
        (leaf.not_before, leaf.not_after) = (day(-1).into(), day(300).into());
        let by = Issuer::from_params(parameters, key);
        CertificateDer::from(leaf.signed_by(&KeyPair::generate().unwrap(), &by).unwrap())
    };
    let optional = Trust::new(&[root.certificate().clone()], &[], Revocation::DangerOptional).unwrap();

    for (from, until, said) in [(-9, -2, CertificateFault::Expired), (2, 9, CertificateFault::NotYetValid)] {
        let (parameters, key) = authority(from, until, None);
        let below = CertificateDer::from(parameters.signed_by(&key, &issuer).unwrap());
        assert_eq!(fault(&[sign_leaf(&parameters, &key), below], &optional).fault, said);
        // An anchor out of its time is none.
        let itself = CertificateDer::from(parameters.self_signed(&key).unwrap());
        let trust = Trust::new(&[itself], &[], Revocation::DangerOptional).unwrap();
        assert_eq!(fault(&[sign_leaf(&parameters, &key)], &trust).fault, said);
    }

    // The session ends with the first certificate of the path.
    let (parameters, key) = authority(-9, 3, None);
    let below = CertificateDer::from(parameters.signed_by(&key, &issuer).unwrap());
    let bound = judge(&[sign_leaf(&parameters, &key), below], &optional, &expected()).unwrap();
    assert!(bound.not_after.as_millis() - now().as_millis() < 4 * 86_400_000);

    // One authority too many below one that allows none.
    let (upper, upper_key) = authority(-9, 9, Some(0));
    let top = CertificateDer::from(upper.signed_by(&upper_key, &issuer).unwrap());
    let (mut lower, lower_key) = authority(-9, 9, None);
    lower.distinguished_name.push(DnType::OrganizationName, "Below");
    let middle =
        CertificateDer::from(lower.signed_by(&lower_key, &Issuer::from_params(&upper, &upper_key)).unwrap());
    let problem = fault(&[sign_leaf(&lower, &lower_key), middle, top], &optional);
    assert_eq!(problem.fault, CertificateFault::ChainTooLong, "{}", problem.detail);
}

#[test]
fn without_an_organisation_any_will_do() {
    let world = World::new();
    let issued = world.stations.issue(&Leaf::station("CS-1"));
    let expected = Expected { organisation: None, ..expected() };
    judge(issued.chain(), &world.trust(), &expected).unwrap();
}

#[test]
fn what_cannot_be_trusted_is_said_when_it_is_read() {
    let world = World::new();
    let leaf = world.stations.issue(&leaf());
    Trust::new(&[CertificateDer::from(b"anchor".to_vec())], &[], Revocation::Required).unwrap_err();
    Trust::new(&[], &[leaf.certificate().to_vec().into()], Revocation::Required).unwrap_err();
}

fn cut(issued: &Issued) -> Vec<CertificateDer<'static>> {
    let bytes = issued.certificate();
    vec![CertificateDer::from(bytes[..bytes.len() - 1].to_vec())]
}

fn lengthened(issued: &Issued) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from([issued.certificate().as_ref(), &[0]].concat())]
}

/// Names secp224r1 in place of P-256.
fn strange_curve(chain: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
    const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P256_OTHER: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01];
    let bytes = chain[0].to_vec();
    let at = bytes.windows(P256.len()).position(|window| window == P256).unwrap();
    vec![CertificateDer::from([&bytes[..at], &P256_OTHER, &bytes[at + P256.len()..]].concat())]
}

fn claiming_sha1() -> Vec<CertificateDer<'static>> {
    let root = Authority::root_with("RSA root", Key::Rsa2048);
    root.issue(&leaf()).claiming_sha1().chain().to_vec()
}

/// A certificate that another station's key signed, as if it were an authority.
fn below_a_station(world: &World) -> Vec<CertificateDer<'static>> {
    let station = world.stations.issue(&Leaf::station("CS-9").organisation(ORGANISATION));
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "CS-9");
    parameters.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    let key = KeyPair::from_pem(&station.key_pem()).unwrap();
    let issuer = Issuer::from_params(&parameters, &key);
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(DnType::CommonName, "CS-1");
    leaf.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    (leaf.not_before, leaf.not_after) = ((SystemTime::now() - DAY).into(), (SystemTime::now() + DAY).into());
    let forged = CertificateDer::from(leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap());
    [&[forged], station.chain()].concat()
}

fn serial_of(certificate: &CertificateDer<'_>) -> u64 {
    use x509_parser::prelude::FromDer;
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate).unwrap();
    parsed.raw_serial().iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
