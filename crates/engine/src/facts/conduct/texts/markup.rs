//! Markup, scripts, templates and look-ups. All texts are given in lower case.

use super::{Class, behind, ends_word};

/// Elements that run something, fetch something or ask for something.
const ACTIVE: &[&str] = &[
    "applet", "base", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math", "meta",
    "object", "script", "style", "svg", "template", "textarea",
];

/// Elements that only look like something. In one line of text there is no use for them.
const PASSIVE: &[&str] = &[
    "audio", "blink", "body", "br", "button", "center", "details", "div", "font", "h1", "h2", "h3", "head",
    "hr", "html", "img", "li", "marquee", "ol", "option", "p", "select", "source", "span", "strong", "table",
    "td", "title", "tr", "ul", "video",
];

/// Elements of one letter: only whole ones, since `a<b` is no markup.
const LETTERS: &[&str] = &["a>", "a href", "b>", "i>", "u>", "s>", "q>"];

/// Whether the text has markup that texts of its class do not need.
pub(super) fn is_in(class: Class, text: &str) -> bool {
    match class {
        Class::Name | Class::Line | Class::Address => runs(text) || shows(text) || templates(text, |_| true),
        // The standard lets a display be sent HTML; what must not be in it is what acts.
        Class::Content => runs(text) || templates(text, |_| true),
        // Addresses with places to fill in are honest: `{{evse}}`, `${connector}`.
        Class::Setting | Class::Data => runs(text) || templates(text, |inside| !is_word(inside)),
        Class::Opaque => has_element(text, &["script"]) || text.contains("${jndi:"),
    }
}

/// What a browser, or a logger with look-ups, would run.
fn runs(text: &str) -> bool {
    has_element(text, ACTIVE)
        || has_handler(text)
        || text.contains("<?php")
        || text.contains("<!--")
        || has_scheme(text, "javascript:")
        || has_scheme(text, "vbscript:")
        || text.contains("jndi:")
}

fn shows(text: &str) -> bool {
    has_element(text, PASSIVE)
        || behind(text, "<").any(|rest| {
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            LETTERS.iter().any(|letter| rest.starts_with(letter))
        })
}

/// `<name`, `</name`, `< name`, with a whole word.
fn has_element(text: &str, names: &[&str]) -> bool {
    behind(text, "<").any(|rest| {
        let rest = rest.trim_start_matches(['/', ' ', '\t', '\n', '\r', '\0']);
        names.iter().any(|name| rest.strip_prefix(name).is_some_and(ends_word))
    })
}

/// `<x onload=…`, and the same behind a quote that ends an attribute of the page around it.
fn has_handler(text: &str) -> bool {
    if !text.contains(['<', '"', '\'']) {
        return false;
    }
    behind(text, "on").any(|rest| {
        let word = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_lowercase()).len();
        let before = text.get(..text.len() - rest.len() - "on".len()).unwrap_or_default();
        let apart = before.ends_with([' ', '\t', '\n', '\r', '/', '"', '\'']);
        let assigned = rest.get(word..).is_some_and(|rest| rest.trim_start().starts_with('='));
        word >= 3 && apart && assigned && before.contains(['<', '"', '\''])
    })
}

/// The scheme of an address, not the end of a word: `myjavascript: x` is none.
fn has_scheme(text: &str, scheme: &str) -> bool {
    text.match_indices(scheme).any(|(at, _)| {
        text.get(..at).is_some_and(|before| !before.ends_with(|last: char| last.is_alphanumeric()))
            // `JavaScript: 5 errors` is a sentence.
            && text.get(at + scheme.len()..).is_some_and(|rest| !rest.starts_with(' ') && !rest.is_empty())
    })
}

/// `{{…}}`, `${…}`, `#{…}`, `<%…`, `{%…%}`, where what stands inside is as `odd` says.
fn templates(text: &str, odd: impl Fn(&str) -> bool) -> bool {
    let pairs = [("{{", "}}"), ("${", "}"), ("#{", "}"), ("<%", "%>"), ("{%", "%}")];
    pairs.into_iter().any(|(open, close)| {
        behind(text, open).any(|rest| rest.split_once(close).is_some_and(|(inside, _)| odd(inside)))
    }) || text.contains("<%=")
}

fn is_word(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || "_.-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_markup_depends_on_what_a_text_is_for() {
        let classes = [Class::Name, Class::Content, Class::Setting, Class::Opaque];
        for (text, odd) in [
            ("<script>alert(1)</script>", [true, true, true, true]),
            ("< script src=//x>", [true, true, true, true]),
            ("<img src=x onerror=alert(1)>", [true, true, true, false]),
            ("<img src=logo.png>", [true, false, false, false]),
            ("\" onmouseover=alert(1) x=\"", [true, true, true, false]),
            ("javascript:alert(1)", [true, true, true, false]),
            ("<b>welcome</b>", [true, false, false, false]),
            ("${jndi:ldap://x/a}", [true, true, true, true]),
            ("${${lower:j}ndi:x}", [true, true, true, false]),
            ("{{7*7}}", [true, true, true, false]),
            ("{{evse}}", [true, true, false, false]),
            ("https://pay/${evse}", [true, true, false, false]),
            ("#{7*7}", [true, true, true, false]),
            ("<%= 7*7 %>", [true, true, true, false]),
            ("{% if x %}", [true, true, true, false]),
            ("<?php system(1);", [true, true, true, false]),
            // Honest.
            ("50% < 60%", [false; 4]),
            ("a<b and c>d", [false; 4]),
            ("<unknown>", [false; 4]),
            ("<pending>", [false; 4]),
            ("r&d", [false; 4]),
            ("option=1, action=2", [false; 4]),
            ("it's on = off", [false; 4]),
            ("\"connection=lost\"", [false; 4]),
            ("javascript: 3 errors", [false; 4]),
            ("price $5 {net}", [false; 4]),
            (r#"{"a":{"b":{"c":{}}}}"#, [false; 4]),
        ] {
            let found = classes.map(|class| is_in(class, text));
            assert_eq!(found, odd, "{text:?}");
        }
    }
}
