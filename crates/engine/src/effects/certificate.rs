//! Certificates in PEM, as far as it takes to name one: the SHA-256 of its DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Fingerprint of the first certificate, and how many there are. The fingerprint is empty, the
/// number 0, where anything but certificates stands in the text: readers skip what they do not
/// know, each in its own way.
pub(super) fn first(pem: &str) -> (String, i64) {
    let mut rest = pem.trim();
    let mut fingerprint = String::new();
    let mut count = 0;
    while !rest.is_empty() {
        let Some((one, after)) = rest.strip_prefix(BEGIN).and_then(|rest| rest.split_once(END)) else {
            return (String::new(), 0);
        };
        let Some(hash) = hash(one) else { return (String::new(), 0) };
        if count == 0 {
            fingerprint = hash;
        }
        count += 1;
        rest = after.trim_start();
    }
    (fingerprint, count)
}

/// Fingerprint of the only certificate; empty where there is not exactly one.
pub(super) fn only(pem: &str) -> String {
    match first(pem) {
        (fingerprint, 1) => fingerprint,
        _ => String::new(),
    }
}

fn hash(base64: &str) -> Option<String> {
    let text: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(text).ok().filter(|der| !der.is_empty())?;
    Some(Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect())
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
