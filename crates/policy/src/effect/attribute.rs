//! The types an effect's attributes can have, and how each looks to Cedar and to evidence.

use chargewarden_ocpp::Timestamp;

/// Type of an attribute as policies see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeType {
    /// Cedar `Bool`.
    Flag,
    /// Cedar `Long`; the attribute's documentation gives the unit.
    Long,
    /// Cedar `String`.
    Text,
    /// Cedar `Set<String>`.
    Texts,
    /// Cedar `datetime`.
    Time,
    /// Cedar record [`Url`].
    Url,
    /// An id token. Policies do not see its value, evidence keeps a keyed hash.
    Token,
}

/// Value of an attribute, borrowed from its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// See [`AttributeType::Flag`].
    Flag(bool),
    /// See [`AttributeType::Long`].
    Long(i64),
    /// See [`AttributeType::Text`].
    Text(&'a str),
    /// See [`AttributeType::Texts`].
    Texts(&'a [String]),
    /// See [`AttributeType::Time`].
    Time(Timestamp),
    /// See [`AttributeType::Url`].
    Url(&'a Url),
    /// See [`AttributeType::Token`].
    Token(&'a Token),
}

/// One attribute as the effect table declares it.
#[derive(Clone, Copy, Debug)]
pub struct AttributeSpec {
    /// Name in policies and evidence.
    pub name: &'static str,
    /// Type in policies.
    pub kind: AttributeType,
    /// Whether a policy must test `context has name` before it reads the attribute.
    pub optional: bool,
    /// One sentence with the unit, for the reference documentation.
    pub doc: &'static str,
}

/// A Rust type that can stand in the effect table.
pub trait Attribute {
    /// How policies see it.
    const KIND: AttributeType;
    /// Whether it can be absent.
    const OPTIONAL: bool = false;
    /// The value, or nothing where it is absent.
    fn value(&self) -> Option<AttributeValue<'_>>;
}

impl Attribute for bool {
    const KIND: AttributeType = AttributeType::Flag;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Flag(*self))
    }
}

impl Attribute for i64 {
    const KIND: AttributeType = AttributeType::Long;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Long(*self))
    }
}

impl Attribute for String {
    const KIND: AttributeType = AttributeType::Text;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Text(self))
    }
}

impl Attribute for &'static str {
    const KIND: AttributeType = AttributeType::Text;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Text(self))
    }
}

impl Attribute for Vec<String> {
    const KIND: AttributeType = AttributeType::Texts;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Texts(self))
    }
}

impl Attribute for Timestamp {
    const KIND: AttributeType = AttributeType::Time;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Time(*self))
    }
}

impl Attribute for Url {
    const KIND: AttributeType = AttributeType::Url;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Url(self))
    }
}

impl Attribute for Token {
    const KIND: AttributeType = AttributeType::Token;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Token(self))
    }
}

impl<T: Attribute> Attribute for Option<T> {
    const KIND: AttributeType = T::KIND;
    const OPTIONAL: bool = true;
    fn value(&self) -> Option<AttributeValue<'_>> {
        self.as_ref().and_then(Attribute::value)
    }
}

/// A URL taken apart. The text itself is not kept: it can carry credentials.
///
/// A URL that no parser agrees on has `readable == false` and empty parts, so a rule that lists
/// what is allowed never matches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// Whether the text is an absolute URL with a host.
    pub readable: bool,
    /// Lower case, without `:`.
    pub scheme: String,
    /// Lower case (IDNA in ASCII form), IPv6 in brackets, without port.
    pub host: String,
    /// Explicit port, or the scheme's default, or 0 where there is neither.
    pub port: i64,
    /// Path as it stands, without query and fragment; `/` where there is none.
    pub path: String,
    /// Whether user name or password stand in the URL.
    pub credentials: bool,
    /// Whether the host is an address, or a name, of loopback, link-local, private or otherwise
    /// non-public space (RFC 6890, RFC 6761), in any spelling a resolver accepts.
    pub private: bool,
    /// Whether the text has characters that a shell, a log or a sloppy parser could misread:
    /// white space, quotes, back-ticks, brackets, `$`, `;`, `|`, `<`, `>`, back-slash, controls,
    /// non-ASCII, the same behind percent signs, `..`, a second `://`, an odd spelling of the host.
    pub suspicious: bool,
}

/// An id token (RFID uid, eMAID, …). Printing it prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Wraps the token's text as it stood in the message.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret text, for keyed hashing and comparison only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}
