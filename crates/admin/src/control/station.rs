//! Stations as they are asked for and shown. An empty text in an edit takes the value away; what is left out stays.

use serde::{Deserialize, Serialize};

use super::SecretText;

/// Which stations to list: all that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// On this site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// In this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// With this standing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Of this security profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<u8>,
    /// Relayed to this management system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csms: Option<String>,
}

/// How a station stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// As it should be.
    Active,
    /// Its credential is the factory's: it is only provisioned until that is replaced.
    Factory,
    /// Set apart until people have looked at it.
    Quarantined,
    /// It cannot be used as things are, and is not admitted.
    Unusable,
}

impl Standing {
    /// All of them.
    pub const ALL: [Standing; 4] =
        [Standing::Active, Standing::Factory, Standing::Quarantined, Standing::Unusable];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Factory => "factory",
            Standing::Quarantined => "quarantined",
            Standing::Unusable => "unusable",
        }
    }
}

/// A station as the inventory has it, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationView {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub standing: Standing,
    /// Why it is quarantined, or cannot be used.
    pub because: Option<String>,
    /// Its one security profile.
    pub profile: u8,
    /// Until when it may come without proving who it is (profile 0).
    pub unauthenticated_until: Option<String>,
    /// Whether a secret is kept for it (as a hash).
    pub secret: bool,
    /// Whether a new secret was sent to it that it has not yet shown to have.
    pub secret_proposed: bool,
    /// The name in its certificate; its id when none.
    pub certificate_name: Option<String>,
    /// The versions it may speak.
    pub versions: Vec<String>,
    /// The management system it is relayed to; the only one when none.
    pub csms: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// The part of the grid it belongs to.
    pub area: Option<String>,
    /// EVSEs (1.6: connectors) that it has.
    pub evses: Option<u32>,
    /// Most that each of them carries, in W.
    pub evse_max_w: Option<i64>,
    /// Most that it carries as a whole, in W.
    pub max_w: Option<i64>,
    /// The party that owns it.
    pub owner: String,
    /// The parties with jurisdiction.
    pub parties: Vec<String>,
    /// The networks it may come from; empty: any.
    pub sources: Vec<String>,
    /// What it may do differently.
    pub tolerances: Vec<String>,
    /// `file` or `command`: who says that there is such a station.
    pub source: String,
    /// Its own access to its management system.
    pub upstream: Option<UpstreamView>,
    /// What admissions taught about it.
    pub marks: Option<StationMarks>,
    /// Whether it is connected. None when no service runs.
    pub connected: Option<Connected>,
}

/// Whether a station is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connected {
    /// It is, or is being admitted.
    Yes,
    /// It is not.
    No,
}

/// A station's own access to its management system, without the password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamView {
    /// Where, instead of the URL of the management system.
    pub url: Option<String>,
    /// The path segment, instead of the station's id.
    pub identity: Option<String>,
    /// The user name.
    pub user: Option<String>,
    /// Where the password comes from: `sealed`, `file PATH`, `environment NAME`.
    pub password: Option<String>,
    /// File of our certificate.
    pub certificate: Option<String>,
    /// File of its key.
    pub key: Option<String>,
}

/// What admissions taught about a station: it is never accepted below these again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationMarks {
    /// The highest security profile it has used.
    pub profile: u8,
    /// The highest TLS version it has used.
    pub tls: Option<String>,
    /// The highest OCPP version it has spoken.
    pub version: Option<String>,
    /// The address it last proved itself from.
    pub address: Option<String>,
    /// When one of these was last something new, RFC 3339.
    pub at: String,
}

/// A station to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStation {
    /// Its id.
    pub id: String,
    /// What is known of it.
    #[serde(default)]
    pub with: StationEdit,
    /// Its secret. When left out one is made, where its profile has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretText>,
}

/// What to change of a station.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StationEdit {
    /// Its one security profile, 0 to 3.
    pub profile: Option<u8>,
    /// Until when it may come without proving who it is, `YYYY-MM-DD` (profile 0).
    pub unauthenticated_until: Option<String>,
    /// Whether its credential is the factory's.
    pub factory: Option<bool>,
    /// The name in its certificate.
    pub certificate_name: Option<String>,
    /// The versions it may speak.
    pub versions: Option<Vec<String>>,
    /// The management system it is relayed to.
    pub csms: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// Its groups.
    pub groups: Option<Vec<String>>,
    /// The part of the grid it belongs to.
    pub area: Option<String>,
    /// EVSEs (1.6: connectors) that it has.
    pub evses: Option<String>,
    /// Most that each of them carries, in kW.
    pub evse_max_kw: Option<String>,
    /// Most that it carries as a whole, in kW.
    pub max_kw: Option<String>,
    /// The party that owns it.
    pub owner: Option<String>,
    /// The parties with jurisdiction.
    pub parties: Option<Vec<String>>,
    /// The networks it may come from.
    pub sources: Option<Vec<String>>,
    /// What it may do differently.
    pub tolerances: Option<Vec<String>>,
    /// Its own access to its management system.
    pub upstream: UpstreamEdit,
}

/// What to change of a station's own access to its management system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamEdit {
    /// Where, instead of the URL of the management system.
    pub url: Option<String>,
    /// The path segment, instead of the station's id.
    pub identity: Option<String>,
    /// The user name.
    pub user: Option<String>,
    /// The password; kept sealed.
    pub password: Option<SecretText>,
    /// File of our certificate.
    pub certificate: Option<String>,
    /// File of its key.
    pub key: Option<String>,
}

/// A station was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// As it is now.
    pub station: StationView,
    /// The secret that was made for it. Not kept anywhere, and not shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretText>,
}

/// How to replace a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RotateRequest {
    /// Only here: the station is not told and has to be given the secret by other means.
    pub offline: bool,
    /// The secret. When left out one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretText>,
    /// The new secret is the factory's, too: the station is only provisioned until it is replaced.
    pub factory: bool,
}

/// A secret was replaced, or is being replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// The station as it is now.
    pub station: StationView,
    /// Whether the station was sent the secret through OCPP; else it has to be given it by hand.
    pub through_ocpp: bool,
    /// What became of it, for people.
    pub outcome: String,
    /// The secret that was made, when the station has to be given it by hand. Not kept anywhere, and not shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretText>,
}

/// Why a station is set apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    /// For the people who will look at it.
    pub reason: String,
}

/// An inventory file to take over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// Where it is, absolute: for messages, and to tell whether it is the configured one. Files that it names start there.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Remove the stations that commands added and that it does not name.
    #[serde(default)]
    pub prune: bool,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Whether it was done.
    pub done: bool,
    /// Station by station, by id.
    pub changes: Vec<PlannedChange>,
    /// Stations that stay as they are.
    pub unchanged: usize,
}

/// What an import does to one station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// Its id.
    pub id: String,
    /// `add`, `change` or `remove`.
    pub what: String,
    /// The fields that differ, without secrets.
    pub fields: Vec<String>,
}
