//! How the service is, and what a reload did.

use serde::{Deserialize, Serialize};

/// How the service is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Its process. None when no service runs.
    pub pid: Option<u32>,
    /// When it started, RFC 3339.
    pub since: Option<String>,
    /// Where stations connect.
    pub stations_at: Vec<String>,
    /// Where health and metrics are.
    pub admin_at: Option<String>,
    /// Stations of the inventory that may connect.
    pub stations: usize,
    /// Stations that cannot be used as things are.
    pub unusable: usize,
    /// Stations connected, and those being admitted.
    pub connected: usize,
    /// Whether evidence can be written.
    pub evidence: bool,
    /// SHA-256 of the configuration in force, hexadecimal.
    pub configuration: String,
    /// When a configuration was last taken over, RFC 3339.
    pub reloaded: Option<String>,
    /// What keeps the configuration on disk from being in force; empty when nothing does.
    pub reload_problems: Vec<String>,
}

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What is in force now and was not before, one line each.
    pub applied: Vec<String>,
    /// What differs on disk and waits for a restart.
    pub restart: Vec<RestartNeeded>,
    /// What is in force and worth a look.
    pub warnings: Vec<String>,
}

/// A setting that a running service does not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartNeeded {
    /// Its key path.
    pub key: String,
    /// Why not.
    pub why: String,
}
