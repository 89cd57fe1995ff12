//! What is known of a station before it connects, and what the engine remembers of it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A station that may connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// The id it dials in with, and its Basic user name.
    pub id: String,
    /// The party that owns it.
    pub owner: String,
    /// All parties with jurisdiction: whose bundles decide. In the order in which they are asked.
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
    /// The versions of OCPP it may speak, as `1.6`, `2.0.1`, `2.1`. Empty: any.
    #[serde(default)]
    pub versions: BTreeSet<String>,
    /// The slow hash of its password. None: it cannot sign in by password.
    #[serde(default)]
    pub credential: Option<Credential>,
    /// The deviations that are tolerated, by name.
    #[serde(default)]
    pub tolerances: BTreeSet<String>,
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
