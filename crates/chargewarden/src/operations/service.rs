//! What only a running service knows.

use std::{
    net::SocketAddr,
    sync::{Arc, Weak},
};

use chargewarden_admin::control::{Declined, Kind, Status};
use chargewarden_evidence::Stamp;
use chargewarden_proxy::{Proxy, Roster};
use chargewarden_store::Scribe;

use crate::{gateway::configuration_hash, reload::Reloader};

/// The running service, as far as operations need it.
pub(crate) struct Service {
    pub(crate) reloader: Arc<Reloader>,
    /// Gone while the service stops.
    pub(crate) proxy: Weak<Proxy>,
    pub(crate) scribe: Scribe,
    pub(crate) since: Stamp,
    pub(crate) stations_at: Vec<SocketAddr>,
    pub(crate) admin_at: SocketAddr,
}

impl Service {
    pub(super) fn status(&self, roster: &Roster) -> Status {
        let in_force = self.reloader.in_force();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: Some(std::process::id()),
            since: Some(text(self.since)),
            stations_at: self.stations_at.iter().map(ToString::to_string).collect(),
            admin_at: Some(self.admin_at.to_string()),
            stations: roster.len(),
            unusable: roster.unusable().len(),
            connected: self.proxy.upgrade().map_or(0, |proxy| proxy.sessions()),
            evidence: self.scribe.is_available(),
            configuration: configuration_hash(&in_force.canonical).to_string(),
            reloaded: in_force.reloaded.map(text),
            reload_problems: in_force.problems,
        }
    }
}

fn text(stamp: Stamp) -> String {
    chargewarden_ocpp::Timestamp::from_millis(stamp.as_millis()).to_string()
}

/// Only a service can do that.
pub(super) fn none_runs() -> Declined {
    Declined::new(Kind::Unavailable, "", "no service runs on this store")
}
