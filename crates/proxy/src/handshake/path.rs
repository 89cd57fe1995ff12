//! `/ocpp/{stationId}`: the only path there is, and what a station id may be.

use std::{fmt, sync::Arc};

use thiserror::Error;

use crate::refusal::Reason;

/// Stations dial `ws://host/ocpp/{stationId}`.
pub const PATH_PREFIX: &str = "/ocpp/";

/// OCPP 2.0.1 limits the identity to 48 characters; 1.6 gives no bound, 2.x's is used for all.
pub const STATION_ID_CHARS_MAX: usize = 48;

/// The name a station is known by: 1 to 48 characters of `A-Z a-z 0-9 - _ = + | @ . *`.
///
/// OCPP's identifier characters without `:`, which would end the user name of Basic authentication (requirement
/// R-A04), and not `.` or `..`, which mean something in paths.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StationId(Arc<str>);

impl StationId {
    /// Checks the characters and the length.
    ///
    /// # Errors
    /// Which of the rules is broken.
    pub fn parse(text: &str) -> Result<StationId, StationIdProblem> {
        if text.is_empty() {
            return Err(StationIdProblem::Empty);
        }
        if text.len() > STATION_ID_CHARS_MAX {
            return Err(StationIdProblem::TooLong);
        }
        if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
            return Err(StationIdProblem::Character(bad));
        }
        if matches!(text, "." | "..") {
            return Err(StationIdProblem::Dots);
        }
        Ok(StationId(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StationId({})", self.0)
    }
}

/// Why a text is not a station id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StationIdProblem {
    /// Nothing there.
    #[error("a station id has at least one character")]
    Empty,
    /// More than [`STATION_ID_CHARS_MAX`].
    #[error("a station id has at most {STATION_ID_CHARS_MAX} characters")]
    TooLong,
    /// A character outside the set.
    #[error("`{}` may not stand in a station id (allowed: A-Z a-z 0-9 - _ = + | @ . *)", .0.escape_default())]
    Character(char),
    /// `.` or `..`.
    #[error("`.` and `..` are not station ids")]
    Dots,
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '+' | '|' | '@' | '.' | '*')
}

/// The station id of a request path. Percent escapes are decoded once; what is still escaped then is refused.
pub(super) fn station(path: &str) -> Result<StationId, Reason> {
    let Some(segment) = path.strip_prefix(PATH_PREFIX) else { return Err(Reason::UnknownPath) };
    let decoded = decode(segment.as_bytes()).ok_or(Reason::HostileStationId)?;
    StationId::parse(&decoded).map_err(|_| Reason::HostileStationId)
}

fn decode(segment: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(segment.len().min(STATION_ID_CHARS_MAX + 1));
    let mut bytes = segment.iter().copied();
    while let Some(byte) = bytes.next() {
        let decoded = if byte == b'%' { hex(bytes.next()?)? << 4 | hex(bytes.next()?)? } else { byte };
        out.push(decoded);
        if out.len() > STATION_ID_CHARS_MAX {
            return None;
        }
    }
    String::from_utf8(out).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A text as one path segment: everything but RFC 3986's unreserved characters is escaped.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let long = format!("/ocpp/{}", "x".repeat(49));
        for (path, expected) in [
            ("/ocpp/CS-1", Ok("CS-1")),
            ("/ocpp/DE*ABC*E1%7C2", Ok("DE*ABC*E1|2")),
            ("/ocpp/a%2eb", Ok("a.b")),
            ("/ocpp/", Err(Reason::HostileStationId)),
            ("/ocpp/a%252eb", Err(Reason::HostileStationId)), // decoded once: a%2eb
            ("/ocpp/a%2Fb", Err(Reason::HostileStationId)),
            ("/ocpp/a/b", Err(Reason::HostileStationId)),
            ("/ocpp/..", Err(Reason::HostileStationId)),
            ("/ocpp/%2e%2E", Err(Reason::HostileStationId)),
            ("/ocpp/a%00", Err(Reason::HostileStationId)),
            ("/ocpp/a%0d%0aX:y", Err(Reason::HostileStationId)),
            ("/ocpp/a:b", Err(Reason::HostileStationId)),
            ("/ocpp/a%2", Err(Reason::HostileStationId)),
            ("/ocpp/a%zz", Err(Reason::HostileStationId)),
            ("/ocpp/%C3%A4", Err(Reason::HostileStationId)),
            ("/ocpp/%ff", Err(Reason::HostileStationId)),
            (long.as_str(), Err(Reason::HostileStationId)),
            ("/OCPP/CS-1", Err(Reason::UnknownPath)),
            ("/", Err(Reason::UnknownPath)),
            ("*", Err(Reason::UnknownPath)),
        ] {
            assert_eq!(station(path).as_ref().map(StationId::as_str), expected.as_ref().copied(), "{path}");
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let id = "A-z_0=9+8|7@6.5*4";
        assert_eq!(station(&format!("/ocpp/{}", encode_segment(id))).unwrap().as_str(), id);
    }
}
