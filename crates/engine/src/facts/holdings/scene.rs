//! Conversations with one station, for tests: what is odd about each command, with a restart after every message.

use std::sync::Arc;

use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::{Action, Limits, Payload, Side, Timestamp, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{About, CsmsFacts, Doubt, Doubts, Envelope, StationFacts};
use serde_json::{Value, json};

use super::{Holdings, describe, doubts, learn, wants_call};
use crate::effects::{Message, MessageKind, RequestMemo, translate};
use crate::facts::{Heard, StationState};
use crate::ledger::Ledger;

/// A station, its management systems, and a clock.
pub(super) struct Scene {
    pub(super) version: Version,
    pub(super) state: StationState,
    now_ms: i64,
    csms: &'static str,
    station: &'static str,
    evses: Option<i64>,
    pub(super) ledger: Arc<Ledger>,
}

/// 2026-03-01T02:00:00Z.
const BEGINS_MS: i64 = 1_772_330_400_000;

impl Scene {
    /// Of this station nothing is known. The management system is that of the CSO.
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            state: StationState::default(),
            now_ms: BEGINS_MS,
            csms: "cso",
            station: "s",
            evses: None,
            ledger: Arc::default(),
        }
    }

    /// A station of the same site, with so many EVSEs, beside these.
    pub(super) fn beside(
        version: Version,
        ledger: &Arc<Ledger>,
        station: &'static str,
        evses: Option<i64>,
    ) -> Self {
        let scene = Self { station, evses, ledger: Arc::clone(ledger), ..Self::new(version) };
        scene.begins();
        scene
    }

    /// Its session begins.
    pub(super) fn begins(&self) {
        self.ledger.holds(&self.about(), &self.state.holdings, Timestamp::from_millis(self.now_ms));
    }

    /// One for each version.
    pub(super) fn each(versions: &[Version]) -> impl Iterator<Item = Self> {
        versions.iter().map(|version| Self::new(*version))
    }

    /// Who speaks from now on: `cso` or `cnp`, a party with one management system each.
    pub(super) fn by(&mut self, csms: &'static str) -> &mut Self {
        self.csms = csms;
        self
    }

    pub(super) fn pass_min(&mut self, minutes: i64) -> &mut Self {
        self.now_ms += minutes * 60_000;
        self
    }

    /// The time so many minutes from now.
    pub(super) fn time(&self, minutes: i64) -> String {
        Timestamp::from_millis(self.now_ms + minutes * 60_000).to_string()
    }

    /// A value for 1.6, and one for 2.x.
    pub(super) fn pick<T>(&self, v16: T, v2x: T) -> T {
        if self.version == Version::V16 { v16 } else { v2x }
    }

    /// What is odd about a command that is not delivered.
    pub(super) fn doubts(&self, action: &str, payload: &Value) -> Vec<&'static str> {
        let found = self.with(Side::Csms, action, &payload.to_string(), |heard| {
            let mut found = Doubts::NONE;
            doubts(&self.state, heard, &mut found);
            found.extend(self.ledger.doubts(heard));
            found
        });
        found.iter().map(Doubt::name).collect()
    }

    /// A command that the station accepts; what is odd about it.
    pub(super) fn accepted(&mut self, action: &str, payload: &Value) -> Vec<&'static str> {
        self.answered(action, payload, Some(&json!({ "status": "Accepted" })))
    }

    /// A command that the station turns down; what is odd about it.
    pub(super) fn rejected(&mut self, action: &str, payload: &Value) -> Vec<&'static str> {
        self.answered(action, payload, Some(&json!({ "status": "Rejected" })))
    }

    /// A command with its answer, an error where there is none; what is odd about it.
    pub(super) fn answered(
        &mut self,
        action: &str,
        payload: &Value,
        answer: Option<&Value>,
    ) -> Vec<&'static str> {
        let found = self.doubts(action, payload);
        self.sent(action, payload);
        let call = payload.to_string();
        let mut state = self.state.clone();
        let parsed = Action::parse(self.version, action).unwrap();
        let spec = parsed.spec(self.version).unwrap();
        let limits = Limits::default();
        let call = Payload::parse(&call, spec.request, &limits).unwrap();
        let call = self.message(Side::Csms, parsed, MessageKind::Call, &call, None);
        let memo = RequestMemo::of(&call);
        let text = answer.cloned().unwrap_or_else(|| json!({})).to_string();
        let (shape, kind) = match answer {
            Some(_) => (spec.response.unwrap(), MessageKind::Result),
            None => (Action::Heartbeat.spec(self.version).unwrap().request, MessageKind::Error),
        };
        let read = Payload::parse(&text, shape, &limits).unwrap();
        let message = self.message(Side::Station, parsed, kind, &read, Some(&memo));
        let call = wants_call(parsed).then_some(&call);
        self.heard(&message, call, |heard| learn(&mut state, heard));
        self.restart(&state);
        found
    }

    /// A command that is delivered and not answered.
    pub(super) fn sent(&mut self, action: &str, payload: &Value) {
        let mut state = self.state.clone();
        self.with(Side::Csms, action, &payload.to_string(), |heard| learn(&mut state, heard));
        self.restart(&state);
    }

    /// A report of the station.
    pub(super) fn report(&mut self, action: &str, payload: &Value) {
        let mut state = self.state.clone();
        self.with(Side::Station, action, &payload.to_string(), |heard| {
            learn(&mut state, heard);
            for effect in heard.effects {
                if let Effect::Boot(boot) = effect {
                    state.introduce(boot);
                }
            }
        });
        self.restart(&state);
    }

    /// The station starts.
    pub(super) fn boot(&mut self, serial: &str, firmware: &str, reason: &str) {
        let boot = self.pick(
            json!({ "chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": serial,
                "firmwareVersion": firmware }),
            json!({ "reason": reason, "chargingStation": { "vendorName": "V", "model": "M",
                "serialNumber": serial, "firmwareVersion": firmware } }),
        );
        self.report("BootNotification", &boot);
    }

    /// What policies see.
    pub(super) fn facts(&self) -> StationFacts {
        let mut facts = StationFacts::default();
        describe(&self.state, &mut facts, Timestamp::from_millis(self.now_ms));
        facts
    }

    /// How much is stored, in bytes.
    pub(super) fn stored(&self) -> usize {
        serde_json::to_string(&self.state.holdings).unwrap().len()
    }

    fn restart(&mut self, state: &StationState) {
        self.state = StationState::from_json(state.to_json().as_bytes()).unwrap();
        assert_eq!(self.state, *state);
        self.begins();
    }

    fn about(&self) -> About {
        About {
            station: self.station.into(),
            parties: vec!["cso".parse().unwrap(), "cnp".parse().unwrap()],
            site: Some("site".into()),
            groups: Vec::new(),
            area: None,
            facts: StationFacts::default(),
            csms: self.csms.into(),
            csms_party: self.csms.parse().unwrap(),
            csms_facts: CsmsFacts::default(),
            envelope: Envelope { evses: self.evses, ..Envelope::default() },
        }
    }

    fn with<T>(&self, from: Side, action: &str, text: &str, hear: impl FnOnce(&Heard<'_>) -> T) -> T {
        let action =
            Action::parse(self.version, action).unwrap_or_else(|| panic!("no {action} in {}", self.version));
        let spec = action.spec(self.version).unwrap();
        let payload =
            Payload::parse(text, spec.request, &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"));
        let message = self.message(from, action, MessageKind::Call, &payload, None);
        self.heard(&message, None, hear)
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

    fn heard<T>(
        &self,
        message: &Message<'_>,
        call: Option<&Message<'_>>,
        hear: impl FnOnce(&Heard<'_>) -> T,
    ) -> T {
        let effects = translate(message);
        let about = self.about();
        let key = ContentKey::new(&[1; 32]);
        hear(&Heard { message, effects: &effects, about: &about, call, key: &key })
    }
}

#[test]
fn a_station_of_which_nothing_is_known_holds_nothing() {
    assert_eq!(serde_json::from_str::<Holdings>("{}").unwrap(), Holdings::default());
    assert!(size_of::<Holdings>() <= 320, "{}", size_of::<Holdings>());
}
