//! Drivers: how sessions begin, are metered and end, as each version tells it.

use std::time::Duration;

use chargewarden_ocpp::{Timestamp, Version};
use serde_json::{Value, json};

use super::charge::Charge;
use super::{Outcome, World};

/// How a session begins.
#[derive(Clone, Debug)]
pub struct Driver {
    /// The token.
    pub token: String,
    /// What the vehicle takes, in W.
    pub appetite_w: i64,
    /// How long it stays.
    pub stays: Duration,
}

impl Driver {
    /// One who stays an hour, with a vehicle that takes what it gets.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), appetite_w: i64::MAX, stays: Duration::from_secs(3600) }
    }
}

impl World {
    /// A driver plugs in, shows a token and charges. Whether the session runs.
    pub fn begin_session(&mut self, place: usize, evse: u32, driver: &Driver) -> bool {
        let Some(version) = self.version(place) else { return false };
        self.status(place, evse, "Preparing");
        let authorize = match version {
            Version::V16 => json!({ "idTag": driver.token }),
            Version::V201 | Version::V21 => json!({ "idToken": id_token(&driver.token) }),
        };
        let outcome = self.report(place, "Authorize", &authorize);
        if !outcome.answer_delivered {
            return false;
        }
        self.pass(Duration::from_secs(5));
        self.start(place, evse, driver, None)
    }

    /// The driver asks for it in an app: the management system gives the command, and the station begins. What came of the
    /// command.
    pub fn begin_session_remotely(&mut self, place: usize, evse: u32, driver: &Driver) -> Outcome {
        self.status(place, evse, "Preparing");
        self.expected = Some(driver.clone());
        let outcome = match self.version(place) {
            Some(Version::V16) => self.command(
                place,
                "RemoteStartTransaction",
                &json!({ "connectorId": evse, "idTag": driver.token }),
            ),
            Some(Version::V201 | Version::V21) => {
                let number = self.number();
                let order =
                    json!({ "evseId": evse, "remoteStartId": number, "idToken": id_token(&driver.token) });
                self.command(place, "RequestStartTransaction", &order)
            }
            None => Outcome::default(),
        };
        if self.expected.take().is_some() && outcome.is_obeyed() {
            // Nobody else makes the station obey in this world.
            self.start(place, evse, driver, Some(0));
        }
        outcome
    }

    /// The station tells what the session on this EVSE draws and has drawn.
    pub fn meter(&mut self, place: usize, evse: u32) -> Outcome {
        let now = self.now();
        let Some(station) = self.stations.get_mut(place) else { return Outcome::default() };
        station.advance(now);
        let Some(charge) = station.charge_mut(evse) else { return Outcome::default() };
        charge.metered = now;
        charge.sequence += 1;
        let charge = charge.clone();
        match self.version(place) {
            Some(Version::V16) => {
                let sampled = self.samples(place, &charge, "Sample.Periodic");
                let number: i64 = charge.transaction.parse().unwrap_or_default();
                let values = json!({
                    "connectorId": evse, "transactionId": number,
                    "meterValue": [{ "timestamp": self.time(0), "sampledValue": sampled }],
                });
                self.report(place, "MeterValues", &values)
            }
            Some(Version::V201 | Version::V21) => {
                let event = self.event(place, &charge, "Updated", "MeterValuePeriodic", "Sample.Periodic");
                self.report(place, "TransactionEvent", &event)
            }
            None => Outcome::default(),
        }
    }

    /// The session on this EVSE ends: `Local` (the driver shows the token again), `EVDisconnected`, `Remote`, `HardReset`, ….
    /// In 2.x the reason is spelled its way.
    pub fn end_session(&mut self, place: usize, evse: u32, reason: &str) -> Outcome {
        let now = self.now();
        let Some(station) = self.stations.get_mut(place) else { return Outcome::default() };
        station.advance(now);
        let Some(at) = station.charges.iter().position(|charge| charge.evse == evse) else {
            return Outcome::default();
        };
        let mut charge = station.charges.remove(at);
        charge.sequence += 1;
        charge.power_w = 0;
        let told = station.meter_mut(evse).map_or(0.0, |meter| meter.told());
        let outcome = match self.version(place) {
            Some(Version::V16) => {
                let number: i64 = charge.transaction.parse().unwrap_or_default();
                let mut stop = json!({
                    "transactionId": number, "timestamp": self.time(0), "reason": reason,
                    "meterStop": whole(told),
                });
                if reason == "Local"
                    && let Some(stop) = stop.as_object_mut()
                {
                    stop.insert("idTag".to_owned(), json!(charge.token));
                }
                self.report(place, "StopTransaction", &stop)
            }
            Some(Version::V201 | Version::V21) => {
                let (trigger, reason) = match reason {
                    "Local" => ("StopAuthorized", "Local"),
                    "Remote" => ("RemoteStop", "Remote"),
                    "HardReset" | "ImmediateReset" => ("ResetCommand", "ImmediateReset"),
                    "SoftReset" => ("ResetCommand", "Reboot"),
                    _ => ("EVCommunicationLost", "EVDisconnected"),
                };
                let mut event = self.event(place, &charge, "Ended", trigger, "Transaction.End");
                if let Some(info) = event.get_mut("transactionInfo").and_then(Value::as_object_mut) {
                    info.insert("stoppedReason".to_owned(), json!(reason));
                    info.insert("chargingState".to_owned(), json!("Idle"));
                }
                if reason == "Local"
                    && let Some(event) = event.as_object_mut()
                {
                    event.insert("idToken".to_owned(), id_token(&charge.token));
                }
                self.report(place, "TransactionEvent", &event)
            }
            None => Outcome::default(),
        };
        if self.version(place) == Some(Version::V16) {
            self.status(place, evse, "Finishing");
        }
        self.status(place, evse, "Available");
        outcome
    }

    /// The session itself begins; by which command, if by one. Whether it runs.
    pub(super) fn start(
        &mut self,
        place: usize,
        evse: u32,
        driver: &Driver,
        remote_start: Option<i64>,
    ) -> bool {
        let now = self.now();
        let name = format!("tx-{place}-{}", self.number());
        let Some(station) = self.stations.get_mut(place) else { return false };
        station.advance(now);
        let direct_current = station.plan.envelope.evse_w.is_some_and(|rated| rated > 43_000);
        let Some(meter) = station.meter_mut(evse) else { return false };
        meter.run(0, now);
        let mut charge = Charge {
            evse,
            token: driver.token.clone(),
            transaction: name,
            remote: remote_start.is_some(),
            begun: now,
            leaves: later(now, driver.stays),
            power_w: 0,
            appetite_w: driver.appetite_w.min(150_000),
            metered: now,
            sequence: 0,
            battery: direct_current.then_some((20.0, 90_000.0)),
            from_wh: meter.register_wh,
        };
        let told = meter.told();
        let accepted = match station.version() {
            Version::V16 => {
                let start = json!({
                    "connectorId": evse, "idTag": driver.token, "meterStart": whole(told),
                    "timestamp": self.time(0),
                });
                let outcome = self.report(place, "StartTransaction", &start);
                let answer = outcome.told.as_ref().and_then(|frame| frame.get(2));
                let number = answer.and_then(|answer| answer.get("transactionId")).and_then(Value::as_i64);
                charge.transaction = number.map(|number| number.to_string()).unwrap_or_default();
                outcome.answer_delivered
            }
            Version::V201 | Version::V21 => {
                let trigger = if remote_start.is_some() { "RemoteStart" } else { "Authorized" };
                let mut event = self.event(place, &charge, "Started", trigger, "Transaction.Begin");
                if let Some(event) = event.as_object_mut() {
                    event.insert("evse".to_owned(), json!({ "id": evse, "connectorId": 1 }));
                    event.insert("idToken".to_owned(), id_token(&driver.token));
                }
                if let (Some(number), Some(info)) = (
                    remote_start.filter(|number| *number > 0),
                    event.get_mut("transactionInfo").and_then(Value::as_object_mut),
                ) {
                    info.insert("remoteStartId".to_owned(), json!(number));
                }
                self.report(place, "TransactionEvent", &event).answer_delivered
            }
        };
        if !accepted {
            return false;
        }
        self.status(place, evse, "Charging");
        if let Some(station) = self.stations.get_mut(place) {
            station.charges.push(charge);
            station.advance(now);
        }
        true
    }

    /// The register of an EVSE, in Wh.
    pub(super) fn register(&self, place: usize, evse: u32) -> i64 {
        let meter = self
            .stations
            .get(place)
            .and_then(|station| station.meters.get(usize::try_from(evse).ok()?.checked_sub(1)?));
        meter.map_or(0, |meter| whole(meter.told()))
    }

    /// What the meter of a session says now.
    fn samples(&self, place: usize, charge: &Charge, context: &str) -> Value {
        let told = self
            .stations
            .get(place)
            .and_then(|station| station.meters.get(usize::try_from(charge.evse).ok()?.checked_sub(1)?))
            .map(|meter| (meter.told(), meter.register_wh))
            .unwrap_or_default();
        let state_of_charge = charge.battery.map(|(from, capacity)| {
            (from + 100.0 * (told.1 - charge.from_wh).max(0.0) / capacity).min(100.0).floor()
        });
        let as_text = self.version(place) == Some(Version::V16);
        let sample = |value: f64, measurand: &str, unit: &str| {
            if as_text {
                json!({ "value": format!("{value}"), "measurand": measurand, "unit": unit, "context": context })
            } else {
                json!({ "value": value, "measurand": measurand, "unitOfMeasure": { "unit": unit }, "context": context })
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "at most megawatts")]
        let power_w = charge.power_w as f64;
        let mut samples = vec![
            sample(told.0, "Energy.Active.Import.Register", "Wh"),
            sample(power_w, "Power.Active.Import", "W"),
        ];
        samples.extend(state_of_charge.map(|percent| sample(percent, "SoC", "Percent")));
        Value::Array(samples)
    }

    /// A transaction event of 2.x about a session.
    pub(super) fn event(
        &self,
        place: usize,
        charge: &Charge,
        kind: &str,
        trigger: &str,
        context: &str,
    ) -> Value {
        let now = self.time(0);
        json!({
            "eventType": kind, "timestamp": now, "triggerReason": trigger, "seqNo": charge.sequence,
            "transactionInfo": { "transactionId": charge.transaction, "chargingState": "Charging" },
            "meterValue": [{ "timestamp": now, "sampledValue": self.samples(place, charge, context) }],
        })
    }
}

/// A token as 2.x writes it.
pub fn id_token(token: &str) -> Value {
    json!({ "idToken": token, "type": "ISO14443" })
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_add(ms))
}

/// A register is told in whole Wh.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn whole(wh: f64) -> i64 {
    wh as i64
}
