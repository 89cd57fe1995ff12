//! The connection to the CSMS: TCP, upgrade request, its answer judged, WebSocket.

use std::io;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use chargewarden_ocpp::Version;
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_websockets::ClientBuilder;

use crate::{
    bounds::Bounds,
    directory::{Csms, Station},
    handshake::{NotAccepted, RESPONSE_BYTES_MAX, encode_segment, read_response},
    refusal::Reason,
    socket::{Socket, config, limits},
    transport::{Metered, Transport},
};

/// A CSMS that accepted.
pub(crate) struct Dialled {
    pub(crate) socket: Socket,
    pub(crate) version: Version,
    /// The address that was reached.
    pub(crate) peer: String,
}

/// Why there is no connection to the CSMS.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    /// It cannot be reached.
    #[error("cannot connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Too slow.
    #[error("no upgrade within {0:?}")]
    TooSlow(std::time::Duration),
    /// The connection broke during the upgrade.
    #[error("the connection broke during the upgrade")]
    Broken(#[source] io::Error),
    /// It answered, but not as needed.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// No random bytes for the key.
    #[error("the system gives no random bytes")]
    Random,
}

impl DialError {
    /// The public reason.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            DialError::Connect { .. } | DialError::TooSlow(_) | DialError::Broken(_) | DialError::Random => {
                Reason::CsmsUnreachable
            }
            DialError::NotAccepted(NotAccepted::NoSubprotocol | NotAccepted::SubprotocolNotOffered) => {
                Reason::CsmsSubprotocol
            }
            DialError::NotAccepted(_) => Reason::CsmsRefused,
        }
    }
}

/// Connects a station to its CSMS, offering `versions` (at least one), within [`Bounds::dial_wait`].
pub(crate) async fn dial(
    station: &Station,
    versions: &[Version],
    bounds: &Bounds,
) -> Result<Dialled, DialError> {
    match timeout(bounds.dial_wait, upgrade(station, versions, bounds)).await {
        Ok(result) => result,
        Err(_) => Err(DialError::TooSlow(bounds.dial_wait)),
    }
}

async fn upgrade(station: &Station, versions: &[Version], bounds: &Bounds) -> Result<Dialled, DialError> {
    let address = address(&station.csms);
    let connect = |source| DialError::Connect { address: address.clone(), source };
    let mut tcp = TcpStream::connect(&address).await.map_err(connect)?;
    tcp.set_nodelay(true).map_err(connect)?;
    let peer = tcp.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();

    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| DialError::Random)?;
    let key = STANDARD.encode(nonce);
    let request = request(station, versions, &key);
    tcp.write_all(&request).await.map_err(DialError::Broken)?;

    let mut received = BytesMut::with_capacity(1024);
    let accepted = loop {
        if tcp.read_buf(&mut received).await.map_err(DialError::Broken)? == 0 {
            return Err(DialError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        if let Some(accepted) = read_response(&received, &key, versions)? {
            break accepted;
        }
        if received.len() >= RESPONSE_BYTES_MAX {
            return Err(NotAccepted::Malformed.into());
        }
    };
    // A CSMS may call the moment it has accepted; those bytes are the first of the WebSocket. Copied, so that the
    // buffer of the head is not kept for the life of the session.
    let early = Bytes::copy_from_slice(received.get(accepted.head..).unwrap_or_default());
    let stream = Metered::new(Transport::Plain(tcp), early, bounds.frame_bytes);
    let socket = ClientBuilder::new().config(config()).limits(limits(bounds)).take_over(stream);
    Ok(Dialled { socket, version: accepted.version, peer })
}

/// Host and port as the resolver takes them.
fn address(csms: &Csms) -> String {
    const WS_PORT: u16 = 80; // RFC 6455, 3
    let host = csms.url.host().unwrap_or_default();
    format!("{host}:{}", csms.url.port_u16().unwrap_or(WS_PORT))
}

fn request(station: &Station, versions: &[Version], key: &str) -> Vec<u8> {
    let csms = &station.csms;
    let authority = csms.url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let base = csms.url.path().trim_end_matches('/');
    let id = encode_segment(station.id.as_str());
    let offers = versions.iter().map(|version| version.subprotocol()).collect::<Vec<_>>().join(", ");
    let mut request = format!(
        "GET {base}/{id} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {offers}\r\n"
    )
    .into_bytes();
    if let Some(credentials) = &csms.credentials {
        let user = credentials.user.as_deref().unwrap_or(station.id.as_str());
        let pair = zeroize::Zeroizing::new([user.as_bytes(), b":", credentials.password.expose()].concat());
        let token = zeroize::Zeroizing::new(STANDARD.encode(pair.as_slice()));
        request.extend_from_slice(b"Authorization: Basic ");
        request.extend_from_slice(token.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}
