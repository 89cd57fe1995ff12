//! JSON, written.

use std::fmt::Write;

/// Appends a string, quoted and escaped.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The first so many characters.
pub(crate) fn cut(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut out = String::new();
        string(&mut out, "a\"\\\n\u{0}é😀");
        assert_eq!(out, r#""a\"\\\u000a\u0000é😀""#);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), "a\"\\\n\u{0}é😀");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("é😀a", 2), "é😀");
        assert_eq!(cut("é", 2), "é");
    }
}
