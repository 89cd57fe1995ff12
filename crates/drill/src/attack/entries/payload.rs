//! P01 and P02: what harms a station by being read.

use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Kind, Spot, Twin, order};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![shell()]
}

fn shell() -> Entry {
    Entry {
        id: "P02",
        name: "a shell command in a URL",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![Attack::order("command substitution", ALL, |at: &Spot| {
            at.log("DiagnosticsLog", "https://logs.example.com/$(reboot)")
        })],
        twins: vec![
            Twin::order("a log for support", ALL, |at: &Spot| {
                at.log("DiagnosticsLog", "https://logs.example.com/upload/12")
            }),
            Twin::order("a heartbeat", ALL, |_: &Spot| {
                order("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }))
            }),
        ],
    }
}
