//! JSON's escapes, undone.

use std::borrow::Cow;

/// The text a string token stands for.
pub(crate) fn unescape(raw: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (letter, after) = escape.split_at_checked(1).unwrap_or_default();
        rest = after;
        match letter {
            "b" => text.push('\u{8}'),
            "f" => text.push('\u{c}'),
            "n" => text.push('\n'),
            "r" => text.push('\r'),
            "t" => text.push('\t'),
            "u" => rest = unicode(&mut text, after),
            other => text.push_str(other),
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Appends the character after `\u`, which the scanner has found to be well formed; returns what follows.
fn unicode<'a>(text: &mut String, rest: &'a str) -> &'a str {
    let (first, after) = hex(rest);
    if let Some(character) = char::from_u32(first) {
        text.push(character);
        return after;
    }
    let (second, after) = hex(after.get(2..).unwrap_or_default());
    text.extend(char::from_u32(0x10000 + ((first & 0x3FF) << 10 | (second & 0x3FF))));
    after
}

fn hex(rest: &str) -> (u32, &str) {
    let (digits, after) = rest.split_at_checked(4).unwrap_or((rest, ""));
    (u32::from_str_radix(digits, 16).unwrap_or_default(), after)
}
