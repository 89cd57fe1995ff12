//! The PROXY header, version 2: where a connection came from before the load balancer in front of us.
//!
//! It is read only on connections from configured networks, where it is required: who may choose the address that limits and
//! evidence go by is decided by configuration and never by what a peer sends. Exactly the header is read, so that nothing of
//! what follows is taken from TLS or HTTP.

use std::net::{IpAddr, SocketAddr};

use ppp::v2::{Addresses, Command, Header, Protocol};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes before the part whose length the header itself says.
const FIXED_BYTES: usize = 16;

/// Longest variable part, in bytes: addresses take 36, the extensions of cloud load balancers some hundred.
pub(crate) const VARIABLE_BYTES_MAX: usize = 1024;

/// What is wrong with a PROXY header.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum ProxyHeaderProblem {
    /// The connection ended before anything came.
    #[error("nothing was sent")]
    Nothing,
    /// The connection ended before the header did.
    #[error("the connection ended before the end of the PROXY header")]
    Ended,
    /// Something else came.
    #[error("no PROXY header of version 2")]
    Absent,
    /// Longer than anything that belongs in it.
    #[error("a PROXY header with {0} bytes after the fixed part, more than {VARIABLE_BYTES_MAX}")]
    TooLong(usize),
    /// It does not say where the connection comes from.
    #[error("a PROXY header without an IP address and TCP port")]
    NoAddress,
}

/// Reads the header and says where the connection comes from; `peer` when the balancer says that it speaks for itself
/// (a health check). The caller bounds the time.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    peer: SocketAddr,
) -> Result<SocketAddr, ProxyHeaderProblem> {
    let mut head = vec![stream.read_u8().await.map_err(|_| ProxyHeaderProblem::Nothing)?];
    head.resize(FIXED_BYTES, 0);
    let rest = head.get_mut(1..).unwrap_or_default();
    stream.read_exact(rest).await.map_err(|_| ProxyHeaderProblem::Ended)?;
    if !head.starts_with(ppp::v2::PROTOCOL_PREFIX) {
        return Err(ProxyHeaderProblem::Absent);
    }
    let length = match head.as_slice() {
        [.., high, low] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    if length > VARIABLE_BYTES_MAX {
        return Err(ProxyHeaderProblem::TooLong(length));
    }
    head.resize(FIXED_BYTES + length, 0);
    let variable = head.get_mut(FIXED_BYTES..).unwrap_or_default();
    stream.read_exact(variable).await.map_err(|_| ProxyHeaderProblem::Ended)?;
    source(&head, peer)
}

fn source(bytes: &[u8], peer: SocketAddr) -> Result<SocketAddr, ProxyHeaderProblem> {
    let header = Header::try_from(bytes).map_err(|_| ProxyHeaderProblem::Absent)?;
    match (header.command, header.protocol, header.addresses) {
        (Command::Local, _, _) => Ok(peer),
        (Command::Proxy, Protocol::Stream, Addresses::IPv4(of)) => {
            Ok(SocketAddr::new(IpAddr::V4(of.source_address), of.source_port))
        }
        (Command::Proxy, Protocol::Stream, Addresses::IPv6(of)) => {
            Ok(SocketAddr::new(of.source_address.to_canonical(), of.source_port))
        }
        (Command::Proxy, _, _) => Err(ProxyHeaderProblem::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 700);

    /// Signature, version and command, family and protocol, then the part with its length.
    fn header(command: u8, family: u8, part: &[u8]) -> Vec<u8> {
        let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part);
        bytes
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb];

    #[tokio::test]
    async fn the_source_is_taken_and_nothing_after_it() {
        let mut bytes = header(0x21, 0x11, &V4);
        bytes.extend(b"GET /");
        let mut stream = bytes.as_slice();
        assert_eq!(read(&mut stream, PEER).await, Ok("192.0.2.7:8080".parse().unwrap()));
        assert_eq!(stream, b"GET /");

        let mut with_extension = V4.to_vec();
        with_extension.extend([0x04, 0, 2, 0, 0]);
        let mut six = [0; 36];
        six[0..2].copy_from_slice(&[0x20, 0x01]);
        six[33] = 9;
        let mut mapped = [0; 36];
        mapped[10..16].copy_from_slice(&[0xff, 0xff, 192, 0, 2, 7]);
        for (bytes, source) in [
            (header(0x21, 0x11, &with_extension), "192.0.2.7:8080"),
            (header(0x21, 0x21, &six), "[2001::]:9"),
            (header(0x21, 0x21, &mapped), "192.0.2.7:0"),
            (header(0x20, 0x00, &[]), "10.0.0.1:700"),
        ] {
            assert_eq!(read(&mut bytes.as_slice(), PEER).await, Ok(source.parse().unwrap()), "{source}");
        }
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
        let whole = header(0x21, 0x11, &V4);
        let mut long = header(0x21, 0x11, &V4);
        long[14..16].copy_from_slice(&[0xff, 0xff]);
        for (bytes, problem) in [
            (b"GET /ocpp/CS-1 HTTP/1.1\r\n".to_vec(), ProxyHeaderProblem::Absent),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n".to_vec(), ProxyHeaderProblem::Absent),
            (header(0x31, 0x11, &V4), ProxyHeaderProblem::Absent),
            (header(0x21, 0x11, &[1, 2, 3]), ProxyHeaderProblem::Absent),
            (header(0x21, 0x12, &V4), ProxyHeaderProblem::NoAddress),
            (header(0x21, 0x00, &[]), ProxyHeaderProblem::NoAddress),
            (header(0x21, 0x31, &[0; 216]), ProxyHeaderProblem::NoAddress),
            (long, ProxyHeaderProblem::TooLong(0xffff)),
            (whole[..20].to_vec(), ProxyHeaderProblem::Ended),
            (Vec::new(), ProxyHeaderProblem::Nothing),
        ] {
            assert_eq!(read(&mut bytes.as_slice(), PEER).await, Err(problem), "{bytes:02x?}");
        }
    }
}
