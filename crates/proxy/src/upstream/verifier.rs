//! The certificate of a CSMS, judged against the anchors pinned for it; a refusal says what was presented.

use std::{fmt, io, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::facts;

/// What is wrong with the certificate of a CSMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamFault {
    /// It does not lead to a pinned anchor.
    Untrusted,
    /// It is for other names.
    WrongName,
    /// It, or one above it, has expired.
    Expired,
    /// It, or one above it, is not valid yet.
    NotYetValid,
    /// It, or one above it, was revoked.
    Revoked,
    /// No revocation list says whether it was revoked.
    RevocationUnknown,
    /// The revocation list that would say so has expired.
    RevocationListExpired,
    /// It is not for servers, or the certificate of an authority.
    Usage,
    /// It, or one above it, is signed wrongly or in a way that proves nothing.
    Signature,
    /// It cannot be read, or uses what we do not understand.
    Malformed,
}

impl fmt::Display for UpstreamFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UpstreamFault::Untrusted => "does not lead to an anchor pinned for it",
            UpstreamFault::WrongName => "is for other names",
            UpstreamFault::Expired => "has expired",
            UpstreamFault::NotYetValid => "is not valid yet",
            UpstreamFault::Revoked => "was revoked",
            UpstreamFault::RevocationUnknown => "is covered by none of the revocation lists",
            UpstreamFault::RevocationListExpired => "is covered by an expired revocation list only",
            UpstreamFault::Usage => "is not for servers",
            UpstreamFault::Signature => "has a signature that is wrong or proves nothing",
            UpstreamFault::Malformed => "cannot be read",
        })
    }
}

/// A certificate of a CSMS that was refused, with what was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRefused {
    /// What is wrong with it.
    pub fault: UpstreamFault,
    /// The name that was asked for.
    pub name: String,
    /// The chain as presented: subjects, issuers, validity, fingerprints.
    pub presented: String,
}

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateRefused { fault, name, presented } = self;
        write!(f, "the certificate for `{name}` {fault}; presented: {presented}")
    }
}

impl std::error::Error for CertificateRefused {}

impl CertificateRefused {
    /// The refusal inside an error of a TLS stream, if that is what it is.
    #[must_use]
    pub fn within(error: &io::Error) -> Option<&CertificateRefused> {
        CertificateRefused::of(error.get_ref()?.downcast_ref::<Error>()?)
    }

    /// The refusal inside an error of TLS, if that is what it is.
    #[must_use]
    pub fn of(error: &Error) -> Option<&CertificateRefused> {
        let Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error else {
            return None;
        };
        cause.downcast_ref()
    }
}

/// Judges by the pinned anchors alone.
#[derive(Debug)]
pub(crate) struct Pinned(pub(crate) Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.verify_server_cert(leaf, intermediates, name, ocsp, now).map_err(|error| {
            let chain: Vec<_> = std::iter::once(leaf).chain(intermediates).cloned().collect();
            let refused = CertificateRefused {
                fault: fault(&error),
                name: name.to_str().into_owned(),
                presented: facts::describe(&chain),
            };
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enums are open; what they add is refused all the same"
)]
fn fault(error: &Error) -> UpstreamFault {
    let Error::InvalidCertificate(error) = error else { return UpstreamFault::Malformed };
    match error {
        CertificateError::UnknownIssuer => UpstreamFault::Untrusted,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            UpstreamFault::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => UpstreamFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            UpstreamFault::NotYetValid
        }
        CertificateError::Revoked => UpstreamFault::Revoked,
        CertificateError::UnknownRevocationStatus => UpstreamFault::RevocationUnknown,
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            UpstreamFault::RevocationListExpired
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            UpstreamFault::Usage
        }
        CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            UpstreamFault::Signature
        }
        CertificateError::Other(OtherError(cause)) => match cause.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => UpstreamFault::Usage,
            Some(
                webpki::Error::EndEntityUsedAsCa
                | webpki::Error::PathLenConstraintViolated
                | webpki::Error::NameConstraintViolation
                | webpki::Error::IssuerNotCrlSigner,
            ) => UpstreamFault::Untrusted,
            _ => UpstreamFault::Malformed,
        },
        _ => UpstreamFault::Malformed,
    }
}
