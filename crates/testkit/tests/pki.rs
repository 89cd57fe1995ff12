//! The throw-away PKI holds against verifiers that are not ours.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chargewarden_testkit::pki::{Authority, Crl, DAY, Issued, Key, Leaf, Usage, self_signed};
use rustls::RootCertStore;
use rustls::pki_types::UnixTime;
use rustls::server::WebPkiClientVerifier;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

fn parse(issued: &Issued) -> X509Certificate<'_> {
    X509Certificate::from_der(issued.certificate()).unwrap().1
}

/// What rustls says of a client's certificate; `Ok` when it lets it in.
fn judge(anchor: &Authority, crls: &[Crl], issued: &Issued) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(anchor.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if !crls.is_empty() {
        let crls = crls.iter().map(|crl| crl.der().clone());
        builder = builder.with_crls(crls).only_check_end_entity_revocation();
    }
    let verifier = builder.build().unwrap();
    let (leaf, path) = issued.chain().split_first().unwrap();
    let verified = verifier.verify_client_cert(leaf, path, UnixTime::now());
    verified.map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_station_below_an_intermediate_is_good_and_can_be_revoked() {
    let root = Authority::root("root");
    let stations = root.intermediate("stations");
    let (good, bad) = (stations.issue(&Leaf::station("CS-1")), stations.issue(&Leaf::station("CS-2")));
    assert_ne!(good.serial(), bad.serial());
    assert_eq!(good.chain().len(), 2);
    let crls = [stations.crl(&[bad.serial()])];
    assert_eq!(judge(&root, &crls, &good), Ok(()));
    let refused = judge(&root, &crls, &bad).unwrap_err();
    assert!(refused.contains("Revoked"), "{refused}");
    assert!(judge(&root, &[], &good.without_path()).is_err(), "the root does not know the intermediate");
}

#[test]
fn every_key_kind_signs_and_is_signed() {
    for kind in [Key::EcdsaP256, Key::EcdsaP384, Key::Ed25519, Key::Rsa2048] {
        let root = Authority::root_with("root", kind);
        let issued = root.issue(&Leaf::station("CS-1").key(kind));
        assert_eq!(judge(&root, &[root.crl(&[])], &issued), Ok(()), "{kind:?}");
    }
}

#[test]
fn every_fault_is_a_fault() {
    let root = Authority::root("root");
    let good = Leaf::station("CS-1");
    let faulty = [
        ("expired", root.issue(&good.clone().expired())),
        ("not yet valid", root.issue(&good.clone().not_yet_valid())),
        ("usage", root.issue(&good.clone().usages(&[Usage::CodeSigning]))),
        ("impostor", root.namesake().issue(&good)),
        ("by nobody", self_signed(&good)),
        ("authority", root.issue(&good.clone().authority())),
    ];
    for (fault, issued) in &faulty {
        assert!(judge(&root, &[], issued).is_err(), "{fault}");
    }
    assert_eq!(judge(&root, &[], &root.issue(&good)), Ok(()));
    let rsa = Authority::root_with("root", Key::Rsa2048);
    let sha1 = rsa.issue(&good).claiming_sha1();
    let oid = parse(&sha1).signature_algorithm.algorithm.to_id_string();
    assert_eq!(oid, "1.2.840.113549.1.1.5");
    assert!(judge(&rsa, &[], &sha1).is_err());
}

#[test]
fn names_stand_as_they_were_given() {
    let root = Authority::root("root");
    let leaf = Leaf::station("x")
        .common_names(["CS-1", "CS-2"])
        .organisation("Example CSO")
        .dns("CS-1")
        .uri("urn:station:CS-1")
        .serial(0x00C0_FFEE);
    let issued = root.issue(&leaf);
    let parsed = parse(&issued);
    let names: Vec<_> = parsed.subject().iter_common_name().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["CS-1", "CS-2"]);
    let organisations: Vec<_> = parsed.subject().iter_organization().map(|o| o.as_str().unwrap()).collect();
    assert_eq!(organisations, ["Example CSO"]);
    let alternatives = parsed.subject_alternative_name().unwrap().unwrap();
    assert_eq!(
        alternatives.value.general_names,
        [GeneralName::DNSName("CS-1"), GeneralName::URI("urn:station:CS-1")]
    );
    assert_eq!(issued.serial(), 0x00C0_FFEE);
    assert_eq!(parsed.raw_serial_as_string(), "00:c0:ff:ee");
    assert_eq!(parse(&root.issue(&leaf.common_names([]))).subject().iter_common_name().count(), 0);
}

#[test]
fn a_stale_list_is_stale() {
    let root = Authority::root("root");
    let now = SystemTime::now();
    let stale = root.crl_valid(&[], now - 3 * DAY, now - Duration::from_secs(1));
    let (_, parsed) = x509_parser::revocation_list::CertificateRevocationList::from_der(stale.der()).unwrap();
    let next = parsed.next_update().unwrap().timestamp();
    assert!(u64::try_from(next).unwrap() < now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let files = Authority::root("root").issue_to(folder.path(), "CS-1", &Leaf::station("CS-1")).unwrap();
    assert_eq!(files.key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&files.chain).unwrap();
    assert!(
        text.starts_with("-----BEGIN CERTIFICATE-----\n") && text.ends_with("-----END CERTIFICATE-----\n")
    );
}
