//! Organisations with a stake in a station.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest party name, in characters: it stands in every record and every refusal.
pub const PARTY_CHARS_MAX: usize = 32;

/// Name of a party, such as `cso` or `cnp`: lower-case letters, digits and `-`, a letter first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(Arc<str>);

impl PartyId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name a party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a party (lower-case letters, digits and `-`, a letter first, at most {PARTY_CHARS_MAX})"
)]
pub struct InvalidParty(String);

impl FromStr for PartyId {
    type Err = InvalidParty;

    fn from_str(text: &str) -> Result<Self, InvalidParty> {
        if is_name(text, PARTY_CHARS_MAX) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidParty(text.to_owned()))
        }
    }
}

/// Whether `text` is a name as parties, policies and lists have: `[a-z][a-z0-9-]*`, not too long.
pub(crate) fn is_name(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

impl Borrow<str> for PartyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartyId({})", self.0)
    }
}

impl serde::Serialize for PartyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for PartyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_has_a_plain_name() {
        for good in ["cso", "cnp", "grid-operator-7"] {
            assert_eq!(good.parse::<PartyId>().unwrap().as_str(), good);
        }
        for bad in ["", "CSO", "7up", "a b", "a:1", "é", &"x".repeat(33)] {
            assert!(bad.parse::<PartyId>().is_err(), "{bad}");
        }
    }
}
