//! Lengths of time as people write them: `90s`, `10min`, `1h`, `7d`.

use super::fields::Trouble;

/// Shortest window, in ms: less is between two messages.
const WINDOW_MS_MIN: i64 = 1_000;
/// Longest window, in ms: what was done a month ago is history, and the ledger keeps all that counts in memory.
const WINDOW_MS_MAX: i64 = 31 * 86_400_000;

/// Units, in ms.
const UNITS: [(&str, i64); 4] = [("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

pub(super) fn parse((offset, text): (usize, &str)) -> Result<i64, Trouble> {
    let wrong = |why: &str| {
        Trouble::at(
            offset,
            format!("`window = \"{text}\"` {why}: a window is written `90s`, `10min`, `1h` or `7d`"),
        )
    };
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let number: i64 = digits.parse().map_err(|_| wrong("has no whole number"))?;
    let Some((_, unit_ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(wrong("has no unit that is known"));
    };
    let window_ms = number.saturating_mul(*unit_ms);
    if !(WINDOW_MS_MIN..=WINDOW_MS_MAX).contains(&window_ms) {
        return Err(Trouble::at(offset, format!("`window = \"{text}\"`: a window has 1s to 31d")));
    }
    Ok(window_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read() {
        for (text, ms) in
            [("1s", 1_000), ("90s", 90_000), ("10min", 600_000), ("1h", 3_600_000), ("31d", 2_678_400_000)]
        {
            assert_eq!(parse((0, text)).unwrap(), ms, "{text}");
        }
        for text in [
            "",
            "h",
            "10",
            "10m",
            "1.5h",
            "-1h",
            "0s",
            "32d",
            "1 h",
            "99999999999999999999d",
            "9999999999999999d",
        ] {
            assert!(parse((0, text)).is_err(), "{text}");
        }
    }
}
