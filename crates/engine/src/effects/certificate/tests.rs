use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, SanType,
};

use super::{anchor, issued, request};

fn params(names: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, name) in names {
        params.distinguished_name.push(kind.clone(), *name);
    }
    params
}

fn station() -> CertificateParams {
    params(&[(DnType::CommonName, "CS-1"), (DnType::OrganizationName, "Example CSO")])
}

#[test]
fn a_request_says_whose_and_how_strong() {
    for (algorithm, key, bits, hash) in [
        (&PKCS_ECDSA_P256_SHA256, "ec", 256, "sha256"),
        (&PKCS_ECDSA_P384_SHA384, "ec", 384, "sha384"),
        (&PKCS_ED25519, "ed25519", 256, "ed25519"),
        (&PKCS_RSA_SHA256, "rsa", 2048, "sha256"),
    ] {
        let pair = KeyPair::generate_for(algorithm).unwrap();
        let csr = station().serialize_request(&pair).unwrap().pem().unwrap();
        for text in [csr.clone(), csr.replace('\n', "\r\n"), csr.replace("CERTIFICATE", "NEW CERTIFICATE")] {
            let read = request("ChargingStationCertificate", &text);
            assert!(read.signing && read.readable && read.proven, "{text}");
            assert_eq!((read.common_name.as_str(), read.organisation.as_str()), ("CS-1", "Example CSO"));
            assert_eq!((read.key, read.key_bits, read.hash), (key, bits, hash));
            assert!(!read.names_host && read.key_hash.len() == 64);
        }
        // The certificate made of it has the same key.
        let root = KeyPair::generate().unwrap();
        let chain = station().signed_by(&pair, &Issuer::new(params(&[(DnType::CommonName, "CA")]), root));
        let given = issued(String::new(), &chain.unwrap().pem());
        assert_eq!(given.key_hash, request("", &csr).key_hash);
        assert!(given.readable && !given.is_authority && !given.names_host);
        assert_eq!((given.common_name.as_str(), given.certificates), ("CS-1", 1));
        assert!(given.not_before < given.not_after);
    }
}

#[test]
fn a_request_that_is_not_proven_or_not_one_says_so() {
    let pair = KeyPair::generate().unwrap();
    let csr = station().serialize_request(&pair).unwrap();
    // Any bit of the signature, which stands last.
    let mut forged = csr.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let armoured = |der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n")
    };
    let read = request("", &armoured(&forged));
    assert!(read.readable && !read.proven);
    let mut trailing = csr.der().to_vec();
    trailing.push(0);
    let pem = csr.pem().unwrap();
    for text in [
        String::new(),
        "x".to_owned(),
        armoured(&trailing),
        armoured(csr.der().get(1..).unwrap()),
        format!("{pem}{pem}"),
        format!("comment\n{pem}"),
        pem.replace("-----END", "-----end"),
        pem.replace("BEGIN CERTIFICATE", "BEGIN NEW CERTIFICATE"),
        pem.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
    ] {
        let read = request("", &text);
        assert!(read.signing && !read.readable && !read.proven, "{text}");
        assert_eq!((read.common_name.as_str(), read.key, read.key_hash.as_str()), ("", "", ""));
    }
}

#[test]
fn names_that_readers_could_choose_among_are_none() {
    let pair = KeyPair::generate().unwrap();
    let read =
        |params: CertificateParams| request("", &params.serialize_request(&pair).unwrap().pem().unwrap());
    let two = [(DnType::CommonName, "CS-1"), (DnType::CustomDnType(vec![2, 5, 4, 3]), "CS-2")];
    assert_eq!(read(params(&two)).common_name, "");
    assert_eq!(read(params(&[])).common_name, "");
    assert!(read(params(&[(DnType::CommonName, "csms.example.com")])).names_host);
    let with = |san: SanType| {
        let mut params = station();
        params.subject_alt_names = vec![san];
        read(params).names_host
    };
    assert!(with(SanType::DnsName("csms.example.com".try_into().unwrap())));
    assert!(with(SanType::IpAddress([192, 0, 2, 1].into())));
    assert!(with(SanType::URI("wss://csms.example.com".try_into().unwrap())));
    assert!(!with(SanType::DnsName("CS-1".try_into().unwrap())));
}

#[test]
fn an_anchor_says_on_whom_it_rests() {
    let authority = |name: &str| {
        let mut params = params(&[(DnType::CommonName, name)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.use_authority_key_identifier_extension = true;
        params
    };
    let pair = KeyPair::generate().unwrap();
    let own = authority("Root").self_signed(&pair).unwrap();
    let read = anchor("CSMSRootCertificate".to_owned(), &own.pem());
    assert!(read.readable && read.is_authority && read.self_signed);
    assert_eq!((read.common_name.as_str(), read.key, read.hash), ("Root", "ec", "sha256"));
    // Signed by another, whatever it calls itself.
    let other = Issuer::new(authority("Root"), KeyPair::generate().unwrap());
    let crossed = anchor(String::new(), &authority("Root").signed_by(&pair, &other).unwrap().pem());
    assert!(crossed.readable && crossed.is_authority && !crossed.self_signed);
    assert!(crossed.issuer_key_id.len() >= 40 && crossed.key_hash == read.key_hash);
    // A station's certificate is no authority's; two are not one.
    let leaf = station().self_signed(&pair).unwrap();
    assert!(!anchor(String::new(), &leaf.pem()).is_authority);
    let two = anchor(String::new(), &format!("{}{}", own.pem(), own.pem()));
    assert!(two.fingerprint.is_empty() && !two.readable);
}

#[test]
fn a_chain_is_known_by_its_first() {
    let (pair, root) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let ca = params(&[(DnType::CommonName, "CA")]).self_signed(&root).unwrap();
    let issuer = Issuer::new(params(&[(DnType::CommonName, "CA")]), root);
    let leaf = station().signed_by(&pair, &issuer).unwrap();
    let read = issued(String::new(), &format!("{}{}", leaf.pem(), ca.pem()));
    assert_eq!((read.certificates, read.common_name.as_str()), (2, "CS-1"));
    let wrong_way = issued(String::new(), &format!("{}{}", ca.pem(), leaf.pem()));
    assert_eq!(wrong_way.common_name, "CA");
    let broken = issued(String::new(), "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----");
    assert!(!broken.readable && broken.certificates == 1);
}
