//! A point in time, handed in by the caller.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Milliseconds since the Unix epoch, UTC, between the years 0000 and 9999.
///
/// Written as RFC 3339 with exactly three fraction digits and `Z`, so that equal times have equal texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

/// 0000-01-01T00:00:00.000Z
const MILLIS_MIN: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z
const MILLIS_MAX: i64 = 253_402_300_799_999;
const DAY_MS: i64 = 86_400_000;
/// Length of `2026-01-31T12:00:00.000Z`.
const TEXT_BYTES: usize = 24;

impl Stamp {
    /// A time in milliseconds since the Unix epoch. Times outside the years 0000 to 9999 are moved to the nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(MILLIS_MIN, MILLIS_MAX))
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads exactly the form that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; TEXT_BYTES] = text.as_bytes().try_into().ok()?;
        let [
            y0,
            y1,
            y2,
            y3,
            b'-',
            m0,
            m1,
            b'-',
            d0,
            d1,
            b'T',
            h0,
            h1,
            b':',
            i0,
            i1,
            b':',
            s0,
            s1,
            b'.',
            f0,
            f1,
            f2,
            b'Z',
        ] = *bytes
        else {
            return None;
        };
        let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
        let (hour, minute, second) = (number(&[h0, h1])?, number(&[i0, i1])?, number(&[s0, s1])?);
        let millis = days_from_civil(year, month, day) * DAY_MS
            + ((hour * 60 + minute) * 60 + second) * 1000
            + number(&[f0, f1, f2])?;
        // Only one spelling per time: what does not read back as itself (30 February, 24:00) is refused.
        let stamp = Self(millis);
        (stamp.text() == *bytes).then_some(stamp)
    }

    pub(crate) fn text(self) -> [u8; TEXT_BYTES] {
        let (days, rest) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil_from_days(days);
        let mut out = *b"0000-00-00T00:00:00.000Z";
        let [y0, y1, y2, y3, _, m0, m1, _, d0, d1, _, h0, h1, _, i0, i1, _, s0, s1, _, f0, f1, f2, _] =
            &mut out;
        digits([y0, y1, y2, y3], year);
        digits([m0, m1], month);
        digits([d0, d1], day);
        digits([h0, h1], rest / 3_600_000);
        digits([i0, i1], rest / 60_000 % 60);
        digits([s0, s1], rest / 1000 % 60);
        digits([f0, f1, f2], rest % 1000);
        out
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is not a time")))
    }
}

fn digits<const N: usize>(places: [&mut u8; N], mut number: i64) {
    for place in places.into_iter().rev() {
        // A remainder by ten is a digit.
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in years that begin in March so that the
/// leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Stamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["2025-02-30T00:00:00.000Z", "2025-01-01T24:00:00.000Z", "2025-01-01T00:00:00Z", ""] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(millis in MILLIS_MIN..=MILLIS_MAX) {
            let stamp = Stamp::from_millis(millis);
            prop_assert_eq!(Stamp::parse(&stamp.to_string()), Some(stamp));
        }
    }
}
