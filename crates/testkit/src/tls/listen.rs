//! TLS as a management system speaks it, and what it saw of its peer.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::{TlsVersion, certified, provider, roots, supported};
use crate::pki::{Crl, Issued};

/// Whether a management system asks its peers for a certificate.
#[derive(Clone, Debug)]
pub enum Asks {
    /// It asks nobody.
    Nobody,
    /// It asks, and takes whoever shows none.
    Politely(Arc<RootCertStore>),
    /// It serves only who shows a certificate that leads to its anchors.
    Firmly(Arc<RootCertStore>),
}

/// How a management system listens with TLS. Starts without asking for certificates.
#[derive(Clone, Debug)]
pub struct CsmsTls {
    identity: Arc<CertifiedKey>,
    asks: Asks,
    crls: Vec<Crl>,
    versions: Vec<TlsVersion>,
}

/// What a server sees of a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSeen {
    /// The version agreed on.
    pub version: TlsVersion,
    /// The cipher suite agreed on, as rustls names it.
    pub cipher: String,
    /// The server name the client asked for.
    pub server_name: Option<String>,
    /// The client's certificate and what it sent along; empty when it showed none.
    pub chain: Vec<CertificateDer<'static>>,
}

impl CsmsTls {
    /// Presents this certificate.
    pub fn presenting(issued: &Issued) -> CsmsTls {
        CsmsTls {
            identity: certified(issued),
            asks: Asks::Nobody,
            crls: Vec::new(),
            versions: TlsVersion::ALL.to_vec(),
        }
    }

    /// Serves only who shows a certificate that leads to these anchors.
    #[must_use]
    pub fn requiring<'a>(
        mut self,
        anchors: impl IntoIterator<Item = &'a CertificateDer<'static>>,
    ) -> CsmsTls {
        self.asks = Asks::Firmly(roots(anchors));
        self
    }

    /// Asks for a certificate that leads to these anchors, and serves who shows none too.
    #[must_use]
    pub fn asking<'a>(mut self, anchors: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> CsmsTls {
        self.asks = Asks::Politely(roots(anchors));
        self
    }

    /// Refuses client certificates that these lists revoke.
    #[must_use]
    pub fn revoking(mut self, crls: &[Crl]) -> CsmsTls {
        self.crls = crls.to_vec();
        self
    }

    /// Speaks these versions only.
    #[must_use]
    pub fn versions(mut self, versions: &[TlsVersion]) -> CsmsTls {
        self.versions = versions.to_vec();
        self
    }

    /// The configuration for all connections. Sessions are never resumed.
    pub(crate) fn config(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&supported(&self.versions))?;
        let verifier = |roots: &Arc<RootCertStore>| {
            let crls = self.crls.iter().map(|crl| crl.der().clone());
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots.clone(), provider()).with_crls(crls);
            verifier.only_check_end_entity_revocation()
        };
        let general = |error: rustls::server::VerifierBuilderError| rustls::Error::General(error.to_string());
        let builder = match &self.asks {
            Asks::Nobody => builder.with_no_client_auth(),
            Asks::Politely(roots) => builder
                .with_client_cert_verifier(verifier(roots).allow_unauthenticated().build().map_err(general)?),
            Asks::Firmly(roots) => {
                builder.with_client_cert_verifier(verifier(roots).build().map_err(general)?)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(self.identity.clone())));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

impl TlsSeen {
    pub(crate) fn of(connection: &ServerConnection) -> TlsSeen {
        let old = connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_2);
        let cipher = connection.negotiated_cipher_suite();
        TlsSeen {
            version: if old { TlsVersion::V12 } else { TlsVersion::V13 },
            cipher: cipher.map(|suite| format!("{:?}", suite.suite())).unwrap_or_default(),
            server_name: connection.server_name().map(str::to_owned),
            chain: connection.peer_certificates().unwrap_or_default().to_vec(),
        }
    }
}
