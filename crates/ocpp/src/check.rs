//! The one pass: reads a value, holds it against its shape, and leaves a tape.

mod free;

use std::borrow::Cow;

use crate::escape::unescape;
use crate::fault::{Checked, Fault, Step, excerpt, out_of_range, printable};
use crate::limits::Limits;
use crate::number;
use crate::scan::{Misread, NumberToken, Scanner, StringToken};
use crate::shape::{Choice, List, Object, Shape};
use crate::tape::{Kind, NO_MEMBER, Node};
use crate::timestamp::Timestamp;
use crate::violation::Rule;

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
        let length = unescape(raw, token.escaped).chars().count();
        if length <= max as usize {
            return Ok(());
        }
        Err(Fault::new(Rule::Length, token.start, format!("{length} characters, at most {max} are allowed")))
    }

    fn time(&self, token: StringToken) -> Checked {
        let raw = self.scan.slice(token.start, token.end);
        let text = unescape(raw, token.escaped);
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
        let text = unescape(raw, token.escaped);
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
        let value = number::double(text);
        if value.fract() != 0.0 {
            return Err(Fault::new(Rule::Type, token.start, "expected an integer, found a fraction"));
        }
        number::whole(value).ok_or_else(|| Misread { rule: Rule::NumberSize, offset: token.start }.into())
    }

    #[inline]
    fn real(&mut self, min: Option<f64>, max: Option<f64>, decimals: Option<u8>, member: u8) -> Checked {
        let token = self.number("a number", member)?;
        let text = self.scan.slice(token.start, token.end);
        if min.is_some() || max.is_some() {
            let value = number::double(text);
            if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) {
                return Err(out_of_range(token.start, value, min, max));
            }
        }
        match decimals {
            Some(most) if token.whole.is_none() && number::decimals(text) > i64::from(most) => {
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
            return shape.position(&unescape(raw, true));
        }
        match shape.members.get(expected) {
            Some(member) if member.name == raw => Some(expected),
            _ => shape.position(raw),
        }
    }

    fn shown(&self, name: StringToken) -> Cow<'_, str> {
        unescape(self.scan.slice(name.start, name.end), name.escaped)
    }

    #[cold]
    fn inside(&self, fault: Box<Fault>, name: StringToken) -> Box<Fault> {
        fault.inside(Step::Member(printable(&self.shown(name))))
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
