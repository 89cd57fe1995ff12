//! A station that does as it is told.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::Reply;

/// Answers what a management system may send.
pub fn station_answer(version: Version, action: &str, request: &Value) -> Reply {
    match version {
        Version::V16 => v16(action),
        Version::V201 | Version::V21 => v2x(action, request),
    }
}

fn v16(action: &str) -> Reply {
    Reply::Result(match action {
        "CancelReservation"
        | "CertificateSigned"
        | "ChangeAvailability"
        | "ChangeConfiguration"
        | "ClearCache"
        | "ClearChargingProfile"
        | "DataTransfer"
        | "DeleteCertificate"
        | "ExtendedTriggerMessage"
        | "InstallCertificate"
        | "RemoteStartTransaction"
        | "RemoteStopTransaction"
        | "ReserveNow"
        | "Reset"
        | "SendLocalList"
        | "SetChargingProfile"
        | "SignedUpdateFirmware"
        | "TriggerMessage" => accepted(),
        "GetCompositeSchedule" => json!({ "status": "Rejected" }),
        "GetConfiguration" => json!({
            "configurationKey": [
                { "key": "HeartbeatInterval", "readonly": false, "value": "300" },
                { "key": "MeterValueSampleInterval", "readonly": false, "value": "60" },
            ],
        }),
        "GetDiagnostics" => json!({ "fileName": "diagnostics.zip" }),
        "GetInstalledCertificateIds" => json!({ "status": "NotFound" }),
        "GetLocalListVersion" => json!({ "listVersion": 1 }),
        "GetLog" => json!({ "status": "Accepted", "filename": "log.zip" }),
        "UnlockConnector" => json!({ "status": "Unlocked" }),
        "UpdateFirmware" => json!({}),
        _ => return Reply::not_implemented(action),
    })
}

fn v2x(action: &str, request: &Value) -> Reply {
    Reply::Result(match action {
        "CancelReservation"
        | "CertificateSigned"
        | "ChangeAvailability"
        | "ClearCache"
        | "ClearChargingProfile"
        | "ClearDisplayMessage"
        | "CustomerInformation"
        | "DataTransfer"
        | "DeleteCertificate"
        | "GetBaseReport"
        | "GetDisplayMessages"
        | "GetMonitoringReport"
        | "GetReport"
        | "InstallCertificate"
        | "PublishFirmware"
        | "RequestStopTransaction"
        | "ReserveNow"
        | "Reset"
        | "SendLocalList"
        | "SetChargingProfile"
        | "SetDisplayMessage"
        | "SetMonitoringBase"
        | "SetMonitoringLevel"
        | "SetNetworkProfile"
        | "TriggerMessage"
        | "UpdateFirmware"
        | "RequestStartTransaction" => accepted(),
        "ClearVariableMonitoring" => json!({
            "clearMonitoringResult": each(request, "id", |id| json!({ "id": id, "status": "Accepted" })),
        }),
        "CostUpdated" | "NotifyWebPaymentStarted" => json!({}),
        "GetChargingProfiles" => json!({ "status": "NoProfiles" }),
        "GetCompositeSchedule" => json!({ "status": "Rejected" }),
        "GetInstalledCertificateIds" => json!({ "status": "NotFound" }),
        "GetLocalListVersion" => json!({ "versionNumber": 1 }),
        "GetLog" => json!({ "status": "Accepted", "filename": "log.zip" }),
        "GetTransactionStatus" => json!({ "messagesInQueue": false }),
        "GetVariables" => json!({
            "getVariableResult": each(request, "getVariableData", |wanted| json!({
                "attributeStatus": "Accepted",
                "attributeValue": "60",
                "component": wanted.get("component"),
                "variable": wanted.get("variable"),
            })),
        }),
        "SetVariables" => json!({
            "setVariableResult": each(request, "setVariableData", |wanted| json!({
                "attributeStatus": "Accepted",
                "component": wanted.get("component"),
                "variable": wanted.get("variable"),
            })),
        }),
        "SetVariableMonitoring" => json!({
            "setMonitoringResult": each(request, "setMonitoringData", |wanted| json!({
                "status": "Accepted",
                "id": 1,
                "type": wanted.get("type"),
                "severity": wanted.get("severity"),
                "component": wanted.get("component"),
                "variable": wanted.get("variable"),
            })),
        }),
        "UnlockConnector" => json!({ "status": "Unlocked" }),
        "UnpublishFirmware" => json!({ "status": "Unpublished" }),
        // OCPP 2.1 only; a 2.0.1 gateway never lets them come this far.
        "AdjustPeriodicEventStream"
        | "ChangeTransactionTariff"
        | "NotifyAllowedEnergyTransfer"
        | "RequestBatterySwap"
        | "SetDERControl"
        | "SetDefaultTariff"
        | "UpdateDynamicSchedule"
        | "UsePriorityCharging"
        | "AFRRSignal"
        | "ClearDERControl"
        | "GetDERControl" => accepted(),
        "GetPeriodicEventStream" => json!({}),
        "ClearTariffs" => json!({ "clearTariffsResult": [{ "status": "Accepted" }] }),
        "GetTariffs" => json!({ "status": "NoTariff" }),
        _ => return Reply::not_implemented(action),
    })
}

fn accepted() -> Value {
    json!({ "status": "Accepted" })
}

/// One result per item of a list in the request.
fn each(request: &Value, list: &str, result: impl Fn(&Value) -> Value) -> Vec<Value> {
    request.get(list).and_then(Value::as_array).into_iter().flatten().map(result).collect()
}
