//! The session that a record belongs to.

use std::sync::Arc;

use serde::Deserialize;

use crate::message::hexadecimal;
use crate::{Hash, json};

/// The session a record belongs to. Made once per session and bundle change and shared by its records; its canonical text
/// is kept, since it would otherwise be written again for every message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WhoFields")]
pub struct Who {
    fields: WhoFields,
    text: Vec<u8>,
}

/// What a [`Who`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoFields {
    /// The station's id.
    pub station: String,
    /// The id of the CSMS at the other end.
    pub csms: String,
    /// The session's id, unique within the log.
    pub session: String,
    /// The version of OCPP: `1.6`, `2.0.1` or `2.1`.
    pub version: String,
    /// The digests of the bundles in force, one per party with jurisdiction, in the order in which they are asked.
    #[serde(default)]
    pub bundles: Vec<Hash>,
}

impl Who {
    /// The session with these fields.
    pub fn new(fields: WhoFields) -> Arc<Self> {
        Arc::new(Self::from(fields))
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// What it says.
    pub fn fields(&self) -> &WhoFields {
        &self.fields
    }
}

impl From<WhoFields> for Who {
    fn from(fields: WhoFields) -> Self {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(br#"{"station":"#);
        json::text(&mut text, &fields.station);
        text.extend_from_slice(br#","csms":"#);
        json::text(&mut text, &fields.csms);
        text.extend_from_slice(br#","session":"#);
        json::text(&mut text, &fields.session);
        text.extend_from_slice(br#","version":"#);
        json::text(&mut text, &fields.version);
        if !fields.bundles.is_empty() {
            text.extend_from_slice(br#","bundles":"#);
            json::list(&mut text, &fields.bundles, |out, digest| hexadecimal(out, &digest.0));
        }
        text.push(b'}');
        Self { fields, text }
    }
}
