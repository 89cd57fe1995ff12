//! C06: less security than before.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::firmware::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot, Twin, V2, order, variables, vendor_data};

const V16: &[Version] = &[Version::V16];
const V21: &[Version] = &[Version::V21];

/// C06.
pub(super) fn by_setting() -> Entry {
    Entry {
        id: "C06",
        name: "the security profile lowered by a setting",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("a lower profile", V16, |at: &Spot| {
                let values = ["0", "1", "01", " 1", "1 ", "+1", "1.0", "-1", "", "none", "0x1", "\u{0661}"];
                let keys = [
                    "SecurityProfile",
                    "securityprofile",
                    "SECURITYPROFILE",
                    " SecurityProfile",
                    "Security-Profile",
                ];
                keys.iter().flat_map(|key| values.iter().map(|value| at.setting(key, value))).collect()
            }),
            Attack::orders("a lower profile, in the device model", V2, |_: &Spot| {
                let keys = [
                    "SecurityCtrlr.SecurityProfile",
                    "securityctrlr.securityprofile",
                    "SecurityCtrlr/1.SecurityProfile",
                    "NetworkConfiguration/1.SecurityProfile",
                    "NetworkConfiguration.SecurityProfile",
                    "OCPPCommCtrlr.SecurityProfile",
                ];
                let values = ["0", "1", " 1", "01", "1.0"];
                keys.iter().flat_map(|key| values.iter().map(|value| variables(&[(key, value)]))).collect()
            }),
            Attack::orders("checks switched off", ALL, |at: &Spot| match at.version {
                Version::V16 => vec![
                    at.setting("AdditionalRootCertificateCheck", "false"),
                    at.setting("additionalrootcertificatecheck", "FALSE"),
                    at.setting("AdditionalRootCertificateCheck", "0"),
                ],
                Version::V201 | Version::V21 => vec![
                    variables(&[("SecurityCtrlr.AdditionalRootCertificateCheck", "false")]),
                    variables(&[("SecurityCtrlr.AdditionalRootCertificateCheck", "0")]),
                    variables(&[("SecurityCtrlr.AllowSecurityProfileDowngrade", "true")]),
                    variables(&[("SecurityCtrlr.AllowSecurityProfileDowngrade", "TRUE")]),
                    variables(&[("SecurityCtrlr.AllowSecurityProfileDowngrade", "1")]),
                    variables(&[("securityctrlr.allowsecurityprofiledowngrade", "True")]),
                    variables(&[("SecurityCtrlr.AllowCSMSTLSWildcards", "true")]),
                    variables(&[
                        ("OCPPCommCtrlr.HeartbeatInterval", "300"),
                        ("SecurityCtrlr.AllowSecurityProfileDowngrade", "true"),
                    ]),
                ],
            }),
            Attack::orders("a network profile with less", V2, |_: &Spot| {
                let mut orders = Vec::new();
                for (url, profile) in [
                    ("ws://gateway.example.com/ocpp", 1),
                    ("ws://gateway.example.com/ocpp", 2),
                    ("wss://gateway.example.com/ocpp", 1),
                    ("wss://gateway.example.com/ocpp", 0),
                    ("WS://gateway.example.com/ocpp", 2),
                    ("http://gateway.example.com/ocpp", 2),
                ] {
                    orders.push(network(1, url, profile));
                    orders.push(network(0, url, profile));
                }
                orders
            }),
            Attack::orders("a vendor's switch", ALL, |at: &Spot| {
                [
                    ("TLSEnabled", "false"),
                    ("DisableTls", "true"),
                    ("VerifyServerCertificate", "false"),
                    ("CertVerify", "0"),
                    ("AllowInsecure", "1"),
                    ("ocpp.ssl.verify", "off"),
                    ("MinTlsVersion", "1.0"),
                    ("UseWss", "false"),
                    ("InsecureSkipVerify", "true"),
                    ("TlsCipherSuites", "NULL-SHA"),
                    ("SshEnabled", "true"),
                    ("DebugPort", "open"),
                    ("FirewallEnabled", "false"),
                ]
                .iter()
                .map(|(key, value)| vendor_setting(at, key, value))
                .collect()
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let inner = json!({ "key": "SecurityProfile", "value": "1" });
                vec![
                    vendor_data("com.example.listed", "ChangeConfiguration", &inner.to_string()),
                    vendor_data(
                        "com.example.listed",
                        "SetNetworkProfile",
                        &network(1, "ws://a.example", 1).payload.to_string(),
                    ),
                ]
            }),
            Attack::new("step by step", V21, |play| {
                play.campaign(|play, place| {
                    // What lets a station take less, then less, then the restart that makes it hold.
                    let _ = play.strike(
                        place,
                        &variables(&[("SecurityCtrlr.AllowSecurityProfileDowngrade", "true")]),
                    );
                    let _ = play.strike(place, &network(2, "ws://gateway.example.com/ocpp", 1));
                    let _ = play
                        .strike(place, &variables(&[("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1")]));
                });
            }),
        ],
        twins: vec![
            Twin::orders("asking for the profile", ALL, |at: &Spot| match at.version {
                Version::V16 => {
                    vec![order("GetConfiguration", json!({ "key": ["SecurityProfile", "CpoName"] }))]
                }
                Version::V201 | Version::V21 => vec![order(
                    "GetVariables",
                    json!({ "getVariableData": [{ "component": { "name": "SecurityCtrlr" },
                        "variable": { "name": "SecurityProfile" } }] }),
                )],
            }),
            Twin::order("the check switched on", ALL, |at: &Spot| match at.version {
                Version::V16 => at.setting("AdditionalRootCertificateCheck", "true"),
                Version::V201 | Version::V21 => {
                    variables(&[("SecurityCtrlr.AdditionalRootCertificateCheck", "true")])
                }
            }),
        ],
    }
}

/// A network connection profile.
pub(super) fn network(slot: i64, url: &str, profile: i64) -> Order {
    let data: Value = json!({
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": url, "messageTimeout": 30,
        "securityProfile": profile, "ocppInterface": "Wired0",
    });
    order("SetNetworkProfile", json!({ "configurationSlot": slot, "connectionData": data }))
}
