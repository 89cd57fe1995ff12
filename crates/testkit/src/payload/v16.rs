//! OCPP 1.6.

use serde_json::json;

use super::{Message, Nameplate, Reading};
use crate::clock::now;

/// Station: it has started.
pub fn boot(plate: &Nameplate) -> Message {
    Message::new(
        "BootNotification",
        json!({
            "chargePointVendor": plate.vendor,
            "chargePointModel": plate.model,
            "chargePointSerialNumber": plate.serial,
            "firmwareVersion": plate.firmware,
        }),
    )
}

/// Station: it is alive.
pub fn heartbeat() -> Message {
    Message::new("Heartbeat", json!({}))
}

/// Station: may this token charge?
pub fn authorize(token: &str) -> Message {
    Message::new("Authorize", json!({ "idTag": token }))
}

/// Station: state of a connector (`Available`, `Preparing`, `Charging`, …); connector 0 is the station.
pub fn status(connector: u32, status: &str) -> Message {
    Message::new(
        "StatusNotification",
        json!({
            "connectorId": connector,
            "errorCode": "NoError",
            "status": status,
            "timestamp": now(),
        }),
    )
}

/// Station: charging begins. The answer assigns the transaction id.
pub fn start_transaction(connector: u32, token: &str, meter_start_wh: u32) -> Message {
    Message::new(
        "StartTransaction",
        json!({
            "connectorId": connector,
            "idTag": token,
            "meterStart": meter_start_wh,
            "timestamp": now(),
        }),
    )
}

/// Station: periodic meter values of a transaction.
pub fn meter_values(connector: u32, transaction: i64, reading: Reading) -> Message {
    Message::new(
        "MeterValues",
        json!({
            "connectorId": connector,
            "transactionId": transaction,
            "meterValue": [{
                "timestamp": now(),
                "sampledValue": [
                    {
                        "value": reading.energy_wh.to_string(),
                        "measurand": "Energy.Active.Import.Register",
                        "unit": "Wh",
                        "context": "Sample.Periodic",
                    },
                    {
                        "value": reading.power_w.to_string(),
                        "measurand": "Power.Active.Import",
                        "unit": "W",
                        "context": "Sample.Periodic",
                    },
                ],
            }],
        }),
    )
}

/// Station: charging has ended (`Local`, `EVDisconnected`, `Remote`, …).
pub fn stop_transaction(transaction: i64, token: &str, meter_stop_wh: u32, reason: &str) -> Message {
    Message::new(
        "StopTransaction",
        json!({
            "transactionId": transaction,
            "idTag": token,
            "meterStop": meter_stop_wh,
            "timestamp": now(),
            "reason": reason,
        }),
    )
}

/// Either side: data outside the standard.
pub fn data_transfer(vendor: &str, message: &str, data: &str) -> Message {
    Message::new("DataTransfer", json!({ "vendorId": vendor, "messageId": message, "data": data }))
}

/// CSMS: start charging for a token.
pub fn remote_start(connector: u32, token: &str) -> Message {
    Message::new("RemoteStartTransaction", json!({ "connectorId": connector, "idTag": token }))
}

/// CSMS: stop a transaction.
pub fn remote_stop(transaction: i64) -> Message {
    Message::new("RemoteStopTransaction", json!({ "transactionId": transaction }))
}

/// CSMS: restart the station (`Soft` or `Hard`).
pub fn reset(kind: &str) -> Message {
    Message::new("Reset", json!({ "type": kind }))
}

/// CSMS: take a connector out of service or back (`Inoperative`, `Operative`); 0 is the whole station.
pub fn change_availability(connector: u32, kind: &str) -> Message {
    Message::new("ChangeAvailability", json!({ "connectorId": connector, "type": kind }))
}

/// CSMS: open the cable lock.
pub fn unlock(connector: u32) -> Message {
    Message::new("UnlockConnector", json!({ "connectorId": connector }))
}

/// CSMS: limit the power of every transaction that starts at a connector (`TxDefaultProfile`).
pub fn limit_power(connector: u32, profile: u32, limit_w: f64) -> Message {
    Message::new(
        "SetChargingProfile",
        json!({
            "connectorId": connector,
            "csChargingProfiles": {
                "chargingProfileId": profile,
                "stackLevel": 1,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit_w }],
                },
            },
        }),
    )
}

/// CSMS: remove charging profiles by id.
pub fn clear_profile(profile: u32) -> Message {
    Message::new("ClearChargingProfile", json!({ "id": profile }))
}

/// CSMS: read settings.
pub fn get_configuration(keys: &[&str]) -> Message {
    Message::new("GetConfiguration", json!({ "key": keys }))
}

/// CSMS: write one setting.
pub fn change_configuration(key: &str, value: &str) -> Message {
    Message::new("ChangeConfiguration", json!({ "key": key, "value": value }))
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
pub fn update_firmware(location: &str) -> Message {
    Message::new("UpdateFirmware", json!({ "location": location, "retrieveDate": now() }))
}

/// CSMS: upload diagnostics.
pub fn get_diagnostics(location: &str) -> Message {
    Message::new("GetDiagnostics", json!({ "location": location }))
}

/// CSMS: trust another certificate authority (`CentralSystemRootCertificate`).
pub fn install_certificate(pem: &str) -> Message {
    Message::new(
        "InstallCertificate",
        json!({ "certificateType": "CentralSystemRootCertificate", "certificate": pem }),
    )
}
