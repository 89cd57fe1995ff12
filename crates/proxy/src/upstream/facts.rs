//! What certificates and revocation lists say, in words: for evidence, logs and `doctor`.

use std::fmt;

use chargewarden_ocpp::Timestamp;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate, X509Name};

/// The longest name that is shown, in characters. Names come from peers.
const NAME_CHARS_MAX: usize = 160;

/// What a certificate says. Nothing of it is proven here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its subject, cut to a length that fits a record.
    pub subject: String,
    /// Its issuer, cut likewise.
    pub issuer: String,
    /// SHA-256 of its DER form, in lower-case hex.
    pub sha256: String,
    /// Since when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// Whether its key is an RSA key.
    pub is_rsa: bool,
}

impl CertificateFacts {
    /// Reads a certificate; none when it is not one.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<CertificateFacts> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let validity = certificate.validity();
        Some(CertificateFacts {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            sha256: fingerprint(der),
            not_before: time(validity.not_before.timestamp()),
            not_after: time(validity.not_after.timestamp()),
            is_rsa: certificate.public_key().algorithm.algorithm
                == x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION,
        })
    }
}

impl fmt::Display for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateFacts { subject, issuer, sha256, not_before, not_after, is_rsa: _ } = self;
        write!(
            f,
            "subject `{subject}`, issuer `{issuer}`, valid {not_before} to {not_after}, sha256 {sha256}"
        )
    }
}

/// What a revocation list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlFacts {
    /// Who issued it.
    pub issuer: String,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due; after that this one says nothing any more.
    pub next_update: Option<Timestamp>,
}

impl CrlFacts {
    /// Reads a revocation list; none when it is not one.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<CrlFacts> {
        let (rest, list) = CertificateRevocationList::from_der(der).ok()?;
        rest.is_empty().then(|| CrlFacts {
            issuer: name(list.issuer()),
            this_update: time(list.last_update().timestamp()),
            next_update: list.next_update().map(|at| time(at.timestamp())),
        })
    }
}

/// A chain as it was presented, the leaf first, for evidence.
pub(crate) fn describe(chain: &[CertificateDer<'_>]) -> String {
    /// More certificates than this are counted and not described.
    const DESCRIBED_MAX: usize = 3;
    let mut text = String::new();
    for der in chain.iter().take(DESCRIBED_MAX) {
        if !text.is_empty() {
            text.push_str("; then ");
        }
        match CertificateFacts::read(der) {
            Some(facts) => text.push_str(&facts.to_string()),
            None => text.push_str(&format!("unreadable, sha256 {}", fingerprint(der))),
        }
    }
    match chain.len().saturating_sub(DESCRIBED_MAX) {
        0 => {}
        more => text.push_str(&format!("; and {more} more")),
    }
    text
}

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn name(name: &X509Name<'_>) -> String {
    name.to_string()
        .chars()
        .map(|c| if c.is_control() || c == '`' { '?' } else { c })
        .take(NAME_CHARS_MAX)
        .collect()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}
