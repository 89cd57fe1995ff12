//! The content of a report that is acknowledged and goes no further: its sender forgets it, so evidence keeps it.

use chargewarden_evidence::{Attributes, ContentKey};
use chargewarden_ocpp::{Obj, Payload, Value};

/// Members whose text is an id token, in every version.
const TOKENS: [&str; 4] = ["idTag", "parentIdTag", "idToken", "additionalIdToken"];

/// The payload as it came, but for id tokens, which become keyed hashes.
pub(crate) fn keep(payload: &Payload<'_>, key: &ContentKey) -> Attributes {
    let mut out = String::with_capacity(payload.text().len());
    object(&mut out, payload.root(), key);
    Attributes::from_json(out)
}

fn object(out: &mut String, object: Obj<'_>, key: &ContentKey) {
    out.push('{');
    for (place, (name, found)) in object.entries().enumerate() {
        if place > 0 {
            out.push(',');
        }
        // Names of the catalogue have nothing to escape, free ones may have.
        out.push_str(&serde_json::Value::from(name.as_ref()).to_string());
        out.push(':');
        if let (Value::Str(text), true) = (found, TOKENS.contains(&name.as_ref())) {
            out.push('"');
            out.push_str(&key.token(&text.text()).to_string());
            out.push('"');
        } else {
            value(out, found, key);
        }
    }
    out.push('}');
}

fn value(out: &mut String, value_: Value<'_>, key: &ContentKey) {
    match value_ {
        Value::Obj(found) => object(out, found, key),
        Value::Arr(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                value(out, item, key);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) => out.push_str(&value_.json()),
    }
}

#[cfg(test)]
mod tests {
    use chargewarden_ocpp::{Action, Limits, Version};

    use super::*;

    #[test]
    fn only_tokens_are_hidden() {
        let text = r#"{"eventType":"Started","timestamp":"2026-01-01T00:00:00Z","triggerReason":"Authorized","seqNo":0,
            "transactionInfo":{"transactionId":"t\"1"},
            "idToken":{"idToken":"4F1A","type":"ISO14443","additionalInfo":[{"additionalIdToken":"4F1B","type":"x"}]},
            "meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":1.50}]}]}"#;
        let shape = Action::TransactionEvent.spec(Version::V201).unwrap().request;
        let payload = Payload::parse(text, shape, &Limits::default()).unwrap();
        let key = ContentKey::new(&[1; 32]);
        let kept = keep(&payload, &key);
        let hidden = |token: &str| key.token(token).to_string();
        let expected = text
            .replace("\n            ", "")
            .replace("4F1A", &hidden("4F1A"))
            .replace("4F1B", &hidden("4F1B"));
        assert_eq!(kept.as_json(), expected);
    }
}
