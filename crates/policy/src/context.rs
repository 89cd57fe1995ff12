//! What a slice reads of a message, for Cedar to evaluate and for [`crate::memory`] to recognise.

use cedar_policy::{Context, RestrictedExpression};

use crate::circumstances::Circumstances;
use crate::effect::{AttributeValue, Effect, Url};
use crate::slice::Reads;

/// Sees a value that is read: the attribute, the part of it if it is a record, and the value.
type See<'s, 'v> = dyn FnMut(&'static str, Option<&'static str>, AttributeValue<'v>) + 's;

/// Shows `see` every value that `reads` names and that is there, always in the same order, the parts of a record one
/// after the other. Context and question are both made from this, so that equal questions mean equal contexts.
fn each<'v>(reads: &Reads, effect: &'v Effect, circumstances: &'v Circumstances, see: &mut See<'_, 'v>) {
    effect.attributes(&mut |name, value| {
        if !reads.attribute(name) {
            return;
        }
        match value {
            AttributeValue::Url(url) => url_parts(url, &mut |part, value| {
                if reads.part(name, part) {
                    see(name, Some(part), value);
                }
            }),
            AttributeValue::Token(_) => (), // policies do not see tokens
            AttributeValue::Flag(_)
            | AttributeValue::Long(_)
            | AttributeValue::Text(_)
            | AttributeValue::Texts(_)
            | AttributeValue::Time(_) => see(name, None, value),
        }
    });
    circumstances.message.attributes(&mut |part, value| {
        if reads.part("message", part) {
            see("message", Some(part), value);
        }
    });
    circumstances.session.attributes(&mut |part, value| {
        if reads.part("session", part) {
            see("session", Some(part), value);
        }
    });
    if reads.attribute("doubts") {
        circumstances.doubts.attributes(&mut |part, value| {
            if reads.part("doubts", part) {
                see("doubts", Some(part), value);
            }
        });
    }
    if reads.attribute("now") {
        see("now", None, AttributeValue::Time(circumstances.now));
    }
}

fn url_parts<'v>(url: &'v Url, see: &mut dyn FnMut(&'static str, AttributeValue<'v>)) {
    see("readable", AttributeValue::Flag(url.readable));
    see("scheme", AttributeValue::Text(&url.scheme));
    see("host", AttributeValue::Text(&url.host));
    see("port", AttributeValue::Long(url.port));
    see("path", AttributeValue::Text(&url.path));
    see("credentials", AttributeValue::Flag(url.credentials));
    see("private", AttributeValue::Flag(url.private));
    see("suspicious", AttributeValue::Flag(url.suspicious));
}

/// Builds the Cedar context of what `reads` names.
///
/// # Errors
/// Where Cedar has no value for it: a time outside the years 0 to 9999.
pub(crate) fn build(
    reads: &Reads,
    effect: &Effect,
    circumstances: &Circumstances,
) -> Result<Context, String> {
    if !reads.message() {
        return Ok(Context::empty());
    }
    let mut pairs: Vec<(String, RestrictedExpression)> = Vec::with_capacity(reads.context.len());
    let mut records: Vec<(&str, Vec<(String, RestrictedExpression)>)> = Vec::new();
    each(reads, effect, circumstances, &mut |name, part, value| {
        let Some(value) = expression(value) else { return };
        match (part, records.last_mut()) {
            (None, _) => pairs.push((name.to_owned(), value)),
            (Some(part), Some((record, parts))) if *record == name => parts.push((part.to_owned(), value)),
            (Some(part), _) => records.push((name, vec![(part.to_owned(), value)])),
        }
    });
    for (name, parts) in records {
        let record = RestrictedExpression::new_record(parts).map_err(|e| e.to_string())?;
        pairs.push((name.to_owned(), record));
    }
    Context::from_pairs(pairs).map_err(|e| e.to_string())
}

/// Writes down all that decides about what `reads` names, so that different contexts give different texts.
pub(crate) fn question(reads: &Reads, effect: &Effect, circumstances: &Circumstances, out: &mut Vec<u8>) {
    each(reads, effect, circumstances, &mut |name, part, value| {
        text(out, name);
        text(out, part.unwrap_or_default());
        match value {
            AttributeValue::Flag(flag) => out.extend([b'f', u8::from(flag)]),
            AttributeValue::Long(number) => {
                out.push(b'n');
                out.extend(number.to_le_bytes());
            }
            AttributeValue::Text(value) => {
                out.push(b't');
                text(out, value);
            }
            AttributeValue::Texts(values) => {
                out.push(b's');
                out.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| text(out, value));
            }
            AttributeValue::Time(at) => {
                out.push(b'd');
                out.extend(at.as_millis().to_le_bytes());
            }
            AttributeValue::Url(_) | AttributeValue::Token(_) => (), // `each` shows neither
        }
    });
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// The value as Cedar has it; nothing for what policies do not see.
pub(crate) fn expression(value: AttributeValue<'_>) -> Option<RestrictedExpression> {
    match value {
        AttributeValue::Url(_) | AttributeValue::Token(_) => None,
        AttributeValue::Flag(flag) => Some(RestrictedExpression::new_bool(flag)),
        AttributeValue::Long(number) => Some(RestrictedExpression::new_long(number)),
        AttributeValue::Text(text) => Some(RestrictedExpression::new_string(text.to_owned())),
        AttributeValue::Texts(texts) => {
            let texts = texts.iter().map(|text| RestrictedExpression::new_string(text.clone()));
            Some(RestrictedExpression::new_set(texts))
        }
        AttributeValue::Time(at) => Some(RestrictedExpression::new_datetime(at.to_string())),
    }
}
