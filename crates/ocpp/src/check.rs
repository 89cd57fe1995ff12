//! The one pass: reads a value, holds it against its shape, and leaves a tape.

use crate::limits::Limits;
use crate::scan::{self, Misread, NumberToken, Scanner, StringToken, WHOLE_MAX};
use crate::shape::{Choice, List, Object, Shape};
use crate::tape::{Kind, NO_MEMBER, Node};
use crate::timestamp::Timestamp;
use crate::violation::Rule;
use crate::write;

/// Characters of a peer's text that a fault may repeat.
const EXCERPT: usize = 40;

/// Up to so many free names are compared pair by pair; more are sorted.
const PAIRWISE: usize = 16;

/// What does not fit, on its way up to the root.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    pub(crate) detail: String,
    pub(crate) offset: usize,
    /// Innermost first.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Member(String),
    Item(usize),
}

type Checked<T = ()> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(crate) fn new(rule: Rule, offset: usize, detail: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { rule, detail: detail.into(), offset, steps: Vec::new() })
    }

    #[cold]
    fn inside(mut self: Box<Fault>, step: Step) -> Box<Fault> {
        self.steps.push(step);
        self
    }

    /// The path as people write it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            match step {
                Step::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl From<Misread> for Box<Fault> {
    #[cold]
    fn from(misread: Misread) -> Box<Fault> {
        let detail = if misread.rule == Rule::Surrogate {
            "half of a surrogate pair"
        } else if misread.rule == Rule::NumberSize {
            "a number beyond what every reader reads alike"
        } else {
            "not JSON"
        };
        Fault::new(misread.rule, misread.offset, detail)
    }
}

/// A part of a peer's text that may be shown.
pub(crate) fn excerpt(text: &str) -> String {
    let cut = write::cut(text, EXCERPT);
    let shown: String = cut.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if cut.len() < text.len() { format!("`{shown}…`") } else { format!("`{shown}`") }
}

/// The pass.
pub(crate) struct Check<'a, 'l> {
    scan: Scanner<'a>,
    limits: &'l Limits,
    depth: usize,
    tape: Vec<Node>,
}

/// Reads one object from `at`: of a shape, or any. Returns the tape and where the object ends.
/// `depth` is how many arrays and objects it already stands in.
pub(crate) fn object(
    text: &str,
    at: usize,
    depth: usize,
    shape: Option<&'static Object>,
    limits: &Limits,
) -> Checked<(Vec<Node>, usize)> {
    let capacity = text.len().saturating_sub(at) / 10 + 4;
    let tape = Vec::with_capacity(capacity.min(limits.tokens));
    let mut check = Check { scan: Scanner::new(text, at), limits, depth, tape };
    match shape {
        Some(shape) => check.object(shape, NO_MEMBER)?,
        None if check.scan.next_byte() == b'{' => check.any(NO_MEMBER)?,
        None => return Err(check.mistyped("an object")),
    }
    Ok((check.tape, check.scan.at()))
}

impl Check<'_, '_> {
    #[inline]
    fn push(&mut self, kind: Kind, member: u8, start: usize, end: usize, escaped: bool) -> Checked<usize> {
        let index = self.tape.len();
        if index >= self.limits.tokens {
            return Err(Fault::new(Rule::Tokens, start, format!("more than {} values", self.limits.tokens)));
        }
        self.tape.push(Node {
            start: offset(start)?,
            end: offset(end)?,
            next: offset(index + 1)?,
            member,
            kind,
            escaped,
        });
        Ok(index)
    }

    /// Opens an array or object at the byte under the scanner.
    #[inline]
    fn open(&mut self, kind: Kind, member: u8) -> Checked<usize> {
        self.depth += 1;
        if self.depth > self.limits.depth.min(Limits::DEPTH_MAX) {
            return Err(Fault::new(
                Rule::Depth,
                self.scan.at(),
                format!("nested more than {} deep", self.limits.depth.min(Limits::DEPTH_MAX)),
            ));
        }
        let index = self.push(kind, member, self.scan.at(), self.scan.at(), false)?;
        self.scan.step();
        Ok(index)
    }

    /// Closes it at the bracket under the scanner.
    #[inline]
    fn close(&mut self, index: usize) -> Checked {
        self.scan.step();
        self.depth -= 1;
        let (end, next) = (offset(self.scan.at())?, offset(self.tape.len())?);
        if let Some(node) = self.tape.get_mut(index) {
            (node.end, node.next) = (end, next);
        }
        Ok(())
    }

    fn value(&mut self, shape: &'static Shape, member: u8) -> Checked {
        match shape {
            Shape::Text { max } => {
                let token = self.text("a string", member)?;
                match max {
                    Some(max) => self.length(token, *max),
                    None => Ok(()),
                }
            }
            Shape::Time => {
                let token = self.text("a timestamp", member)?;
                self.time(token)
            }
            Shape::Integer { min, max } => self.integer(*min, *max, member),
            Shape::Number { min, max, decimals } => self.real(*min, *max, *decimals, member),
            Shape::Flag => self.flag(member),
            Shape::Choice(choice) => {
                let token = self.text("a string", member)?;
                self.choice(choice, token)
            }
            Shape::Object(object) => self.object(object, member),
            Shape::List(list) => self.list(list, member),
            Shape::Any => self.any(member),
        }
    }

    #[inline]
    fn text(&mut self, expected: &str, member: u8) -> Checked<StringToken> {
        if self.scan.next_byte() != b'"' {
            return Err(self.mistyped(expected));
        }
        let token = self.scan.string()?;
        self.push(Kind::Text, member, token.start, token.end, token.escaped)?;
        Ok(token)
    }

    #[inline]
    fn length(&self, token: StringToken, max: u32) -> Checked {
        // A character has at least one byte, escaped or not.
        if token.end - token.start <= max as usize {
            return Ok(());
        }
        let raw = self.scan.slice(token.start, token.end);
        let length = scan::unescape(raw, token.escaped).chars().count();
        if length <= max as usize {
            return Ok(());
        }
        Err(Fault::new(Rule::Length, token.start, format!("{length} characters, at most {max} are allowed")))
    }

    fn time(&self, token: StringToken) -> Checked {
        let raw = self.scan.slice(token.start, token.end);
        let text = scan::unescape(raw, token.escaped);
        match Timestamp::parse(&text) {
            Ok(_) => Ok(()),
            Err(problem) => {
                Err(Fault::new(Rule::Time, token.start, format!("{} is {problem}", excerpt(&text))))
            }
        }
    }

    #[inline]
    fn choice(&self, choice: &Choice, token: StringToken) -> Checked {
        let raw = self.scan.slice(token.start, token.end);
        let text = scan::unescape(raw, token.escaped);
        if choice.values.iter().any(|value| *value == text) {
            return Ok(());
        }
        Err(Fault::new(
            Rule::Choice,
            token.start,
            format!("{} is none of {}", excerpt(&text), choice.values.join(", ")),
        ))
    }

    #[inline]
    fn number(&mut self, expected: &str, member: u8) -> Checked<NumberToken> {
        if !matches!(self.scan.next_byte(), b'-' | b'0'..=b'9') {
            return Err(self.mistyped(expected));
        }
        let token = self.scan.number()?;
        self.push(Kind::Number, member, token.start, token.end, false)?;
        Ok(token)
    }

    #[inline]
    fn integer(&mut self, min: Option<i64>, max: Option<i64>, member: u8) -> Checked {
        let token = self.number("an integer", member)?;
        let value = match token.whole {
            Some(value) => value,
            None => self.whole(token)?,
        };
        if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) {
            return Err(out_of_range(token.start, value, min, max));
        }
        Ok(())
    }

    /// The value of a number with fraction or exponent where an integer should stand.
    #[cold]
    fn whole(&self, token: NumberToken) -> Checked<i64> {
        let text = self.scan.slice(token.start, token.end);
        let value = scan::double(text);
        if value.fract() != 0.0 {
            return Err(Fault::new(Rule::Type, token.start, "expected an integer, found a fraction"));
        }
        whole(value).ok_or_else(|| Misread { rule: Rule::NumberSize, offset: token.start }.into())
    }

    #[inline]
    fn real(&mut self, min: Option<f64>, max: Option<f64>, decimals: Option<u8>, member: u8) -> Checked {
        let token = self.number("a number", member)?;
        let text = self.scan.slice(token.start, token.end);
        if min.is_some() || max.is_some() {
            let value = scan::double(text);
            if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) {
                return Err(out_of_range(token.start, value, min, max));
            }
        }
        match decimals {
            Some(most) if token.whole.is_none() && self::decimals(text) > i64::from(most) => {
                let problem = format!("more decimals than the {most} allowed");
                Err(Fault::new(Rule::Decimals, token.start, problem))
            }
            _ => Ok(()),
        }
    }

    fn flag(&mut self, member: u8) -> Checked {
        match self.scan.next_byte() {
            b't' => self.literal("true", Kind::True, member),
            b'f' => self.literal("false", Kind::False, member),
            _ => Err(self.mistyped("true or false")),
        }
    }

    fn literal(&mut self, literal: &str, kind: Kind, member: u8) -> Checked {
        let start = self.scan.at();
        self.scan.literal(literal)?;
        self.push(kind, member, start, self.scan.at(), false)?;
        Ok(())
    }

    fn list(&mut self, list: &'static List, member: u8) -> Checked {
        if self.scan.next_byte() != b'[' {
            return Err(self.mistyped("a list"));
        }
        let start = self.scan.at();
        let index = self.open(Kind::Array, member)?;
        let mut count = 0_u32;
        if self.scan.next_byte() != b']' {
            loop {
                if list.max.is_some_and(|max| count >= max) {
                    break;
                }
                let item = self.value(&list.of, NO_MEMBER);
                item.map_err(|fault| fault.inside(Step::Item(count as usize)))?;
                count += 1;
                match self.scan.next_byte() {
                    b',' => self.scan.step(),
                    b']' => break,
                    _ => return Err(self.syntax("expected `,` or `]`")),
                }
            }
        }
        if count < list.min {
            let problem = format!("{count} items, at least {} are needed", list.min);
            return Err(Fault::new(Rule::Count, start, problem));
        }
        if self.scan.peek() != b']' {
            let problem = format!("more than {count} items");
            return Err(Fault::new(Rule::Count, start, problem));
        }
        self.close(index)
    }

    fn object(&mut self, shape: &'static Object, member: u8) -> Checked {
        if self.scan.next_byte() != b'{' {
            return Err(self.mistyped("an object"));
        }
        let start = self.scan.at();
        let index = self.open(Kind::Object, member)?;
        let (mut seen, mut expected, mut free) = (0_u64, 0_usize, 0_usize);
        if self.scan.next_byte() != b'}' {
            loop {
                let name = self.name()?;
                match self.position(shape, name, expected) {
                    Some(found) => {
                        if seen & 1 << found != 0 {
                            return Err(self.duplicate(name));
                        }
                        seen |= 1 << found;
                        expected = found + 1;
                        self.member(shape, name, found)?;
                    }
                    None if shape.open => {
                        free += 1;
                        self.push(Kind::Name, NO_MEMBER, name.start, name.end, name.escaped)?;
                        self.any(NO_MEMBER).map_err(|fault| self.inside(fault, name))?;
                    }
                    None => {
                        let problem = format!("there is no member {}", excerpt(&self.shown(name)));
                        return Err(self.inside(Fault::new(Rule::UnknownMember, name.start, problem), name));
                    }
                }
                match self.scan.next_byte() {
                    b',' => self.scan.step(),
                    b'}' => break,
                    _ => return Err(self.syntax("expected `,` or `}`")),
                }
            }
        }
        if seen & shape.required != shape.required {
            return Err(missing(shape, seen, start));
        }
        self.close(index)?;
        if free > 1 { self.distinct(index) } else { Ok(()) }
    }

    #[inline]
    fn member(&mut self, shape: &'static Object, name: StringToken, found: usize) -> Checked {
        let (Some(member), Ok(index)) = (shape.members.get(found), u8::try_from(found)) else {
            return Err(self.syntax("a member beyond the shape"));
        };
        if shape.open {
            self.push(Kind::Name, NO_MEMBER, name.start, name.end, name.escaped)?;
        }
        self.value(&member.shape, index).map_err(|fault| fault.inside(Step::Member(member.name.to_owned())))
    }

    /// A member's name and the colon behind it.
    #[inline]
    fn name(&mut self) -> Checked<StringToken> {
        if self.scan.next_byte() != b'"' {
            return Err(self.syntax("expected a member name"));
        }
        let name = self.scan.string()?;
        if self.scan.next_byte() != b':' {
            return Err(self.syntax("expected `:`"));
        }
        self.scan.step();
        Ok(name)
    }

    /// The index of the member of this name. Most peers write members in the order of the shape, so that the
    /// one after the last is tried first.
    #[inline]
    fn position(&self, shape: &Object, name: StringToken, expected: usize) -> Option<usize> {
        let raw = self.scan.slice(name.start, name.end);
        if name.escaped {
            return shape.position(&scan::unescape(raw, true));
        }
        match shape.members.get(expected) {
            Some(member) if member.name == raw => Some(expected),
            _ => shape.position(raw),
        }
    }

    /// Anything that is strict JSON.
    fn any(&mut self, member: u8) -> Checked {
        match self.scan.next_byte() {
            b'"' => self.text("a string", member).map(drop),
            b'-' | b'0'..=b'9' => self.number("a number", member).map(drop),
            b't' => self.literal("true", Kind::True, member),
            b'f' => self.literal("false", Kind::False, member),
            b'n' => self.literal("null", Kind::Null, member),
            b'[' => self.any_list(member),
            b'{' => self.any_object(member),
            _ => Err(self.syntax("expected a value")),
        }
    }

    fn any_list(&mut self, member: u8) -> Checked {
        let index = self.open(Kind::Array, member)?;
        let mut count = 0;
        if self.scan.next_byte() != b']' {
            loop {
                self.any(NO_MEMBER).map_err(|fault| fault.inside(Step::Item(count)))?;
                count += 1;
                match self.scan.next_byte() {
                    b',' => self.scan.step(),
                    b']' => break,
                    _ => return Err(self.syntax("expected `,` or `]`")),
                }
            }
        }
        self.close(index)
    }

    fn any_object(&mut self, member: u8) -> Checked {
        let index = self.open(Kind::Object, member)?;
        if self.scan.next_byte() != b'}' {
            loop {
                let name = self.name()?;
                self.push(Kind::Name, NO_MEMBER, name.start, name.end, name.escaped)?;
                self.any(NO_MEMBER).map_err(|fault| self.inside(fault, name))?;
                match self.scan.next_byte() {
                    b',' => self.scan.step(),
                    b'}' => break,
                    _ => return Err(self.syntax("expected `,` or `}`")),
                }
            }
        }
        self.close(index)?;
        self.distinct(index)
    }

    /// Finds names that are there twice in an object whose names are on the tape.
    fn distinct(&self, object: usize) -> Checked {
        let mut names = self.names(object);
        let twice = if names.clone().nth(PAIRWISE).is_none() {
            let same = |one: StringToken, two: StringToken| self.shown(one) == self.shown(two);
            let later = || names.next().map(|name| names.clone().find(|other| same(name, *other)));
            std::iter::from_fn(later).flatten().next()
        } else {
            let mut sorted: Vec<_> = names.map(|name| (self.shown(name), name)).collect();
            sorted.sort_by(|(one, first), (two, second)| (one, first.start).cmp(&(two, second.start)));
            let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
            pairs.find(|((one, _), (two, _))| one == two).map(|(_, (_, second))| *second)
        };
        match twice {
            Some(name) => Err(self.duplicate(name)),
            None => Ok(()),
        }
    }

    /// The names in an object whose names are on the tape.
    fn names(&self, object: usize) -> impl Iterator<Item = StringToken> + Clone + '_ {
        let end = self.tape.get(object).map_or(0, |node| node.next as usize);
        let mut at = object + 1;
        std::iter::from_fn(move || {
            let name = self.tape.get(at).filter(|_| at < end)?;
            at = self.tape.get(at + 1)?.next as usize;
            Some(StringToken { start: name.start as usize, end: name.end as usize, escaped: name.escaped })
        })
    }

    fn shown(&self, name: StringToken) -> std::borrow::Cow<'_, str> {
        scan::unescape(self.scan.slice(name.start, name.end), name.escaped)
    }

    #[cold]
    fn inside(&self, fault: Box<Fault>, name: StringToken) -> Box<Fault> {
        let name = self.shown(name);
        fault.inside(Step::Member(write::cut(&name, EXCERPT).to_owned()))
    }

    #[cold]
    fn duplicate(&self, name: StringToken) -> Box<Fault> {
        let fault = Fault::new(Rule::Duplicate, name.start, "is there twice");
        self.inside(fault, name)
    }

    #[cold]
    fn syntax(&self, detail: &str) -> Box<Fault> {
        Fault::new(Rule::Syntax, self.scan.at(), detail)
    }

    #[cold]
    fn mistyped(&self, expected: &str) -> Box<Fault> {
        let found = match self.scan.peek() {
            b'"' => "a string",
            b'-' | b'0'..=b'9' => "a number",
            b't' | b'f' => "true or false",
            b'n' => "null",
            b'[' => "a list",
            b'{' => "an object",
            _ => return self.syntax("expected a value"),
        };
        Fault::new(Rule::Type, self.scan.at(), format!("expected {expected}, found {found}"))
    }
}

#[inline]
fn offset(at: usize) -> Checked<u32> {
    u32::try_from(at).map_err(|_| Fault::new(Rule::FrameBytes, at, "more bytes than can be counted"))
}

#[cold]
fn missing(shape: &Object, seen: u64, start: usize) -> Box<Fault> {
    let absent = shape.required & !seen;
    let name = shape.members.get(absent.trailing_zeros() as usize).map_or("", |member| member.name);
    Fault::new(Rule::Missing, start, "is missing").inside(Step::Member(name.to_owned()))
}

#[cold]
fn out_of_range<T: std::fmt::Display>(start: usize, value: T, min: Option<T>, max: Option<T>) -> Box<Fault> {
    let allowed = match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "anything".to_owned(),
    };
    Fault::new(Rule::Range, start, format!("{value} is not {allowed}"))
}

/// A double without fraction as an integer, if every reader reads it alike.
pub(crate) fn whole(value: f64) -> Option<i64> {
    if value.fract() != 0.0 || value.abs() > WHOLE_MAX as f64 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "no fraction, and within 2^53")]
    Some(value as i64)
}

/// How many decimals a JSON number needs: 1 for `0.5`, `0.50` and `5e-1`.
fn decimals(number: &str) -> i64 {
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
