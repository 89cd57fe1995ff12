//! Who is set apart, as it is asked for and shown.

use serde::{Deserialize, Serialize};

/// Somebody who does not stand as usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedView {
    /// `station:ID`, `csms:NAME` or `source:ADDRESS`.
    pub whom: String,
    /// `watched` or `quarantined`.
    pub standing: String,
    /// Since when.
    pub since: Option<String>,
    /// Until when; without it until somebody ends it.
    pub until: Option<String>,
    /// Why.
    pub why: String,
    /// Who did it: a person, or `PARTY/POLICY`.
    pub by: String,
}

/// Somebody is to be set apart, or watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceRequest {
    /// `station:ID`, `csms:NAME` or `source:ADDRESS`.
    pub whom: String,
    /// `watched` or `quarantined`.
    pub standing: String,
    /// Why, for the people who will look at it.
    pub reason: String,
    /// For how many seconds; without it until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
}

/// Somebody is to stand as usual again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// `station:ID`, `csms:NAME` or `source:ADDRESS`.
    pub whom: String,
}
