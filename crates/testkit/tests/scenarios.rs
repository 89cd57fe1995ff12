//! The scenarios of the third-party peers, read by our own catalogue and rehearsed with the engine
//! alone: a peer test that fails because of its own scenario wastes an afternoon.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chargewarden_engine::{
    Connected, EvidenceHealth, Input, Moment, Opening, Session, SessionLimits, Step, World,
};
use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Action, ActionSpec, Frame, Header, Limits, Object, Side, Timestamp, Version};
use chargewarden_policy::{About, Authentication, Bundle, Policies, StationFacts, pack};
use chargewarden_testkit::Envelope;
use serde_json::Value;

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since_epoch.as_millis().try_into().unwrap())
}

/// What the station of the rehearsal asks to be signed.
fn signing_request() -> String {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "CS-1");
    let request = params.serialize_request(&rcgen::KeyPair::generate().unwrap()).unwrap();
    request.pem().unwrap()
}

fn fill(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "$csr" => Value::from(signing_request()),
        Value::String(text) if text.starts_with("$now") => {
            let later: i64 = text.trim_start_matches("$now").trim_start_matches('+').parse().unwrap_or(0);
            Value::from(Timestamp::from_millis(now().as_millis() + 1_000 * later).to_string())
        }
        Value::Array(items) => items.iter().map(fill).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Lines of a text with unusual formatting, as one text.
fn text(lines: &Value, id: &str) -> String {
    let lines: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n").replace("$id", id).replace("$now", &now().to_string())
}

fn check(version: Version, shape: &'static Object, text: &str) {
    let frame = Frame::open(text.as_bytes(), version, &Limits::default());
    if let Err(violation) = frame.and_then(|frame| frame.read(shape).map(drop)) {
        panic!("{version}: {violation}\n{text}");
    }
}

/// A step's request as it is put on the wire.
fn request(step: &Value, id: &str) -> String {
    match step.get("text") {
        Some(lines) => text(lines, id),
        None => {
            let action = step["action"].as_str().unwrap().to_owned();
            let payload = fill(&step["request"]);
            Envelope::Call { id: id.to_owned(), action, payload }.to_text()
        }
    }
}

/// The other end's answer to a step as it is put on the wire.
fn response(step: &Value, id: &str) -> String {
    match step.get("answer_text") {
        Some(lines) => text(lines, id),
        None => Envelope::Result { id: id.to_owned(), payload: fill(&step["response"]) }.to_text(),
    }
}

fn sender(step: &Value) -> Side {
    if step["from"] == "station" { Side::Station } else { Side::Csms }
}

fn spec(version: Version, step: &Value) -> &'static ActionSpec {
    let name = step["action"].as_str().unwrap();
    Action::parse(version, name).expect(name).spec(version).unwrap()
}

fn scenario(version: Version) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/scenarios");
    let text = std::fs::read_to_string(folder.join(format!("{version}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_step_is_valid_and_goes_the_right_way() {
    for version in [Version::V16, Version::V201, Version::V21] {
        let scenario = scenario(version);
        assert_eq!(scenario["subprotocol"], version.subprotocol());
        for step in scenario["steps"].as_array().unwrap() {
            let spec = spec(version, step);
            let (action, side) = (spec.action.name(), sender(step));
            assert!(spec.sender.includes(side), "{version}: {action} is not for the {side}");
            let request = request(step, "1");
            check(version, spec.request, &request);
            let frame = Frame::open(request.as_bytes(), version, &Limits::default()).unwrap();
            let (Header::Call { action: named, .. } | Header::Send { action: named, .. }) = frame.header()
            else {
                panic!("{version}: the text of {action} is no call")
            };
            assert_eq!(named, spec.action);
            if let Some(shape) = spec.response {
                check(version, shape, &response(step, "1"));
            }
        }
    }
}

#[test]
fn the_engine_with_the_baseline_forwards_and_refuses_as_the_scenarios_say() {
    let bundle = Bundle::compile(&pack::cso_baseline("cso".parse().unwrap())).unwrap();
    let world = World {
        policies: Arc::new(Policies::new(vec![Arc::new(bundle)])),
        ledger: Arc::default(),
        standings: Arc::default(),
        content_key: ContentKey::new(&[7; 32]),
        evidence: EvidenceHealth::Available,
        limits: SessionLimits::default(),
    };
    for version in [Version::V16, Version::V201, Version::V21] {
        let mut rehearsal = Rehearsal::begin(version, &world);
        for (number, step) in scenario(version)["steps"].as_array().unwrap().iter().enumerate() {
            let id = format!("step-{number}");
            let (asked, spec) = (request(step, &id), spec(version, step));
            let (forwarded, answered) = rehearsal.hear(sender(step), &asked);
            let told = format!("{version}, step {number} ({}): {answered:?}", spec.action.name());
            if step.get("refused").is_some() {
                assert!(!forwarded && answered.is_some(), "{told}");
                continue;
            }
            assert!(forwarded, "{told}");
            if spec.response.is_some() {
                let (forwarded, answered) = rehearsal.hear(sender(step).other(), &response(step, &id));
                assert!(forwarded, "{told}, its answer: {answered:?}");
            }
        }
    }
}

/// A session of the engine without any socket.
struct Rehearsal<'w> {
    session: Session,
    world: &'w World,
    mono_ms: u64,
}

impl<'w> Rehearsal<'w> {
    fn begin(version: Version, world: &'w World) -> Self {
        let connected = Connected { authenticated: Authentication::Password, tls: false };
        let party: chargewarden_policy::PartyId = "cso".parse().unwrap();
        let about = About {
            station: "CS-1".to_owned(),
            parties: vec![party.clone()],
            site: None,
            groups: Vec::new(),
            area: None,
            facts: StationFacts {
                security_profile: 1,
                certificate_name: Some("CS-1".to_owned()),
                ..StationFacts::default()
            },
            csms: "peer".to_owned(),
            csms_party: party,
            csms_facts: Default::default(),
            envelope: Default::default(),
        };
        let opening = Opening {
            session: "rehearsal".to_owned(),
            nonce: [7; 12],
            version,
            about,
            station: connected,
            csms: Some(connected),
            factory: false,
            rotation_deferred: false,
            style: RefusalStyle::OwnStatus,
            state: None,
        };
        let mono_ms = 0;
        let session = Session::open(opening, Moment { wall: now(), mono_ms }, world);
        Rehearsal { session, world, mono_ms }
    }

    /// Whether exactly these bytes were forwarded, and what was answered instead.
    fn hear(&mut self, from: Side, text: &str) -> (bool, Option<String>) {
        self.mono_ms += 50;
        let moment = Moment { wall: now(), mono_ms: self.mono_ms };
        let input = Input::Text { from, bytes: Bytes::copy_from_slice(text.as_bytes()) };
        let (mut forwarded, mut answered) = (false, None);
        for step in self.session.handle(moment, input, self.world) {
            match step {
                Step::Forward(permit) => {
                    assert_eq!(permit.to(), from.other());
                    assert_eq!(permit.into_bytes(), text);
                    forwarded = true;
                }
                Step::Answer { to, text } => {
                    assert_eq!(to, from);
                    answered = Some(text);
                }
                Step::Call { text, .. } => panic!("the engine calls by itself: {}", text.as_str()),
                Step::Close { reason, .. } => panic!("the session ends: {reason}"),
                Step::Propose(_) | Step::Settle { .. } | Step::Provision => {
                    panic!("a password is replaced")
                }
                // Whoever sends a repoint is watched from then on: placing is not this table's subject.
                Step::Record(..) | Step::OpenHold(_) | Step::Learn(_) | Step::Place(_) => {}
            }
        }
        (forwarded, answered)
    }
}
