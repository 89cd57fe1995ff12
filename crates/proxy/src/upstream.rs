//! TLS to a management system: anchors pinned for it, our certificate for it, made once when the configuration is read.
//!
//! No public bundle of authorities is ever consulted (requirement R-A12): what a CSMS presents leads to an anchor of its own
//! entry, or nothing is sent to it. Sessions are not resumed: a resumed one would skip the look at the certificate, and with
//! it a revocation or an expiry that came meanwhile. A full handshake costs a quarter of a millisecond.

pub(crate) mod displacement;
mod facts;
mod files;
mod verifier;

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    client::{Resumption, WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
    sign::SingleCertAndKey,
    version::{TLS12, TLS13},
};
use sha2::{Digest, Sha256};

pub use self::{
    facts::{CertificateFacts, CrlFacts},
    files::FileProblem,
    verifier::{CertificateRefused, UpstreamFault},
};
use self::{
    files::{FileProblems, certificates, key_pair, revocation_lists, said},
    verifier::Pinned,
};
use crate::{
    clock::wall,
    directory::{CsmsTls, KeyPairFiles, TlsVersion},
    tls,
};

/// TLS to one CSMS, ready to use. Cheap to clone; equal when made from the same contents.
#[derive(Clone)]
pub struct UpstreamTls {
    config: Arc<ClientConfig>,
    verifier: Arc<Pinned>,
    server_name: ServerName<'static>,
    /// Whether the name was given, and not taken from the URL.
    named: bool,
    anchors: Arc<[CertificateFacts]>,
    crls: Arc<[CrlFacts]>,
    own: Option<CertificateFacts>,
    digest: [u8; 32],
}

impl UpstreamTls {
    /// Reads the files of a CSMS's TLS section. `host` is the host of its URL, in brackets if it is an IPv6 address.
    ///
    /// # Errors
    /// Everything that is wrong, each with its key within the section.
    pub fn read(files: &CsmsTls, host: &str) -> Result<UpstreamTls, Vec<FileProblem>> {
        let mut problems = FileProblems::default();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut digest = Sha256::new();

        let (roots, anchors) = anchors(files, &mut digest, &mut problems);
        let lists = revocation_lists("crls", &files.crls, &mut problems);
        let mut crls = Vec::with_capacity(lists.len());
        for (key, list) in &lists {
            digest.update(list);
            match CrlFacts::read(list) {
                Some(facts) => crls.push(facts),
                None => problems.add(key, "is not a revocation list in DER or PEM"),
            }
        }
        let server_name = server_name(files, host, &mut problems);
        let verifier = (!roots.is_empty()).then(|| {
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .with_crls(lists.into_iter().map(|(_, list)| list))
                .enforce_revocation_expiration()
                .build()
        });
        let verifier = match verifier {
            Some(Ok(verifier)) => Some(Arc::new(Pinned(verifier))),
            Some(Err(error)) => {
                problems.add("crls", error.to_string());
                None
            }
            None => None,
        };
        let own =
            files.certificate.as_ref().and_then(|files| Identity::read(files, &provider, &mut problems));
        let (Some(verifier), Some(server_name), true) = (verifier, server_name, problems.0.is_empty()) else {
            return Err(problems.0);
        };
        let versions = versions(files.min_version);
        let Ok(builder) = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)
        else {
            problems.add("min_version", "no cipher suite of this program fits");
            return Err(problems.0);
        };
        let pinned: Arc<dyn ServerCertVerifier> = Arc::clone(&verifier) as _;
        let mut config = builder.dangerous().with_custom_certificate_verifier(pinned).with_no_client_auth();
        config.resumption = Resumption::disabled();
        digest.update(server_name.to_str().as_bytes());
        digest.update(files.min_version.name());
        let tls = UpstreamTls {
            config: Arc::new(config),
            verifier,
            server_name,
            named: files.server_name.is_some(),
            anchors: anchors.into(),
            crls: crls.into(),
            own: None,
            digest: digest.finalize().into(),
        };
        Ok(match own {
            Some(own) => tls.presenting(own),
            None => tls,
        })
    }

    /// The same with another client certificate: that of one station.
    ///
    /// # Errors
    /// What is wrong with the files, under `certificate` and `key`.
    pub fn with_certificate(&self, files: &KeyPairFiles) -> Result<UpstreamTls, Vec<FileProblem>> {
        let mut problems = FileProblems::default();
        match Identity::read(files, self.config.crypto_provider(), &mut problems) {
            Some(own) if problems.0.is_empty() => Ok(self.clone().presenting(own)),
            Some(_) | None => Err(problems.0),
        }
    }

    /// The same for the host of one station's own URL. A name that was given stays.
    ///
    /// # Errors
    /// The host is no name that a certificate can have.
    pub fn for_host(&self, host: &str) -> Result<UpstreamTls, FileProblem> {
        let mut tls = self.clone();
        if self.named {
            return Ok(tls);
        }
        tls.server_name = parse_name(host).map_err(|what| FileProblem { key: "url".to_owned(), what })?;
        tls.digest = Sha256::new().chain_update(tls.digest).chain_update(host).finalize().into();
        Ok(tls)
    }

    fn presenting(mut self, own: Identity) -> UpstreamTls {
        let mut config = ClientConfig::clone(&self.config);
        config.client_auth_cert_resolver = Arc::new(own.resolver);
        self.config = Arc::new(config);
        self.digest = Sha256::new().chain_update(self.digest).chain_update(own.digest).finalize().into();
        self.own = Some(own.facts);
        self
    }

    /// For [`tokio_rustls::TlsConnector`].
    #[must_use]
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// What judges the CSMS's certificate; for `doctor`, which looks at certificates that would be refused too.
    #[must_use]
    pub fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        Arc::clone(&self.verifier) as _
    }

    /// The name its certificate must have.
    #[must_use]
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.server_name
    }

    /// The anchors in force and those that are not because they have expired.
    #[must_use]
    pub fn anchors(&self) -> &[CertificateFacts] {
        &self.anchors
    }

    /// The revocation lists in force.
    #[must_use]
    pub fn crls(&self) -> &[CrlFacts] {
        &self.crls
    }

    /// Our certificate.
    #[must_use]
    pub fn own(&self) -> Option<&CertificateFacts> {
        self.own.as_ref()
    }
}

impl PartialEq for UpstreamTls {
    fn eq(&self, other: &UpstreamTls) -> bool {
        self.digest == other.digest
    }
}

impl Eq for UpstreamTls {}

impl fmt::Debug for UpstreamTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// What the certificates of a PEM file say.
///
/// # Errors
/// Why it cannot be read.
pub fn certificates_in(path: &Path) -> Result<Vec<CertificateFacts>, String> {
    let found = tls::files::certificates(path).map_err(|problem| said(&problem))?;
    found.iter().map(|der| CertificateFacts::read(der).ok_or_else(|| unreadable(path))).collect()
}

/// What the revocation lists of a PEM or DER file say.
///
/// # Errors
/// Why it cannot be read.
pub fn revocation_lists_in(path: &Path) -> Result<Vec<CrlFacts>, String> {
    let found = tls::files::revocation_lists(path).map_err(|problem| said(&problem))?;
    found.iter().map(|list| CrlFacts::read(list).ok_or_else(|| unreadable(path))).collect()
}

fn unreadable(path: &Path) -> String {
    format!("`{}` holds something that cannot be read", path.display())
}

/// Our certificate for a CSMS.
struct Identity {
    resolver: SingleCertAndKey,
    facts: CertificateFacts,
    digest: [u8; 32],
}

impl Identity {
    fn read(
        files: &KeyPairFiles,
        provider: &CryptoProvider,
        problems: &mut FileProblems,
    ) -> Option<Identity> {
        let pair = key_pair(files, provider, problems)?;
        let mut digest = Sha256::new();
        pair.cert.iter().for_each(|der| digest.update(der));
        let Some(facts) = pair.cert.first().and_then(|leaf| CertificateFacts::read(leaf)) else {
            problems.add(
                "certificate",
                format!("`{}`: the first certificate cannot be read", files.chain.display()),
            );
            return None;
        };
        Some(Identity { resolver: pair.into(), facts, digest: digest.finalize().into() })
    }
}

/// The anchors as the verifier takes them. Expired ones are left out: an anchor that was replaced in time may lie beside its
/// successor, but it proves nothing any more.
fn anchors(
    files: &CsmsTls,
    digest: &mut Sha256,
    problems: &mut FileProblems,
) -> (RootCertStore, Vec<CertificateFacts>) {
    let (mut roots, mut all) = (RootCertStore::empty(), Vec::new());
    if files.anchors.is_empty() {
        problems.add(
            "anchors",
            "name the root certificate (PEM) that the certificate of this management system leads to; public \
             authorities are not trusted by themselves",
        );
    }
    let (found, before) = (certificates("anchors", &files.anchors, problems), problems.0.len());
    let now = wall();
    for (key, der) in found {
        let Some(facts) = CertificateFacts::read(&der) else {
            problems.add(key, "holds a certificate that cannot be read");
            continue;
        };
        let expired = facts.not_after < now;
        let text = facts.to_string();
        all.push(facts);
        if expired {
            continue;
        }
        digest.update(&der);
        if let Err(error) = roots.add(der) {
            problems.add(key, format!("cannot be an anchor: {error}: {text}"));
        }
    }
    if roots.is_empty() && !all.is_empty() && problems.0.len() == before {
        let which: Vec<_> = all.iter().map(ToString::to_string).collect();
        problems
            .add("anchors", format!("every anchor has expired; put the new one there: {}", which.join("; ")));
    }
    (roots, all)
}

fn server_name(files: &CsmsTls, host: &str, problems: &mut FileProblems) -> Option<ServerName<'static>> {
    let text = files.server_name.as_deref().unwrap_or(host);
    parse_name(text).map_err(|what| problems.add("server_name", what)).ok()
}

fn parse_name(text: &str) -> Result<ServerName<'static>, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    ServerName::try_from(bare)
        .map(|name| name.to_owned())
        .map_err(|_| format!("`{text}` is neither a host name nor an address"))
}

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static FROM_12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    static FROM_13: [&SupportedProtocolVersion; 1] = [&TLS13];
    match min {
        TlsVersion::Tls12 => &FROM_12,
        TlsVersion::Tls13 => &FROM_13,
    }
}
