//! How OCPP names a certificate that a station holds: its serial number, and hashes of its issuer's name and key.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{pem, read};

/// Characters of a hash that are kept: 8 bytes tell apart what one station holds.
const HASH_CHARACTERS: usize = 16;

/// Hash functions that OCPP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// As OCPP spells it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "SHA256" => Some(Self::Sha256),
            "SHA384" => Some(Self::Sha384),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => pem::hexadecimal(&Sha256::digest(bytes)),
            Self::Sha384 => pem::hexadecimal(&Sha384::digest(bytes)),
            Self::Sha512 => pem::hexadecimal(&Sha512::digest(bytes)),
        }
    }
}

/// Hashes of an issuer, by one function: the beginnings, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    digest: Digest,
    name: Box<str>,
    /// None where the issuer is another certificate, which is not at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Box<str>>,
}

impl Issuer {
    /// The issuer as a message states it.
    pub(crate) fn stated(digest: Digest, name: &str, key: &str) -> Self {
        Self { digest, name: kept(name), key: Some(kept(key)) }
    }

    fn may_be(&self, other: &Self) -> bool {
        let keys = self.key.as_ref().zip(other.key.as_ref());
        self.digest != other.digest
            || (self.name == other.name && keys.is_none_or(|(one, other)| one == other))
    }
}

/// The names of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    serial: Box<str>,
    /// By as many functions as are known.
    issuer: Vec<Issuer>,
}

impl Names {
    /// The names as a message states them.
    pub(crate) fn stated(serial: &str, issuer: Issuer) -> Self {
        Self { serial: number(serial), issuer: vec![issuer] }
    }

    /// The names of the only certificate in a text; nothing where it cannot be read.
    pub(crate) fn of_pem(text: &str) -> Option<Self> {
        let found = pem::certificates(text)?;
        let [der] = found.as_slice() else { return None };
        let certificate = read(der)?;
        let own = certificate.issuer() == certificate.subject();
        let (name, key) = (certificate.issuer().as_raw(), &certificate.public_key().subject_public_key.data);
        let issuer = |digest: Digest| Issuer {
            digest,
            name: kept(&digest.of(name)),
            key: own.then(|| kept(&digest.of(key))),
        };
        let serial = number(&pem::hexadecimal(certificate.raw_serial()));
        Some(Self { serial, issuer: Digest::ALL.map(issuer).to_vec() })
    }

    /// Whether both may name the same certificate. Hashes by different functions tell nothing about each other.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        let agrees = |one: &Issuer| other.issuer.iter().all(|other| one.may_be(other));
        self.serial == other.serial && self.issuer.iter().all(agrees)
    }
}

/// A hexadecimal number in one spelling.
fn number(text: &str) -> Box<str> {
    text.trim().trim_start_matches('0').to_ascii_lowercase().into()
}

fn kept(hash: &str) -> Box<str> {
    hash.trim().chars().take(HASH_CHARACTERS).collect::<String>().to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(serial: &str, name: &str, key: &str) -> Names {
        Names::stated(serial, Issuer::stated(Digest::Sha256, name, key))
    }

    #[test]
    fn a_certificate_is_known_by_what_ocpp_calls_it() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.serial_number = Some(vec![0x0a, 0xbc].into());
        let certificate = parameters.self_signed(&key).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
        let name = Digest::Sha256.of(parsed.issuer().as_raw());
        let of_key = Digest::Sha256.of(&parsed.public_key().subject_public_key.data);
        let names = Names::of_pem(&certificate.pem()).unwrap();
        assert!(
            names.may_be(&stated("0ABC", &name, &of_key)) && stated("abc", &name, &of_key).may_be(&names)
        );
        assert!(names.may_be(&stated("abc", &name.to_uppercase(), &of_key)));
        assert!(!names.may_be(&stated("abd", &name, &of_key)));
        assert!(!names.may_be(&stated("abc", &of_key, &of_key)));
        assert!(!names.may_be(&stated("abc", &name, &name)));
        let other = Names::stated("abc", Issuer::stated(Digest::Sha384, &name, &of_key));
        assert!(!names.may_be(&other), "all functions are known of what was installed here");
        assert!(other.may_be(&stated("abc", &name, &of_key)), "nothing speaks against it");
        assert_eq!(Names::of_pem("x"), None);
    }
}
