//! Signatures that were found good, remembered by what they are of.
//!
//! Every station of an authority brings the same intermediate certificate and is looked up in the same revocation lists, whose
//! signatures the library checks each time anew, and a station brings the same certificate each time it connects. A signature that was
//! good for these bytes under this key stays good, so the costly part is done once and the path is still judged as a whole.
//! Only what verified is kept, and paths are verified from the anchor down: who has no certificate cannot fill the memory.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use sha2::{Digest, Sha256};

/// Most signatures remembered: one per station of a large fleet and some authorities. 5 MiB when full; then it starts over.
const SIGNATURES_MAX: usize = 128 * 1024;

/// Digests of good signatures, shared by all algorithms, and over a reload.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashSet<[u8; 32]>>);

impl Memory {
    fn holds(&self, digest: &[u8; 32]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    fn keep(&self, digest: [u8; 32]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= SIGNATURES_MAX {
            *kept = HashSet::new();
        }
        kept.insert(digest);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

/// A signature algorithm with a memory.
#[derive(Debug)]
pub(super) struct Remembered {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    memory: Arc<Memory>,
}

impl Remembered {
    pub(super) fn new(
        algorithm: &'static dyn SignatureVerificationAlgorithm,
        memory: &Arc<Memory>,
    ) -> Remembered {
        Remembered { algorithm, memory: Arc::clone(memory) }
    }

    /// Every part with its length before it, so that no two questions have the same bytes.
    fn digest(&self, parts: [&[u8]; 3]) -> [u8; 32] {
        let (key_kind, kind) = (self.algorithm.public_key_alg_id(), self.algorithm.signature_alg_id());
        let mut digest = Sha256::new();
        for part in [key_kind.as_ref(), kind.as_ref()].into_iter().chain(parts) {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

impl SignatureVerificationAlgorithm for Remembered {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let digest = self.digest([public_key, message, signature]);
        if self.memory.holds(&digest) {
            return Ok(());
        }
        self.algorithm.verify_signature(public_key, message, signature)?;
        self.memory.keep(digest);
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug)]
    struct Counting;

    static ASKED: AtomicUsize = AtomicUsize::new(0);

    impl SignatureVerificationAlgorithm for Counting {
        fn verify_signature(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
            ASKED.fetch_add(1, Ordering::Relaxed);
            if signature == b"good" { Ok(()) } else { Err(InvalidSignature) }
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            AlgorithmIdentifier::from_slice(b"key")
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            AlgorithmIdentifier::from_slice(b"signature")
        }
    }

    #[test]
    fn good_signatures_are_asked_once_and_bad_ones_always() {
        let memory = Arc::default();
        let algorithm = Remembered::new(&Counting, &memory);
        for _ in 0..3 {
            algorithm.verify_signature(b"key", b"message", b"good").unwrap();
            algorithm.verify_signature(b"key", b"message", b"bad").unwrap_err();
        }
        assert_eq!((ASKED.load(Ordering::Relaxed), memory.len()), (4, 1));
        // The same bytes cut elsewhere are another question.
        algorithm.verify_signature(b"keym", b"essage", b"good").unwrap();
        assert_eq!((ASKED.load(Ordering::Relaxed), memory.len()), (5, 2));
    }
}
