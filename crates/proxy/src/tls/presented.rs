//! A certificate as its bearer presents it: what can be said of it without knowing whom to trust.

use rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
        OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA,
        OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519,
        Oid,
    },
    prelude::FromDer,
    x509::{AttributeTypeAndValue, SubjectPublicKeyInfo, X509Version},
};

/// Least RSA modulus, in bits (OCPP 2.0.1 A00.FR.501).
const RSA_BITS_MIN: usize = 2048;

/// Elliptic curves. OCPP asks for 224 bits (A00.FR.502); TLS 1.3 has no signature below 256.
static CURVES: [Oid<'static>; 3] = [OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521];

/// Most extensions of a certificate; real ones have about ten.
const EXTENSIONS_MAX: usize = 32;

/// Hashes that are good enough below a signature, by the whole algorithm. RSA-PSS names its hash in parameters; the path check
/// takes only SHA-2 there.
static SIGNATURES: [Oid<'static>; 8] = [
    OID_PKCS1_SHA256WITHRSA,
    OID_PKCS1_SHA384WITHRSA,
    OID_PKCS1_SHA512WITHRSA,
    OID_PKCS1_RSASSAPSS,
    OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384,
    OID_SIG_ECDSA_WITH_SHA512,
    OID_SIG_ED25519,
];

/// A parsed certificate.
pub(super) struct Presented<'c>(X509Certificate<'c>);

impl<'c> Presented<'c> {
    /// Reads a certificate. None when it is not one of version 3, has bytes after it, or holds something twice or unreadable.
    pub(super) fn read(der: &'c CertificateDer<'_>) -> Option<Presented<'c>> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if certificate.extensions().len() > EXTENSIONS_MAX {
            return None;
        }
        let mut seen = Vec::new();
        for extension in certificate.extensions() {
            if seen.contains(&&extension.oid)
                || matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. })
            {
                return None;
            }
            seen.push(&extension.oid);
        }
        (rest.is_empty() && certificate.version() == X509Version::V3).then_some(Presented(certificate))
    }

    /// Whether it may issue certificates: such a key has no place in a station.
    pub(super) fn is_authority(&self) -> bool {
        let signs = self.0.key_usage().ok().flatten().is_some_and(|usage| usage.value.key_cert_sign());
        self.0.is_ca() || signs
    }

    /// What is wrong with its key, if anything.
    pub(super) fn weak_key(&self) -> Option<String> {
        weak_key(self.0.public_key())
    }

    /// The signature algorithm, when it is not good enough.
    pub(super) fn weak_signature(&self) -> Option<String> {
        let used = &self.0.signature_algorithm.algorithm;
        (!SIGNATURES.contains(used)).then(|| used.to_id_string())
    }

    /// Begin and end of its validity, in seconds since 1970.
    pub(super) fn period(&self) -> (i64, i64) {
        let period = self.0.validity();
        (period.not_before.timestamp(), period.not_after.timestamp())
    }

    /// Whether it may be used to sign as a TLS client. Absent extensions do not restrict (RFC 5280, 4.2.1.3 and 4.2.1.12).
    pub(super) fn is_for_clients(&self) -> bool {
        let signs = self.0.key_usage().ok().flatten().is_none_or(|usage| usage.value.digital_signature());
        let client = self.0.extended_key_usage().ok().flatten().is_none_or(|usage| usage.value.client_auth);
        signs && client
    }

    /// Its common names; unreadable ones are empty.
    pub(super) fn common_names(&self) -> Vec<&str> {
        self.0.subject().iter_common_name().map(text).collect()
    }

    /// The organisations of its subject; unreadable ones are empty.
    pub(super) fn organisations(&self) -> Vec<&str> {
        self.0.subject().iter_organization().map(text).collect()
    }

    /// Its alternative names as text. None when it has no such extension; names of a kind that holds no plain text are empty.
    pub(super) fn alternative_names(&self) -> Option<Vec<Alternative<'_>>> {
        let names = self.0.subject_alternative_name().ok().flatten()?;
        Some(names.value.general_names.iter().map(Alternative::of).collect())
    }

    /// Its serial number, in hexadecimal.
    pub(super) fn serial(&self) -> String {
        self.0.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Who issued it.
    pub(super) fn issuer(&self) -> String {
        self.0.issuer().to_string()
    }
}

/// One alternative name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Alternative<'c> {
    /// A DNS name: upper and lower case are the same.
    Dns(&'c str),
    /// Other text, and common names of directory names.
    Text(&'c str),
    /// Something that cannot be a station's name.
    Other,
}

impl<'c> Alternative<'c> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's enum: whatever else there is names no station"
    )]
    fn of(name: &'c GeneralName<'_>) -> Alternative<'c> {
        match name {
            GeneralName::DNSName(dns) => Alternative::Dns(dns),
            GeneralName::RFC822Name(said) | GeneralName::URI(said) => Alternative::Text(said),
            GeneralName::DirectoryName(name) => name
                .iter_common_name()
                .next()
                .map_or(Alternative::Other, |name| Alternative::Text(text(name))),
            _ => Alternative::Other,
        }
    }

    /// Whether it is this name.
    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Alternative::Dns(dns) => dns.eq_ignore_ascii_case(name),
            Alternative::Text(said) => *said == name,
            Alternative::Other => false,
        }
    }
}

fn text<'c>(attribute: &'c AttributeTypeAndValue<'_>) -> &'c str {
    attribute.as_str().unwrap_or_default()
}

/// What is wrong with a public key, if anything: its kind or its size.
pub(super) fn weak_key(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let kind = &key.algorithm.algorithm;
    if *kind == OID_SIG_ED25519 {
        return None;
    }
    if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|named| named.as_oid().ok());
        return match curve {
            Some(curve) if CURVES.contains(&curve) => None,
            Some(curve) => Some(format!("a key on the curve {}", curve.to_id_string())),
            None => Some("a key on an unnamed curve".to_owned()),
        };
    }
    if *kind != OID_PKCS1_RSAENCRYPTION {
        return Some(format!("a key of kind {}", kind.to_id_string()));
    }
    let bits = key.parsed().map_or(0, |key| key.key_size());
    (bits < RSA_BITS_MIN).then(|| format!("an RSA key of {bits} bits"))
}
