//! Texts that are no mere text to whoever reads them: control characters, markup, what a database or a shell obeys.
//!
//! Every string of a payload is looked at, in both directions. What is odd depends on what a text is for: a serial
//! number with a backtick is odd, a message for a display is not. Ordinary messages have no byte that any of the signs
//! needs, so one pass over the payload settles them.

mod class;
mod control;
mod injection;
mod markup;

use std::borrow::Cow;

use chargewarden_ocpp::{Obj, Value};
use chargewarden_policy::{Doubt, Doubts};

use crate::effects::Message;
use class::Class;

/// What is odd about the texts of a message.
pub(super) fn doubts(message: &Message<'_>, out: &mut Doubts) {
    if let Some(code) = message.error {
        judge(Class::Name, code, out);
    }
    if let Some(description) = message.description {
        judge(Class::Line, description, out);
    }
    if may_hide(message.payload.text().as_bytes()) {
        object(message.payload.root(), None, out);
    }
}

/// Whether there is a byte, or a pair of bytes, that each of the signs needs at least one of. Written so that the
/// compiler looks at many bytes at once.
fn may_hide(bytes: &[u8]) -> bool {
    let odd = |byte: u8| {
        // # $ % & '    ; < =    ` | \    DEL and all that is not ASCII
        byte.wrapping_sub(b'#') < 5
            || byte.wrapping_sub(b';') < 3
            || byte == b'`'
            || byte == b'|'
            || byte == b'\\'
            || byte >= 0x7F
    };
    // {{    --    ..    javascript:    jndi:
    let pair = |first: u8, second: u8| {
        (first == b'{' && second == b'{')
            | (first == b'-' && second == b'-')
            | (first == b'.' && second == b'.')
            | (second == b':' && (first | 0x20 == b't' || first | 0x20 == b'i'))
    };
    let rest = bytes.get(1..).unwrap_or_default();
    // Not `any`: to leave early costs more than to go on.
    bytes.iter().fold(false, |found, byte| found | odd(*byte))
        || bytes.iter().zip(rest).fold(false, |found, (first, second)| found | pair(*first, *second))
}

/// The members of an object; of an open one the names too, which are the sender's own.
fn object(object: Obj<'_>, inherited: Option<Class>, out: &mut Doubts) {
    let open = object.shape().is_none_or(|shape| shape.open);
    for (name, member) in object.entries() {
        if open {
            judge(Class::Data, &name, out);
        }
        let class = inherited.unwrap_or_else(|| Class::of(object, &name));
        value(member, class, open || class == Class::Data, out);
    }
}

fn value(value: Value<'_>, class: Class, inherits: bool, out: &mut Doubts) {
    match value {
        Value::Str(text) => judge(class, &text.text(), out),
        Value::Obj(inner) => object(inner, inherits.then_some(Class::Data), out),
        Value::Arr(list) => list.iter().for_each(|item| self::value(item, class, inherits, out)),
        Value::Null | Value::Bool(_) | Value::Num(_) => {}
    }
}

/// One text.
fn judge(class: Class, text: &str, out: &mut Doubts) {
    if control::is_in(class, text) {
        out.add(Doubt::ControlCharacters);
    }
    if !may_hide(text.as_bytes()) {
        return;
    }
    signs(class, text, out);
    if let Some(decoded) = class.decodes().and_then(|decode| decode(text)) {
        out.add_if(control::is_in(class, &decoded), Doubt::ControlCharacters);
        signs(class, &decoded, out);
    }
}

fn signs(class: Class, text: &str, out: &mut Doubts) {
    let lower = lower(text);
    out.add_if(markup::is_in(class, &lower), Doubt::Markup);
    out.add_if(injection::is_in(class, &lower), Doubt::Injection);
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

/// Whether a word ends here: what follows is no letter, digit or underscore.
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
}

/// What follows one of these words, where the text begins with it as a whole word.
fn after_word<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().find_map(|word| text.strip_prefix(word).filter(|rest| ends_word(rest)))
}

/// Each place behind an occurrence of `mark`.
fn behind<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(mark).filter_map(move |(at, _)| text.get(at + mark.len()..))
}

#[cfg(test)]
mod tests;
