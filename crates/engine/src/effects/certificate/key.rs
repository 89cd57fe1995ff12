//! Which key, and how strong.

use sha2::{Digest, Sha256};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519, Oid, asn1_rs::oid,
};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::pem::hexadecimal;

/// A public key in policies' terms.
pub(super) struct Key {
    /// `rsa`, `ec` (a named curve), `ed25519` or `other`.
    pub(super) kind: &'static str,
    /// Bits of the modulus or of the curve; 0 where unknown.
    pub(super) bits: i64,
    /// SHA-256 of the `SubjectPublicKeyInfo`, lower-case hexadecimal: the same key has the same, in a request and in a
    /// certificate.
    pub(super) hash: String,
}

/// Curves by their object identifiers, with their bits: those of NIST from 224 on, and Brainpool's (RFC 5639).
static CURVES: [(Oid<'static>, i64); 8] = [
    (oid!(1.3.132.0.33), 224),
    (OID_EC_P256, 256),
    (OID_NIST_EC_P384, 384),
    (OID_NIST_EC_P521, 521),
    (oid!(1.3.36.3.3.2.8.1.1.5), 224),
    (oid!(1.3.36.3.3.2.8.1.1.7), 256),
    (oid!(1.3.36.3.3.2.8.1.1.11), 384),
    (oid!(1.3.36.3.3.2.8.1.1.13), 512),
];

impl Key {
    pub(super) fn of(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let (kind, bits) = strength(info);
        Self { kind, bits, hash: hexadecimal(&Sha256::digest(info.raw)) }
    }
}

fn strength(info: &SubjectPublicKeyInfo<'_>) -> (&'static str, i64) {
    let algorithm = &info.algorithm.algorithm;
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        let bits = match info.parsed() {
            Ok(PublicKey::RSA(key)) => significant_bits(key.modulus),
            Ok(_) | Err(_) => 0,
        };
        return ("rsa", bits);
    }
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        return match curve(info).and_then(|curve| CURVES.iter().find(|(known, _)| *known == curve)) {
            Some((_, bits)) => ("ec", *bits),
            None => ("other", 0),
        };
    }
    if *algorithm == OID_SIG_ED25519 { ("ed25519", 256) } else { ("other", 0) }
}

/// The named curve of an EC key.
pub(super) fn curve<'k>(info: &'k SubjectPublicKeyInfo<'_>) -> Option<Oid<'k>> {
    info.algorithm.parameters.as_ref()?.as_oid().ok()
}

/// Bits of a number in big-endian bytes. The library counts bytes and takes for granted that the first one is padding.
fn significant_bits(number: &[u8]) -> i64 {
    let mut bytes = number.iter().skip_while(|byte| **byte == 0);
    let Some(first) = bytes.next() else { return 0 };
    let rest = i64::try_from(bytes.count()).unwrap_or(i64::MAX / 8);
    rest.saturating_mul(8) + i64::from(u8::BITS - first.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::significant_bits;

    #[test]
    fn padding_is_no_strength() {
        for (number, bits) in
            [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80, 0], 16), (&[0x7f, 0xff], 15)]
        {
            assert_eq!(significant_bits(number), bits, "{number:?}");
        }
    }
}
