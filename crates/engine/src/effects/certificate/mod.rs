//! Certificates and requests for them, as far as policies ask: whose, with which key, signed how.
//!
//! Nothing here builds a path of trust; the one signature that is checked is that of a thing under its own key. What cannot
//! be read, by any reader alike, says so and nothing else.

mod key;
mod names;
pub(super) mod pem;
mod request;
mod signature;
mod subject;

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::effect::{InstallTrustAnchor, ReplaceStationCertificate};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use key::Key;
pub(crate) use names::{Digest, Issuer, Names};
pub(super) use request::request;
use subject::Subject;

/// `InstallCertificate`, and settings that hold a certificate.
pub(super) fn anchor(certificate_use: String, text: &str) -> InstallTrustAnchor {
    let fingerprint = pem::only(text);
    let unread = |fingerprint| InstallTrustAnchor {
        certificate_use: certificate_use.clone(),
        fingerprint,
        readable: false,
        is_authority: false,
        self_signed: false,
        common_name: String::new(),
        key: "",
        key_bits: 0,
        key_hash: String::new(),
        hash: "",
        issuer_key_id: String::new(),
        not_before: None,
        not_after: None,
    };
    let found = pem::certificates(text).unwrap_or_default();
    let [der] = found.as_slice() else { return unread(fingerprint) };
    let Some(certificate) = read(der) else { return unread(fingerprint) };
    let key = Key::of(certificate.public_key());
    let own = certificate.issuer() == certificate.subject();
    InstallTrustAnchor {
        readable: true,
        is_authority: certificate.is_ca(),
        self_signed: own && signature::certificate_fits(&certificate),
        common_name: Subject::of(certificate.subject()).common_name,
        key: key.kind,
        key_bits: key.bits,
        key_hash: key.hash,
        hash: signature::hash(&certificate.signature_algorithm),
        issuer_key_id: issuer_key_id(&certificate),
        not_before: Some(time(certificate.validity().not_before.timestamp())),
        not_after: Some(time(certificate.validity().not_after.timestamp())),
        ..unread(fingerprint)
    }
}

/// `CertificateSigned`: the first certificate of the chain is the station's.
pub(super) fn issued(certificate_use: String, text: &str) -> ReplaceStationCertificate {
    let (fingerprint, certificates) = pem::first(text);
    let unread = ReplaceStationCertificate {
        certificate_use,
        fingerprint,
        certificates,
        readable: false,
        common_name: String::new(),
        organisation: String::new(),
        names_host: false,
        is_authority: false,
        key: "",
        key_bits: 0,
        key_hash: String::new(),
        hash: "",
        not_before: None,
        not_after: None,
    };
    let Some(der) = pem::certificates(text).into_iter().flatten().next() else { return unread };
    let Some(certificate) = read(&der) else { return unread };
    let key = Key::of(certificate.public_key());
    let subject = Subject::of(certificate.subject());
    let names_host = match certificate.subject_alternative_name() {
        Ok(names) => {
            names.is_some_and(|names| subject::any_host(&names.value.general_names, &subject.common_name))
        }
        // Twice, or unreadable: readers differ.
        Err(_) => true,
    };
    ReplaceStationCertificate {
        readable: true,
        names_host: names_host || subject.names_host(),
        common_name: subject.common_name,
        organisation: subject.organisation,
        is_authority: certificate.is_ca(),
        key: key.kind,
        key_bits: key.bits,
        key_hash: key.hash,
        hash: signature::hash(&certificate.signature_algorithm),
        not_before: Some(time(certificate.validity().not_before.timestamp())),
        not_after: Some(time(certificate.validity().not_after.timestamp())),
        ..unread
    }
}

/// One certificate and nothing behind it.
fn read(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// The authority key identifier (RFC 5280, 4.2.1.1), in hexadecimal. Said by the certificate, not proven.
fn issuer_key_id(certificate: &X509Certificate<'_>) -> String {
    use x509_parser::extensions::ParsedExtension;

    let stated = certificate.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(stated) = extension.parsed_extension() else {
            return None;
        };
        stated.key_identifier.as_ref()
    });
    stated.map(|id| pem::hexadecimal(id.0)).unwrap_or_default()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

#[cfg(test)]
mod tests;
