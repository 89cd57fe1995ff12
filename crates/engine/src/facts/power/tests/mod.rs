//! Commands as JSON in, doubts and changes of power as text out.

mod composite;
mod doubting;
mod orders;
mod prediction;
mod protection;

use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::{Action, Limits, Payload, Side, Timestamp, Version};
use chargewarden_policy::{About, CsmsFacts, Doubts, Envelope, StationFacts};
use serde_json::{Value, json};

use super::super::sessions::Running;
use super::{Heard, Learned, Power, doubting as rules, learning, prediction as foresight};
use crate::effects::{self, Message, MessageKind, RequestMemo};

/// 2026-03-01T02:00:00Z.
pub(super) const NOW_MS: i64 = 1_772_330_400_000;

/// So many seconds from the beginning, as OCPP writes it.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_millis(NOW_MS + seconds * 1000).to_string()
}

/// A station and those who command it.
pub(super) struct Desk {
    pub(super) version: Version,
    pub(super) power: Power,
    pub(super) sessions: Vec<Charging>,
    pub(super) envelope: Envelope,
    pub(super) now_ms: i64,
}

/// A session.
pub(super) struct Charging {
    pub(super) transaction: String,
    pub(super) evse: i64,
    pub(super) began_ms: i64,
    pub(super) power_w: Option<i64>,
}

impl Desk {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            power: Power::default(),
            sessions: Vec::new(),
            envelope: Envelope::default(),
            now_ms: NOW_MS,
        }
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.now_ms += seconds * 1000;
    }

    /// Somebody charges.
    pub(super) fn charging(mut self, transaction: &str, evse: i64, power_w: i64) -> Self {
        let (transaction, began_ms) = (transaction.to_owned(), self.now_ms);
        self.sessions.push(Charging { transaction, evse, began_ms, power_w: Some(power_w) });
        self
    }

    pub(super) fn running(&self) -> Vec<Running<'_>> {
        let running = |session: &'_ Charging| Running {
            evse: Some(session.evse),
            began: Timestamp::from_millis(session.began_ms),
            power_w: session.power_w,
            wish_w: None,
            transaction: "",
        };
        self.sessions
            .iter()
            .map(|session| Running { transaction: &session.transaction, ..running(session) })
            .collect()
    }

    fn about(&self, party: &str) -> About {
        About {
            station: "CS-1".into(),
            parties: vec!["cso".parse().unwrap(), "cnp".parse().unwrap()],
            site: None,
            groups: vec![],
            area: None,
            facts: StationFacts::default(),
            csms: format!("{party}-csms"),
            csms_party: party.parse().unwrap(),
            csms_facts: CsmsFacts::default(),
            envelope: self.envelope.clone(),
        }
    }

    /// What a command would raise, and change.
    pub(super) fn asked(&self, party: &str, action: &str, payload: &Value) -> (Doubts, Vec<String>) {
        let text = payload.to_string();
        let action = Action::parse(self.version, action).unwrap();
        let limits = Limits::default();
        let payload = Payload::parse(&text, action.spec(self.version).unwrap().request, &limits).unwrap();
        let message = self.message(Side::Csms, action, MessageKind::Call, &payload, None);
        let effects = effects::translate(&message);
        let (about, key) = (self.about(party), ContentKey::new(&[7; 32]));
        let heard = Heard { message: &message, effects: &effects, about: &about, call: None, key: &key };
        let mut doubts = Doubts::NONE;
        rules::doubts(&self.power, &self.running(), &heard, &mut doubts);
        let told = |change: &crate::ledger::PowerChange| {
            let after = (change.at.as_millis() - self.now_ms) / 1000;
            let every = change.every_ms.map_or(String::new(), |ms| format!(" every {}", ms / 1000));
            format!("{after}: {:+}{every}", change.delta_w)
        };
        let changes = foresight::changes(&self.power, &self.running(), &heard);
        (doubts, changes.iter().map(told).collect())
    }

    /// The doubts alone, by name.
    pub(super) fn doubts(&self, party: &str, action: &str, payload: &Value) -> Vec<&'static str> {
        self.asked(party, action, payload).0.iter().map(chargewarden_policy::Doubt::name).collect()
    }

    /// A command, and what the station says to it.
    pub(super) fn answered(&mut self, party: &str, action: &str, payload: &Value, answer: &Value) -> Learned {
        let (text, reply) = (payload.to_string(), answer.to_string());
        let action = Action::parse(self.version, action).unwrap();
        let spec = action.spec(self.version).unwrap();
        let limits = Limits::default();
        let call = Payload::parse(&text, spec.request, &limits).unwrap();
        let reply = Payload::parse(&reply, spec.response.unwrap(), &limits).unwrap();
        let side = if spec.sender.includes(Side::Csms) { Side::Csms } else { Side::Station };
        let call = self.message(side, action, MessageKind::Call, &call, None);
        let memo = RequestMemo::of(&call);
        let reply = self.message(side.other(), action, MessageKind::Result, &reply, Some(&memo));
        let (about, key) = (self.about(party), ContentKey::new(&[7; 32]));
        let call = learning::wants_call(action).then_some(&call);
        let heard = Heard { message: &reply, effects: &[], about: &about, call, key: &key };
        match side {
            Side::Csms => {
                let order = learning::accepted(&self.running(), &heard);
                learning::from_answer(&mut self.power, order, &heard)
            }
            Side::Station => learning::from_reply(&mut self.power, &heard),
        }
    }

    /// A command that the station obeys.
    pub(super) fn obey(&mut self, party: &str, action: &str, payload: &Value) -> Learned {
        self.answered(party, action, payload, &json!({ "status": "Accepted" }))
    }

    /// A report of the station.
    pub(super) fn report(&mut self, action: &str, payload: &Value) -> Learned {
        let text = payload.to_string();
        let action = Action::parse(self.version, action).unwrap();
        let limits = Limits::default();
        let payload = Payload::parse(&text, action.spec(self.version).unwrap().request, &limits).unwrap();
        let message = self.message(Side::Station, action, MessageKind::Call, &payload, None);
        let (about, key) = (self.about("cnp"), ContentKey::new(&[7; 32]));
        let heard = Heard { message: &message, effects: &[], about: &about, call: None, key: &key };
        learning::from_report(&mut self.power, &heard)
    }

    fn message<'a>(
        &self,
        from: Side,
        action: Action,
        kind: MessageKind,
        payload: &'a Payload<'a>,
        request: Option<&'a RequestMemo>,
    ) -> Message<'a> {
        let now = Timestamp::from_millis(self.now_ms);
        Message {
            version: self.version,
            from,
            action,
            kind,
            payload,
            error: None,
            description: None,
            request,
            now,
        }
    }

    /// Ids of what is installed.
    pub(super) fn ids(&self) -> Vec<i64> {
        self.power.profiles.iter().map(|profile| profile.id).collect()
    }

    /// The limit at an EVSE, so many seconds from now.
    pub(super) fn limit_at(&self, evse: i64, seconds: i64) -> Option<i64> {
        let session = self.sessions.iter().find(|session| session.evse == evse);
        let place = super::composite::Place {
            evse,
            transaction: session.map(|session| session.transaction.as_str()),
            began_ms: session.map_or(self.now_ms, |session| session.began_ms),
        };
        self.power.at_evse(&place, self.now_ms + seconds * 1000).most
    }
}

/// A profile in the words of a version: `(id, purpose, stack, kind)`, and its periods in W.
pub(super) fn profile(
    version: Version,
    (id, purpose, stack, kind): (i64, &str, i64, &str),
    periods: &[(i64, i64)],
) -> Value {
    let periods: Vec<Value> =
        periods.iter().map(|(from, watts)| json!({ "startPeriod": from, "limit": watts })).collect();
    let schedule = json!({ "chargingRateUnit": "W", "chargingSchedulePeriod": periods });
    let mut profile = json!({
        "stackLevel": stack, "chargingProfilePurpose": purpose, "chargingProfileKind": kind,
    });
    match version {
        Version::V16 => {
            profile["chargingProfileId"] = json!(id);
            profile["chargingSchedule"] = schedule;
            if purpose == "ChargingStationMaxProfile" {
                profile["chargingProfilePurpose"] = json!("ChargePointMaxProfile");
            }
        }
        Version::V201 | Version::V21 => {
            profile["id"] = json!(id);
            profile["chargingSchedule"] = json!([schedule]);
            profile["chargingSchedule"][0]["id"] = json!(1);
        }
    }
    profile
}

/// The command that sets it.
pub(super) fn set(version: Version, evse: i64, profile: Value) -> Value {
    match version {
        Version::V16 => json!({ "connectorId": evse, "csChargingProfiles": profile }),
        Version::V201 | Version::V21 => json!({ "evseId": evse, "chargingProfile": profile }),
    }
}

/// Something in its schedule.
pub(super) fn scheduled(version: Version, mut profile: Value, name: &str, value: Value) -> Value {
    match version {
        Version::V16 => profile["chargingSchedule"][name] = value,
        Version::V201 | Version::V21 => profile["chargingSchedule"][0][name] = value,
    }
    profile
}

/// Something outside.
pub(super) fn with(mut profile: Value, name: &str, value: Value) -> Value {
    profile[name] = value;
    profile
}

pub(super) const VERSIONS: [Version; 3] = [Version::V16, Version::V201, Version::V21];
