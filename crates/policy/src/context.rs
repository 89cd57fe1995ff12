//! The Cedar context of one effect, of only the attributes that are read.

use cedar_policy::{Context, RestrictedExpression};
use chargewarden_ocpp::Timestamp;

use crate::circumstances::Circumstances;
use crate::effect::{AttributeValue, Effect, Url};
use crate::slice::Reads;

/// Builds what `reads` asks for.
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
    let mut problem = None;
    effect.attributes(&mut |name, value| {
        if !reads.attribute(name) {
            return;
        }
        match expression(reads, name, value) {
            Some(Ok(value)) => pairs.push((name.to_owned(), value)),
            Some(Err(why)) => problem = Some(why),
            None => (),
        }
    });
    if let Some(why) = problem {
        return Err(why);
    }
    if reads.attribute("message") {
        let message = record(reads, "message", |see| circumstances.message.attributes(see))?;
        pairs.push(("message".to_owned(), message));
    }
    if reads.attribute("session") {
        let session = record(reads, "session", |see| circumstances.session.attributes(see))?;
        pairs.push(("session".to_owned(), session));
    }
    if reads.attribute("now") {
        pairs.push(("now".to_owned(), time(circumstances.now)));
    }
    Context::from_pairs(pairs).map_err(|e| e.to_string())
}

fn record<'a>(
    reads: &Reads,
    name: &str,
    each: impl FnOnce(&mut dyn FnMut(&'static str, AttributeValue<'a>)),
) -> Result<RestrictedExpression, String> {
    let mut fields = Vec::new();
    let mut problem = None;
    each(&mut |part, value| {
        if !reads.part(name, part) {
            return;
        }
        match expression(reads, part, value) {
            Some(Ok(value)) => fields.push((part.to_owned(), value)),
            Some(Err(why)) => problem = Some(why),
            None => (),
        }
    });
    match problem {
        Some(why) => Err(why),
        None => RestrictedExpression::new_record(fields).map_err(|e| e.to_string()),
    }
}

/// The value as Cedar has it; nothing for what policies do not see.
fn expression(
    reads: &Reads,
    name: &str,
    value: AttributeValue<'_>,
) -> Option<Result<RestrictedExpression, String>> {
    Some(Ok(match value {
        AttributeValue::Url(url) => return Some(address(reads, name, url)),
        AttributeValue::Token(_) => return None,
        AttributeValue::Flag(flag) => RestrictedExpression::new_bool(flag),
        AttributeValue::Long(number) => RestrictedExpression::new_long(number),
        AttributeValue::Text(text) => RestrictedExpression::new_string(text.to_owned()),
        AttributeValue::Texts(texts) => RestrictedExpression::new_set(
            texts.iter().map(|text| RestrictedExpression::new_string(text.clone())),
        ),
        AttributeValue::Time(at) => time(at),
    }))
}

fn address(reads: &Reads, name: &str, url: &Url) -> Result<RestrictedExpression, String> {
    record(reads, name, |see| {
        see("readable", AttributeValue::Flag(url.readable));
        see("scheme", AttributeValue::Text(&url.scheme));
        see("host", AttributeValue::Text(&url.host));
        see("port", AttributeValue::Long(url.port));
        see("path", AttributeValue::Text(&url.path));
        see("credentials", AttributeValue::Flag(url.credentials));
        see("private", AttributeValue::Flag(url.private));
        see("suspicious", AttributeValue::Flag(url.suspicious));
    })
}

fn time(at: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_datetime(at.to_string())
}

/// A fact as an attribute of an entity; nothing for what policies do not see.
pub(crate) fn fact(value: AttributeValue<'_>) -> Option<RestrictedExpression> {
    let whole = Reads { everything: true, ..Reads::default() };
    expression(&whole, "", value).and_then(Result::ok)
}
