//! Values of a payload.

use std::borrow::Cow;

use crate::escape::unescape;
use crate::number;
use crate::payload::{Arr, Obj};
use crate::timestamp::Timestamp;

/// A value.
#[derive(Debug, Clone, Copy)]
pub enum Value<'p> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Num(&'p str),
    /// A string.
    Str(Str<'p>),
    /// A list.
    Arr(Arr<'p>),
    /// An object.
    Obj(Obj<'p>),
}

impl<'p> Value<'p> {
    /// The text, if it is a string.
    pub fn text(self) -> Option<Cow<'p, str>> {
        match self {
            Value::Str(text) => Some(text.text()),
            Value::Null | Value::Bool(_) | Value::Num(_) | Value::Arr(_) | Value::Obj(_) => None,
        }
    }

    /// The number, if it is one without a fraction (`1.0` has none).
    pub fn int(self) -> Option<i64> {
        match self {
            Value::Num(text) => text.parse().ok().or_else(|| number::whole(number::double(text))),
            Value::Null | Value::Bool(_) | Value::Str(_) | Value::Arr(_) | Value::Obj(_) => None,
        }
    }

    /// The number, if it is one.
    pub fn num(self) -> Option<f64> {
        match self {
            Value::Num(text) => text.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Str(_) | Value::Arr(_) | Value::Obj(_) => None,
        }
    }

    /// The flag, if it is one.
    pub fn flag(self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(flag),
            Value::Null | Value::Num(_) | Value::Str(_) | Value::Arr(_) | Value::Obj(_) => None,
        }
    }

    /// The object, if it is one.
    pub fn obj(self) -> Option<Obj<'p>> {
        match self {
            Value::Obj(object) => Some(object),
            Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) | Value::Arr(_) => None,
        }
    }

    /// The list, if it is one.
    pub fn arr(self) -> Option<Arr<'p>> {
        match self {
            Value::Arr(list) => Some(list),
            Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) | Value::Obj(_) => None,
        }
    }

    /// The timestamp, if it is a string that holds one.
    pub fn time(self) -> Option<Timestamp> {
        Timestamp::parse(&self.text()?).ok()
    }

    /// The value as it was written.
    pub fn json(self) -> Cow<'p, str> {
        match self {
            Value::Null => Cow::Borrowed("null"),
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Num(text) => Cow::Borrowed(text),
            Value::Str(text) => Cow::Owned(format!("\"{}\"", text.raw)),
            Value::Arr(list) => Cow::Borrowed(list.json()),
            Value::Obj(object) => Cow::Borrowed(object.json()),
        }
    }
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub struct Str<'p> {
    pub(crate) raw: &'p str,
    pub(crate) escaped: bool,
}

impl<'p> Str<'p> {
    /// What stands between the quotes, escapes and all.
    pub const fn raw(self) -> &'p str {
        self.raw
    }

    /// What the string says.
    pub fn text(self) -> Cow<'p, str> {
        unescape(self.raw, self.escaped)
    }
}
