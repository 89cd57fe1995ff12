//! Values of settings, read as strictly as the strictest station would.

/// Most characters of a value that an effect repeats.
const KEPT_CHARACTERS: usize = 256;

/// Fewest characters of a secret (security paper, A00.FR.205).
const SECRET_CHARACTERS_MIN: usize = 16;

/// Fewest different characters of a secret that was not typed by a cat.
const SECRET_DIFFERENT_MIN: usize = 6;

/// A flag, if it is spelled as OCPP does, give or take case and blanks.
pub(super) fn flag(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A whole number in plain decimal notation. A leading zero could mean octal: not a number.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let digits = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
}

/// A finite number.
pub(super) fn decimal(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The members of a list, without blanks and empty ones.
pub(super) fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|member| !member.is_empty())
}

/// The value as an effect repeats it.
pub(super) fn kept(text: &str) -> String {
    text.chars().take(KEPT_CHARACTERS).collect()
}

/// Whether a secret is easily guessed.
pub(crate) fn is_weak(secret: &str) -> bool {
    let letters: Vec<char> = secret.chars().collect();
    let mut different = letters.clone();
    different.sort_unstable();
    different.dedup();
    let steps = letters.windows(2).filter(|pair| match pair {
        [one, two] => u32::from(*one).abs_diff(u32::from(*two)) <= 1,
        _ => false,
    });
    letters.len() < SECRET_CHARACTERS_MIN
        || different.len() < SECRET_DIFFERENT_MIN
        || steps.count() * 3 > letters.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_numbers_are_read_strictly() {
        for (text, expected) in
            [("true", Some(true)), (" False ", Some(false)), ("1", None), ("yes", None), ("", None)]
        {
            assert_eq!(flag(text), expected, "{text:?}");
        }
        for (text, expected) in [
            ("0", Some(0)),
            (" 300 ", Some(300)),
            ("300.0", Some(300)),
            ("-1", Some(-1)),
            ("0300", None),
            ("0x10", None),
            ("3e2", None),
            ("+3", None),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("1.", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn weak_secrets_are_short_monotonous_or_a_run() {
        for text in ["", "short", "aaaaaaaaaaaaaaaaaaaa", "4141414141414141414141", "abcdefghijklmnopqrst"] {
            assert!(is_weak(text), "{text}");
        }
        assert!(!is_weak("9f3b61d20c7e4a58b1"));
    }
}
