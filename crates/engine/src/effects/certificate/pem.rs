//! PEM, read strictly: what readers could disagree about has no content.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// How a signing request is labelled: by RFC 7468, and as OpenSSL's `-newhdr` and older tools write it.
const REQUEST_LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// The certificates in a text; nothing where anything else stands in it: readers skip what they do not know, each in its
/// own way.
pub(super) fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let mut rest = pem.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (one, after) = rest.strip_prefix(BEGIN)?.split_once(END)?;
        found.push(decode(one)?);
        rest = after.trim_start();
    }
    Some(found)
}

/// The signing request that a text is, and is nothing besides.
pub(super) fn request(pem: &str) -> Option<Vec<u8>> {
    REQUEST_LABELS.iter().find_map(|label| {
        let rest = pem.trim().strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
        let body = rest.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")?;
        decode(body)
    })
}

/// Fingerprint of the first certificate, and how many there are; empty and 0 where they cannot be read.
pub(in crate::effects) fn first(pem: &str) -> (String, i64) {
    let found = certificates(pem).unwrap_or_default();
    let fingerprint = found.first().map(|der| hexadecimal(&Sha256::digest(der))).unwrap_or_default();
    (fingerprint, i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// Fingerprint of the only certificate; empty where there is not exactly one.
pub(in crate::effects) fn only(pem: &str) -> String {
    match first(pem) {
        (fingerprint, 1) => fingerprint,
        _ => String::new(),
    }
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(base64: &str) -> Option<Vec<u8>> {
    let text: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{first, only};

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    /// SHA-256 of `abc` (FIPS 180-2, B.1).
    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_certificate_is_named_by_its_hash() {
        assert_eq!(only(ONE), HASH);
        assert_eq!(only(&ONE.replace('\n', "\r\n")), HASH);
        assert_eq!(only(&ONE.replace("YWJj", "YW\n Jj")), HASH);
        assert_eq!(first(&format!("{ONE}{}", ONE.replace("YWJj", "ZGVm"))), (HASH.to_owned(), 2));
    }

    #[test]
    fn what_readers_could_disagree_about_has_no_name() {
        for text in [
            "",
            "x",
            "YWJj",
            &format!("{ONE}{ONE}"),
            &format!("comment\n{ONE}"),
            &format!("{ONE}comment"),
            &ONE.replace("YWJj", ""),
            &ONE.replace("YWJj", "YWJ"),
            &ONE.replace("YWJj", "YW-_"),
            &ONE.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            &ONE.replace("-----END CERTIFICATE-----", ""),
        ] {
            assert_eq!(only(text), "", "{text}");
        }
        assert_eq!(first(&format!("{ONE}comment")), (String::new(), 0));
    }
}
