//! The upgrade request of a station, judged before anything is answered. Pure: parts in, offer or refusal out.

mod basic;
mod path;
mod response;
mod subprotocol;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chargewarden_ocpp::Version;
use http::{HeaderMap, Method, header, request::Parts};

pub use self::{
    basic::{Basic, SECRET_BYTES_MAX},
    path::{PATH_PREFIX, STATION_ID_CHARS_MAX, StationId, StationIdProblem, encode_segment},
    response::{
        Accepted, Head, NotAccepted, RESPONSE_BYTES_MAX, RESPONSE_HEADERS_MAX, read_head, read_response,
    },
    subprotocol::{OFFERS_MAX, Offered},
};
use crate::refusal::Reason;

/// What a well-formed upgrade request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Who it says it is (from the path).
    pub station: StationId,
    /// The OCPP versions it offers, in its order of preference, without doubles. Empty when it offered nothing, which
    /// only a tolerance allows.
    pub versions: Vec<Version>,
    /// The credentials it brought, if any.
    pub credentials: Option<Basic>,
    /// The value of `Sec-WebSocket-Accept` that answers its key.
    pub accept: String,
}

impl Offer {
    /// Judges the parts of an upgrade request.
    ///
    /// # Errors
    /// The reason to refuse, and the station id when it was readable (for the record only).
    pub fn read(parts: &Parts) -> Result<Offer, Declined> {
        check_request_line(parts)?;
        check_upgrade(&parts.headers)?;
        let key = websocket_key(&parts.headers)?;
        if parts.uri.query().is_some() {
            return Err(Reason::QueryInPath.into());
        }
        let station = path::station(parts.uri.path())?;
        let offer = || -> Result<Offer, Reason> {
            let versions = subprotocol::offered(&parts.headers)?.versions;
            let credentials = basic::read(&parts.headers, &station)?;
            Ok(Offer { station: station.clone(), versions, credentials, accept: accept_value(&key) })
        };
        offer().map_err(|reason| Declined { reason, station: Some(station.clone()) })
    }
}

/// A refused upgrade request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// Why.
    pub reason: Reason,
    /// Who, when the path was readable. Unproven: for evidence only.
    pub station: Option<StationId>,
}

impl From<Reason> for Declined {
    fn from(reason: Reason) -> Declined {
        Declined { reason, station: None }
    }
}

/// Bytes of a `Sec-WebSocket-Key` after decoding (RFC 6455, 4.1).
const KEY_BYTES: usize = 16;

/// RFC 6455, 1.3.
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

fn check_request_line(parts: &Parts) -> Result<(), Reason> {
    // A target in absolute form names a host; stations send a path.
    let is_path = parts.uri.authority().is_none();
    if parts.method != Method::GET || parts.version != http::Version::HTTP_11 || !is_path {
        return Err(Reason::MalformedRequest);
    }
    if single(&parts.headers, &header::HOST)?.is_none() {
        return Err(Reason::MalformedRequest);
    }
    let body = parts.headers.contains_key(header::TRANSFER_ENCODING)
        || single(&parts.headers, &header::CONTENT_LENGTH)?.is_some_and(|length| length != b"0");
    if body { Err(Reason::MalformedRequest) } else { Ok(()) }
}

fn check_upgrade(headers: &HeaderMap) -> Result<(), Reason> {
    if !has_token(headers, &header::CONNECTION, "upgrade")
        || !has_token(headers, &header::UPGRADE, "websocket")
    {
        return Err(Reason::NotWebSocket);
    }
    match single(headers, &header::SEC_WEBSOCKET_VERSION)? {
        Some(b"13") => Ok(()),
        Some(_) | None => Err(Reason::WebSocketVersion),
    }
}

fn websocket_key(headers: &HeaderMap) -> Result<Vec<u8>, Reason> {
    let Some(key) = single(headers, &header::SEC_WEBSOCKET_KEY)? else {
        return Err(Reason::MalformedRequest);
    };
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == KEY_BYTES => Ok(key.to_vec()),
        Ok(_) | Err(_) => Err(Reason::MalformedRequest),
    }
}

/// The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455, 4.2.2).
pub(crate) fn accept_value(key: &[u8]) -> String {
    let mut sha = sha1_smol::Sha1::new();
    sha.update(key);
    sha.update(ACCEPT_GUID);
    STANDARD.encode(sha.digest().bytes())
}

/// The value of a header that may stand once.
fn single<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Result<Option<&'h [u8]>, Reason> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        Err(Reason::MalformedRequest)
    } else {
        Ok(first.map(|value| value.as_bytes()))
    }
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// A request as text, so that a case reads like what a station sends.
    fn judge(text: &str) -> Result<Offer, Declined> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut first = lines.next().unwrap().split(' ');
        let mut request = Request::builder().method(first.next().unwrap()).uri(first.next().unwrap());
        request = request.version(match first.next() {
            Some("HTTP/1.0") => http::Version::HTTP_10,
            _ => http::Version::HTTP_11,
        });
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        Offer::read(&request.body(()).unwrap().into_parts().0)
    }

    const GOOD: &str = "GET /ocpp/CS-1
        Host: gateway
        Connection: keep-alive, Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        Sec-WebSocket-Protocol: ocpp2.0.1, ocpp1.6
        Authorization: Basic Q1MtMTpzZWNyZXQtc2VjcmV0LTEyMw==";

    fn refused(from: &str, to: &str) -> Reason {
        assert!(GOOD.contains(from), "{from}");
        judge(&GOOD.replace(from, to)).unwrap_err().reason
    }

    #[test]
    fn a_good_request_is_read() {
        let offer = judge(GOOD).unwrap();
        assert_eq!(offer.station.as_str(), "CS-1");
        assert_eq!(offer.versions, [Version::V201, Version::V16]);
        let credentials = offer.credentials.unwrap();
        assert!(credentials.user_is_id());
        assert_eq!(credentials.secret().expose(), b"secret-secret-123");
        // The example of RFC 6455, 1.3.
        assert_eq!(offer.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (from, to, reason) in [
            ("GET", "POST", Reason::MalformedRequest),
            ("/ocpp/CS-1", "/ocpp/CS-1 HTTP/1.0", Reason::MalformedRequest),
            ("Host: gateway", "Host: a\nHost: b", Reason::MalformedRequest),
            ("Host: gateway", "", Reason::MalformedRequest),
            ("Host: gateway", "Host: gateway\nContent-Length: 3", Reason::MalformedRequest),
            ("Host: gateway", "Host: gateway\nTransfer-Encoding: chunked", Reason::MalformedRequest),
            ("keep-alive, Upgrade", "keep-alive", Reason::NotWebSocket),
            ("Upgrade: websocket", "Upgrade: h2c", Reason::NotWebSocket),
            ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", Reason::WebSocketVersion),
            ("Sec-WebSocket-Version: 13", "", Reason::WebSocketVersion),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", Reason::MalformedRequest),
            ("dGhlIHNhbXBsZSBub25jZQ==", "not base64", Reason::MalformedRequest),
            ("/ocpp/CS-1", "/ocpp/CS-1?x=1", Reason::QueryInPath),
            ("/ocpp/CS-1", "/", Reason::UnknownPath),
            ("/ocpp/CS-1", "/ocpp/", Reason::HostileStationId),
            ("/ocpp/CS-1", "/ocpp/CS-1/..", Reason::HostileStationId),
            ("ocpp2.0.1, ocpp1.6", "ocpp1.5, chat", Reason::NoSubprotocol),
            ("ocpp2.0.1, ocpp1.6", "ocpp1.6, ocpp1.6", Reason::MalformedRequest),
            ("Basic ", "Bearer ", Reason::MalformedCredentials),
            ("Q1MtMTpzZWNyZXQtc2VjcmV0LTEyMw==", "Q1MtMTpz%", Reason::MalformedCredentials),
        ] {
            assert_eq!(refused(from, to), reason, "`{from}` -> `{to}`");
        }
    }

    #[test]
    fn what_only_the_inventory_can_judge_is_read_as_it_is() {
        let read = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            judge(&GOOD.replace(from, to)).unwrap()
        };
        assert_eq!(read("Sec-WebSocket-Protocol: ocpp2.0.1, ocpp1.6", "").versions, []);
        assert_eq!(read("Authorization: Basic Q1MtMTpzZWNyZXQtc2VjcmV0LTEyMw==", "").credentials, None);
        // CS-2:secret-secret-123
        let other = read("Q1MtMTpzZWNyZXQtc2VjcmV0LTEyMw==", "Q1MtMjpzZWNyZXQtc2VjcmV0LTEyMw==");
        assert!(!other.credentials.unwrap().user_is_id());
    }
}
