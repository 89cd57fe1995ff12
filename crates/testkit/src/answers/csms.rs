//! A management system that accepts every station, token and transaction.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::Reply;
use crate::clock::now;

/// Answers what a station may send. `transaction` is the id a 1.6 StartTransaction is given.
pub fn csms_answer(version: Version, action: &str, request: &Value, transaction: i64) -> Reply {
    let v16 = version == Version::V16;
    Reply::Result(match action {
        "BootNotification" => json!({ "status": "Accepted", "currentTime": now(), "interval": 300 }),
        "Heartbeat" => json!({ "currentTime": now() }),
        "Authorize" if v16 => json!({ "idTagInfo": { "status": "Accepted" } }),
        "Authorize" => json!({ "idTokenInfo": { "status": "Accepted" } }),
        "StartTransaction" if v16 => {
            json!({ "transactionId": transaction, "idTagInfo": { "status": "Accepted" } })
        }
        "StopTransaction" if v16 => json!({}),
        "TransactionEvent" if !v16 && request.get("idToken").is_some() => {
            json!({ "idTokenInfo": { "status": "Accepted" } })
        }
        "TransactionEvent" if !v16 => json!({}),
        "DataTransfer" | "SignCertificate" => json!({ "status": "Accepted" }),
        "NotifyEVChargingNeeds" if !v16 => json!({ "status": "Accepted" }),
        "NotifyEVChargingSchedule" if !v16 => json!({ "status": "Accepted" }),
        "Get15118EVCertificate" if !v16 => json!({ "status": "Accepted", "exiResponse": "AA==" }),
        "GetCertificateStatus" if !v16 => json!({ "status": "Failed" }),
        "DiagnosticsStatusNotification" | "SignedFirmwareStatusNotification" if v16 => json!({}),
        "FirmwareStatusNotification"
        | "LogStatusNotification"
        | "MeterValues"
        | "SecurityEventNotification"
        | "StatusNotification" => json!({}),
        "ClearedChargingLimit"
        | "NotifyChargingLimit"
        | "NotifyCustomerInformation"
        | "NotifyDisplayMessages"
        | "NotifyEvent"
        | "NotifyMonitoringReport"
        | "NotifyReport"
        | "PublishFirmwareStatusNotification"
        | "ReportChargingProfiles"
        | "ReservationStatusUpdate"
            if !v16 =>
        {
            json!({})
        }
        _ if version == Version::V21 => return v21(action, request),
        _ => return Reply::not_implemented(action),
    })
}

/// What OCPP 2.1 adds.
fn v21(action: &str, request: &Value) -> Reply {
    Reply::Result(match action {
        "BatterySwap"
        | "ClosePeriodicEventStream"
        | "NotifyDERAlarm"
        | "NotifyDERStartStop"
        | "NotifyPriorityCharging"
        | "NotifySettlement"
        | "ReportDERControl" => json!({}),
        "GetCertificateChainStatus" => {
            let asked = request.get("certificateStatusRequests").and_then(Value::as_array);
            let unknown = |asked: &Value| {
                json!({
                    "certificateHashData": asked.get("certificateHashData"),
                    "source": asked.get("source"),
                    "status": "Unknown",
                    "nextUpdate": now(),
                })
            };
            let statuses: Vec<Value> = asked.into_iter().flatten().map(unknown).collect();
            json!({ "certificateStatus": statuses })
        }
        "OpenPeriodicEventStream" => json!({ "status": "Accepted" }),
        "PullDynamicScheduleUpdate" => json!({ "status": "Rejected" }),
        "VatNumberValidation" => {
            json!({ "status": "Rejected", "vatNumber": request.get("vatNumber") })
        }
        _ => return Reply::not_implemented(action),
    })
}
