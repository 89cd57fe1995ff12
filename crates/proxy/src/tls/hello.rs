//! What a client offered, from the first bytes it sent: for evidence when no connection came of it. Pure, and never decides.

use std::fmt;

use rustls::{CipherSuite, ProtocolVersion};

/// Most of what was sent that is looked at, in bytes: a ClientHello with a post-quantum key share has some 1,800.
pub(super) const HEAD_BYTES_MAX: usize = 4 * 1024;

/// Most cipher suites that are named in evidence.
const SUITES_NAMED_MAX: usize = 12;

/// The first bytes of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A ClientHello that is whole enough to be read.
    Hello(Hello),
    /// A request in HTTP without TLS.
    PlainHttp,
    /// Something else.
    Other,
}

/// What a ClientHello offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// The versions: those of the extension if there is one, else the one in the message.
    versions: Vec<u16>,
    suites: Vec<u16>,
}

impl Opening {
    /// Reads the first bytes a client sent.
    pub(super) fn read(head: &[u8]) -> Opening {
        const METHODS: [&[u8]; 4] = [b"GET ", b"POST ", b"HEAD ", b"PUT "];
        if METHODS.iter().any(|method| head.starts_with(method)) {
            return Opening::PlainHttp;
        }
        handshake(head).as_deref().and_then(Hello::read).map_or(Opening::Other, Opening::Hello)
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Opening::Hello(hello) => hello.fmt(f),
            Opening::PlainHttp => f.write_str("plain HTTP on a TLS listener"),
            Opening::Other => f.write_str("no TLS ClientHello"),
        }
    }
}

impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("offered").and_then(|()| {
            self.versions.iter().try_for_each(|version| write!(f, " {}", version_name(*version)))
        })?;
        f.write_str(" with")?;
        for suite in self.suites.iter().take(SUITES_NAMED_MAX) {
            match CipherSuite::from(*suite).as_str() {
                Some(name) => write!(f, " {name}")?,
                None => write!(f, " {suite:#06x}")?,
            }
        }
        match self.suites.len().saturating_sub(SUITES_NAMED_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn version_name(version: u16) -> String {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enum: other versions are named by number"
    )]
    match ProtocolVersion::from(version) {
        ProtocolVersion::SSLv3 => "SSL 3".to_owned(),
        ProtocolVersion::TLSv1_0 => "TLS 1.0".to_owned(),
        ProtocolVersion::TLSv1_1 => "TLS 1.1".to_owned(),
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        _ => format!("{version:#06x}"),
    }
}

/// The payloads of the handshake records at the beginning, put together (RFC 8446, 5.1).
fn handshake(head: &[u8]) -> Option<Vec<u8>> {
    const HANDSHAKE: u8 = 22;
    let mut rest = Reader(head);
    let mut whole = Vec::new();
    while let Some(HANDSHAKE) = rest.byte() {
        let (Some(_version), Some(length)) = (rest.number(), rest.number()) else { break };
        // The last record may have been cut where reading stopped.
        whole.extend_from_slice(rest.take(usize::from(length).min(rest.0.len()))?);
    }
    (!whole.is_empty()).then_some(whole)
}

impl Hello {
    /// Reads the message (RFC 8446, 4.1.2). Extensions that are cut off count as absent.
    fn read(message: &[u8]) -> Option<Hello> {
        const CLIENT_HELLO: u8 = 1;
        const RANDOM_BYTES: usize = 32;
        let mut rest = Reader(message);
        if rest.byte()? != CLIENT_HELLO {
            return None;
        }
        rest.take(3)?; // the length
        let version = rest.number()?;
        rest.take(RANDOM_BYTES)?;
        let session = rest.byte()?;
        rest.take(usize::from(session))?;
        let length = rest.number()?;
        let suites = numbers(rest.take(usize::from(length))?);
        let versions = rest.supported_versions().unwrap_or_else(|| vec![version]);
        Some(Hello { versions, suites })
    }
}

/// Numbers of two bytes each, without those that only keep others honest (RFC 8701).
fn numbers(bytes: &[u8]) -> Vec<u16> {
    let grease = |number: u16| number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff;
    bytes
        .chunks_exact(2)
        .filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
        .filter(|number| !grease(*number))
        .collect()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Skips the compression methods and looks through the extensions.
    fn supported_versions(&mut self) -> Option<Vec<u16>> {
        const SUPPORTED_VERSIONS: u16 = 43;
        let methods = self.byte()?;
        self.take(usize::from(methods))?;
        self.number()?; // the length of all
        loop {
            let (kind, length) = (self.number()?, self.number()?);
            let body = self.take(usize::from(length))?;
            if kind == SUPPORTED_VERSIONS {
                return body.get(1..).map(numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello in one record.
    fn hello(version: u16, suites: &[u16], extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        let bytes: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        body.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
        body.extend(bytes);
        body.extend([1, 0]);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let mut message = vec![1, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        let mut record = vec![22, 3, 1];
        record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        record.extend(message);
        record
    }

    #[test]
    fn offers_are_named() {
        for (head, said) in [
            (
                hello(0x0302, &[0x002f, 0x0035], &[]),
                "offered TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_256_CBC_SHA",
            ),
            (
                hello(0x0303, &[0x1301, 0xc02b], &[0, 43, 0, 5, 4, 3, 4, 3, 3]),
                "offered TLS 1.3 TLS 1.2 with TLS13_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            ),
            (hello(0x0303, &[0x0a0a, 0x5555], &[]), "offered TLS 1.2 with 0x5555"),
            (
                hello(0x0303, &[0x1301; 14], &[]),
                "offered TLS 1.2 with TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 TLS13_AES_128_GCM_SHA256 and 2 more",
            ),
            (b"GET /ocpp/CS-1 HTTP/1.1\r\n".to_vec(), "plain HTTP on a TLS listener"),
            (b"SSH-2.0-x\r\n".to_vec(), "no TLS ClientHello"),
            (Vec::new(), "no TLS ClientHello"),
        ] {
            assert_eq!(Opening::read(&head).to_string(), said);
        }
    }

    #[test]
    fn a_hello_in_pieces_is_put_together_and_a_torn_one_ends_nothing() {
        let whole = hello(0x0303, &[0x1301, 0xc02b], &[0, 43, 0, 5, 4, 3, 4, 3, 3]);
        let (record, message) = whole.split_at(5);
        let _ = record;
        let mut pieces = Vec::new();
        for piece in message.chunks(20) {
            pieces.extend([22, 3, 3, 0]);
            pieces.push(u8::try_from(piece.len()).unwrap());
            pieces.extend(piece);
        }
        assert_eq!(Opening::read(&pieces), Opening::read(&whole));
        for cut in 0..pieces.len() {
            let _ = Opening::read(&pieces[..cut]).to_string();
        }
    }
}
