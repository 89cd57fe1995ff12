//! What stations and management systems say, in each version: plain functions from what is meant to action and payload.
//!
//! Attackers and honest operators speak the same sentences, so both scripts are written with these. All of it is valid
//! OCPP of the version it is made for, unless a function says otherwise.

pub mod data;
pub mod list;
pub mod offer;
pub mod profile;
pub mod report;
pub mod service;
pub mod session;
pub mod setting;

use chargewarden_ocpp::{Timestamp, Version};
pub use chargewarden_testkit::payload::Message;
use serde_json::{Map, Value, json};

/// An action with its request.
pub fn message(action: &'static str, payload: Value) -> Message {
    Message { action, payload }
}

/// Whether it is OCPP 1.6, whose words differ.
pub fn is_v16(version: Version) -> bool {
    match version {
        Version::V16 => true,
        Version::V201 | Version::V21 => false,
    }
}

/// Whether it is OCPP 2.1, which has more words.
pub fn is_v21(version: Version) -> bool {
    match version {
        Version::V16 | Version::V201 => false,
        Version::V21 => true,
    }
}

/// So many seconds from `now`, as OCPP writes it.
pub fn time(now: Timestamp, ahead_s: i64) -> String {
    Timestamp::from_millis(now.as_millis().saturating_add(ahead_s.saturating_mul(1000))).to_string()
}

/// A token of 2.x, as read from a card.
pub fn token(id: &str) -> Value {
    typed_token(id, "ISO14443")
}

/// A token of 2.x of this type (`Central`, `eMAID`, `NoAuthorization`, …).
pub fn typed_token(id: &str, kind: &str) -> Value {
    json!({ "idToken": id, "type": kind })
}

/// Adds the members of `more` to an object, replacing those of the same name.
pub(crate) fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// The same for the object at a JSON pointer within it, if there is one.
pub(crate) fn merge_at(value: &mut Value, pointer: &str, more: Value) {
    if let Some(part) = value.pointer_mut(pointer) {
        merge(part, more);
    }
}

/// An object of those members that have a value.
pub(crate) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let stated = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(stated.collect::<Map<_, _>>())
}
