//! The CSMS's answer to our upgrade request. Pure: bytes in, agreement or problem out.

use chargewarden_ocpp::Version;
use thiserror::Error;

use super::accept_value;

/// The longest answer head that is read.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024;

/// The most header lines an answer may have.
pub const RESPONSE_HEADERS_MAX: usize = 64;

/// A CSMS that agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The version it chose, one of those offered.
    pub version: Version,
    /// How many bytes the head of the answer took; what follows are WebSocket frames.
    pub head: usize,
}

/// Why a CSMS's answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAccepted {
    /// Not HTTP/1.1, too long or with too many headers.
    #[error(
        "the answer is not an HTTP/1.1 response within {RESPONSE_BYTES_MAX} bytes and {RESPONSE_HEADERS_MAX} headers"
    )]
    Malformed,
    /// A status other than 101 and other than a redirect.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It sends us elsewhere. Nobody follows: whoever can answer for the CSMS could point to anything.
    #[error("it answered with status {status}, a redirect to `{location}`, which is not followed")]
    Redirect {
        /// The status, 300 to 399.
        status: u16,
        /// Where to, without query, cut and printable.
        location: String,
    },
    /// `Upgrade`, `Connection` or `Sec-WebSocket-Accept` are missing or wrong.
    #[error("it answered 101 without a correct `{0}` header")]
    Header(&'static str),
    /// It chose no subprotocol.
    #[error("it chose no subprotocol")]
    NoSubprotocol,
    /// It chose a subprotocol that was not offered.
    #[error("it chose a subprotocol that was not offered")]
    SubprotocolNotOffered,
}

/// The head of an answer, whatever it says; for those who look at a CSMS from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// `Date` as written: what the CSMS takes for the time, in whole seconds.
    pub date: Option<String>,
    /// Where a redirect leads, without query, cut and printable.
    pub location: Option<String>,
    /// How many bytes the head took.
    pub length: usize,
}

/// Reads the head of an answer without judging it. `Ok(None)` when more bytes are needed.
///
/// # Errors
/// [`NotAccepted::Malformed`] when it is not HTTP/1.1 within the bounds.
pub fn read_head(bytes: &[u8]) -> Result<Option<Head>, NotAccepted> {
    let mut headers = [httparse::EMPTY_HEADER; RESPONSE_HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let Some(length) = parse(&mut response, bytes)? else { return Ok(None) };
    let fields = Fields(response.headers);
    Ok(Some(Head {
        status: response.code.unwrap_or_default(),
        date: fields.all("date").next().map(printable),
        location: fields.location(),
        length,
    }))
}

/// Reads the head of the answer to the upgrade request made with `key`, offering `offered`.
/// `Ok(None)` when more bytes are needed.
///
/// # Errors
/// What is wrong with the answer.
pub fn read_response(bytes: &[u8], key: &str, offered: &[Version]) -> Result<Option<Accepted>, NotAccepted> {
    let mut headers = [httparse::EMPTY_HEADER; RESPONSE_HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let Some(head) = parse(&mut response, bytes)? else { return Ok(None) };
    let fields = Fields(response.headers);
    match response.code.unwrap_or_default() {
        101 => {}
        status @ 300..=399 => {
            let location = fields.location().unwrap_or_default();
            return Err(NotAccepted::Redirect { status, location });
        }
        status => return Err(NotAccepted::Status(status)),
    }
    if !fields.has_token("upgrade", "websocket") {
        return Err(NotAccepted::Header("Upgrade"));
    }
    if !fields.has_token("connection", "upgrade") {
        return Err(NotAccepted::Header("Connection"));
    }
    if fields.single("sec-websocket-accept")? != Some(accept_value(key.as_bytes()).as_bytes()) {
        return Err(NotAccepted::Header("Sec-WebSocket-Accept"));
    }
    // None was offered, so none may be chosen.
    if fields.single("sec-websocket-extensions")?.is_some_and(|value| !value.is_empty()) {
        return Err(NotAccepted::Header("Sec-WebSocket-Extensions"));
    }
    let Some(chosen) = fields.single("sec-websocket-protocol")? else {
        return Err(NotAccepted::NoSubprotocol);
    };
    let chosen = std::str::from_utf8(chosen).ok().and_then(Version::from_subprotocol);
    match chosen {
        Some(version) if offered.contains(&version) => Ok(Some(Accepted { version, head })),
        Some(_) | None => Err(NotAccepted::SubprotocolNotOffered),
    }
}

/// The length of the head, once it is complete.
fn parse<'b>(
    response: &mut httparse::Response<'_, 'b>,
    bytes: &'b [u8],
) -> Result<Option<usize>, NotAccepted> {
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) if head <= RESPONSE_BYTES_MAX && response.version == Some(1) => {
            Ok(Some(head))
        }
        Ok(httparse::Status::Partial) if bytes.len() < RESPONSE_BYTES_MAX => Ok(None),
        Ok(_) | Err(_) => Err(NotAccepted::Malformed),
    }
}

/// The longest value that is kept of a header, in characters.
const VALUE_CHARS_MAX: usize = 200;

fn printable(value: &[u8]) -> String {
    let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' };
    value.iter().map(shown).take(VALUE_CHARS_MAX).collect()
}

struct Fields<'h>(&'h [httparse::Header<'h>]);

impl<'h> Fields<'h> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
    }

    fn single(&self, name: &'static str) -> Result<Option<&'h [u8]>, NotAccepted> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { Err(NotAccepted::Header(name)) } else { Ok(first) }
    }

    /// Where a redirect leads. Credentials and query are cut off: they may be secrets, and nobody goes there.
    fn location(&self) -> Option<String> {
        let value = printable(self.all("location").next()?);
        let place = value.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = place.split_once("://") else { return Some(place.to_owned()) };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        Some(format!("{scheme}://{host}{path}"))
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n";

    fn read(from: &str, to: &str) -> Result<Option<Accepted>, NotAccepted> {
        assert!(GOOD.contains(from), "{from}");
        read_response(GOOD.replace(from, to).as_bytes(), KEY, &[Version::V16, Version::V201])
    }

    #[test]
    fn agreement() {
        let accepted = Accepted { version: Version::V16, head: GOOD.len() };
        assert_eq!(read("\r\n\r\n", "\r\n\r\n\u{1}early frames"), Ok(Some(accepted)));
        assert_eq!(read("\r\n\r\n", "\r\n"), Ok(None));
    }

    #[test]
    fn redirects_are_named_and_not_followed() {
        for (location, shown) in [
            ("https://elsewhere.example/ocpp/CS-1?token=abc", "https://elsewhere.example/ocpp/CS-1"),
            ("wss://me:secret@elsewhere.example/x#y", "wss://elsewhere.example/x"),
            ("/login", "/login"),
            ("", ""),
        ] {
            let to = format!("302 Found\r\nLocation: {location}");
            let redirect = NotAccepted::Redirect { status: 302, location: shown.to_owned() };
            assert_eq!(read("101 Switching Protocols", &to), Err(redirect), "{location}");
        }
    }

    #[test]
    fn any_head_can_be_looked_at() {
        let text = "HTTP/1.1 403 Forbidden\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n\r\nno";
        let head = read_head(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.location), (403, text.len() - 2, None));
        assert_eq!(head.date.as_deref(), Some("Tue, 15 Nov 1994 08:12:31 GMT"));
        assert_eq!(read_head(b"HTTP/1.1 403 Forbidden\r\n"), Ok(None));
        assert_eq!(read_head(b"SSH-2.0-OpenSSH\r\n"), Err(NotAccepted::Malformed));
    }

    #[test]
    fn every_other_answer_is_a_problem() {
        let long = format!("X: {}\r\n\r\n", "x".repeat(RESPONSE_BYTES_MAX));
        let many = format!("{}\r\n", "X: x\r\n".repeat(RESPONSE_HEADERS_MAX));
        let double = "ocpp1.6\r\nSec-WebSocket-Protocol: ocpp2.0.1";
        let oversized = "A".repeat(400); // more than a digest holds
        for (from, to, problem) in [
            ("HTTP/1.1", "HTTP/1.0", NotAccepted::Malformed),
            ("HTTP/1.1", "SSH-2.0", NotAccepted::Malformed),
            ("\r\n\r\n", &format!("\r\n{long}"), NotAccepted::Malformed),
            ("\r\n\r\n", &format!("\r\n{many}"), NotAccepted::Malformed),
            ("101", "401", NotAccepted::Status(401)),
            ("101", "200", NotAccepted::Status(200)),
            ("Upgrade: WebSocket", "Upgrade: h2c", NotAccepted::Header("Upgrade")),
            ("Connection: Upgrade", "Connection: close", NotAccepted::Header("Connection")),
            (
                "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
                NotAccepted::Header("Sec-WebSocket-Accept"),
            ),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &oversized, NotAccepted::Header("Sec-WebSocket-Accept")),
            (
                "ocpp1.6",
                "ocpp1.6\r\nSec-WebSocket-Extensions: permessage-deflate",
                NotAccepted::Header("Sec-WebSocket-Extensions"),
            ),
            ("Sec-WebSocket-Protocol: ocpp1.6\r\n", "", NotAccepted::NoSubprotocol),
            ("ocpp1.6", double, NotAccepted::Header("sec-websocket-protocol")),
            ("ocpp1.6", "ocpp2.1", NotAccepted::SubprotocolNotOffered),
            ("ocpp1.6", "chat", NotAccepted::SubprotocolNotOffered),
        ] {
            assert_eq!(
                read(from, to),
                Err(problem),
                "`{from}` -> `{}`",
                to.chars().take(60).collect::<String>()
            );
        }
    }
}
