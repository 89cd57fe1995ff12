//! Validated payloads and how they are read.

use std::borrow::Cow;
use std::ops::Range;

use crate::check;
use crate::escape::unescape;
use crate::limits::Limits;
use crate::scan::Scanner;
use crate::shape::{Object, Shape};
use crate::tape::{Kind, NO_MEMBER, Node};
use crate::timestamp::Timestamp;
use crate::value::{Str, Value};
use crate::violation::{Rule, Violation};

/// A payload that fits its shape, indexed over the bytes it was read from.
#[derive(Debug, Clone)]
pub struct Payload<'a> {
    text: &'a str,
    span: Range<usize>,
    tape: Vec<Node>,
    shape: Option<&'static Object>,
}

impl<'a> Payload<'a> {
    /// Reads a payload that stands alone: one JSON object of this shape and nothing else.
    pub fn parse(text: &'a str, shape: &'static Object, limits: &Limits) -> Result<Payload<'a>, Violation> {
        if text.len() > limits.frame_bytes {
            let detail = format!("{} bytes, at most {} are allowed", text.len(), limits.frame_bytes);
            return Err(outside(Rule::FrameBytes, 0, detail));
        }
        let (payload, end) = Payload::read(text, 0, 0, Some(shape), limits)?;
        if Scanner::new(text, end).is_at_end() {
            Ok(payload)
        } else {
            Err(outside(Rule::Trailing, end, "something after the end".to_owned()))
        }
    }

    /// Reads the object at `at`; returns it and where it ends.
    pub(crate) fn read(
        text: &'a str,
        at: usize,
        depth: usize,
        shape: Option<&'static Object>,
        limits: &Limits,
    ) -> Result<(Payload<'a>, usize), Violation> {
        match check::object(text, at, depth, shape, limits) {
            Ok((tape, end)) => {
                let start = tape.first().map_or(at, |root| root.start as usize);
                Ok((Payload { text, span: start..end, tape, shape }, end))
            }
            Err(fault) => Err(Violation {
                rule: fault.rule,
                path: fault.path(),
                offset: Some(fault.offset),
                detail: fault.detail,
                id: None,
                message: None,
            }),
        }
    }

    /// The payload as an object.
    pub fn root(&self) -> Obj<'_> {
        Obj { payload: self, at: 0, shape: self.shape }
    }

    /// The bytes it was read from.
    pub fn bytes(&self) -> &'a [u8] {
        self.text().as_bytes()
    }

    /// The text it was read from.
    pub fn text(&self) -> &'a str {
        self.text.get(self.span.clone()).unwrap_or_default()
    }

    fn node(&self, at: usize) -> Option<&Node> {
        self.tape.get(at)
    }

    fn slice(&self, node: &Node) -> &str {
        self.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    fn value(&self, at: usize, shape: Option<&'static Shape>) -> Option<Value<'_>> {
        let node = self.node(at)?;
        Some(match node.kind {
            Kind::Null => Value::Null,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Number => Value::Num(self.slice(node)),
            Kind::Text | Kind::Name => Value::Str(Str { raw: self.slice(node), escaped: node.escaped }),
            Kind::Array => {
                let of = match shape {
                    Some(Shape::List(list)) => Some(&list.of),
                    _ => None,
                };
                Value::Arr(Arr { payload: self, at, of })
            }
            Kind::Object => {
                let shape = match shape {
                    Some(Shape::Object(object)) => Some(*object),
                    _ => None,
                };
                Value::Obj(Obj { payload: self, at, shape })
            }
        })
    }
}

fn outside(rule: Rule, offset: usize, detail: String) -> Violation {
    Violation { rule, path: String::new(), detail, offset: Some(offset), id: None, message: None }
}

/// A list.
#[derive(Debug, Clone, Copy)]
pub struct Arr<'p> {
    payload: &'p Payload<'p>,
    at: usize,
    of: Option<&'static Shape>,
}

impl<'p> Arr<'p> {
    /// Its items.
    pub fn iter(self) -> impl Iterator<Item = Value<'p>> {
        let end = self.payload.node(self.at).map_or(0, |node| node.next as usize);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let here = at;
            at = self.payload.node(here).filter(|_| here < end)?.next as usize;
            self.payload.value(here, self.of)
        })
    }

    /// The list as it was written.
    pub fn json(self) -> &'p str {
        self.payload.node(self.at).map_or("", |node| self.payload.slice(node))
    }
}

/// An object.
#[derive(Debug, Clone, Copy)]
pub struct Obj<'p> {
    payload: &'p Payload<'p>,
    at: usize,
    shape: Option<&'static Object>,
}

impl<'p> Obj<'p> {
    /// The catalogue's shape of it; `None` inside values that may be anything.
    pub const fn shape(self) -> Option<&'static Object> {
        self.shape
    }

    /// The object as it was written.
    pub fn json(self) -> &'p str {
        self.payload.node(self.at).map_or("", |node| self.payload.slice(node))
    }

    /// Whether the member is there.
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The member's value. A name that the shape does not have is a mistake of the caller.
    pub fn get(self, name: &str) -> Option<Value<'p>> {
        let Some(shape) = self.shape.filter(|shape| !shape.open) else {
            return self.entries().find(|(found, _)| found == name).map(|(_, value)| value);
        };
        let position = shape.position(name);
        debug_assert!(position.is_some(), "`{}` has no member `{name}`", shape.name);
        let position = position?;
        let at = self
            .children()
            .find(|at| self.payload.node(*at).is_some_and(|node| usize::from(node.member) == position))?;
        self.payload.value(at, shape.members.get(position).map(|member| &member.shape))
    }

    /// The member's text, if it is a string.
    pub fn text(self, name: &str) -> Option<Cow<'p, str>> {
        self.get(name)?.text()
    }

    /// The member's number, if it is one without a fraction.
    pub fn int(self, name: &str) -> Option<i64> {
        self.get(name)?.int()
    }

    /// The member's number.
    pub fn num(self, name: &str) -> Option<f64> {
        self.get(name)?.num()
    }

    /// The member's flag.
    pub fn flag(self, name: &str) -> Option<bool> {
        self.get(name)?.flag()
    }

    /// The member's timestamp.
    pub fn time(self, name: &str) -> Option<Timestamp> {
        self.get(name)?.time()
    }

    /// The member, if it is an object.
    pub fn obj(self, name: &str) -> Option<Obj<'p>> {
        self.get(name)?.obj()
    }

    /// The items of the member; none if it is absent or no list.
    pub fn list(self, name: &str) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.get(name).and_then(Value::arr).into_iter().flat_map(Arr::iter)
    }

    /// The items of the member that are objects.
    pub fn objs(self, name: &str) -> impl Iterator<Item = Obj<'p>> + use<'p> {
        self.list(name).filter_map(Value::obj)
    }

    /// All members, in the order they were written.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'p, str>, Value<'p>)> {
        let named = self.is_named();
        let mut children = self.children();
        std::iter::from_fn(move || {
            let at = children.next()?;
            let node = self.payload.node(at)?;
            let name = named.then(|| unescape(self.payload.slice(node), node.escaped));
            let at = if named { at + 1 } else { at };
            let member = self.member(self.payload.node(at)?.member);
            let value = self.payload.value(at, member.map(|member| &member.shape))?;
            Some((name.unwrap_or_else(|| Cow::Borrowed(member.map_or("", |member| member.name))), value))
        })
    }

    fn member(self, member: u8) -> Option<&'static crate::shape::Member> {
        if member == NO_MEMBER {
            return None;
        }
        self.shape?.members.get(usize::from(member))
    }

    /// Whether each value on the tape has its name in front of it.
    fn is_named(self) -> bool {
        self.shape.is_none_or(|shape| shape.open)
    }

    /// The places of the members on the tape: of the name where there is one, else of the value.
    fn children(self) -> impl Iterator<Item = usize> + use<'p> {
        let end = self.payload.node(self.at).map_or(0, |node| node.next as usize);
        let named = usize::from(self.is_named());
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let here = at;
            at = self.payload.node(here + named).filter(|_| here < end)?.next as usize;
            Some(here)
        })
    }
}
