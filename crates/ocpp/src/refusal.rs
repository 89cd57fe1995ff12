//! Answers we write ourselves, and our own calls.

use crate::action::{Action, ActionSpec, Form, Refusal};
use crate::error_code::ErrorCode;
use crate::payload::{Obj, Payload};
use crate::shape::{Object, Shape};
use crate::value::Value;
use crate::version::Version;
use crate::write;

/// Characters of the description in a CALLERROR (2.x; held for 1.6 too, which names no bound).
pub const DESCRIPTION_CHARACTERS: usize = 255;

/// Characters of `statusInfo.reasonCode`.
pub const REASON_CODE_CHARACTERS: usize = 20;

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused<'r> {
    /// For 2.x `statusInfo.reasonCode`; cut to [`REASON_CODE_CHARACTERS`].
    pub code: &'r str,
    /// For people; cut to what the member that carries it may hold.
    pub text: &'r str,
}

/// How a refusal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalStyle {
    /// The action's own negative status where it has one, else CALLERROR.
    OwnStatus,
    /// Always CALLERROR.
    CallError,
}

/// The whole frame that answers a call negatively; `None` for a SEND, which is never answered.
///
/// `request` is the call's payload: some actions want one result per item asked.
pub fn refuse(
    spec: &ActionSpec,
    version: Version,
    id: &str,
    request: &Payload<'_>,
    why: &Refused<'_>,
    style: RefusalStyle,
) -> Option<String> {
    let response = spec.response?;
    let own = match style {
        RefusalStyle::OwnStatus => own_status(spec.refusal, response, request.root(), why),
        RefusalStyle::CallError => None,
    };
    Some(match own {
        Some(payload) => result(id, &payload),
        None => call_error(version, id, ErrorCode::SecurityError, why.text),
    })
}

/// The whole frame of a CALLERROR with empty details. The description is cut to [`DESCRIPTION_CHARACTERS`].
pub fn call_error(version: Version, id: &str, code: ErrorCode, description: &str) -> String {
    let mut out = String::from("[4,");
    write::string(&mut out, id);
    out.push_str(",\"");
    out.push_str(code.spelled(version));
    out.push_str("\",");
    write::string(&mut out, write::cut(description, DESCRIPTION_CHARACTERS));
    out.push_str(",{}]");
    out
}

/// The whole frame that acknowledges a message the station keeps until it is answered; `None` if the
/// station does not keep it. It promises as little as the version lets it: an identifier in the
/// message is answered by `Invalid`, so that nothing charges because of it.
///
/// `transaction` is the number a 1.6 `StartTransaction` gets; other actions do not use it.
pub fn acknowledge(
    spec: &ActionSpec,
    version: Version,
    id: &str,
    request: &Payload<'_>,
    transaction: i64,
) -> Option<String> {
    if !spec.kept || spec.form == Form::Send {
        return None;
    }
    let starts = spec.action == Action::StartTransaction;
    let presents =
        version != Version::V16 && spec.action == Action::TransactionEvent && request.root().has("idToken");
    Some(if starts {
        result(id, &format!(r#"{{"idTagInfo":{{"status":"Invalid"}},"transactionId":{transaction}}}"#))
    } else if presents {
        result(id, r#"{"idTokenInfo":{"status":"Invalid"}}"#)
    } else {
        result(id, "{}")
    })
}

/// The whole frame of a call. The payload is JSON and is not looked at.
pub fn call(version: Version, id: &str, action: Action, payload: &str) -> String {
    debug_assert!(action.spec(version).is_some(), "OCPP {version} has no {action}");
    let mut out = String::from("[2,");
    write::string(&mut out, id);
    out.push_str(",\"");
    out.push_str(action.name());
    out.push_str("\",");
    out.push_str(payload);
    out.push(']');
    out
}

/// The whole frame of a positive answer. The payload is JSON and is not looked at.
pub fn result(id: &str, payload: &str) -> String {
    let mut out = String::from("[3,");
    write::string(&mut out, id);
    out.push(',');
    out.push_str(payload);
    out.push(']');
    out
}

/// The answer's payload, if the action has a negative status of its own.
fn own_status(refusal: Refusal, response: &Object, request: Obj<'_>, why: &Refused<'_>) -> Option<String> {
    match refusal {
        Refusal::Error | Refusal::Silence => None,
        Refusal::Status { path, value } => {
            let mut out = String::new();
            nested(&mut out, response, path, value, why)?;
            Some(out)
        }
        Refusal::Each { items, results, status, value, copied } => {
            let result = object(response, results)?;
            let mut out = String::from("{");
            write::string(&mut out, results);
            out.push_str(":[");
            let mut first = true;
            for item in request.list(items) {
                // The text goes with the first result only: a request of a thousand items would
                // otherwise be answered by a frame many times its size.
                let why = Refused { text: if first { why.text } else { "" }, ..*why };
                separate(&mut out, first);
                each(&mut out, result, status, value, &why, copies(item, copied));
                first = false;
            }
            if first {
                each(&mut out, result, status, value, why, std::iter::empty());
            }
            out.push_str("]}");
            Some(out)
        }
    }
}

/// The members of an item that its result repeats. An item that is no object is itself the only one.
fn copies<'p>(
    item: Value<'p>,
    copied: &'static [&'static str],
) -> impl Iterator<Item = (&'static str, Value<'p>)> {
    copied.iter().filter_map(move |name| match item {
        Value::Obj(object) => object.get(name).map(|value| (*name, value)),
        Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) | Value::Arr(_) => Some((*name, item)),
    })
}

fn each<'p>(
    out: &mut String,
    result: &Object,
    status: &str,
    value: &str,
    why: &Refused<'_>,
    copies: impl Iterator<Item = (&'static str, Value<'p>)>,
) {
    out.push('{');
    for (name, value) in copies {
        write::string(out, name);
        out.push(':');
        out.push_str(&value.json());
        out.push(',');
    }
    status_members(out, result, status, value, why);
    out.push('}');
}

/// `{"outer":{"status":"Rejected",…}}`.
fn nested(
    out: &mut String,
    shape: &Object,
    path: &[&'static str],
    value: &str,
    why: &Refused<'_>,
) -> Option<()> {
    let (name, rest) = path.split_first()?;
    out.push('{');
    if rest.is_empty() {
        status_members(out, shape, name, value, why);
    } else {
        write::string(out, name);
        out.push(':');
        nested(out, object(shape, name)?, rest, value, why)?;
    }
    out.push('}');
    Some(())
}

/// The status and, where the shape has a place for it, why.
fn status_members(out: &mut String, shape: &Object, status: &str, value: &str, why: &Refused<'_>) {
    write::string(out, status);
    out.push(':');
    write::string(out, value);
    let name = format!("{status}Info");
    let Some(info) = object(shape, &name) else { return };
    out.push(',');
    write::string(out, &name);
    out.push_str(":{\"reasonCode\":");
    write::string(out, write::cut(why.code, REASON_CODE_CHARACTERS));
    if let Some(most) = characters(info, "additionalInfo").filter(|_| !why.text.is_empty()) {
        out.push_str(",\"additionalInfo\":");
        write::string(out, write::cut(why.text, most));
    }
    out.push('}');
}

fn separate(out: &mut String, first: bool) {
    if !first {
        out.push(',');
    }
}

/// The shape of a member that is an object or a list of objects.
fn object(shape: &Object, name: &str) -> Option<&'static Object> {
    let mut shape = &shape.member(name)?.shape;
    if let Shape::List(list) = shape {
        shape = &list.of;
    }
    if let Shape::Object(object) = shape { Some(object) } else { None }
}

/// How many characters a member may hold.
fn characters(shape: &Object, name: &str) -> Option<usize> {
    if let Shape::Text { max: Some(max) } = shape.member(name)?.shape { Some(max as usize) } else { None }
}
