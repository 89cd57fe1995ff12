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
    /// A status other than 101.
    #[error("it answered with status {0}")]
    Status(u16),
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

/// Reads the head of the answer to the upgrade request made with `key`, offering `offered`.
/// `Ok(None)` when more bytes are needed.
///
/// # Errors
/// What is wrong with the answer.
pub fn read_response(bytes: &[u8], key: &str, offered: &[Version]) -> Result<Option<Accepted>, NotAccepted> {
    let mut headers = [httparse::EMPTY_HEADER; RESPONSE_HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) if head <= RESPONSE_BYTES_MAX => head,
        Ok(httparse::Status::Partial) if bytes.len() < RESPONSE_BYTES_MAX => return Ok(None),
        Ok(_) | Err(_) => return Err(NotAccepted::Malformed),
    };
    if response.version != Some(1) {
        return Err(NotAccepted::Malformed);
    }
    match response.code {
        Some(101) => {}
        code => return Err(NotAccepted::Status(code.unwrap_or_default())),
    }
    let fields = Fields(response.headers);
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
