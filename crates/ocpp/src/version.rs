//! Which OCPP is spoken, and who speaks.

use std::fmt;
use std::str::FromStr;

/// A version of OCPP-J.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.6J with the security extension.
    V16,
    /// 2.0.1.
    V201,
    /// 2.1.
    V21,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Version; 3] = [Version::V16, Version::V201, Version::V21];

    /// The WebSocket subprotocol, as registered with IANA.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Version::V16 => "ocpp1.6",
            Version::V201 => "ocpp2.0.1",
            Version::V21 => "ocpp2.1",
        }
    }

    /// The version a WebSocket subprotocol names; case matters, as it does on the wire.
    pub fn from_subprotocol(name: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.subprotocol() == name)
    }

    const fn number(self) -> &'static str {
        match self {
            Version::V16 => "1.6",
            Version::V201 => "2.0.1",
            Version::V21 => "2.1",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.number())
    }
}

/// A text that is no version we speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown OCPP version `{0}` (1.6, 2.0.1 and 2.1 are known)")]
pub struct UnknownVersion(String);

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Version, UnknownVersion> {
        let found = Version::ALL.into_iter().find(|version| version.number() == text);
        found.ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

/// One of the two ends of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The charging station (1.6: Charge Point), the WebSocket client.
    Station,
    /// The management system (1.6: Central System).
    Csms,
}

impl Side {
    /// The opposite end.
    pub const fn other(self) -> Side {
        match self {
            Side::Station => Side::Csms,
            Side::Csms => Side::Station,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Station => "station",
            Side::Csms => "csms",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_back() {
        for version in Version::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
            assert_eq!(Version::from_subprotocol(version.subprotocol()), Some(version));
        }
        assert_eq!(Version::from_subprotocol("OCPP1.6"), None);
        assert_eq!(
            "2.0".parse::<Version>().unwrap_err().to_string(),
            "unknown OCPP version `2.0` (1.6, 2.0.1 and 2.1 are known)"
        );
    }

    #[test]
    fn the_other_of_the_other_is_the_same() {
        for side in [Side::Station, Side::Csms] {
            assert_eq!(side.other().other(), side);
        }
    }
}
