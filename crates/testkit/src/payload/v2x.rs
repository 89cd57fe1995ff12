//! OCPP 2.0.1 and 2.1; every message here is valid in both.

use serde_json::{Value, json};

use super::{Message, Nameplate, Reading};
use crate::clock::now;

/// Station: it has started.
pub fn boot(plate: &Nameplate) -> Message {
    Message::new(
        "BootNotification",
        json!({
            "reason": "PowerUp",
            "chargingStation": {
                "vendorName": plate.vendor,
                "model": plate.model,
                "serialNumber": plate.serial,
                "firmwareVersion": plate.firmware,
            },
        }),
    )
}

/// Station: it is alive.
pub fn heartbeat() -> Message {
    Message::new("Heartbeat", json!({}))
}

/// Station: may this token charge?
pub fn authorize(token: &str) -> Message {
    Message::new("Authorize", json!({ "idToken": id_token(token) }))
}

/// Station: state of a connector (`Available`, `Occupied`, `Unavailable`, …).
pub fn status(evse: u32, status: &str) -> Message {
    Message::new(
        "StatusNotification",
        json!({
            "timestamp": now(),
            "connectorStatus": status,
            "evseId": evse,
            "connectorId": 1,
        }),
    )
}

/// Where a transaction stands, for [`transaction_event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The token was presented and charging begins.
    Started,
    /// A periodic meter value.
    Updated,
    /// The driver has left.
    Ended,
}

/// Station: a transaction begins, goes on or ends.
pub fn transaction_event(
    stage: Stage,
    sequence: u32,
    transaction: &str,
    evse: u32,
    token: &str,
    reading: Reading,
) -> Message {
    let (event, trigger, charging, context) = match stage {
        Stage::Started => ("Started", "Authorized", "Charging", "Transaction.Begin"),
        Stage::Updated => ("Updated", "MeterValuePeriodic", "Charging", "Sample.Periodic"),
        Stage::Ended => ("Ended", "EVCommunicationLost", "Idle", "Transaction.End"),
    };
    let mut info = json!({ "transactionId": transaction, "chargingState": charging });
    if stage == Stage::Ended {
        merge(&mut info, json!({ "stoppedReason": "EVDisconnected" }));
    }
    let mut payload = json!({
        "eventType": event,
        "timestamp": now(),
        "triggerReason": trigger,
        "seqNo": sequence,
        "transactionInfo": info,
        "meterValue": [meter_value(reading, context)],
    });
    if stage == Stage::Started {
        let evse = json!({ "id": evse, "connectorId": 1 });
        merge(&mut payload, json!({ "evse": evse, "idToken": id_token(token) }));
    }
    Message::new("TransactionEvent", payload)
}

/// Either side: data outside the standard.
pub fn data_transfer(vendor: &str, message: &str, data: &str) -> Message {
    Message::new("DataTransfer", json!({ "vendorId": vendor, "messageId": message, "data": data }))
}

/// CSMS: start charging for a token.
pub fn request_start(evse: u32, remote_start: u32, token: &str) -> Message {
    Message::new(
        "RequestStartTransaction",
        json!({ "evseId": evse, "remoteStartId": remote_start, "idToken": id_token(token) }),
    )
}

/// CSMS: stop a transaction.
pub fn request_stop(transaction: &str) -> Message {
    Message::new("RequestStopTransaction", json!({ "transactionId": transaction }))
}

/// CSMS: restart the station (`Immediate` or `OnIdle`).
pub fn reset(kind: &str) -> Message {
    Message::new("Reset", json!({ "type": kind }))
}

/// CSMS: take the station out of service or back (`Inoperative`, `Operative`).
pub fn change_availability(kind: &str) -> Message {
    Message::new("ChangeAvailability", json!({ "operationalStatus": kind }))
}

/// CSMS: open the cable lock.
pub fn unlock(evse: u32) -> Message {
    Message::new("UnlockConnector", json!({ "evseId": evse, "connectorId": 1 }))
}

/// CSMS: limit the power of every transaction that starts at an EVSE (`TxDefaultProfile`).
pub fn limit_power(evse: u32, profile: u32, limit_w: f64) -> Message {
    Message::new(
        "SetChargingProfile",
        json!({
            "evseId": evse,
            "chargingProfile": {
                "id": profile,
                "stackLevel": 1,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": [{
                    "id": profile,
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit_w }],
                }],
            },
        }),
    )
}

/// CSMS: remove a charging profile by id.
pub fn clear_profile(profile: u32) -> Message {
    Message::new("ClearChargingProfile", json!({ "chargingProfileId": profile }))
}

/// CSMS: read variables, given as (component, variable).
pub fn get_variables(variables: &[(&str, &str)]) -> Message {
    let data: Vec<Value> = variables
        .iter()
        .map(|(component, variable)| {
            json!({ "component": { "name": component }, "variable": { "name": variable } })
        })
        .collect();
    Message::new("GetVariables", json!({ "getVariableData": data }))
}

/// CSMS: write one variable.
pub fn set_variable(component: &str, variable: &str, value: &str) -> Message {
    Message::new(
        "SetVariables",
        json!({
            "setVariableData": [{
                "attributeValue": value,
                "component": { "name": component },
                "variable": { "name": variable },
            }],
        }),
    )
}

/// CSMS: ask for a message (`Heartbeat`, `StatusNotification`, …).
pub fn trigger(message: &str) -> Message {
    Message::new("TriggerMessage", json!({ "requestedMessage": message }))
}

/// CSMS: forget cached tokens.
pub fn clear_cache() -> Message {
    Message::new("ClearCache", json!({}))
}

/// CSMS: fetch and install firmware, unsigned.
pub fn update_firmware(request: u32, location: &str) -> Message {
    Message::new(
        "UpdateFirmware",
        json!({
            "requestId": request,
            "firmware": { "location": location, "retrieveDateTime": now() },
        }),
    )
}

/// CSMS: upload the diagnostics log.
pub fn get_log(request: u32, location: &str) -> Message {
    Message::new(
        "GetLog",
        json!({
            "logType": "DiagnosticsLog",
            "requestId": request,
            "log": { "remoteLocation": location },
        }),
    )
}

/// CSMS: connect to another management system from now on.
pub fn set_network_profile(slot: u32, url: &str, security_profile: u32) -> Message {
    Message::new(
        "SetNetworkProfile",
        json!({
            "configurationSlot": slot,
            "connectionData": {
                "ocppVersion": "OCPP20",
                "ocppTransport": "JSON",
                "ocppCsmsUrl": url,
                "messageTimeout": 30,
                "securityProfile": security_profile,
                "ocppInterface": "Wired0",
            },
        }),
    )
}

/// CSMS: trust another certificate authority (`CSMSRootCertificate`).
pub fn install_certificate(pem: &str) -> Message {
    Message::new(
        "InstallCertificate",
        json!({ "certificateType": "CSMSRootCertificate", "certificate": pem }),
    )
}

fn id_token(token: &str) -> Value {
    json!({ "idToken": token, "type": "ISO14443" })
}

fn meter_value(reading: Reading, context: &str) -> Value {
    json!({
        "timestamp": now(),
        "sampledValue": [
            {
                "value": reading.energy_wh,
                "measurand": "Energy.Active.Import.Register",
                "context": context,
                "unitOfMeasure": { "unit": "Wh" },
            },
            {
                "value": reading.power_w,
                "measurand": "Power.Active.Import",
                "context": context,
                "unitOfMeasure": { "unit": "W" },
            },
        ],
    })
}

fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
