//! What is known of a station before it connects, and what the engine remembers of it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Sealed;

/// A station that may connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// The id it dials in with, and its Basic user name.
    pub id: String,
    /// The party that owns it.
    pub owner: String,
    /// The parties with jurisdiction: whose bundles decide. In the order in which they are asked. Empty: all there are.
    pub parties: Vec<String>,
    /// The site it stands on.
    #[serde(default)]
    pub site: Option<String>,
    /// The groups it is in.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// The area of the grid it is in.
    #[serde(default)]
    pub area: Option<String>,
    /// EVSEs (1.6: connectors) that it has.
    #[serde(default)]
    pub evses: Option<u32>,
    /// Most that each of them carries, in W.
    #[serde(default)]
    pub evse_max_w: Option<i64>,
    /// Most that it carries as a whole, in W.
    #[serde(default)]
    pub max_w: Option<i64>,
    /// The versions of OCPP it may speak, as `1.6`, `2.0.1`, `2.1`. Empty: any.
    #[serde(default)]
    pub versions: BTreeSet<String>,
    /// The management system it is relayed to, by name. None: the only one there is.
    #[serde(default)]
    pub csms: Option<String>,
    /// Its one security profile, 0 to 3 (OCPP 1.6 security whitepaper and 2.x, A00).
    #[serde(default = "basic")]
    pub profile: u8,
    /// Until when it may connect without proving who it is, as `YYYY-MM-DD`; only with profile 0.
    #[serde(default)]
    pub unauthenticated_until: Option<String>,
    /// The slow hash of its password. None: it cannot sign in by password.
    #[serde(default)]
    pub credential: Option<Credential>,
    /// The slow hash of a password that was sent to the station and whose acceptance is not yet known.
    #[serde(default)]
    pub proposed: Option<Credential>,
    /// The station took the proposed one and uses it after its next start. Means nothing without one.
    #[serde(default)]
    pub proposed_deferred: bool,
    /// Its credential is the factory's: it is only provisioned until that is replaced.
    #[serde(default)]
    pub factory: bool,
    /// Why it is quarantined; none while it is trusted.
    #[serde(default)]
    pub quarantine: Option<String>,
    /// The name in its certificate; its id when none.
    #[serde(default)]
    pub certificate_name: Option<String>,
    /// The networks it may come from, as `10.0.0.0/8`. Empty: any.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The deviations that are tolerated, by name.
    #[serde(default)]
    pub tolerances: BTreeSet<String>,
    /// Where the entry came from.
    #[serde(default)]
    pub source: Source,
    /// The hash that the inventory file gave at the last import: a rotation stays until the file says something new.
    #[serde(default)]
    pub file_credential: Option<Credential>,
    /// Its own access to its management system, where that differs from the management system's own entry.
    #[serde(default)]
    pub upstream: Option<Upstream>,
}

/// A station's own access to its management system. What is absent is that of the management system's entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upstream {
    /// Where, instead of the URL of the management system.
    pub url: Option<String>,
    /// The path segment, instead of the station's id.
    pub identity: Option<String>,
    /// The user name; the identity when absent.
    pub user: Option<String>,
    /// The password, sealed for [`UPSTREAM_PASSWORD`].
    pub password: Option<Sealed>,
    /// The file that holds the password instead, absolute.
    pub password_file: Option<String>,
    /// The environment variable that holds the password instead.
    pub password_env: Option<String>,
    /// The file of our certificate, absolute.
    pub certificate: Option<String>,
    /// The file of its key, absolute.
    pub key: Option<String>,
}

/// The field that [`Upstream::password`] is sealed for.
pub const UPSTREAM_PASSWORD: &str = "upstream.password";

/// Entries of before there were profiles were of stations with passwords and without TLS.
fn basic() -> u8 {
    1
}

/// Where an entry of the inventory came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The inventory file: an import that no longer names the station removes it.
    #[default]
    File,
    /// A command: no import removes it.
    Command,
}

impl Source {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Command => "command",
        }
    }
}

/// A change of the inventory, one of several that are made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationChange {
    /// A station that is new. What is remembered of an earlier one of its id is forgotten.
    Add(Station),
    /// A station as it is from now on.
    Put(Station),
    /// The station of this id goes, with all that is remembered of it.
    Remove(String),
}

/// What admissions taught about a station: it is never accepted below these again (OCPP A05, requirement R-A03).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The highest security profile it has used.
    pub profile: u8,
    /// The highest TLS version it has used, `1.2` or `1.3`.
    pub tls: Option<String>,
    /// The highest OCPP version it has spoken, as `1.6`, `2.0.1`, `2.1`.
    pub version: Option<String>,
    /// The address it last proved itself from.
    pub address: Option<String>,
    /// When that was, in ms since the Unix epoch.
    pub at_ms: i64,
}

/// A slow hash of a password, as a PHC string. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(String);

impl Credential {
    /// From a PHC string, such as `$argon2id$v=19$…`.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// What the engine remembers of a station across sessions and restarts. The store does not look into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationState {
    /// The version of the value's form, so that a newer program can read what an older one wrote.
    pub version: u32,
    /// The value, JSON text.
    pub value: String,
}
