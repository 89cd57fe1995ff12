//! A station and a management system that talk about charging sessions, in any version.

use std::collections::BTreeMap;

use bytes::Bytes;
use chargewarden_engine::{Input, Moment, Opening, Session, StationState, Step, World};
use chargewarden_evidence::Event;
use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::Envelope;
use serde_json::{Value, json};

use crate::scene::{EVERYTHING, START_MS, opening, policies, world};

/// Something a station says.
#[derive(Clone, Debug)]
pub struct Report {
    pub action: &'static str,
    pub payload: Value,
    /// Of 1.6: the session whose number has to be filled in, or is given by the answer.
    pub slot: Option<usize>,
}

/// A session as the station has it.
#[derive(Clone, Debug)]
pub struct Charge {
    pub slot: usize,
    pub evse: i64,
    pub token: String,
    pub sequence: i64,
}

pub struct Play {
    pub version: Version,
    pub now_ms: i64,
    pub envelope: Envelope,
    session: Session,
    world: World,
    next: u32,
    slots: usize,
    numbers: BTreeMap<usize, i64>,
    /// The group of every token.
    pub group: Option<&'static str>,
    pub online: bool,
}

impl Play {
    /// A station of two EVSEs, 22 kW each, at one o'clock; known for an hour.
    pub fn new(version: Version) -> Self {
        let mut play = Self::fresh(version);
        play.wait(3600);
        play.heartbeat();
        play
    }

    /// The same, just connected.
    pub fn fresh(version: Version) -> Self {
        let envelope =
            Envelope { evses: Some(2), evse_w: Some(22_000), station_w: Some(44_000), ..Envelope::default() };
        let world = world(policies(EVERYTHING));
        let session = Session::open(stage(version, &envelope, None), moment(START_MS), &world);
        let mut play = Self {
            version,
            now_ms: START_MS,
            envelope,
            session,
            world,
            next: 0,
            slots: 0,
            numbers: BTreeMap::new(),
            group: None,
            online: true,
        };
        play.boot();
        play
    }

    pub fn boot(&mut self) {
        let boot = match self.version {
            Version::V16 => json!({"chargePointVendor": "V", "chargePointModel": "M"}),
            Version::V201 | Version::V21 => {
                json!({"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}})
            }
        };
        assert_eq!(self.say("BootNotification", boot), NONE);
        for evse in 1..=2 {
            assert_eq!(self.status(evse, "Available"), NONE);
        }
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now_ms += seconds * 1000;
    }

    pub fn heartbeat(&mut self) {
        assert_eq!(self.say("Heartbeat", json!({})), NONE);
    }

    /// So many seconds from now, as OCPP writes it.
    pub fn at(&self, seconds: i64) -> String {
        Timestamp::from_millis(self.now_ms + seconds * 1000).to_string()
    }

    /// Loses the connection.
    pub fn part(&mut self) {
        let _ = self.session.handle(moment(self.now_ms), Input::Gone, &self.world);
        self.online = false;
    }

    /// Connects again: the state is what was stored.
    pub fn connect(&mut self) {
        let state = StationState::from_json(self.session.state().to_json().as_bytes()).unwrap();
        let opening = stage(self.version, &self.envelope, Some(state));
        self.session = Session::open(opening, moment(self.now_ms), &self.world);
        self.online = true;
    }

    /// Another that stands where this one does.
    pub fn twin(&self) -> Self {
        let state = StationState::from_json(self.session.state().to_json().as_bytes()).unwrap();
        let world = world(policies(EVERYTHING));
        let opening = stage(self.version, &self.envelope, Some(state));
        let mut twin = Self {
            session: Session::open(opening, moment(self.now_ms), &world),
            world,
            envelope: self.envelope.clone(),
            numbers: self.numbers.clone(),
            ..*self
        };
        twin.heartbeat();
        twin
    }

    /// The stored state.
    pub fn stored(&self) -> String {
        self.session.state().to_json()
    }

    /// Whether policies see this of the station.
    pub fn sees(&mut self, condition: &str) -> bool {
        let probe = format!(
            "{EVERYTHING} @id(\"probe\") @reason(\"probe\") forbid (principal, action == Action::\"trigger-report\", resource) unless {{ {condition} }};"
        );
        self.world.policies = policies(&probe);
        let id = self.id();
        let call = json!([2, id, "TriggerMessage", {"requestedMessage": "Heartbeat"}]).to_string();
        let input = Input::Text { from: Side::Csms, bytes: Bytes::from(call) };
        let steps = self.session.handle(moment(self.now_ms), input, &self.world);
        let seen = steps.iter().any(|step| matches!(step, Step::Forward(_)));
        if seen {
            self.feed(Side::Station, &json!([3, id, {"status": "Accepted"}]).to_string());
        }
        self.world.policies = policies(EVERYTHING);
        seen
    }

    /// What is odd about what the station says; nothing of it or its answer is refused.
    pub fn say(&mut self, action: &'static str, payload: Value) -> Vec<String> {
        self.tell(&Report { action, payload, slot: None })
    }

    /// The same, of a session.
    pub fn tell(&mut self, report: &Report) -> Vec<String> {
        let mut payload = report.payload.clone();
        if let Some(slot) = report.slot
            && payload.get("transactionId").is_some_and(Value::is_null)
        {
            payload["transactionId"] = json!(self.numbers.get(&slot).copied().unwrap_or(-1));
        }
        let id = self.id();
        let call = json!([2, id, report.action, payload]).to_string();
        let mut doubts = self.feed(Side::Station, &call);
        let accepted = match self.group {
            Some(group) if self.version == Version::V16 => {
                json!({"status": "Accepted", "parentIdTag": group})
            }
            Some(group) => {
                json!({"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}})
            }
            None => json!({"status": "Accepted"}),
        };
        let answer = match report.action {
            "BootNotification" => json!({"currentTime": self.at(0), "interval": 300, "status": "Accepted"}),
            "Heartbeat" => json!({"currentTime": self.at(0)}),
            "Authorize" if self.version == Version::V16 => json!({"idTagInfo": accepted}),
            "Authorize" => json!({"idTokenInfo": accepted}),
            "StartTransaction" => {
                let number = 1000 + i64::from(self.next);
                if let Some(slot) = report.slot {
                    self.numbers.insert(slot, number);
                }
                json!({"idTagInfo": accepted, "transactionId": number})
            }
            "TransactionEvent" if payload.get("idToken").is_some() => json!({"idTokenInfo": accepted}),
            "NotifyEVChargingNeeds" => json!({"status": "Accepted"}),
            _ => json!({}),
        };
        doubts.extend(self.feed(Side::Csms, &json!([3, id, answer]).to_string()));
        doubts
    }

    /// What is odd about a command, and the station's answer to it.
    pub fn command(&mut self, action: &'static str, payload: &Value, answer: &Value) -> Vec<String> {
        let id = self.id();
        let mut doubts = self.feed(Side::Csms, &json!([2, id, action, payload]).to_string());
        doubts.extend(self.feed(Side::Station, &json!([3, id, answer]).to_string()));
        doubts
    }

    /// What is odd about a report and this answer.
    pub fn tell_answered(&mut self, report: &Report, answer: &Value) -> Vec<String> {
        let id = self.id();
        let mut doubts = self.feed(Side::Station, &json!([2, id, report.action, report.payload]).to_string());
        doubts.extend(self.feed(Side::Csms, &json!([3, id, answer]).to_string()));
        doubts
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("m{}", self.next)
    }

    fn feed(&mut self, from: Side, text: &str) -> Vec<String> {
        let input = Input::Text { from, bytes: Bytes::copy_from_slice(text.as_bytes()) };
        let steps = self.session.handle(moment(self.now_ms), input, &self.world);
        assert!(steps.iter().any(|step| matches!(step, Step::Forward(_))), "{text}\n{steps:?}");
        let noted = steps.iter().filter_map(|step| match step {
            Step::Record(record, _) => match &record.event {
                Event::Message(message) => Some(message.doubts.iter().map(|doubt| doubt.to_string())),
                _ => None,
            },
            _ => None,
        });
        noted.flatten().collect()
    }

    // ---- what stations say -------------------------------------------------------------------

    pub fn status(&mut self, evse: i64, status: &str) -> Vec<String> {
        let report = self.status_report(evse, status, 0);
        self.tell(&report)
    }

    pub fn status_report(&self, evse: i64, status: &str, ago_s: i64) -> Report {
        let at = self.at(-ago_s);
        let payload = match self.version {
            Version::V16 => {
                json!({"connectorId": evse, "errorCode": "NoError", "status": status, "timestamp": at})
            }
            Version::V201 | Version::V21 => {
                let status = match status {
                    "Available" | "Reserved" | "Unavailable" | "Faulted" => status,
                    _ => "Occupied",
                };
                json!({"timestamp": at, "connectorStatus": status, "evseId": evse, "connectorId": 1})
            }
        };
        Report { action: "StatusNotification", payload, slot: None }
    }

    /// A session begins now: what the station says of it.
    pub fn begin(&mut self, evse: i64, token: &str, wh: f64, remote: Option<i64>) -> (Charge, Report) {
        self.slots += 1;
        let mut charge = Charge { slot: self.slots, evse, token: token.to_owned(), sequence: 0 };
        let report = match self.version {
            Version::V16 => Report {
                action: "StartTransaction",
                payload: json!({
                    "connectorId": evse, "idTag": token, "meterStart": round(wh), "timestamp": self.at(0),
                }),
                slot: Some(charge.slot),
            },
            Version::V201 | Version::V21 => {
                let trigger = if remote.is_some() { "RemoteStart" } else { "Authorized" };
                let mut report = self.event(&mut charge, "Started", trigger);
                report.payload["idToken"] = json!({"idToken": token, "type": "ISO14443"});
                report.payload["meterValue"] = json!([self.values(Some(wh), None, "Transaction.Begin")]);
                report.payload["transactionInfo"]["chargingState"] = json!("EVConnected");
                if let Some(remote) = remote {
                    report.payload["transactionInfo"]["remoteStartId"] = json!(remote);
                }
                report
            }
        };
        (charge, report)
    }

    /// Energy flows from now on, or does not.
    pub fn flow(&mut self, charge: &mut Charge, state: &str) -> Report {
        match self.version {
            Version::V16 => self.status_report(charge.evse, state, 0),
            Version::V201 | Version::V21 => {
                let mut report = self.event(charge, "Updated", "ChargingStateChanged");
                report.payload["transactionInfo"]["chargingState"] = json!(state);
                report
            }
        }
    }

    /// Meter values of a session.
    pub fn meter(&mut self, charge: &mut Charge, wh: Option<f64>, power_w: Option<f64>) -> Report {
        let values = self.values(wh, power_w, "Sample.Periodic");
        self.metered(charge, &json!([values]))
    }

    /// The same, with values as they are.
    pub fn metered(&mut self, charge: &mut Charge, values: &Value) -> Report {
        match self.version {
            Version::V16 => Report {
                action: "MeterValues",
                payload: json!({"connectorId": charge.evse, "transactionId": null, "meterValue": values}),
                slot: Some(charge.slot),
            },
            Version::V201 | Version::V21 => {
                let mut report = self.event(charge, "Updated", "MeterValuePeriodic");
                report.payload["meterValue"] = values.clone();
                report
            }
        }
    }

    /// A session ends now.
    pub fn end(&mut self, charge: &mut Charge, wh: f64, token: Option<&str>, reason: &str) -> Report {
        match self.version {
            Version::V16 => {
                let mut payload = json!({
                    "transactionId": null, "meterStop": round(wh), "timestamp": self.at(0), "reason": reason,
                });
                if let Some(token) = token {
                    payload["idTag"] = json!(token);
                }
                Report { action: "StopTransaction", payload, slot: Some(charge.slot) }
            }
            Version::V201 | Version::V21 => {
                let mut report = self.event(charge, "Ended", "StopAuthorized");
                report.payload["transactionInfo"]["stoppedReason"] = json!(reason);
                report.payload["meterValue"] = json!([self.values(Some(wh), None, "Transaction.End")]);
                if let Some(token) = token {
                    report.payload["idToken"] = json!({"idToken": token, "type": "ISO14443"});
                }
                report
            }
        }
    }

    /// One meter value, now.
    pub fn values(&self, wh: Option<f64>, power_w: Option<f64>, context: &str) -> Value {
        let mut samples = Vec::new();
        let energy = wh.map(|wh| ("Energy.Active.Import.Register", wh.round(), "Wh"));
        let power = power_w.map(|power_w| ("Power.Active.Import", power_w.round(), "W"));
        for (measurand, value, unit) in energy.into_iter().chain(power) {
            samples.push(self.sample(measurand, value, unit, context));
        }
        json!({"timestamp": self.at(0), "sampledValue": samples})
    }

    pub fn sample(&self, measurand: &str, value: f64, unit: &str, context: &str) -> Value {
        match self.version {
            Version::V16 => {
                json!({"value": value.to_string(), "measurand": measurand, "unit": unit, "context": context})
            }
            Version::V201 | Version::V21 => json!({
                "value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}, "context": context,
            }),
        }
    }

    pub fn event(&mut self, charge: &mut Charge, kind: &str, trigger: &str) -> Report {
        let payload = json!({
            "eventType": kind, "timestamp": self.at(0), "triggerReason": trigger, "seqNo": charge.sequence,
            "offline": !self.online,
            "transactionInfo": {"transactionId": format!("tx-{}", charge.slot)},
            "evse": {"id": charge.evse, "connectorId": 1},
        });
        charge.sequence += 1;
        Report { action: "TransactionEvent", payload, slot: Some(charge.slot) }
    }

    /// The session as a command names it.
    pub fn name(&self, charge: &Charge) -> Value {
        match self.version {
            Version::V16 => json!(self.numbers[&charge.slot]),
            Version::V201 | Version::V21 => json!(format!("tx-{}", charge.slot)),
        }
    }

    pub fn remote_stop(&mut self, transaction: &Value) -> Vec<String> {
        let action =
            if self.version == Version::V16 { "RemoteStopTransaction" } else { "RequestStopTransaction" };
        self.command(action, &json!({"transactionId": transaction}), &json!({"status": "Accepted"}))
    }

    pub fn remote_start(&mut self, evse: i64, token: &str, remote: i64) -> Vec<String> {
        let accepted = json!({"status": "Accepted"});
        if self.version == Version::V16 {
            let payload = json!({"connectorId": evse, "idTag": token});
            return self.command("RemoteStartTransaction", &payload, &accepted);
        }
        let token = json!({"idToken": token, "type": "ISO14443"});
        let payload = json!({"evseId": evse, "idToken": token, "remoteStartId": remote});
        self.command("RequestStartTransaction", &payload, &accepted)
    }
}

pub const NONE: Vec<String> = Vec::new();

#[expect(clippy::cast_possible_truncation, reason = "a register")]
fn round(wh: f64) -> i64 {
    wh.round() as i64
}

fn stage(version: Version, envelope: &Envelope, state: Option<StationState>) -> Opening {
    let mut opening = opening(version, state);
    opening.about.envelope = envelope.clone();
    opening
}

fn moment(now_ms: i64) -> Moment {
    let mono_ms = u64::try_from(now_ms - START_MS).unwrap_or(0);
    Moment { wall: Timestamp::from_millis(now_ms.max(START_MS)), mono_ms }
}
