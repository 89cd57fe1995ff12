//! Limits: how much of an effect is too much, over time and over stations.
//!
//! Policies judge one message; limits judge what it adds to what was done before. They are declared in a bundle
//! (`limits.toml`), counted by the engine's ledger, and hold for every station in the bundle's jurisdiction.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::doubt::Doubts;
use crate::effect::EffectKind;
use crate::requirement::{Alert, Requirement};

/// One limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Name in records and refusals.
    pub id: Arc<str>,
    /// Text for the person refused.
    pub reason: Arc<str>,
    /// Effects that count; groups are spelled out.
    pub effects: BTreeSet<EffectKind>,
    /// Only messages with one of these doubts count; where empty, all.
    pub when: Doubts,
    /// What is counted together.
    pub scope: Scope,
    /// Whether each management system has a count of its own.
    pub each_csms: bool,
    /// Length of the sliding window, in ms.
    pub window_ms: i64,
    /// Which time counts.
    pub by: By,
    /// How much is enough.
    pub max: Maximum,
    /// What happens to a message that would exceed it.
    pub over: Over,
    /// How urgently people should look at it.
    pub alert: Option<Alert>,
    /// Whether the sender is to be set apart.
    pub quarantine: bool,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One station.
    Station,
    /// The stations of a site. A station without a site is a site of its own.
    Site,
    /// The stations of an area. Those without an area are one.
    Area,
    /// All stations in the party's jurisdiction.
    Fleet,
}

/// Which time of an effect counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// When the message was sent.
    Sent,
    /// When it acts: schedules, dates of installation and reservations act later.
    Acting,
}

/// How much is enough. Of an absolute number and a percentage of the same the larger holds, so that small fleets can
/// be worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Maximum {
    /// Effects.
    pub count: Option<u32>,
    /// Different stations.
    pub stations: Option<u32>,
    /// Different stations, in % of those in the scope.
    pub stations_percent: Option<f64>,
    /// Sum of the predicted changes of power in one direction, in kW.
    pub kw: Option<f64>,
    /// The same in % of the power that the scope's stations draw now.
    pub power_percent: Option<f64>,
}

/// What happens to a message that would exceed a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is refused.
    Refuse,
    /// It waits for people.
    Hold(Requirement),
}
