//! What JSON numbers are worth.

/// Greatest whole number that every peer reads alike: 2^53-1 (RFC 7493, 2.2).
pub(crate) const WHOLE_MAX: i64 = 9_007_199_254_740_991;

/// The double nearest to a JSON number, infinite if there is none.
pub(crate) fn double(number: &str) -> f64 {
    number.parse().unwrap_or(f64::INFINITY)
}

/// A double without fraction as an integer, if every reader reads it alike.
pub(crate) fn whole(value: f64) -> Option<i64> {
    if value.fract() != 0.0 || value.abs() > WHOLE_MAX as f64 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "no fraction, and within 2^53")]
    Some(value as i64)
}

/// How many decimals a JSON number needs: 1 for `0.5`, `0.50` and `5e-1`; less than 1 for whole numbers.
pub(crate) fn decimals(number: &str) -> i64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = match exponent.parse() {
        Ok(exponent) => exponent,
        Err(_) if exponent.starts_with('-') => i64::from(i32::MIN),
        Err(_) => i64::from(i32::MAX),
    };
    let trimmed = fraction.trim_end_matches('0');
    let written = if trimmed.is_empty() {
        let digits = whole.trim_start_matches('-');
        let zeroes = digits.len() - digits.trim_end_matches('0').len();
        if zeroes == digits.len() {
            return 0;
        }
        -i64::try_from(zeroes).unwrap_or(0)
    } else {
        i64::try_from(trimmed.len()).unwrap_or(i64::MAX)
    };
    written.saturating_sub(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_counted_on_the_text() {
        for (number, expected) in [
            ("0.5", 1),
            ("0.50", 1),
            ("5e-1", 1),
            ("21.4", 1),
            ("4.11", 2),
            ("1e-9999999999999999999", i64::from(i32::MAX) + 1),
            ("0e-5", 0),
            ("-0.0", 0),
            ("120e-1", 0),
            ("123e-1", 1),
            ("1.25e1", 1),
            ("1.25e2", 0),
        ] {
            assert_eq!(decimals(number).max(0), expected, "{number}");
        }
    }
}
