//! `Sec-WebSocket-Protocol`: which OCPP versions a station offers.

use chargewarden_ocpp::Version;
use http::{HeaderMap, header};

use crate::refusal::Reason;

/// More offers than this are not a station. There are three OCPP-J versions we know and a few older names.
pub const OFFERS_MAX: usize = 16;

/// The versions among the offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// In the station's order. Empty when it offered nothing at all.
    pub versions: Vec<Version>,
}

/// Reads the offers; names we do not know are passed over, doubles are refused (RFC 6455, 4.1: each once).
pub(super) fn offered(headers: &HeaderMap) -> Result<Offered, Reason> {
    let mut names: Vec<&str> = Vec::new();
    for value in headers.get_all(header::SEC_WEBSOCKET_PROTOCOL) {
        let value = value.to_str().map_err(|_| Reason::MalformedRequest)?;
        for name in value.split(',').map(str::trim) {
            if name.is_empty() || names.contains(&name) || names.len() == OFFERS_MAX {
                return Err(Reason::MalformedRequest);
            }
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(Offered { versions: Vec::new() });
    }
    let versions: Vec<Version> = names.into_iter().filter_map(Version::from_subprotocol).collect();
    if versions.is_empty() { Err(Reason::NoSubprotocol) } else { Ok(Offered { versions }) }
}
