//! OCPP inside `DataTransfer`.
//!
//! 1.6 carries the messages of ISO 15118 that way, and vendors carry others. What the message
//! inside would do is added to the vendor data: else whoever lets the vendor through lets through
//! a trust anchor as well.

use chargewarden_ocpp::{Action, Limits, Payload, Side, Value, Version};
use chargewarden_policy::effect::{Effect, RemoveTrustAnchor, Unknown};

use super::{Message, MessageKind, answers, certificate, commands, commerce, display, outcomes, reports};

/// Vendor id of the Open Charge Alliance's paper on costs (1.6).
const COST_VENDOR: &str = "org.openchargealliance.costmsg";

/// Versions in whose words the message inside can be; the papers follow 2.0.1.
const TRIED: [Version; 3] = [Version::V201, Version::V21, Version::V16];

/// Adds what the message inside would do.
pub(super) fn unwrap(
    out: &mut Vec<Effect>,
    message: &Message<'_>,
    vendor: &str,
    name: &str,
    data: Option<Value<'_>>,
) {
    let text = match data {
        Some(Value::Str(text)) => text.text(),
        Some(data) => data.json(),
        None => return,
    };
    if vendor.trim().eq_ignore_ascii_case(COST_VENDOR) {
        cost(out, name, &text);
        return;
    }
    if has_frame(&text) {
        // No paper carries whole frames; whoever does wants them obeyed unread.
        out.push(Unknown { action: Action::DataTransfer.name().to_owned() }.into());
    }
    let named = |action: &Action| action.name().eq_ignore_ascii_case(name.trim());
    let Some(action) = Action::ALL.into_iter().find(named).filter(|action| *action != Action::DataTransfer)
    else {
        return;
    };
    let call = matches!(message.kind, MessageKind::Call | MessageKind::Send);
    let asks = if call { message.from } else { message.from.other() };
    for version in TRIED {
        let Some(spec) = action.spec(version).filter(|spec| spec.sender.includes(asks)) else { continue };
        let shape = if call { Some(spec.request) } else { spec.response };
        let Some(Ok(payload)) = shape.map(|shape| Payload::parse(&text, shape, &Limits::default())) else {
            continue;
        };
        let inner = Message { version, action, payload: &payload, request: None, ..*message };
        match (inner.from, call) {
            (Side::Csms, true) => commands::translate(out, &inner),
            (Side::Csms, false) => answers::translate(out, &inner),
            (Side::Station, true) => reports::translate(out, &inner),
            (Side::Station, false) => outcomes::translate(out, &inner),
        }
        return;
    }
    if call && message.from == Side::Csms {
        unreadable(out, action);
    }
    if call && message.from == Side::Station && action == Action::SignCertificate {
        // A certificate of the station's own for some use, in words that we do not know.
        out.push(certificate::request("", "").into());
    }
}

/// Whether a CALL or SEND of OCPP-J stands in it, however deep, also as a text.
fn has_frame(text: &str) -> bool {
    /// Texts in texts are looked into so deep.
    const TEXTS_MAX: usize = 3;
    let mut left: Vec<(serde_json::Value, usize)> = Vec::new();
    let read = |text: &str| {
        let begins = text.trim_start().starts_with(['[', '{', '"']);
        begins.then(|| serde_json::from_str(text).ok()).flatten()
    };
    left.extend(read(text).map(|value| (value, 0)));
    while let Some((value, depth)) = left.pop() {
        match value {
            serde_json::Value::Array(items) => {
                if is_frame(&items) {
                    return true;
                }
                left.extend(items.into_iter().map(|item| (item, depth)));
            }
            serde_json::Value::Object(members) => {
                left.extend(members.into_iter().map(|(_, item)| (item, depth)))
            }
            serde_json::Value::String(text) if depth < TEXTS_MAX => {
                left.extend(read(&text).map(|value| (value, depth + 1)));
            }
            serde_json::Value::String(_)
            | serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_) => {}
        }
    }
    false
}

/// `[2, id, action, payload]`, or with 6 a SEND.
fn is_frame(items: &[serde_json::Value]) -> bool {
    let [kind, id, action, payload, ..] = items else { return false };
    let action = action.as_str().is_some_and(|name| {
        Action::ALL.into_iter().any(|action| action.name().eq_ignore_ascii_case(name.trim()))
    });
    kind.as_f64().is_some_and(|kind| kind == 2.0 || kind == 6.0)
        && !id.is_object()
        && action
        && payload.is_object()
}

/// A message inside that changes trust, in words that we do not know.
fn unreadable(out: &mut Vec<Effect>, action: Action) {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what cannot be read is vendor data, but for trust")]
    match action {
        Action::InstallCertificate => {
            out.push(certificate::anchor(String::new(), "").into());
        }
        Action::DeleteCertificate => {
            let empty = String::new;
            let (serial, issuer_key_hash, issuer_name_hash) = (empty(), empty(), empty());
            out.push(RemoveTrustAnchor { serial, issuer_key_hash, issuer_name_hash }.into());
        }
        Action::CertificateSigned => out.push(certificate::issued(String::new(), "").into()),
        _ => {}
    }
}

/// `SetUserPrice`, `RunningCost` and `FinalCost` of the paper on costs.
fn cost(out: &mut Vec<Effect>, name: &str, text: &str) {
    let means = match &*name.trim().to_ascii_lowercase() {
        "setuserprice" => "token-tariff",
        "runningcost" => "running-cost",
        "finalcost" => "total-cost",
        _ => return,
    };
    out.push(commerce::stated(means, text).into());
    out.push(display::text(text));
}
