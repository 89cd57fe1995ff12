//! Secrets that must be given back as they were, encrypted for the one place they are kept for.
//!
//! What only has to be recognised is stored as a slow hash. A password that this service presents to others has to come
//! back: it is sealed with AES-256-GCM under a key that stands in a file of its own beside the database, so that a copy or a
//! dump of the database gives nothing away. Whoever has both files has the secrets.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How a sealed value begins: the form, so that a later one can be told from it.
const FORM: &str = "v1.";

/// Longest secret that is sealed, in bytes: far beyond any password, and small beside a station's other values.
pub const SEALED_BYTES_MAX: usize = 4096;

/// A secret, encrypted. Bound to one field of one station: moved elsewhere it does not open. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// The key that seals and opens.
#[derive(Clone)]
pub struct SealKey(Arc<RandomizedNonceKey>);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// Why a value cannot be sealed or opened. Says nothing about the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Longer than [`SEALED_BYTES_MAX`].
    #[error("longer than {SEALED_BYTES_MAX} bytes")]
    TooLong,
    /// The system gives no random nonce, or the key is unusable.
    #[error("the system cannot encrypt")]
    Unavailable,
    /// Not sealed by this key for this place, or changed since.
    #[error(
        "it was not sealed here: `seal.key` is another one, or the database was changed; set the value anew"
    )]
    Foreign,
}

impl SealKey {
    /// The key of these bytes.
    ///
    /// # Errors
    /// [`SealError::Unavailable`] when the cipher does not take it.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, SealError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Unavailable)?;
        Ok(Self(Arc::new(key)))
    }

    /// Encrypts `secret` for `field` of `station`, under a nonce that the cipher draws from the system's random source.
    ///
    /// # Errors
    /// [`SealError::TooLong`], [`SealError::Unavailable`].
    pub fn seal(&self, station: &str, field: &str, secret: &[u8]) -> Result<Sealed, SealError> {
        if secret.len() > SEALED_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        // Room for the tag at once: growing would leave a copy of the secret behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        bytes.extend_from_slice(secret);
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(place(station, field)), &mut *bytes)
            .map_err(|_| SealError::Unavailable)?;
        let mut text = FORM.to_owned();
        STANDARD_NO_PAD.encode_string([nonce.as_ref(), bytes.as_slice()].concat(), &mut text);
        Ok(Sealed(text))
    }

    /// Decrypts what was sealed for `field` of `station`. Wiped when dropped.
    ///
    /// # Errors
    /// [`SealError::Foreign`].
    pub fn open(&self, station: &str, field: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let text = sealed.0.strip_prefix(FORM).ok_or(SealError::Foreign)?;
        let mut bytes = STANDARD_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| SealError::Foreign)?;
        let (nonce, body) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Foreign)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Foreign)?;
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(place(station, field)), body)
            .map_err(|_| SealError::Foreign)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }
}

/// What a value is bound to. The length keeps two different places from having one spelling.
fn place(station: &str, field: &str) -> String {
    format!("{}:{station}:{field}", station.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn opens_where_it_was_sealed_and_nowhere_else() {
        let (key, other) = (key(1), key(2));
        for secret in [b"".as_slice(), b"hunter2", &[0; SEALED_BYTES_MAX]] {
            let sealed = key.seal("CS-1", "upstream.password", secret).unwrap();
            assert_eq!(key.open("CS-1", "upstream.password", &sealed).unwrap().as_slice(), secret);
            assert_eq!(key.open("CS-2", "upstream.password", &sealed), Err(SealError::Foreign));
            assert_eq!(key.open("CS-1", "upstream.key", &sealed), Err(SealError::Foreign));
            assert_eq!(key.open("CS-1:", "upstream.password", &sealed), Err(SealError::Foreign));
            assert_eq!(other.open("CS-1", "upstream.password", &sealed), Err(SealError::Foreign));
        }
        assert_eq!(key.seal("CS-1", "x", &[0; SEALED_BYTES_MAX + 1]).unwrap_err(), SealError::TooLong);
    }

    #[test]
    fn equal_secrets_look_different_and_a_changed_one_does_not_open() {
        let key = key(1);
        let sealed = key.seal("CS-1", "x", b"hunter2").unwrap();
        assert_ne!(sealed, key.seal("CS-1", "x", b"hunter2").unwrap());
        let text = sealed.0.strip_prefix(FORM).unwrap();
        let bytes = STANDARD_NO_PAD.decode(text).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Sealed(format!("{FORM}{}", STANDARD_NO_PAD.encode(&changed)));
            assert_eq!(key.open("CS-1", "x", &changed), Err(SealError::Foreign), "byte {at}");
        }
        for text in ["", "v1.", "v1.AAAA", "v2.AAAA", "v1.!"] {
            assert_eq!(key.open("CS-1", "x", &Sealed(text.to_owned())), Err(SealError::Foreign), "{text}");
        }
    }

    #[test]
    fn is_not_printed() {
        let sealed = key(1).seal("CS-1", "x", b"hunter2").unwrap();
        assert_eq!(format!("{sealed:?} {:?}", key(1)), "Sealed(..) SealKey(..)");
    }
}
