//! A throw-away public key infrastructure: authorities, certificates and revocation lists made when a test runs.
//!
//! ```
//! use chargewarden_testkit::pki::{Authority, Leaf};
//!
//! let root = Authority::root("CSO root");
//! let stations = root.intermediate("CSO stations");
//! let station = stations.issue(&Leaf::station("CS-1").organisation("Example CSO"));
//! let revoked = stations.crl(&[station.serial()]);
//! # let folder = std::env::temp_dir().join(format!("pki-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! station.write(&folder, "CS-1")?; // CS-1.pem (with the intermediate) and CS-1.key (0600)
//! revoked.write(&folder, "stations")?; // stations.crl
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! No key made here may protect anything, and none may be committed.

mod authority;
mod crl;
mod issued;
mod leaf;
mod request;

pub use authority::{Authority, self_signed};
pub use crl::Crl;
pub use issued::{Files, Issued};
pub use leaf::{Leaf, Usage};
pub use request::Request;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};

/// A day, for validities.
pub const DAY: Duration = Duration::from_secs(86_400);

/// Serial numbers and CRL numbers of this process; never given twice, so that a revocation hits one certificate.
static NUMBERS: AtomicU64 = AtomicU64::new(0x1000);

/// Kind of a key pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Key {
    /// ECDSA on P-256 with SHA-256; made in well under a millisecond.
    #[default]
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
    /// RSA of 2,048 bits, PKCS#1 v1.5 with SHA-256; takes about a tenth of a second.
    Rsa2048,
}

impl Key {
    fn generate(self) -> KeyPair {
        let algorithm = match self {
            Key::EcdsaP256 => &PKCS_ECDSA_P256_SHA256,
            Key::EcdsaP384 => &PKCS_ECDSA_P384_SHA384,
            Key::Ed25519 => &PKCS_ED25519,
            Key::Rsa2048 => &PKCS_RSA_SHA256,
        };
        KeyPair::generate_for(algorithm).unwrap_or_else(broken)
    }
}

fn next_number() -> u64 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// Whole seconds, as certificates write them.
fn seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[expect(clippy::panic, reason = "a world that cannot be made is a broken test")]
fn broken<T>(error: rcgen::Error) -> T {
    panic!("throw-away PKI: {error}")
}
