//! Who may connect, and to whom they are connected: the inventory as the admission reads it.

use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Arc};

use chargewarden_ocpp::{Timestamp, Version, refusal::RefusalStyle};
use chargewarden_policy::{Envelope, PartyId};
use http::Uri;
use ipnet::IpNet;

use crate::{
    handshake::StationId, profile::Profile, secret::Secret, tolerance::Tolerance, upstream::UpstreamTls,
};

/// A station of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its id.
    pub id: StationId,
    /// Its one security profile.
    pub profile: Profile,
    /// Until when it may come without proving who it is; only with profile 0.
    pub unauthenticated_until: Option<Timestamp>,
    /// The hashes of its secrets.
    pub secrets: Secrets,
    /// Its credential is the factory's: it is only provisioned until that is replaced (requirement R-A15).
    pub factory: bool,
    /// Why it is quarantined; none while it is trusted.
    pub quarantine: Option<String>,
    /// The name in its certificate; its id when none.
    pub certificate_name: Option<String>,
    /// The versions it may speak.
    pub versions: Vec<Version>,
    /// Where it stands; empty when not said.
    pub site: String,
    /// Groups for policies.
    pub groups: Vec<String>,
    /// The part of the grid it belongs to; empty when not said.
    pub area: String,
    /// What it, and its site, can carry.
    pub envelope: Envelope,
    /// The party that owns it.
    pub owner: PartyId,
    /// The parties with jurisdiction, in the order in which they are asked.
    pub parties: Vec<PartyId>,
    /// The networks it may come from; empty: any.
    pub sources: Vec<IpNet>,
    /// What it may do differently.
    pub tolerances: BTreeSet<Tolerance>,
    /// The CSMS it is relayed to.
    pub csms: Arc<Csms>,
    /// What it is to its CSMS, where that differs from the CSMS's own entry.
    pub upstream: Option<Upstream>,
}

impl Station {
    /// Whether it gets a local session: nobody but we may hear it.
    pub(crate) fn is_local(&self) -> bool {
        self.factory || self.quarantine.is_some()
    }
}

/// The hashes of a station's secrets: argon2id in PHC form, checked when the inventory is read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The one in force. None: it cannot sign in by a secret.
    pub current: Option<String>,
    /// One that was sent to the station and whose acceptance is not yet known: good until the station uses either.
    pub proposed: Option<String>,
    /// The station took the proposed one and uses it after its next start: that it still uses the other says nothing.
    pub deferred: bool,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// A station's own access to its CSMS. What is absent is that of the CSMS's entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Where, instead of the CSMS's URL.
    pub url: Option<Uri>,
    /// The path segment, instead of the station's id.
    pub identity: Option<String>,
    /// User and password.
    pub credentials: Option<CsmsCredentials>,
    /// TLS, complete: that of the CSMS's entry, with this station's own certificate and host where it has them. None when the
    /// connection has no TLS.
    pub tls: Option<UpstreamTls>,
}

/// A certificate chain and its key, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPairFiles {
    /// The chain, the leaf first, PEM.
    pub chain: PathBuf,
    /// The key, PEM (PKCS#8, SEC1 or PKCS#1).
    pub key: PathBuf,
}

/// The lowest TLS version accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2, the lowest that OCPP allows (requirement R-A08).
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    /// As `1.2` or `1.3`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Tls12 => "1.2",
            TlsVersion::Tls13 => "1.3",
        }
    }

    /// From `1.2` or `1.3`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<TlsVersion> {
        [TlsVersion::Tls12, TlsVersion::Tls13].into_iter().find(|version| version.name() == name)
    }
}

/// How the connection to a CSMS is secured, as files; [`UpstreamTls::read`] makes it usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsmsTls {
    /// The anchors its certificate must lead to, PEM. Nothing else is trusted.
    pub anchors: Vec<PathBuf>,
    /// Revocation lists, PEM or DER.
    pub crls: Vec<PathBuf>,
    /// The name its certificate must have; the host of the URL when none.
    pub server_name: Option<String>,
    /// Our client certificate.
    pub certificate: Option<KeyPairFiles>,
    /// The lowest TLS version.
    pub min_version: TlsVersion,
}

/// A management system stations are relayed to.
#[derive(Clone, PartialEq, Eq)]
pub struct Csms {
    /// Its name in configuration, policies, metrics and evidence.
    pub name: String,
    /// The party that runs it.
    pub party: PartyId,
    /// `wss://host[:port]/base`, or `ws://…`; the station's id is appended as a path segment.
    pub url: Uri,
    /// What we present to it: never the station's own secret.
    pub credentials: Option<CsmsCredentials>,
    /// How it is told of refusals.
    pub refusals: RefusalStyle,
    /// TLS; there exactly when the URL begins with `wss`.
    pub tls: Option<UpstreamTls>,
}

impl fmt::Debug for Csms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csms").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

/// Basic credentials for a CSMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsmsCredentials {
    /// The user name; the station's id when absent.
    pub user: Option<String>,
    /// The password.
    pub password: Secret,
}
