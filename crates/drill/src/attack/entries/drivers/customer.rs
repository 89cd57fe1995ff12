//! C30: what a station keeps about customers, taken or erased.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::line::{Lines, Sight, attacks as each, order};
use crate::attack::{ALL, Attack, Entry, Kind, Twin, V2};
use crate::wire::data::customer;
use crate::wire::service::{diagnostics, log};
use crate::wire::{is_v16, token};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry {
            id: "C30",
            name: "what is known of a customer, taken or erased",
            versions: V2,
            kind: Kind::Hard,
            attacks: each(one),
            twins: vec![Twin::order("a log of one station for support", ALL, |at| {
                order(if is_v16(at.version) {
                    diagnostics("https://logs.example.com/support/4711")
                } else {
                    log("DiagnosticsLog", "https://logs.example.com/support/4711", Some(&at.time(-86_400)))
                })
            })],
        },
        Entry {
            id: "C30",
            name: "what is known of customers, from station to station",
            versions: ALL,
            kind: Kind::Cumulative,
            attacks: vec![
                Attack::order("logs of every station, to where they may go", ALL, |at| {
                    let place = format!("https://logs.example.com/{}", at.id);
                    order(if is_v16(at.version) {
                        diagnostics(&place)
                    } else {
                        log("DiagnosticsLog", &place, None)
                    })
                }),
                Attack::order("security logs of every station", ALL, |at| {
                    order(log("SecurityLog", &format!("https://logs.example.com/{}", at.id), None))
                }),
            ],
            twins: vec![],
        },
    ]
}

fn one(sight: &Sight) -> Lines {
    let mut lines = Lines::default();
    match sight.version {
        Version::V16 => return lines,
        Version::V201 | Version::V21 => {}
    }
    let card = || json!({ "idToken": token(&sight.session.tag) });
    lines.add("told and erased, by a mail address", {
        customer(1, true, true, json!({ "customerIdentifier": "alice@example.com" }))
    });
    lines.add("erased, and not told", customer(3, false, true, card()));
    lines.add("erased, by a certificate", {
        let hash = "3f6c4f0a9d5b1e7c2a8d4f6b0c9e1d3a5f7b9c1d3e5f7a9b1c3d5e7f9a1b3c5d";
        customer(
            4,
            false,
            true,
            json!({ "customerCertificate": {
            "hashAlgorithm": "SHA256", "issuerNameHash": hash, "issuerKeyHash": hash, "serialNumber": "4711",
        } }),
        )
    });
    lines.add("told, by a card", customer(2, true, false, card()));
    lines.add("told, by a mail address", {
        customer(5, true, false, json!({ "customerIdentifier": "bob@example.com" }))
    });
    lines.add("told, of nobody in particular", customer(6, true, false, json!({})));
    lines.add("erased, of nobody in particular", customer(7, false, true, json!({})));
    lines.add("told, of everybody", customer(8, true, false, json!({ "customerIdentifier": "*" })));
    lines
}
