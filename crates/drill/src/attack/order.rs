//! Commands, as a management system writes them in each version.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::world::id_token;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Action as spelled on the wire.
    pub action: String,
    /// Request.
    pub payload: Value,
}

/// A message in a vendor's own words, as many management systems offer to send one: 1.6 and 2.x spell it alike.
pub fn vendor_data(vendor: &str, message: &str, data: &str) -> Order {
    order("DataTransfer", json!({ "vendorId": vendor, "messageId": message, "data": data }))
}

/// A command of this action.
pub fn order(action: &str, payload: Value) -> Order {
    Order { action: action.to_owned(), payload }
}

/// Where a command goes: enough to write it. Its methods write ordinary commands in the station's version.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The station's place in the fleet.
    pub place: usize,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// Its site.
    pub site: String,
    /// An EVSE with a session, if there is one, with the transaction and its token.
    pub charging: Option<(u32, String, String)>,
    /// An EVSE without a session.
    pub free: Option<u32>,
    /// EVSEs.
    pub evses: u32,
    /// Most that an EVSE carries, in W.
    pub evse_w: i64,
    /// A number of its own.
    pub number: u32,
    /// The time, as OCPP writes it.
    pub now: String,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
}

impl Spot {
    /// The EVSE with a session, else the first.
    pub fn evse(&self) -> u32 {
        self.charging.as_ref().map_or(1, |(evse, _, _)| *evse)
    }

    /// The transaction on it; `none` where nobody charges.
    pub fn transaction(&self) -> String {
        self.charging.as_ref().map_or_else(|| "none".to_owned(), |(_, transaction, _)| transaction.clone())
    }

    /// The time so many seconds from now.
    pub fn time(&self, ahead_s: i64) -> String {
        let ms = self.now_ms.saturating_add(ahead_s.saturating_mul(1000));
        chargewarden_ocpp::Timestamp::from_millis(ms).to_string()
    }

    /// A setting: a 1.6 key, or `Component.Variable`, `Component/instance.Variable/instance`.
    pub fn setting(&self, key: &str, value: &str) -> Order {
        match self.version {
            Version::V16 => order("ChangeConfiguration", json!({ "key": key, "value": value })),
            Version::V201 | Version::V21 => variables(&[(key, value)]),
        }
    }

    /// Starts a session.
    pub fn start(&self, evse: u32, token: &str) -> Order {
        match self.version {
            Version::V16 => order("RemoteStartTransaction", json!({ "connectorId": evse, "idTag": token })),
            Version::V201 | Version::V21 => order(
                "RequestStartTransaction",
                json!({ "evseId": evse, "remoteStartId": self.number, "idToken": id_token(token) }),
            ),
        }
    }

    /// Ends a session.
    pub fn stop(&self, transaction: &str) -> Order {
        match self.version {
            Version::V16 => order(
                "RemoteStopTransaction",
                json!({ "transactionId": transaction.parse::<i64>().unwrap_or_default() }),
            ),
            Version::V201 | Version::V21 => {
                order("RequestStopTransaction", json!({ "transactionId": transaction }))
            }
        }
    }

    /// Restarts the station: at once, cutting sessions off, or in order.
    pub fn reset(&self, immediate: bool) -> Order {
        let kind = match (self.version, immediate) {
            (Version::V16, true) => "Hard",
            (Version::V16, false) => "Soft",
            (Version::V201 | Version::V21, true) => "Immediate",
            (Version::V201 | Version::V21, false) => "OnIdle",
        };
        order("Reset", json!({ "type": kind }))
    }

    /// Takes an EVSE (0: the station) out of service, or puts it back.
    pub fn availability(&self, evse: u32, operative: bool) -> Order {
        let kind = if operative { "Operative" } else { "Inoperative" };
        let payload = match (self.version, evse) {
            (Version::V16, _) => json!({ "connectorId": evse, "type": kind }),
            (Version::V201 | Version::V21, 0) => json!({ "operationalStatus": kind }),
            (Version::V201 | Version::V21, _) => {
                json!({ "operationalStatus": kind, "evse": { "id": evse } })
            }
        };
        order("ChangeAvailability", payload)
    }

    /// Releases a cable.
    pub fn unlock(&self, evse: u32) -> Order {
        let payload = match self.version {
            Version::V16 => json!({ "connectorId": evse }),
            Version::V201 | Version::V21 => json!({ "evseId": evse, "connectorId": 1 }),
        };
        order("UnlockConnector", payload)
    }

    /// Asks for a message.
    pub fn trigger(&self, message: &str) -> Order {
        order("TriggerMessage", json!({ "requestedMessage": message }))
    }

    /// Keeps an EVSE for a token.
    pub fn reserve(&self, evse: u32, token: &str, reservation: i64, ahead_s: i64) -> Order {
        let until = self.time(ahead_s);
        let payload = match self.version {
            Version::V16 => json!({
                "connectorId": evse, "expiryDate": until, "idTag": token, "reservationId": reservation,
            }),
            Version::V201 | Version::V21 => json!({
                "id": reservation, "expiryDateTime": until, "idToken": id_token(token), "evseId": evse,
            }),
        };
        order("ReserveNow", payload)
    }

    /// Software; signed in 2.x and where 1.6 has its security extension, if `signed` gives certificate and signature.
    pub fn firmware(&self, location: &str, signed: Option<(&str, &str)>) -> Order {
        let mut firmware = json!({ "location": location, "retrieveDateTime": self.time(60) });
        if let (Some((certificate, signature)), Some(firmware)) = (signed, firmware.as_object_mut()) {
            firmware.insert("signingCertificate".to_owned(), json!(certificate));
            firmware.insert("signature".to_owned(), json!(signature));
        }
        let payload = json!({ "requestId": self.number, "firmware": firmware });
        match (self.version, signed) {
            (Version::V16, None) => {
                order("UpdateFirmware", json!({ "location": location, "retrieveDate": self.time(60) }))
            }
            (Version::V16, Some(_)) => order("SignedUpdateFirmware", payload),
            (Version::V201 | Version::V21, _) => order("UpdateFirmware", payload),
        }
    }

    /// A log upload.
    pub fn log(&self, kind: &str, location: &str) -> Order {
        order(
            "GetLog",
            json!({ "logType": kind, "requestId": self.number, "log": { "remoteLocation": location } }),
        )
    }

    /// A charging profile. Its 1.6 names are made of the 2.x ones.
    pub fn profile(&self, evse: u32, profile: &Sketch) -> Order {
        let payload = match self.version {
            Version::V16 => json!({ "connectorId": evse, "csChargingProfiles": profile.write(self) }),
            Version::V201 | Version::V21 => json!({ "evseId": evse, "chargingProfile": profile.write(self) }),
        };
        order("SetChargingProfile", payload)
    }
}

/// Settings of the device model in one request: `Component.Variable`, either with `/instance` behind.
pub fn variables(settings: &[(&str, &str)]) -> Order {
    let named = |text: &str| match text.split_once('/') {
        Some((name, instance)) => json!({ "name": name, "instance": instance }),
        None => json!({ "name": text }),
    };
    let data: Vec<Value> = settings
        .iter()
        .map(|(key, value)| {
            let (component, variable) = key.split_once('.').unwrap_or(("OCPPCommCtrlr", key));
            json!({ "component": named(component), "variable": named(variable), "attributeValue": value })
        })
        .collect();
    order("SetVariables", json!({ "setVariableData": data }))
}

/// A charging profile in short.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// Id.
    pub id: i64,
    /// `TxDefaultProfile`, `TxProfile`, `ChargingStationMaxProfile` (in 1.6 `ChargePointMaxProfile`), ….
    pub purpose: &'static str,
    /// Stack level.
    pub stack: i64,
    /// `Absolute`, `Relative` or `Recurring`.
    pub kind: &'static str,
    /// `A` or `W`.
    pub unit: &'static str,
    /// Seconds after the start, and limit.
    pub periods: Vec<(i64, f64)>,
    /// When it starts, in s from now; of relative ones nothing.
    pub starts_s: Option<i64>,
    /// How long it holds, in s.
    pub duration_s: Option<i64>,
    /// Members that the others do not cover, on top of the profile.
    pub more: Value,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            id: 7,
            purpose: "TxDefaultProfile",
            stack: 0,
            kind: "Absolute",
            unit: "W",
            periods: vec![(0, 11_000.0)],
            starts_s: Some(0),
            duration_s: Some(3_600),
            more: Value::Null,
        }
    }
}

impl Sketch {
    /// The profile as the spot's version writes it.
    pub fn write(&self, spot: &Spot) -> Value {
        let v16 = spot.version == Version::V16;
        let purpose = match (v16, self.purpose) {
            (true, "ChargingStationMaxProfile") => "ChargePointMaxProfile",
            (_, purpose) => purpose,
        };
        let period = |(start, limit): &(i64, f64)| json!({ "startPeriod": start, "limit": limit });
        let periods: Vec<Value> = self.periods.iter().map(period).collect();
        let mut schedule = json!({ "chargingRateUnit": self.unit, "chargingSchedulePeriod": periods });
        if let Some(schedule) = schedule.as_object_mut() {
            if let Some(start) = self.starts_s {
                schedule.insert("startSchedule".to_owned(), json!(spot.time(start)));
            }
            if let Some(duration) = self.duration_s {
                schedule.insert("duration".to_owned(), json!(duration));
            }
            if !v16 {
                schedule.insert("id".to_owned(), json!(1));
            }
        }
        let mut profile = json!({
            "stackLevel": self.stack, "chargingProfilePurpose": purpose, "chargingProfileKind": self.kind,
        });
        if let Some(profile) = profile.as_object_mut() {
            profile.insert(if v16 { "chargingProfileId" } else { "id" }.to_owned(), json!(self.id));
            let schedule = if v16 { schedule } else { json!([schedule]) };
            profile.insert("chargingSchedule".to_owned(), schedule);
            if self.purpose == "TxProfile"
                && let Some((_, transaction, _)) = &spot.charging
            {
                let transaction = match transaction.parse::<i64>() {
                    Ok(number) if v16 => json!(number),
                    Ok(_) | Err(_) => json!(transaction),
                };
                profile.insert("transactionId".to_owned(), transaction);
            }
            if let Value::Object(more) = &self.more {
                profile.extend(more.clone());
            }
        }
        profile
    }
}
