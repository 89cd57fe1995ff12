//! What stations report.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Message, is_v16, merge, message, token};

/// `BootNotification`.
pub fn boot(version: Version, vendor: &str, model: &str, serial: &str, firmware: &str) -> Message {
    message(
        "BootNotification",
        if is_v16(version) {
            json!({
                "chargePointVendor": vendor, "chargePointModel": model,
                "chargePointSerialNumber": serial, "firmwareVersion": firmware,
            })
        } else {
            json!({ "reason": "PowerUp", "chargingStation": {
                "vendorName": vendor, "model": model, "serialNumber": serial, "firmwareVersion": firmware,
            } })
        },
    )
}

/// `StatusNotification`, as the version spells the status.
pub fn status(version: Version, evse: i64, status: &str, error: &str, at: &str) -> Message {
    message(
        "StatusNotification",
        if is_v16(version) {
            json!({ "connectorId": evse, "errorCode": error, "status": status, "timestamp": at })
        } else {
            json!({ "timestamp": at, "connectorStatus": status, "evseId": evse, "connectorId": 1 })
        },
    )
}

/// `SecurityEventNotification`.
pub fn security_event(kind: &str, at: &str, info: Option<&str>) -> Message {
    let mut payload = json!({ "type": kind, "timestamp": at });
    if let Some(info) = info {
        merge(&mut payload, json!({ "techInfo": info }));
    }
    message("SecurityEventNotification", payload)
}

/// `Authorize`.
pub fn authorize(version: Version, tag: &str) -> Message {
    let payload = if is_v16(version) { json!({ "idTag": tag }) } else { json!({ "idToken": token(tag) }) };
    message("Authorize", payload)
}

/// One sampled value.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Measurand as OCPP names it.
    pub measurand: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Its phase.
    pub phase: Option<&'static str>,
}

impl Sample {
    /// The energy register, in Wh.
    pub fn energy(wh: f64) -> Self {
        Self { measurand: "Energy.Active.Import.Register", value: wh, unit: "Wh", phase: None }
    }

    /// The energy register, in kWh.
    pub fn energy_kwh(kwh: f64) -> Self {
        Self { unit: "kWh", ..Self::energy(kwh) }
    }

    /// Power, in W.
    pub fn power(watts: f64) -> Self {
        Self { measurand: "Power.Active.Import", value: watts, unit: "W", phase: None }
    }

    /// Voltage of a phase, in V.
    pub fn voltage(volts: f64, phase: &'static str) -> Self {
        Self { measurand: "Voltage", value: volts, unit: "V", phase: Some(phase) }
    }

    /// Current of a phase, in A.
    pub fn current(amperes: f64, phase: &'static str) -> Self {
        Self { measurand: "Current.Import", value: amperes, unit: "A", phase: Some(phase) }
    }

    /// State of charge, in %.
    pub fn soc(percent: f64) -> Self {
        Self { measurand: "SoC", value: percent, unit: "Percent", phase: None }
    }

    fn value(&self, version: Version, context: &str) -> Value {
        let mut sample = json!({ "measurand": self.measurand, "context": context });
        let value = if is_v16(version) {
            json!({ "value": self.value.to_string(), "unit": self.unit })
        } else {
            json!({ "value": self.value, "unitOfMeasure": { "unit": self.unit } })
        };
        merge(&mut sample, value);
        if let Some(phase) = self.phase {
            merge(&mut sample, json!({ "phase": phase }));
        }
        sample
    }
}

/// Samples of one moment.
pub fn reading(version: Version, at: &str, context: &str, samples: &[Sample]) -> Value {
    let samples: Vec<Value> = samples.iter().map(|sample| sample.value(version, context)).collect();
    json!({ "timestamp": at, "sampledValue": samples })
}

/// `MeterValues`; 2.x reports those of a session in its events.
pub fn meter(version: Version, evse: i64, transaction: Option<&Value>, readings: &[Value]) -> Message {
    let mut payload = json!({ "meterValue": readings });
    let v16 = is_v16(version);
    merge(&mut payload, if v16 { json!({ "connectorId": evse }) } else { json!({ "evseId": evse }) });
    if let Some(transaction) = transaction.filter(|_| v16) {
        merge(&mut payload, json!({ "transactionId": transaction }));
    }
    message("MeterValues", payload)
}

/// 1.6 `StartTransaction`.
pub fn start(evse: i64, tag: &str, meter_wh: i64, at: &str) -> Message {
    message(
        "StartTransaction",
        json!({ "connectorId": evse, "idTag": tag, "meterStart": meter_wh, "timestamp": at }),
    )
}

/// 1.6 `StopTransaction`.
pub fn stop(transaction: &Value, tag: Option<&str>, meter_wh: i64, at: &str, reason: &str) -> Message {
    let mut payload = json!({
        "transactionId": transaction, "meterStop": meter_wh, "timestamp": at, "reason": reason,
    });
    if let Some(tag) = tag {
        merge(&mut payload, json!({ "idTag": tag }));
    }
    message("StopTransaction", payload)
}

/// 2.x `TransactionEvent`.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// `Started`, `Updated` or `Ended`.
    pub kind: &'static str,
    /// Why it is sent.
    pub trigger: &'static str,
    /// Its transaction.
    pub transaction: &'a Value,
    /// Its number.
    pub number: i64,
    /// When.
    pub at: &'a str,
    /// The state of charging.
    pub charging: Option<&'static str>,
}

impl Event<'_> {
    /// The message, with more members.
    pub fn with(&self, more: Value) -> Message {
        let mut info = json!({ "transactionId": self.transaction });
        if let Some(state) = self.charging {
            merge(&mut info, json!({ "chargingState": state }));
        }
        let mut payload = json!({
            "eventType": self.kind, "timestamp": self.at, "triggerReason": self.trigger,
            "seqNo": self.number, "transactionInfo": info,
        });
        merge(&mut payload, more);
        message("TransactionEvent", payload)
    }
}
