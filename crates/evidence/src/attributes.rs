//! An effect's attributes, as JSON text that is safe to put into a record.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;

/// The attributes of an effect: the text of one JSON object, printable ASCII on one line.
///
/// Kept as text because a record is written once per message and rarely read; the engine knows the types.
#[derive(Clone, PartialEq, Eq)]
pub struct Attributes(String);

impl Attributes {
    /// No attributes.
    pub const NONE: Self = Self(String::new());

    /// Starts an object, to be filled member by member.
    pub fn object() -> AttributeWriter {
        AttributeWriter { out: Vec::with_capacity(128) }
    }

    /// Takes the text of a JSON object as it is, made printable ASCII on one line. Members keep their order: the same
    /// attributes must always come in the same order.
    ///
    /// What is not an object is kept as `{"text":".."}`.
    pub fn from_json(object: String) -> Self {
        let object = json::make_ascii(object);
        debug_assert!(serde_json::from_str::<&RawValue>(&object).is_ok(), "attributes are no JSON: {object}");
        match object.as_str() {
            "" | "{}" => Self::NONE,
            text if text.starts_with('{') && text.ends_with('}') => Self(object),
            text => Self::object().text("text", text).finish(),
        }
    }

    /// True without attributes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of the JSON object; `{}` without attributes.
    pub fn as_json(&self) -> &str {
        if self.0.is_empty() { "{}" } else { &self.0 }
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self::from_json(String::from(Box::<str>::from(raw))))
    }
}

/// Writes attributes one by one, in the order of the calls.
#[derive(Debug)]
pub struct AttributeWriter {
    out: Vec<u8>,
}

impl AttributeWriter {
    /// A text.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.member(name, |out| json::text(out, value))
    }

    /// A whole number.
    #[must_use]
    pub fn int(self, name: &str, value: i64) -> Self {
        self.member(name, |out| {
            if value < 0 {
                out.push(b'-');
            }
            json::number(out, value.unsigned_abs());
        })
    }

    /// A number. Infinite ones and NaN, which JSON does not know, are `null`.
    #[must_use]
    pub fn number(self, name: &str, value: f64) -> Self {
        let text = if value.is_finite() { value.to_string() } else { "null".to_owned() };
        self.member(name, |out| out.extend_from_slice(text.as_bytes()))
    }

    /// A truth value.
    #[must_use]
    pub fn flag(self, name: &str, value: bool) -> Self {
        self.member(name, |out| out.extend_from_slice(if value { b"true" } else { b"false" }))
    }

    /// A list of texts.
    #[must_use]
    pub fn texts<T: AsRef<str>>(self, name: &str, values: &[T]) -> Self {
        self.member(name, |out| json::list(out, values, |out, value| json::text(out, value.as_ref())))
    }

    /// The finished attributes.
    pub fn finish(mut self) -> Attributes {
        if self.out.is_empty() {
            return Attributes::NONE;
        }
        self.out.push(b'}');
        Attributes(String::from_utf8(self.out).unwrap_or_default())
    }

    fn member(mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.out.push(if self.out.is_empty() { b'{' } else { b',' });
        json::text(&mut self.out, name);
        self.out.push(b':');
        write(&mut self.out);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_in_the_order_of_the_calls() {
        let attributes = Attributes::object()
            .text("host", "fw.example\u{202e}")
            .int("delta_w", -11_000)
            .number("limit_w", 7400.5)
            .number("nothing", f64::NAN)
            .flag("signed", false)
            .texts("suites", &["a", "b"])
            .finish();
        assert_eq!(
            attributes.as_json(),
            r#"{"host":"fw.example\u202e","delta_w":-11000,"limit_w":7400.5,"nothing":null,"signed":false,"suites":["a","b"]}"#
        );
        assert_eq!(Attributes::object().finish(), Attributes::NONE);
    }

    #[test]
    fn foreign_json_is_made_safe() {
        assert_eq!(
            Attributes::from_json("{\"a\":\n\"ü\u{1f50c}\"}".into()).as_json(),
            r#"{"a": "\u00fc\ud83d\udd0c"}"#
        );
        assert_eq!(Attributes::from_json("[1]".into()).as_json(), r#"{"text":"[1]"}"#);
        assert!(Attributes::from_json("{}".into()).is_empty());
    }
}
