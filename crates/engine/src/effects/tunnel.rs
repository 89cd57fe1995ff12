//! OCPP inside `DataTransfer`.
//!
//! 1.6 carries the messages of ISO 15118 that way, and vendors carry others. What the message
//! inside would do is added to the vendor data: else whoever lets the vendor through lets through
//! a trust anchor as well.

use chargewarden_ocpp::{Action, Limits, Payload, Side, Value, Version};
use chargewarden_policy::effect::{Effect, RemoveTrustAnchor};

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
    let stated: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let amount = stated.as_ref().and_then(|stated| stated.get("cost")).and_then(serde_json::Value::as_f64);
    out.push(commerce::cost(means, amount));
    out.push(display::text(text));
}
