//! Values that may be anything, as long as they are strict JSON.

use super::Check;
use crate::fault::{Checked, Step};
use crate::scan::StringToken;
use crate::tape::{Kind, NO_MEMBER};

/// Up to so many free names are compared pair by pair; more are sorted.
const PAIRWISE: usize = 16;

impl Check<'_, '_> {
    /// Anything that is strict JSON.
    pub(super) fn any(&mut self, member: u8) -> Checked {
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
    pub(super) fn distinct(&self, object: usize) -> Checked {
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
}
