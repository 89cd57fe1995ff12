//! TLS as a station speaks it.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::{TlsVersion, certified, provider, roots, supported};
use crate::pki::Issued;

/// Whom a station trusts and as whom it presents itself. Starts without a certificate of its own; clones are cheap.
///
/// Sessions are never resumed: every connection is a full handshake.
#[derive(Clone, Debug)]
pub struct StationTls {
    roots: Arc<RootCertStore>,
    identity: Option<Arc<CertifiedKey>>,
    server_name: Option<String>,
    versions: Vec<TlsVersion>,
}

impl StationTls {
    /// Trusts servers whose certificates lead to these anchors.
    pub fn trusting<'a>(anchors: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> StationTls {
        StationTls {
            roots: roots(anchors),
            identity: None,
            server_name: None,
            versions: TlsVersion::ALL.to_vec(),
        }
    }

    /// Presents a certificate when asked for one.
    #[must_use]
    pub fn presenting(mut self, issued: &Issued) -> StationTls {
        self.identity = Some(certified(issued));
        self
    }

    /// Presents no certificate.
    #[must_use]
    pub fn anonymous(mut self) -> StationTls {
        self.identity = None;
        self
    }

    /// Asks for and expects a server of this name; by default the host of the URL.
    #[must_use]
    pub fn server_name(mut self, name: &str) -> StationTls {
        self.server_name = Some(name.to_owned());
        self
    }

    /// Offers these versions only.
    #[must_use]
    pub fn versions(mut self, versions: &[TlsVersion]) -> StationTls {
        self.versions = versions.to_vec();
        self
    }

    /// The configuration for one connection, and whom to expect there.
    pub(crate) fn prepare(
        &self,
        host: &str,
    ) -> Result<(Arc<ClientConfig>, ServerName<'static>), rustls::Error> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&supported(&self.versions))?
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.clone())))
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        let host = self.server_name.as_deref().unwrap_or(host.trim_matches(['[', ']'])).to_owned();
        let name = ServerName::try_from(host).map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok((Arc::new(config), name))
    }
}
