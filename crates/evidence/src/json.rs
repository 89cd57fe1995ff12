//! The canonical form of JSON: what a record's bytes are made of.
//!
//! Only printable ASCII is written: everything else is a `\u` escape in lower case, so that a record is one line and cannot
//! move a terminal's cursor, turn text around or hide characters from whoever reads the log.

/// The longest text that is taken over whole, in characters. OCPP's own longest field that reaches a record (a message id,
/// a status text) is far below; what a peer claims before it is known (a path, a sub-protocol) may be longer and is cut.
pub const TEXT_CHARS_MAX: usize = 1024;

/// Appended to a text that was cut at [`TEXT_CHARS_MAX`].
const CUT_MARK: &str = "[cut]";

/// Writes `text` as a JSON string.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // No early exit: the loop is turned into vector instructions.
    if text.len() <= TEXT_CHARS_MAX && text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escaped(out, text);
    }
    out.push(b'"');
}

/// Writes a list, each item by `write`.
pub(crate) fn list<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Writes a number in decimal.
pub(crate) fn number(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        self::number(out, number / 10);
    }
    // A remainder by ten is a digit.
    out.push(b'0' + u8::try_from(number % 10).unwrap_or(0));
}

/// Makes the text of a JSON value printable ASCII on one line without changing what it means: characters beyond ASCII
/// can only stand inside JSON strings, where an escape means the same.
pub(crate) fn make_ascii(json: String) -> String {
    if json.bytes().fold(true, |all, byte| all & matches!(byte, 0x20..=0x7e)) {
        return json;
    }
    let mut out = Vec::with_capacity(json.len() + 32);
    for character in json.chars() {
        match character {
            '\t' | '\n' | '\r' => out.push(b' '),
            ' '..='~' => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => escape(&mut out, character),
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) & (byte != b'"') & (byte != b'\\')
}

#[cold]
fn escaped(out: &mut Vec<u8>, text: &str) {
    for (count, character) in text.chars().enumerate() {
        if count == TEXT_CHARS_MAX {
            out.extend_from_slice(CUT_MARK.as_bytes());
            return;
        }
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            ' '..='~' => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => escape(out, character),
        }
    }
}

fn escape(out: &mut Vec<u8>, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(input: &str) -> String {
        let mut out = Vec::new();
        text(&mut out, input);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_attacks_a_viewer_is_escaped() {
        assert_eq!(written("a\u{1b}[2Jb"), r#""a\u001b[2Jb""#);
        assert_eq!(written("one\ntwo\r\t"), r#""one\u000atwo\u000d\u0009""#);
        assert_eq!(written("\u{202e}gpj.exe\u{7f}\u{9b}"), r#""\u202egpj.exe\u007f\u009b""#);
        assert_eq!(written("🔌 \" \\"), r#""\ud83d\udd0c \" \\""#);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let cut = written(&"ä".repeat(TEXT_CHARS_MAX + 1));
        assert!(cut.ends_with(r#"\u00e4[cut]""#));
        assert_eq!(cut.matches("\\u00e4").count(), TEXT_CHARS_MAX);
        assert_eq!(written(&"a".repeat(TEXT_CHARS_MAX)).len(), TEXT_CHARS_MAX + 2);
    }

    #[test]
    fn numbers() {
        for value in [0, 9, 10, 1_234_567_890, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    proptest! {
        #[test]
        fn text_is_printable_and_reads_back(input in "\\PC{0,40}|.{0,40}") {
            let out = written(&input);
            prop_assert!(out.bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), input);
        }

        #[test]
        fn made_ascii_means_the_same(input in ".{0,40}") {
            let json = format!("{{\n\"a\":\t{}}}", serde_json::to_string(&input).unwrap());
            let ascii = make_ascii(json.clone());
            prop_assert!(ascii.bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
            prop_assert_eq!(
                serde_json::from_str::<serde_json::Value>(&ascii).unwrap(),
                serde_json::from_str::<serde_json::Value>(&json).unwrap()
            );
        }
    }
}
