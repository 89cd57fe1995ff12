//! Points in time as OCPP writes them.

use std::fmt;
use std::str::FromStr;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is no timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a timestamp as in 2025-01-31T12:00:00Z")]
pub struct NotATimestamp;

impl Timestamp {
    /// From milliseconds since the Unix epoch, UTC.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since the Unix epoch, UTC.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339: `T` or `t`, `Z` or `z` or `±hh:mm`, seconds may have a fraction of up to 12 digits
    /// (cut to milliseconds) and may be 60 (leap second, read as the second after it).
    /// Stations leave the offset out; that is read as UTC.
    pub fn parse(text: &str) -> Result<Timestamp, NotATimestamp> {
        Reader { rest: text.as_bytes() }.timestamp().ok_or(NotATimestamp)
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Timestamp, NotATimestamp> {
        Timestamp::parse(text)
    }
}

/// `2025-01-31T12:00:00.000Z`. Years beyond 0000..=9999 come out as they are and do not read back.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, time) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute) = (time / HOUR, time / MINUTE % 60);
        let (second, millis) = (time / SECOND % 60, time % SECOND);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Digits of a fraction of a second. The finest clocks have 9; more are for a reader whose room is less than ours.
const FRACTION_DIGITS_MAX: usize = 12;

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn timestamp(&mut self) -> Option<Timestamp> {
        let year = self.digits(4)?;
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        self.one_of(b"Tt")?;
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        self.one_of(b":")?;
        let second = self.digits(2)?;
        let millis = self.fraction()?;
        let offset = self.offset()?;
        let in_range = (1..=12).contains(&month)
            && (1..=month_days(year, month)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        if !in_range || !self.rest.is_empty() {
            return None;
        }
        // A leap second has no place of its own on the Unix time line: it is the second after it.
        let millis = if second == 60 { 0 } else { millis };
        let time = hour * HOUR + minute * MINUTE + second * SECOND + millis;
        Some(Timestamp(days(year, month, day) * DAY + time - offset))
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, byte| Some(value * 10 + digit(*byte)?))
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        bytes.contains(first).then_some(*first)
    }

    /// Milliseconds; further digits are cut off.
    fn fraction(&mut self) -> Option<i64> {
        let [b'.', rest @ ..] = self.rest else { return Some(0) };
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = rest.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
        self.rest = rest;
        if digits.len() > FRACTION_DIGITS_MAX {
            return None;
        }
        let places = digits.iter().copied().chain([b'0'; 2]).take(3);
        places.map(digit).try_fold(0, |value, digit| Some(value * 10 + digit?))
    }

    /// Milliseconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.rest.is_empty() {
            return Some(0);
        }
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.digits(2)?;
        self.one_of(b":")?;
        let minutes = self.digits(2)?;
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. Years are counted from March, so
/// that the leap day is the last of its year, in eras of 400 years, which all have 146,097 days.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day, the inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        Timestamp::parse(text).ok().map(Timestamp::as_millis)
    }

    #[test]
    fn reads_what_stations_write() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00z", 0),
            ("1970-01-01T00:00:00", 0),
            ("1970-01-01T00:00:00.5", 500),
            ("1970-01-01T00:00:00.123456789Z", 123),
            ("1970-01-01T01:30:00+01:30", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("1969-12-31T22:00:00-02:00", 0),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2016-12-31T23:59:60.9Z", 1_483_228_800_000),
            ("2024-02-29T12:00:00Z", 1_709_208_000_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "2025-01-01",
            "2025-01-01 00:00:00Z",
            "2025-01-01T00:00Z",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00,5Z",
            "2025-01-01T00:00:00+01",
            "2025-01-01T00:00:00+0100",
            "2025-01-01T00:00:00+24:00",
            "2025-01-01T00:00:00ZZ",
            "2025-01-01T00:00:00 Z",
            "2025-1-1T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2025-04-31T00:00:00Z",
            "2025-00-01T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:60:00Z",
            "2025-01-01T00:00:61Z",
            "+025-01-01T00:00:00Z",
            "２025-01-01T00:00:00Z",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn writes_utc_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(1_709_208_000_123).to_string(), "2024-02-29T12:00:00.123Z");
    }
}
