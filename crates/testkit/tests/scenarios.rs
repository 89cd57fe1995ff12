//! The scenarios of the third-party peers, read by our own catalogue: a peer test that fails
//! because of its own scenario wastes an afternoon.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use chargewarden_ocpp::{Action, ActionSpec, Frame, Header, Limits, Object, Side, Version};
use chargewarden_testkit::Envelope;
use serde_json::Value;

const NOW: &str = "2026-01-01T00:00:00Z";

fn fill(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("$now") => Value::from(NOW),
        Value::Array(items) => items.iter().map(fill).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Lines of a text with unusual formatting, as one text.
fn text(lines: &Value) -> String {
    let lines: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n").replace("$id", "1").replace("$now", NOW)
}

fn check(version: Version, shape: &'static Object, text: &str) {
    let frame = Frame::open(text.as_bytes(), version, &Limits::default());
    if let Err(violation) = frame.and_then(|frame| frame.read(shape).map(drop)) {
        panic!("{version}: {violation}\n{text}");
    }
}

fn check_step(version: Version, spec: &'static ActionSpec, step: &Value) {
    let action = spec.action.name();
    let side = if step["from"] == "station" { Side::Station } else { Side::Csms };
    assert!(spec.sender.includes(side), "{version}: {action} is not for the {side}");
    if let Some(lines) = step.get("text") {
        let text = text(lines);
        check(version, spec.request, &text);
        let frame = Frame::open(text.as_bytes(), version, &Limits::default()).unwrap();
        let (Header::Call { action: named, .. } | Header::Send { action: named, .. }) = frame.header() else {
            panic!("{version}: the text of {action} is not a call")
        };
        assert_eq!(named, spec.action);
    } else {
        let payload = fill(&step["request"]);
        let call = Envelope::Call { id: "1".to_owned(), action: action.to_owned(), payload };
        check(version, spec.request, &call.to_text());
    }
    let Some(response) = spec.response else { return };
    let result = Envelope::Result { id: "1".to_owned(), payload: fill(&step["response"]) };
    check(version, response, &result.to_text());
    if let Some(lines) = step.get("answer_text") {
        check(version, response, &text(lines));
    }
}

#[test]
fn every_step_is_valid_and_goes_the_right_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/scenarios");
    for version in [Version::V16, Version::V201, Version::V21] {
        let scenario = std::fs::read_to_string(folder.join(format!("{version}.json"))).unwrap();
        let scenario: Value = serde_json::from_str(&scenario).unwrap();
        assert_eq!(scenario["subprotocol"], version.subprotocol());
        for step in scenario["steps"].as_array().unwrap() {
            let name = step["action"].as_str().unwrap();
            let action = Action::parse(version, name).expect(name);
            check_step(version, action.spec(version).unwrap(), step);
        }
    }
}
