//! JSON's tokens, read from text that is known to be UTF-8.

use crate::number::{WHOLE_MAX, double};
use crate::violation::Rule;

/// Decimal digits from which a number without an exponent may be no finite double (which has up to 309).
const LONG_NUMBER: usize = 300;

/// A token that does not fit: what is wrong and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) rule: Rule,
    pub(crate) offset: usize,
}

/// A string token.
#[derive(Clone, Copy)]
pub(crate) struct StringToken {
    /// The first byte after the opening quote.
    pub(crate) start: usize,
    /// The closing quote.
    pub(crate) end: usize,
    /// Whether there are escapes between them.
    pub(crate) escaped: bool,
}

/// A number token.
#[derive(Clone, Copy)]
pub(crate) struct NumberToken {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The value, if it is written without fraction and exponent.
    pub(crate) whole: Option<i64>,
}

/// A position in a text.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str, at: usize) -> Scanner<'a> {
        Scanner { text, bytes: text.as_bytes(), at }
    }

    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The byte here; NUL, which begins nothing in JSON, at the end.
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and returns the byte after it.
    #[inline]
    pub(crate) fn next_byte(&mut self) -> u8 {
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Steps over the byte that [`Self::peek`] returned.
    #[inline]
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    /// Whether nothing but white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.next_byte();
        self.at >= self.bytes.len()
    }

    fn misread<T>(&self, rule: Rule) -> Result<T, Misread> {
        Err(Misread { rule, offset: self.at })
    }

    /// A literal such as `true`.
    #[inline]
    pub(crate) fn literal(&mut self, literal: &str) -> Result<(), Misread> {
        match self.bytes.get(self.at..) {
            Some(rest) if rest.starts_with(literal.as_bytes()) => {
                self.at += literal.len();
                Ok(())
            }
            _ => self.misread(Rule::Syntax),
        }
    }

    /// A string, from its opening quote to behind its closing quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<StringToken, Misread> {
        if self.peek() != b'"' {
            return self.misread(Rule::Syntax);
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = self.plain_end();
            match self.peek() {
                b'"' => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(StringToken { start, end, escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.misread(Rule::Syntax),
            }
        }
    }

    /// Where the run of bytes that stand for themselves ends: at a quote, a backslash, a control character
    /// or the end.
    #[inline]
    fn plain_end(&self) -> usize {
        let mut at = self.at;
        while let Some(eight) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let stops = stops(u64::from_le_bytes(*eight));
            if stops != 0 {
                return at + (stops.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        at + plain.unwrap_or(rest.len())
    }

    #[cold]
    fn escape(&mut self) -> Result<(), Misread> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.unit(self.at) {
                Some(0xD800..=0xDBFF) => match self.unit(self.at + 6) {
                    Some(0xDC00..=0xDFFF) => {
                        self.at += 12;
                        Ok(())
                    }
                    _ => self.misread(Rule::Surrogate),
                },
                Some(0xDC00..=0xDFFF) => self.misread(Rule::Surrogate),
                Some(_) => {
                    self.at += 6;
                    Ok(())
                }
                None => self.misread(Rule::Syntax),
            },
            _ => self.misread(Rule::Syntax),
        }
    }

    /// The UTF-16 unit written as `\uXXXX` at this place.
    fn unit(&self, at: usize) -> Option<u16> {
        let hex = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        hex.iter().try_fold(0_u16, |unit, byte| {
            let digit = char::from(*byte).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    }

    /// A number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<NumberToken, Misread> {
        let start = self.at;
        let negative = self.peek() == b'-';
        if negative {
            self.at += 1;
        }
        let first = self.at;
        let (mut magnitude, mut whole) = (0_i64, true);
        while let digit @ b'0'..=b'9' = self.peek() {
            magnitude = magnitude.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 || (digits > 1 && self.bytes.get(first) == Some(&b'0')) {
            return self.misread(Rule::Syntax);
        }
        if self.peek() == b'.' {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        let mut large = digits > LONG_NUMBER;
        if matches!(self.peek(), b'e' | b'E') {
            (whole, large) = (false, true);
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        let too_great = if whole { magnitude > WHOLE_MAX } else { large && !self.double(start).is_finite() };
        if too_great {
            return Err(Misread { rule: Rule::NumberSize, offset: start });
        }
        let value = if negative { -magnitude } else { magnitude };
        Ok(NumberToken { start, end: self.at, whole: whole.then_some(value) })
    }

    fn digits(&mut self) -> Result<(), Misread> {
        let first = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == first { self.misread(Rule::Syntax) } else { Ok(()) }
    }

    fn double(&self, start: usize) -> f64 {
        double(self.slice(start, self.at))
    }
}

/// The bytes of a word that end a plain run have their highest bit set in the result; only the lowest one
/// set can be relied upon.
#[inline]
const fn stops(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const SLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    const fn zeroes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGH
    }
    zeroes(word ^ QUOTES) | zeroes(word ^ SLASHES) | (word.wrapping_sub(SPACES) & !word & HIGH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::unescape;

    fn string(text: &str) -> Result<String, Rule> {
        let mut scanner = Scanner::new(text, 0);
        let token = scanner.string().map_err(|misread| misread.rule)?;
        assert_eq!(scanner.at(), token.end + 1);
        Ok(unescape(scanner.slice(token.start, token.end), token.escaped).into_owned())
    }

    #[test]
    fn strings() {
        for text in [
            r#""""#,
            r#""abc""#,
            r#""0123456789abcdef\"x""#,
            r#""\b\f\n\r\t\/\\\"""#,
            r#""é😀 plain and long enough for words é""#,
            r#""\u0041\u00e9\ud83d\ude00z""#,
            "\"\u{7f}\u{80}\u{2028}\"",
        ] {
            assert_eq!(string(text), Ok(serde_json::from_str::<String>(text).unwrap()), "{text}");
        }
        for (text, rule) in [
            (r#""abc"#, Rule::Syntax),
            ("\"a\nb\"", Rule::Syntax),
            ("\"12345678\u{1f}\"", Rule::Syntax),
            (r#""\x""#, Rule::Syntax),
            (r#""\u12g4""#, Rule::Syntax),
            (r#""\u+123""#, Rule::Syntax),
            (r#""\u12"#, Rule::Syntax),
            (r#""\ud83d""#, Rule::Surrogate),
            (r#""\ud83d\u0041""#, Rule::Surrogate),
            (r#""\ud83dx\ude00""#, Rule::Surrogate),
            (r#""\ude00\ud83d""#, Rule::Surrogate),
        ] {
            assert_eq!(string(text), Err(rule), "{text}");
        }
    }

    #[test]
    fn numbers() {
        for (text, whole) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("12", Some(12)),
            ("-9007199254740991", Some(-WHOLE_MAX)),
            ("1.0", None),
            ("1e2", None),
            ("-1.5E-3", None),
            ("1e308", None),
            ("1e-400", None),
        ] {
            let token = Scanner::new(text, 0).number().unwrap();
            assert_eq!((token.whole, token.end), (whole, text.len()), "{text}");
        }
        for (text, rule) in [
            ("-", Rule::Syntax),
            ("01", Rule::Syntax),
            ("-01", Rule::Syntax),
            ("+1", Rule::Syntax),
            (".5", Rule::Syntax),
            ("1.", Rule::Syntax),
            ("1e", Rule::Syntax),
            ("1e+", Rule::Syntax),
            ("NaN", Rule::Syntax),
            ("9007199254740992", Rule::NumberSize),
            ("-9007199254740992", Rule::NumberSize),
            ("99999999999999999999999999", Rule::NumberSize),
            ("1e309", Rule::NumberSize),
            ("-1e999999999999", Rule::NumberSize),
        ] {
            assert_eq!(
                Scanner::new(text, 0).number().err().map(|misread| misread.rule),
                Some(rule),
                "{text}"
            );
        }
        let long = format!("{}.5", "9".repeat(309));
        assert_eq!(Scanner::new(&long, 0).number().err().map(|misread| misread.rule), Some(Rule::NumberSize));
    }
}
