//! No message disturbs any room: each action in each version, plain and inside vendor data, with its answers.

use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::{Action, Limits, Payload, Side, Timestamp, Version, sample};
use chargewarden_policy::{About, CsmsFacts, Envelope, StationFacts};
use serde_json::json;

use super::{Heard, StationState, wants_call};
use crate::effects::{Message, MessageKind, RequestMemo, translate};

/// Shapes of payloads that are tried for each action.
const SEEDS: u64 = 6;

/// Bytes that a station's state may have whatever is said, all rooms together.
const STORED_MAX: usize = 65_536;

struct Everything {
    state: StationState,
    key: ContentKey,
    about: About,
    now_ms: i64,
}

impl Everything {
    fn new() -> Self {
        let about = About {
            station: "s".into(),
            parties: vec!["cso".parse().unwrap()],
            site: Some("site".into()),
            groups: Vec::new(),
            area: None,
            facts: StationFacts::default(),
            csms: "csms".into(),
            csms_party: "cso".parse().unwrap(),
            csms_facts: CsmsFacts::default(),
            envelope: Envelope::default(),
        };
        let key = ContentKey::new(&[1; 32]);
        Self { state: StationState::default(), key, about, now_ms: 1_772_330_400_000 }
    }

    /// A message is judged, delivered and answered.
    fn exchange(&mut self, version: Version, from: Side, action: Action, call: &str, answer: Option<&str>) {
        self.now_ms += 1_000;
        let (limits, spec) = (Limits::default(), action.spec(version).unwrap());
        let now = Timestamp::from_millis(self.now_ms);
        let kind = if spec.response.is_some() { MessageKind::Call } else { MessageKind::Send };
        let message = |from, kind, payload, request| Message {
            version,
            from,
            action,
            kind,
            payload,
            error: None,
            description: None,
            request,
            now,
        };
        let payload = Payload::parse(call, spec.request, &limits).unwrap();
        let call = message(from, kind, &payload, None);
        self.hear(&call, None);
        let Some((response, answer)) = spec.response.zip(answer) else { return };
        let payload = Payload::parse(answer, response, &limits).unwrap();
        let memo = RequestMemo::of(&call);
        let answer = message(from.other(), MessageKind::Result, &payload, Some(&memo));
        self.hear(&answer, wants_call(action).then_some(&call));
    }

    fn hear(&mut self, message: &Message<'_>, call: Option<&Message<'_>>) {
        let effects = translate(message);
        let heard = Heard { message, effects: &effects, about: &self.about, call, key: &self.key };
        let _ = self.state.doubts(&heard);
        if message.from == Side::Csms {
            let _ = self.state.power_changes(&heard);
        }
        self.state.learn(&heard);
    }
}

#[test]
fn no_message_disturbs_any_room() {
    for version in Version::ALL {
        let mut all = Everything::new();
        for seed in 0..SEEDS {
            for action in Action::ALL {
                let Some(spec) = action.spec(version) else { continue };
                for from in [Side::Csms, Side::Station].into_iter().filter(|side| spec.sender.includes(*side))
                {
                    let call = sample::arbitrary(spec.request, seed);
                    let answer = spec.response.map(|response| sample::arbitrary(response, seed));
                    all.exchange(version, from, action, &call, answer.as_deref());
                    let least = spec.response.map(sample::minimal);
                    all.exchange(version, from, action, &sample::minimal(spec.request), least.as_deref());
                    let mut inside = json!({ "vendorId": "v", "messageId": action.name(), "data": call });
                    let answer = json!({ "status": "Accepted" }).to_string();
                    let outside = Action::DataTransfer;
                    all.exchange(version, from, outside, &inside.to_string(), Some(&answer));
                    inside["data"] = json!("unreadable");
                    all.exchange(version, from, outside, &inside.to_string(), Some(&answer));
                }
            }
            let stored = all.state.to_json();
            assert!(stored.len() < STORED_MAX, "{version}: {} bytes: {stored}", stored.len());
            all.state = StationState::from_json(stored.as_bytes()).unwrap();
            assert_eq!(all.state.to_json(), stored);
        }
    }
}
