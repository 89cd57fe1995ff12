//! What bears on security: what stations report of it, and what the service itself sees.

mod own;

use serde::Deserialize;

use crate::message::member;
use crate::{Stamp, Word, json};

pub use own::{OwnEvent, Source, reference};

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A station, in a report of its own. Its word, not a finding of ours.
    Station,
    /// The service.
    Service,
}

impl Origin {
    /// The word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Station => "station",
            Self::Service => "service",
        }
    }
}

/// Stands for events that were not recorded one by one, since there were too many of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    /// How many.
    pub count: u64,
    /// When the first of them was.
    pub since: Stamp,
}

/// One security event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Who says so.
    pub origin: Origin,
    /// What happened: [`OwnEvent::name`] for ours; for a station's, the type as it stated it.
    #[serde(rename = "type")]
    pub kind: Word,
    /// Whether somebody should hear of it at once. For a station's, what the standard says of the type.
    #[serde(default)]
    pub critical: bool,
    /// Whether no standard and no catalogue of ours knows the type.
    #[serde(default)]
    pub unknown: bool,
    /// The station's id; of one that was not admitted, as claimed. Empty when about none.
    #[serde(default)]
    pub station: String,
    /// The id of the CSMS; empty while unknown.
    #[serde(default)]
    pub csms: String,
    /// The session's id; empty while there is none.
    #[serde(default)]
    pub session: String,
    /// The address of the other end; empty when about none.
    #[serde(default)]
    pub peer: String,
    /// When it happened, as the station states it.
    #[serde(default)]
    pub stated: Option<Stamp>,
    /// More about it, for a person. Of a station's event its own words.
    #[serde(default)]
    pub detail: String,
    /// Set where the record stands for many.
    #[serde(default)]
    pub repeats: Option<Repeats>,
}

impl Security {
    /// An event of ours about nobody yet; the caller fills in whom it is about.
    pub fn own(event: OwnEvent) -> Self {
        Self {
            origin: Origin::Service,
            kind: event.name().into(),
            critical: event.is_critical(),
            unknown: false,
            station: String::new(),
            csms: String::new(),
            session: String::new(),
            peer: String::new(),
            stated: None,
            detail: String::new(),
            repeats: None,
        }
    }

    /// How many events the record stands for.
    pub fn count(&self) -> u64 {
        self.repeats.map_or(1, |repeats| repeats.count)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"origin":""#);
        out.extend_from_slice(self.origin.word().as_bytes());
        out.extend_from_slice(br#"","type":"#);
        json::text(out, &self.kind);
        for (name, flag) in [("critical", self.critical), ("unknown", self.unknown)] {
            if flag {
                out.extend_from_slice(format!(r#","{name}":true"#).as_bytes());
            }
        }
        member(out, br#","station":"#, &self.station);
        member(out, br#","csms":"#, &self.csms);
        member(out, br#","session":"#, &self.session);
        member(out, br#","peer":"#, &self.peer);
        if let Some(stated) = &self.stated {
            out.extend_from_slice(br#","stated":""#);
            out.extend_from_slice(&stated.text());
            out.push(b'"');
        }
        member(out, br#","detail":"#, &self.detail);
        if let Some(repeats) = &self.repeats {
            out.extend_from_slice(br#","repeats":{"count":"#);
            json::number(out, repeats.count);
            out.extend_from_slice(br#","since":""#);
            out.extend_from_slice(&repeats.since.text());
            out.extend_from_slice(br#""}"#);
        }
        out.push(b'}');
    }
}
