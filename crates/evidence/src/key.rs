//! Keyed hashes: what a record says of contents that must not be kept.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::hash::{deserialize_hex, hex};

/// The key under which frames and id tokens are hashed: HMAC-SHA-256 with a key of its own for each use, derived from the
/// 32 bytes handed in.
///
/// Without the key a hash tells nothing about short inputs (a card number could be guessed from a plain hash); with it, the
/// operator can show that a frame kept elsewhere is the one that was recorded. The key is wiped from memory when dropped
/// and is never printed.
#[derive(Clone)]
pub struct ContentKey {
    // The state after the key block: two compressions saved for each frame.
    frame: Hmac<Sha256>,
    token: Hmac<Sha256>,
}

impl ContentKey {
    /// Makes the key from 32 secret bytes from a random source; the caller wipes its copy.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            frame: derive(secret, b"chargewarden frame v1"),
            token: derive(secret, b"chargewarden token v1"),
        }
    }

    /// The hash of a frame, over the bytes as they arrived.
    pub fn frame(&self, bytes: &[u8]) -> FrameMac {
        FrameMac(finish(&self.frame, bytes))
    }

    /// The hash of an id token. Tokens that mean the same must be given in the same spelling.
    pub fn token(&self, token: &str) -> TokenHash {
        TokenHash(finish(&self.token, token.as_bytes()))
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// The keyed hash of a frame. Equal frames have equal hashes under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameMac(pub [u8; 32]);

/// The keyed hash of an id token. Equal tokens have equal hashes under one key, and never that of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Display for FrameMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&hex(&self.0)).unwrap_or_default())
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&hex(&self.0)).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for FrameMac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_hex(deserializer).map(Self)
    }
}

fn derive(secret: &[u8; 32], purpose: &[u8]) -> Hmac<Sha256> {
    let key = Zeroizing::new(finish(&keyed(secret), purpose));
    keyed(&key)
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the block is padded with zeros (RFC 2104), which spares a constructor that can fail.
    let mut block = Zeroizing::new([0; 64]);
    if let Some(place) = block.first_chunk_mut::<32>() {
        *place = *key;
    }
    Hmac::new((&*block).into())
}

fn finish(keyed: &Hmac<Sha256>, bytes: &[u8]) -> [u8; 32] {
    let mut mac = keyed.clone();
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ContentKey {
        ContentKey::new(&[byte; 32])
    }

    #[test]
    fn equal_inputs_are_equal_under_one_key_only() {
        assert_eq!(key(1).frame(b"[2,\"1\",\"Heartbeat\",{}]"), key(1).frame(b"[2,\"1\",\"Heartbeat\",{}]"));
        assert_ne!(key(1).frame(b"a"), key(1).frame(b"b"));
        assert_ne!(key(1).frame(b"a"), key(2).frame(b"a"));
        assert_eq!(key(1).token("DEADBEEF"), key(1).token("DEADBEEF"));
        assert_ne!(key(1).token("a").0, key(1).frame(b"a").0);
    }

    #[test]
    fn is_hmac_sha_256() {
        // RFC 4231, test case 2, with its key padded to 32 bytes as RFC 2104 pads it.
        let mut secret = [0; 32];
        secret[..4].copy_from_slice(b"Jefe");
        let mac = finish(&keyed(&secret), b"what do ya want for nothing?");
        assert_eq!(hex(&mac).as_slice(), b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn is_never_printed() {
        assert_eq!(format!("{:?}", key(0x41)), "ContentKey(..)");
    }
}
