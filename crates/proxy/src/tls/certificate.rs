//! Whether a certificate makes its bearer the station it claims to be. Pure: bytes, trust and time in, standing or fault out.

use std::{fmt, net::IpAddr, time::Duration};

use chargewarden_ocpp::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, Error, VerifiedPath};

use super::{presented::Presented, trust::Trust};

/// Most certificates that a client may present: its own and four authorities.
pub const CHAIN_MAX: usize = 5;

/// Longest text taken from a certificate into evidence, in characters.
const QUOTE_CHARS_MAX: usize = 64;

/// Who the bearer should be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The name of the station: its common name, and one of its alternative names where it has any.
    pub name: &'a str,
    /// The organisation; any when none.
    pub organisation: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// A certificate that was found good, in the little that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// When the first certificate of its path ends.
    pub not_after: Timestamp,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// Who issued it.
    pub issuer: String,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate {} of {}, sha256 ", self.serial, quote(&self.issuer))?;
        self.fingerprint.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is wrong with a certificate. When several things are, the first in the order below is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CertificateFault {
    /// None was presented.
    Missing,
    /// More certificates than [`CHAIN_MAX`], or a path longer or more tangled than its authorities allow.
    ChainTooLong,
    /// Not a well-formed certificate of version 3, or with critical extensions that nobody here understands.
    Malformed,
    /// It may issue certificates itself.
    IsAuthority,
    /// RSA below 2048 bits, or a curve other than P-256, P-384, P-521 and Ed25519.
    WeakKey,
    /// Signed with SHA-1, MD5 or something else that is not SHA-2.
    WeakSignature,
    /// It, or an authority of its path, is not valid yet.
    NotYetValid,
    /// It, or an authority of its path, is not valid any more.
    Expired,
    /// It may not be used to sign, or not by TLS clients.
    Usage,
    /// No path leads from it to an anchor of this listener.
    Untrusted,
    /// It, or an authority of its path, is revoked.
    Revoked,
    /// No current revocation list says whether it is revoked.
    RevocationUnknown,
    /// It has no common name or several.
    NameAmbiguous,
    /// Its common name is a URL, an address or a host name (OCPP 2.0.1 A00.FR.511).
    NamesHost,
    /// Its common name is not that of the station.
    Name,
    /// It has alternative names and none is that of the station.
    AlternativeName,
    /// Its organisation is not the one that operates the stations.
    Organisation,
}

impl CertificateFault {
    /// All faults, in the order in which they are looked for.
    pub const ALL: [CertificateFault; 17] = [
        CertificateFault::Missing,
        CertificateFault::ChainTooLong,
        CertificateFault::Malformed,
        CertificateFault::IsAuthority,
        CertificateFault::WeakKey,
        CertificateFault::WeakSignature,
        CertificateFault::NotYetValid,
        CertificateFault::Expired,
        CertificateFault::Usage,
        CertificateFault::Untrusted,
        CertificateFault::Revoked,
        CertificateFault::RevocationUnknown,
        CertificateFault::NameAmbiguous,
        CertificateFault::NamesHost,
        CertificateFault::Name,
        CertificateFault::AlternativeName,
        CertificateFault::Organisation,
    ];
}

/// A certificate that was found bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateProblem {
    /// What is wrong.
    pub fault: CertificateFault,
    /// For evidence: bounded, printable, without the certificate itself. Never sent.
    pub detail: String,
}

impl From<CertificateFault> for CertificateProblem {
    fn from(fault: CertificateFault) -> CertificateProblem {
        CertificateProblem { fault, detail: String::new() }
    }
}

/// Judges the certificates that a client presented, its own first, whose key it has proven to hold.
///
/// # Errors
/// The first fault in the order of [`CertificateFault`].
pub fn judge(
    chain: &[CertificateDer<'_>],
    trust: &Trust,
    expected: &Expected<'_>,
) -> Result<Bound, CertificateProblem> {
    let Some((leaf, authorities)) = chain.split_first() else {
        return Err(CertificateFault::Missing.into());
    };
    if chain.len() > CHAIN_MAX {
        let detail = format!("{} certificates", chain.len());
        return Err(CertificateProblem { fault: CertificateFault::ChainTooLong, detail });
    }
    let fingerprint: [u8; 32] = Sha256::digest(leaf).into();
    let malformed = || CertificateProblem::from(CertificateFault::Malformed);
    let presented = Presented::read(leaf).ok_or_else(malformed)?;
    let parsed = EndEntityCert::try_from(leaf).map_err(|_| malformed())?;

    let mut bound = Bound {
        not_after: at(presented.period().1),
        serial: presented.serial(),
        issuer: presented.issuer(),
        fingerprint,
    };
    let problem = |(fault, what): (CertificateFault, String)| {
        let detail = if what.is_empty() { bound.to_string() } else { format!("{what}; {bound}") };
        CertificateProblem { fault, detail }
    };
    check_bearer(&presented, expected.now).map_err(problem)?;
    let path = trust
        .verify(&parsed, authorities, unix(expected.now))
        .map_err(|error| problem(fault_of(&error, authorities)))?;
    check_names(&presented, expected).map_err(problem)?;
    bound.not_after = path_end(&path, bound.not_after);
    Ok(bound)
}

type Fault = (CertificateFault, String);

/// What can be said without knowing whom to trust.
fn check_bearer(presented: &Presented<'_>, now: Timestamp) -> Result<(), Fault> {
    if presented.is_authority() {
        return Err((CertificateFault::IsAuthority, String::new()));
    }
    if let Some(weak) = presented.weak_key() {
        return Err((CertificateFault::WeakKey, weak));
    }
    if let Some(algorithm) = presented.weak_signature() {
        return Err((CertificateFault::WeakSignature, format!("signature algorithm {algorithm}")));
    }
    let (begins, ends) = presented.period();
    if now < at(begins) {
        return Err((CertificateFault::NotYetValid, format!("valid from {}", at(begins))));
    }
    if now > at(ends) {
        return Err((CertificateFault::Expired, format!("valid until {}", at(ends))));
    }
    if !presented.is_for_clients() {
        return Err((CertificateFault::Usage, String::new()));
    }
    Ok(())
}

/// What the path check found, in our words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum is open; what it adds is one more way not to be trusted"
)]
fn fault_of(error: &Error, authorities: &[CertificateDer<'_>]) -> Fault {
    let fault = match error {
        Error::CertNotValidYet { .. } => CertificateFault::NotYetValid,
        Error::CertExpired { .. } => CertificateFault::Expired,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => CertificateFault::Usage,
        Error::CaUsedAsEndEntity => CertificateFault::IsAuthority,
        Error::CertRevoked => CertificateFault::Revoked,
        Error::UnknownRevocationStatus
        | Error::CrlExpired { .. }
        | Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::IssuerNotCrlSigner => CertificateFault::RevocationUnknown,
        Error::PathLenConstraintViolated
        | Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => CertificateFault::ChainTooLong,
        Error::UnsupportedSignatureAlgorithmContext(_) => CertificateFault::WeakSignature,
        // The library finds no signature good under a key that is too short.
        Error::InvalidSignatureForPublicKey | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            return weak_authority(authorities)
                .map_or((CertificateFault::Untrusted, name_of(error)), |weak| {
                    (CertificateFault::WeakKey, weak)
                });
        }
        Error::BadDer
        | Error::BadDerTime
        | Error::ExtensionValueInvalid
        | Error::InvalidCertValidity
        | Error::InvalidSerialNumber
        | Error::MalformedExtensions
        | Error::MalformedDnsIdentifier
        | Error::MalformedNameConstraint
        | Error::SignatureAlgorithmMismatch
        | Error::TrailingData(_)
        | Error::UnsupportedCertVersion
        | Error::UnsupportedCriticalExtension => CertificateFault::Malformed,
        _ => CertificateFault::Untrusted,
    };
    (fault, name_of(error))
}

/// The library's word for an error, without what it adds: lists of all algorithms it knows, for some.
fn name_of(error: &Error) -> String {
    let text = error.to_string();
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

fn weak_authority(authorities: &[CertificateDer<'_>]) -> Option<String> {
    let weak = authorities.iter().find_map(|authority| Presented::read(authority)?.weak_key())?;
    Some(format!("an authority has {weak}"))
}

/// Whether it names the station, and nothing else.
fn check_names(presented: &Presented<'_>, expected: &Expected<'_>) -> Result<(), Fault> {
    let names = presented.common_names();
    let [name] = names.as_slice() else {
        return Err((CertificateFault::NameAmbiguous, format!("{} common names", names.len())));
    };
    if names_host(name) {
        return Err((CertificateFault::NamesHost, format!("common name {}", quote(name))));
    }
    if *name != expected.name {
        let what = format!("common name {} instead of {}", quote(name), quote(expected.name));
        return Err((CertificateFault::Name, what));
    }
    if presented
        .alternative_names()
        .is_some_and(|names| !names.iter().any(|alternative| alternative.is(expected.name)))
    {
        return Err((CertificateFault::AlternativeName, String::new()));
    }
    let Some(organisation) = expected.organisation else { return Ok(()) };
    match presented.organisations().as_slice() {
        [said] if *said == organisation => Ok(()),
        [said] => Err((CertificateFault::Organisation, format!("organisation {}", quote(said)))),
        several => Err((CertificateFault::Organisation, format!("{} organisations", several.len()))),
    }
}

/// Whether a name looks like a URL, an address or a host, which may be a server's but never a station's.
fn names_host(name: &str) -> bool {
    let before_path = name.split('/').next().unwrap_or_default();
    let host = match before_path.rsplit_once(':') {
        Some((host, port))
            if (!host.contains(':') || host.ends_with(']'))
                && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            host
        }
        Some(_) | None => before_path,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    name.contains("://")
        || host.starts_with("*.")
        || host.parse::<IpAddr>().is_ok()
        || host.eq_ignore_ascii_case("localhost")
        || is_domain(host)
}

/// `EVB-P17.2` is a serial number, `cs17.example.com` a domain: its last label is two letters or more and nothing else.
fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    labels.split('.').all(is_label) && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// When the first certificate of a path ends.
fn path_end(path: &VerifiedPath<'_>, leaf: Timestamp) -> Timestamp {
    path.intermediate_certificates()
        .filter_map(|authority| Presented::read(&authority.der()).map(|authority| at(authority.period().1)))
        .fold(leaf, Ord::min)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn unix(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0)))
}

/// Text of a peer, for people: bounded and without control characters.
fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTE_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}
