//! What happens to stations: power that fails, software that is replaced.

use chargewarden_ocpp::{Timestamp, Version};
use serde_json::{Value, json};

use super::World;

impl World {
    /// The power of a station fails: it is gone without a word, and its sessions draw nothing any more.
    pub fn power_cut(&mut self, place: usize) {
        let now = self.now();
        self.hang_up(place);
        let Some(station) = self.stations.get_mut(place) else { return };
        station.advance(now);
        for charge in &mut station.charges {
            (charge.power_w, charge.appetite_w) = (0, 0);
        }
        station.dark_since = Some(now);
    }

    /// The power is back: the station starts, and tells of each session that it ended when the power did.
    pub fn power_back(&mut self, place: usize) {
        let Some(station) = self.stations.get_mut(place) else { return };
        let Some(since) = station.dark_since.take() else { return };
        let charges = std::mem::take(&mut station.charges);
        self.announce(place);
        for mut charge in charges {
            charge.sequence += 1;
            let stop = match self.version(place) {
                Some(Version::V16) => {
                    let number: i64 = charge.transaction.parse().unwrap_or_default();
                    let told = self.register(place, charge.evse);
                    json!({ "transactionId": number, "timestamp": since.to_string(), "reason": "PowerLoss", "meterStop": told })
                }
                Some(Version::V201 | Version::V21) | None => {
                    let event = self.event(place, &charge, "Ended", "AbnormalCondition", "Transaction.End");
                    ended_dark(event, since)
                }
            };
            let action = if self.version(place) == Some(Version::V16) {
                "StopTransaction"
            } else {
                "TransactionEvent"
            };
            self.report(place, action, &stop);
        }
        self.tell_statuses(place);
    }

    /// A station has replaced its software, and starts with it.
    pub fn install(&mut self, place: usize, firmware: &str) {
        if let Some(station) = self.stations.get_mut(place) {
            firmware.clone_into(&mut station.plan.firmware);
        }
        self.reconnect(place);
    }
}

/// The event of a session that ended at `at`, while nobody could be told.
fn ended_dark(mut event: Value, at: Timestamp) -> Value {
    let at = json!(at.to_string());
    for pointer in ["/timestamp", "/meterValue/0/timestamp"] {
        if let Some(time) = event.pointer_mut(pointer) {
            time.clone_from(&at);
        }
    }
    if let Some(info) = event.get_mut("transactionInfo").and_then(Value::as_object_mut) {
        info.insert("stoppedReason".to_owned(), json!("PowerLoss"));
        info.insert("chargingState".to_owned(), json!("Idle"));
    }
    if let Some(event) = event.as_object_mut() {
        event.insert("offline".to_owned(), json!(true));
    }
    event
}
