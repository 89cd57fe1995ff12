//! What is recorded of the service itself: connections, starts, bundles, inventory, gaps.

use serde::Deserialize;

use crate::message::{hexadecimal, member};
use crate::{Hash, Side, Stamp, Word, json};

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Admitted.
    Opened,
    /// Turned away.
    Refused,
    /// Ended.
    Closed,
}

impl Stage {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }
}

/// A connection of a station, or ours to a CSMS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Which side of the service.
    pub side: Side,
    /// How far it has come.
    pub stage: Stage,
    /// The address of the other end.
    pub peer: String,
    /// The station's id as claimed; not proven when refused.
    #[serde(default)]
    pub station: String,
    /// The id of the CSMS; empty while unknown.
    #[serde(default)]
    pub csms: String,
    /// The session's id; empty while there is none.
    #[serde(default)]
    pub session: String,
    /// The sub-protocol agreed, or what was asked for when refused.
    #[serde(default)]
    pub subprotocol: String,
    /// The public reason code; empty when opened.
    #[serde(default)]
    pub reason: Word,
    /// More about the reason, for a person.
    #[serde(default)]
    pub detail: String,
    /// The WebSocket close code (RFC 6455, 7.4), when there was one.
    #[serde(default)]
    pub code: Option<u16>,
}

impl Connection {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"side":""#);
        out.extend_from_slice(self.side.word().as_bytes());
        out.extend_from_slice(br#"","stage":""#);
        out.extend_from_slice(self.stage.word().as_bytes());
        out.extend_from_slice(br#"","peer":"#);
        json::text(out, &self.peer);
        member(out, br#","station":"#, &self.station);
        member(out, br#","csms":"#, &self.csms);
        member(out, br#","session":"#, &self.session);
        member(out, br#","subprotocol":"#, &self.subprotocol);
        member(out, br#","reason":"#, &self.reason);
        member(out, br#","detail":"#, &self.detail);
        if let Some(code) = self.code {
            out.extend_from_slice(br#","code":"#);
            json::number(out, u64::from(code));
        }
        out.push(b'}');
    }
}

/// A phase of the service's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Ready to admit stations.
    Started,
    /// Another configuration is in force from now on.
    Reloaded,
    /// Another configuration was read and is wrong: the one before stays.
    ReloadRefused,
    /// Admits nobody any more and lets sessions end.
    Draining,
    /// The last record of a run that ended in order.
    Stopped,
}

impl Phase {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Reloaded => "reloaded",
            Self::ReloadRefused => "reload-refused",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

/// The service starts or stops, or its configuration changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Which phase begins.
    pub phase: Phase,
    /// The program's version.
    pub version: String,
    /// SHA-256 of the configuration in force.
    pub configuration: Hash,
    /// The `danger_` settings in force, by key path.
    #[serde(default)]
    pub danger: Vec<String>,
}

impl Lifecycle {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"phase":""#);
        out.extend_from_slice(self.phase.word().as_bytes());
        out.extend_from_slice(br#"","version":"#);
        json::text(out, &self.version);
        out.extend_from_slice(br#","configuration":"#);
        hexadecimal(out, &self.configuration.0);
        if !self.danger.is_empty() {
            out.extend_from_slice(br#","danger":"#);
            json::list(out, &self.danger, |out, setting| json::text(out, setting));
        }
        out.push(b'}');
    }
}

/// What became of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleOutcome {
    /// In force from now on.
    Loaded,
    /// Not usable: the one before stays, or all is denied.
    Rejected,
}

impl BundleOutcome {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Rejected => "rejected",
        }
    }
}

/// A party's bundle was read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What became of it.
    pub outcome: BundleOutcome,
    /// The party.
    pub party: String,
    /// The bundle's name.
    pub name: String,
    /// The bundle's version, as its author numbers it.
    #[serde(default)]
    pub version: String,
    /// The bundle's digest.
    pub digest: Hash,
    /// Why it was rejected.
    #[serde(default)]
    pub problem: String,
}

impl Bundle {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"outcome":""#);
        out.extend_from_slice(self.outcome.word().as_bytes());
        out.extend_from_slice(br#"","party":"#);
        json::text(out, &self.party);
        out.extend_from_slice(br#","name":"#);
        json::text(out, &self.name);
        member(out, br#","version":"#, &self.version);
        out.extend_from_slice(br#","digest":"#);
        hexadecimal(out, &self.digest.0);
        member(out, br#","problem":"#, &self.problem);
        out.push(b'}');
    }
}

/// A station was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// What was done: `added`, `changed`, `removed`, `quarantined`, `released`; of a password `rotation-proposed`,
    /// `credential-rotated`, `rotation-deferred`, `rotation-rejected`, `rotation-unknown`; `failed` where it could not be stored.
    pub change: Word,
    /// The station's id.
    pub station: String,
    /// Who did it: an operator's id, `inventory-file`, `service`, `csms:` and its name, or the `station` by what it used.
    pub by: String,
    /// What changed, without secrets.
    #[serde(default)]
    pub detail: String,
}

impl Inventory {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"change":"#);
        json::text(out, &self.change);
        out.extend_from_slice(br#","station":"#);
        json::text(out, &self.station);
        out.extend_from_slice(br#","by":"#);
        json::text(out, &self.by);
        member(out, br#","detail":"#, &self.detail);
        out.push(b'}');
    }
}

/// The log could not be written for a while: so many records were refused to those who offered them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// When writing failed first.
    pub since: Stamp,
    /// How many records were refused.
    pub refused: u64,
    /// What failed, for a person.
    #[serde(default)]
    pub detail: String,
}

impl Gap {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"since":""#);
        out.extend_from_slice(&self.since.text());
        out.extend_from_slice(br#"","refused":"#);
        json::number(out, self.refused);
        member(out, br#","detail":"#, &self.detail);
        out.push(b'}');
    }
}
