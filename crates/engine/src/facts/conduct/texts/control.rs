//! Characters that nobody sees and that terminals, logs and displays obey.

use super::Class;

/// Whether the text has characters that texts of its class do not need.
pub(super) fn is_in(class: Class, text: &str) -> bool {
    // ASCII without control characters is nearly everything.
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return false;
    }
    // Some firmware ends its texts with the end of a line.
    let text = if class == Class::Line { text.trim_end_matches(['\r', '\n']) } else { text };
    text.chars().any(|character| is_odd(class, character))
}

fn is_odd(class: Class, character: char) -> bool {
    let document = match class {
        Class::Name | Class::Address | Class::Line => false,
        Class::Content | Class::Setting | Class::Data | Class::Opaque => true,
    };
    let word = match class {
        Class::Name | Class::Address => true,
        Class::Line | Class::Content | Class::Setting | Class::Data | Class::Opaque => false,
    };
    match character {
        '\t' => word,
        '\n' | '\r' => !document,
        // C0, DEL and C1; ESC is one of them, and so is the one-byte CSI.
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => true,
        // Line and paragraph separators end a line in some logs.
        '\u{2028}' | '\u{2029}' => !document,
        // Embeddings and overrides show a text in another order than it is read in.
        '\u{202A}'..='\u{202E}' => true,
        // Isolates are how a display mixes scripts that run in different directions.
        '\u{2066}'..='\u{2069}' => class != Class::Content,
        // Invisible: two names that look the same and are not. Written languages need some of them.
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{61C}' => word,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_may_have_depends_on_what_it_is_for() {
        let (name, line, content) = (Class::Name, Class::Line, Class::Content);
        for (text, odd) in [
            ("Müller €5 – ok", [false, false, false]),
            ("two\nlines", [true, true, false]),
            ("ends\r\n", [true, false, false]),
            ("a\tb", [true, false, false]),
            ("\u{1b}[31mred", [true, true, true]),
            ("\u{9b}31mred", [true, true, true]),
            ("nul\0", [true, true, true]),
            ("back\u{8}space", [true, true, true]),
            ("\u{202e}evil", [true, true, true]),
            ("\u{2068}שלום\u{2069}", [true, true, false]),
            ("zero\u{200b}width", [true, false, false]),
            ("נתיב\u{200f}", [true, false, false]),
        ] {
            let found = [name, line, content].map(|class| is_in(class, text));
            assert_eq!(found, odd, "{text:?}");
        }
    }
}
