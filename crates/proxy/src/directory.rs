//! Who may connect, and to whom they are connected: the inventory as the admission reads it.

use std::{collections::HashMap, fmt, sync::Arc};

use chargewarden_ocpp::{Version, refusal::RefusalStyle};
use chargewarden_policy::PartyId;
use http::Uri;

use crate::{handshake::StationId, secret::Secret};

/// A station of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its id.
    pub id: StationId,
    /// argon2id in PHC form. Checked when the inventory is read, so that no malformed one gets here.
    pub secret_hash: String,
    /// The versions it may speak.
    pub versions: Vec<Version>,
    /// Where it stands; empty when not said.
    pub site: String,
    /// Groups for policies.
    pub groups: Vec<String>,
    /// The part of the grid it belongs to; empty when not said.
    pub area: String,
    /// The CSMS it is relayed to.
    pub csms: Arc<Csms>,
}

/// A management system stations are relayed to.
#[derive(Clone, PartialEq, Eq)]
pub struct Csms {
    /// Its name in configuration, policies, metrics and evidence.
    pub name: String,
    /// The party that runs it.
    pub party: PartyId,
    /// `ws://host[:port]/base`; the station's id is appended as a path segment.
    pub url: Uri,
    /// What we present to it: never the station's own secret.
    pub credentials: Option<CsmsCredentials>,
    /// How it is told of refusals.
    pub refusals: RefusalStyle,
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

/// The inventory in memory. Replaced as a whole when it changes.
#[derive(Debug, Default)]
pub struct Directory {
    stations: HashMap<StationId, Arc<Station>>,
}

impl Directory {
    /// Makes the directory; of two entries with one id the last stays (the inventory refuses doubles before).
    #[must_use]
    pub fn new(stations: impl IntoIterator<Item = Station>) -> Directory {
        Directory {
            stations: stations.into_iter().map(|station| (station.id.clone(), Arc::new(station))).collect(),
        }
    }

    /// The station of an id.
    #[must_use]
    pub fn find(&self, id: &StationId) -> Option<&Arc<Station>> {
        self.stations.get(id)
    }

    /// How many stations it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stations.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stations.is_empty()
    }
}
