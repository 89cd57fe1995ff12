//! What a listener offers in a TLS handshake, and how a handshake ends.

use std::{fmt, io, sync::Arc};

use rustls::{
    CertificateError, Error, ServerConfig, SignatureAlgorithm, SupportedCipherSuite,
    SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs, aws_lc_rs::cipher_suite as suite},
    pki_types::CertificateDer,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    files::{self, TlsProblem},
    hello::Opening,
    possession::{Possession, WeakKey},
    trust::{Revocation, Trust},
    witness::Witnessed,
};
use crate::{
    directory::{KeyPairFiles, TlsVersion},
    listener::ListenerTls,
    refusal::Reason,
};

/// The cipher suites that are offered; the client's order decides. Those of OCPP (2.0.1 A00.FR.318) that use ephemeral keys, their
/// successors in TLS 1.3, and ChaCha20 for stations without AES in hardware. The static RSA suites that OCPP lists as well do
/// not exist in the library: see `docs/transport.md`.
pub static CIPHER_SUITES: [SupportedCipherSuite; 9] = [
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// The one protocol spoken inside, for clients that ask (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// A TLS connection with a station.
pub(crate) type TlsStream = tokio_rustls::server::TlsStream<Witnessed>;

/// What is known of a TLS connection.
#[derive(Debug, Clone)]
pub(crate) struct TlsFacts {
    /// The version agreed.
    pub(crate) version: TlsVersion,
    /// The cipher suite agreed, by its name.
    pub(crate) cipher: &'static str,
    /// The client's certificates, its own first. Possession of the first one's key is proven, nothing else.
    pub(crate) client: Option<Vec<CertificateDer<'static>>>,
}

impl fmt::Display for TlsFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS {} {}", self.version.name(), self.cipher)
    }
}

/// All that a listener's files say, replaced as a whole when they are read again.
pub(crate) struct Acceptance {
    config: Arc<ServerConfig>,
    /// How often files were read before these.
    pub(crate) generation: u64,
    /// Whose certificates are good here; none when none are asked for.
    pub(crate) trust: Option<Trust>,
    /// What their organisation must be.
    pub(crate) organisation: Option<String>,
}

impl Acceptance {
    /// Reads a listener's files. `before`: what is in force until now.
    pub(crate) fn read(tls: &ListenerTls, before: Option<&Acceptance>) -> Result<Acceptance, TlsProblem> {
        let provider = Arc::new(CryptoProvider {
            cipher_suites: CIPHER_SUITES.to_vec(),
            ..aws_lc_rs::default_provider()
        });
        let ours = OurCertificates::read(&tls.certificates, &provider)?;
        let trust = client_trust(tls, before)?;
        let versions: &[&SupportedProtocolVersion] = match tls.min_version {
            TlsVersion::Tls12 => &[&version::TLS13, &version::TLS12],
            TlsVersion::Tls13 => &[&version::TLS13],
        };
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
        let builder = match &trust {
            Some(trust) => builder.with_client_cert_verifier(Arc::new(Possession::new(trust.subjects()))),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(ours));
        config.alpn_protocols = vec![ALPN.to_vec()];
        // A resumed session shows no certificate: every connection is judged anew. It would save 0.2 ms.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        let generation = before.map_or(0, |before| before.generation + 1);
        Ok(Acceptance { config: Arc::new(config), generation, trust, organisation: tls.organisation.clone() })
    }
}

fn client_trust(tls: &ListenerTls, before: Option<&Acceptance>) -> Result<Option<Trust>, TlsProblem> {
    if tls.client_anchors.is_empty() {
        return Ok(None);
    }
    let revocation =
        if tls.danger_without_revocation { Revocation::DangerOptional } else { Revocation::Required };
    let before = before.and_then(|acceptance| acceptance.trust.as_ref());
    Trust::read(&tls.client_anchors, &tls.crls, revocation, before).map(Some)
}

/// Our certificates, one per kind of key; ECDSA first, since it costs a tenth.
#[derive(Debug)]
struct OurCertificates(Vec<Arc<CertifiedKey>>);

impl OurCertificates {
    fn read(pairs: &[KeyPairFiles], provider: &CryptoProvider) -> Result<OurCertificates, TlsProblem> {
        let mut ours: Vec<Arc<CertifiedKey>> = Vec::new();
        for pair in pairs {
            let (chain, key) = (files::certificates(&pair.chain)?, files::key(&pair.key)?);
            let certified = CertifiedKey::from_der(chain, key, provider)
                .map_err(|error| TlsProblem::unusable(&pair.chain, "certificate with its key", &error))?;
            let kind = certified.key.algorithm();
            if ours.iter().any(|other| other.key.algorithm() == kind) {
                return Err(TlsProblem::SameKeyKind { path: pair.chain.clone(), algorithm: kind_name(kind) });
            }
            ours.push(Arc::new(certified));
        }
        ours.sort_by_key(|certified| certified.key.algorithm() == SignatureAlgorithm::RSA);
        if ours.is_empty() { Err(TlsProblem::NoCertificate) } else { Ok(OurCertificates(ours)) }
    }
}

impl ResolvesServerCert for OurCertificates {
    /// The first whose signatures the client can check, as far as the suites it offers allow. If it can check none, any will
    /// do: the handshake then fails for the reason it has.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let schemes = hello.signature_schemes();
        let fits = |certified: &&Arc<CertifiedKey>| certified.key.choose_scheme(schemes).is_some();
        self.0.iter().find(fits).or(self.0.first()).cloned()
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum: other keys are not loaded")]
fn kind_name(kind: SignatureAlgorithm) -> &'static str {
    match kind {
        SignatureAlgorithm::RSA => "RSA",
        SignatureAlgorithm::ECDSA => "ECDSA",
        SignatureAlgorithm::ED25519 => "Ed25519",
        _ => "other",
    }
}

/// A handshake that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent: a port check.
    Silent,
    /// For this reason, with what was offered.
    Refused(Reason, String),
}

/// Shakes hands. The caller bounds the time.
pub(crate) async fn accept(
    acceptance: &Acceptance,
    tcp: TcpStream,
) -> Result<(Box<TlsStream>, TlsFacts), Failure> {
    let acceptor = TlsAcceptor::from(Arc::clone(&acceptance.config));
    match acceptor.accept(Witnessed::new(tcp)).into_fallible().await {
        Ok(mut stream) => {
            stream.get_mut().0.forget();
            let facts = facts(&stream);
            Ok((Box::new(stream), facts))
        }
        Err((error, witnessed)) => Err(failure(&error, witnessed.seen())),
    }
}

fn facts(stream: &TlsStream) -> TlsFacts {
    let connection = stream.get_ref().1;
    let version = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
        Some(_) | None => TlsVersion::Tls12,
    };
    let cipher = connection.negotiated_cipher_suite().and_then(|chosen| chosen.suite().as_str());
    TlsFacts {
        version,
        cipher: cipher.unwrap_or_default(),
        client: connection.peer_certificates().map(<[_]>::to_vec),
    }
}

fn failure(error: &io::Error, seen: &[u8]) -> Failure {
    if seen.is_empty() {
        return Failure::Silent;
    }
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        let what = if error.kind() == io::ErrorKind::UnexpectedEof {
            "closed during the handshake".to_owned()
        } else {
            error.to_string()
        };
        return Failure::Refused(Reason::TlsFailed, format!("{what}; {}", Opening::read(seen)));
    };
    let (reason, what) = judged(error);
    Failure::Refused(reason, format!("{what}; {}", Opening::read(seen)))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum: everything else is a failed handshake"
)]
fn judged(error: &Error) -> (Reason, String) {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) if other.0.is::<WeakKey>() => {
            (Reason::CertificateWeakKey, other.to_string())
        }
        Error::InvalidCertificate(CertificateError::BadEncoding) => {
            (Reason::CertificateMalformed, error.to_string())
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            (Reason::TlsFailed, "the client did not prove that it holds its certificate's key".to_owned())
        }
        Error::AlertReceived(alert) => {
            (Reason::TlsFailed, format!("the client ended the handshake: {alert:?}"))
        }
        _ => (Reason::TlsFailed, error.to_string()),
    }
}
