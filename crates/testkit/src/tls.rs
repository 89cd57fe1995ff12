//! TLS at both ends of a simulated world: how a station dials, how a management system listens, and what it saw.

mod listen;
mod station;
mod stream;

pub use listen::{Asks, CsmsTls, TlsSeen};
pub use station::StationTls;
pub use stream::Stream;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{RootCertStore, SupportedProtocolVersion};

use crate::pki::Issued;

/// Versions of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

impl TlsVersion {
    /// Both, the newer first.
    pub const ALL: [TlsVersion; 2] = [TlsVersion::V13, TlsVersion::V12];

    fn supported(self) -> &'static SupportedProtocolVersion {
        match self {
            TlsVersion::V12 => &rustls::version::TLS12,
            TlsVersion::V13 => &rustls::version::TLS13,
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn supported(versions: &[TlsVersion]) -> Vec<&'static SupportedProtocolVersion> {
    versions.iter().map(|version| version.supported()).collect()
}

/// Those that are certificates; an anchor that is none trusts nobody.
fn roots<'a>(anchors: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(anchors.into_iter().cloned());
    Arc::new(roots)
}

/// A certificate with its key, ready to sign.
#[expect(clippy::expect_used, reason = "made by this crate a moment ago")]
fn certified(issued: &Issued) -> Arc<rustls::sign::CertifiedKey> {
    let key = provider().key_provider.load_private_key(issued.key()).expect("a key that was just made");
    Arc::new(rustls::sign::CertifiedKey::new(issued.chain().to_vec(), key))
}
