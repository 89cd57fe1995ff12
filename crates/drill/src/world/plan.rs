//! What a world is made of.

use std::sync::Arc;

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{Bundle, Envelope, PartyId};

/// A world before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The bundles of the parties; all have jurisdiction over all stations.
    pub bundles: Vec<Arc<Bundle>>,
    /// The management systems.
    pub csmss: Vec<CsmsPlan>,
    /// The stations.
    pub stations: Vec<StationPlan>,
    /// When it begins.
    pub begins: Timestamp,
}

/// A management system.
#[derive(Clone, Debug)]
pub struct CsmsPlan {
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub party: PartyId,
}

/// A station.
#[derive(Clone, Debug)]
pub struct StationPlan {
    /// Its id.
    pub id: String,
    /// The version it speaks.
    pub version: Version,
    /// The party that owns it.
    pub owner: PartyId,
    /// The management system it is connected to, by name.
    pub csms: String,
    /// Where it stands.
    pub site: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Its part of the grid.
    pub area: Option<String>,
    /// What it can carry.
    pub envelope: Envelope,
    /// EVSEs.
    pub evses: u32,
    /// Vendor.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Firmware.
    pub firmware: String,
}
