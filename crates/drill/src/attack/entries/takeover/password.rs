//! C05: the secret by which a station is known, replaced.

use chargewarden_ocpp::Version;
use serde_json::json;

use super::firmware::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Spot, Twin, V2, order, variables, vendor_data};

const V16: &[Version] = &[Version::V16];
const V21: &[Version] = &[Version::V21];
const SECRET: &str = "attackerattacker1";

/// C05.
pub(super) fn replaced() -> Entry {
    Entry {
        id: "C05",
        name: "the station's password replaced",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("the key of the security extension, spelled in every way", V16, |at: &Spot| {
                [
                    "AuthorizationKey",
                    "authorizationkey",
                    "AUTHORIZATIONKEY",
                    "authorizationKey",
                    " AuthorizationKey",
                    "AuthorizationKey ",
                    "Authorization-Key",
                    "Authorization_Key",
                    "Authorization Key",
                    "AuthorizationKey\u{200b}",
                    "AuthorizationKey[0]",
                    "Security.AuthorizationKey",
                ]
                .iter()
                .flat_map(|key| {
                    [at.setting(key, "414141414141414141414141414141414141414141"), at.setting(key, "")]
                })
                .collect()
            }),
            Attack::orders("the variable, spelled in every way", V2, |_: &Spot| {
                [
                    "SecurityCtrlr.BasicAuthPassword",
                    "securityctrlr.basicauthpassword",
                    "SECURITYCTRLR.BASICAUTHPASSWORD",
                    "SecurityCtrlr/1.BasicAuthPassword",
                    "SecurityCtrlr.BasicAuthPassword/Target",
                    "SecurityCtrlr.Basic Auth Password",
                    " SecurityCtrlr.BasicAuthPassword ",
                    "OCPPCommCtrlr.BasicAuthPassword",
                    "ChargingStation.BasicAuthPassword",
                    "SecurityController.BasicAuthPassword",
                ]
                .iter()
                .map(|key| variables(&[(key, SECRET)]))
                .collect()
            }),
            Attack::orders("as another attribute", V2, |_: &Spot| {
                ["Actual", "Target", "MinSet", "MaxSet"]
                    .iter()
                    .map(|attribute| {
                        order(
                            "SetVariables",
                            json!({ "setVariableData": [{ "attributeType": attribute, "attributeValue": SECRET,
                                "component": { "name": "SecurityCtrlr" }, "variable": { "name": "BasicAuthPassword" } }] }),
                        )
                    })
                    .collect()
            }),
            Attack::orders("among harmless settings", V2, |_: &Spot| {
                let dull = ("OCPPCommCtrlr.HeartbeatInterval", "300");
                let also = ("SampledDataCtrlr.TxUpdatedInterval", "60");
                let secret = ("SecurityCtrlr.BasicAuthPassword", SECRET);
                vec![
                    variables(&[secret, dull, also]),
                    variables(&[dull, secret, also]),
                    variables(&[dull, also, secret]),
                    variables(&[dull, dull, dull, dull, dull, dull, dull, dull, dull, secret]),
                ]
            }),
            Attack::orders("with a network profile", V21, |at: &Spot| {
                let profile = |more: serde_json::Value| {
                    let mut data = json!({
                        "ocppInterface": "Wired0", "ocppTransport": "JSON", "messageTimeout": 30,
                        "ocppCsmsUrl": "wss://gateway.example.com/ocpp", "securityProfile": 2,
                    });
                    if let (Some(data), Some(more)) = (data.as_object_mut(), more.as_object()) {
                        data.extend(more.clone());
                    }
                    order("SetNetworkProfile", json!({ "configurationSlot": 1, "connectionData": data }))
                };
                vec![
                    profile(json!({ "basicAuthPassword": SECRET })),
                    profile(json!({ "basicAuthPassword": SECRET, "identity": at.id })),
                    profile(json!({ "identity": "CS-0001" })),
                ]
            }),
            Attack::orders("in the network profile of the device model", V2, |_: &Spot| {
                [
                    "NetworkConfiguration/1.BasicAuthPassword",
                    "NetworkConfiguration.BasicAuthPassword",
                    "NetworkConfiguration/2.Identity",
                    "networkconfiguration/1.basicauthpassword",
                ]
                .iter()
                .map(|key| variables(&[(key, SECRET)]))
                .collect()
            }),
            Attack::orders("in a vendor's words", ALL, |at: &Spot| {
                [
                    "BasicAuthPassword",
                    "OcppPassword",
                    "HttpAuthPassword",
                    "wsPassword",
                    "StationPassword",
                    "ChargePointPassword",
                    "Secret",
                    "AuthKey",
                    "ocpp.auth.pass",
                    "PSK",
                    "ApiToken",
                    "SSHPassword",
                    "AdminPassword",
                    "WebInterface_Pwd",
                ]
                .iter()
                .map(|key| vendor_setting(at, key, SECRET))
                .collect()
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let v16 = json!({ "key": "AuthorizationKey", "value": SECRET });
                let v2x = json!({ "setVariableData": [{ "attributeValue": SECRET,
                    "component": { "name": "SecurityCtrlr" }, "variable": { "name": "BasicAuthPassword" } }] });
                vec![
                    vendor_data("com.example.listed", "ChangeConfiguration", &v16.to_string()),
                    vendor_data("com.example.listed", "changeconfiguration", &v16.to_string()),
                    vendor_data("com.example.listed", "SetVariables", &v2x.to_string()),
                    vendor_data("Acme", "setPassword", SECRET),
                ]
            }),
        ],
        twins: vec![
            Twin::order("another interval", ALL, |at: &Spot| match at.version {
                Version::V16 => at.setting("HeartbeatInterval", "300"),
                Version::V201 | Version::V21 => variables(&[("OCPPCommCtrlr.HeartbeatInterval", "300")]),
            }),
            Twin::order("two settings at once", V2, |_: &Spot| {
                variables(&[
                    ("OCPPCommCtrlr.HeartbeatInterval", "300"),
                    ("SampledDataCtrlr.TxUpdatedInterval", "60"),
                ])
            }),
        ],
    }
}
