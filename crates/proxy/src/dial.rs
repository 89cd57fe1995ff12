//! The connection to the CSMS: TCP, TLS, upgrade request, its answer judged, WebSocket.

use std::io;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use chargewarden_engine::Connected;
use chargewarden_ocpp::Version;
use chargewarden_policy::Authentication;
use http::Uri;
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_websockets::ClientBuilder;

use crate::{
    bounds::Bounds,
    directory::{CsmsCredentials, Station},
    handshake::{NotAccepted, RESPONSE_BYTES_MAX, encode_segment, read_response},
    refusal::Reason,
    socket::{Socket, config, limits},
    transport::{Metered, Transport},
    upstream::{CertificateFacts, CertificateRefused, UpstreamTls},
};

/// A CSMS that accepted.
pub(crate) struct Dialled {
    pub(crate) socket: Socket,
    pub(crate) version: Version,
    /// The address that was reached.
    pub(crate) peer: String,
    /// What we proved to it and how the connection is protected, for policies.
    pub(crate) connected: Connected,
    /// How the connection is protected, and by which certificate; empty without TLS.
    pub(crate) detail: String,
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
    /// Its certificate is not what it must be.
    #[error(transparent)]
    Certificate(CertificateRefused),
    /// It does not take our certificate, or that we have none.
    #[error("it refused the TLS connection with the alert {0:?}")]
    Alert(rustls::AlertDescription),
    /// TLS could not be agreed on.
    #[error("no TLS connection")]
    Tls(#[source] io::Error),
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
            DialError::Connect { .. }
            | DialError::TooSlow(_)
            | DialError::Tls(_)
            | DialError::Broken(_)
            | DialError::Random => Reason::CsmsUnreachable,
            DialError::Certificate(_) => Reason::CsmsCertificate,
            DialError::NotAccepted(NotAccepted::NoSubprotocol | NotAccepted::SubprotocolNotOffered) => {
                Reason::CsmsSubprotocol
            }
            DialError::NotAccepted(NotAccepted::Redirect { .. }) => Reason::CsmsRedirect,
            DialError::NotAccepted(
                NotAccepted::Malformed | NotAccepted::Status(_) | NotAccepted::Header(_),
            )
            | DialError::Alert(_) => Reason::CsmsRefused,
        }
    }

    /// A TLS stream wraps what happened into an error of input and output, also after the handshake: with TLS 1.3 a server
    /// looks at our certificate when we are done already.
    fn of_stream(error: io::Error, other: fn(io::Error) -> DialError) -> DialError {
        if let Some(refused) = CertificateRefused::within(&error) {
            return DialError::Certificate(refused.clone());
        }
        match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => DialError::Alert(*alert),
            Some(_) | None => other(error),
        }
    }
}

/// Where a station's CSMS is and what we are to it: the station's own entry before that of the CSMS. Nothing of it comes
/// from what the station sent.
struct Target<'a> {
    url: &'a Uri,
    /// The last path segment, and the user name when none is given.
    identity: &'a str,
    credentials: Option<&'a CsmsCredentials>,
    tls: Option<&'a UpstreamTls>,
}

impl<'a> Target<'a> {
    fn of(station: &'a Station) -> Target<'a> {
        let (csms, own) = (&station.csms, station.upstream.as_ref());
        Target {
            url: own.and_then(|own| own.url.as_ref()).unwrap_or(&csms.url),
            identity: own.and_then(|own| own.identity.as_deref()).unwrap_or(station.id.as_str()),
            credentials: own.and_then(|own| own.credentials.as_ref()).or(csms.credentials.as_ref()),
            tls: match own {
                Some(own) => own.tls.as_ref(),
                None => csms.tls.as_ref(),
            },
        }
    }

    fn connected(&self) -> Connected {
        let authenticated = if self.tls.is_some_and(|tls| tls.own().is_some()) {
            Authentication::Certificate
        } else if self.credentials.is_some() {
            Authentication::Password
        } else {
            Authentication::None
        };
        Connected { authenticated, tls: self.tls.is_some() }
    }

    /// Host and port as the resolver takes them.
    fn address(&self) -> String {
        const WS_PORT: u16 = 80; // RFC 6455, 3
        const WSS_PORT: u16 = 443; // RFC 6455, 3
        let port = if self.tls.is_some() { WSS_PORT } else { WS_PORT };
        let host = self.url.host().unwrap_or_default();
        format!("{host}:{}", self.url.port_u16().unwrap_or(port))
    }

    fn request(&self, versions: &[Version], key: &str) -> zeroize::Zeroizing<Vec<u8>> {
        let authority = self.url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let base = self.url.path().trim_end_matches('/');
        let id = encode_segment(self.identity);
        let offers = versions.iter().map(|version| version.subprotocol()).collect::<Vec<_>>().join(", ");
        let head = format!(
            "GET {base}/{id} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {offers}\r\n"
        );
        /// Room for the longest credentials, so that the buffer never grows and leaves a copy behind.
        const CREDENTIALS_BYTES: usize = 1024;
        let mut request = zeroize::Zeroizing::new(Vec::with_capacity(head.len() + CREDENTIALS_BYTES));
        request.extend_from_slice(head.as_bytes());
        if let Some(credentials) = self.credentials {
            let user = credentials.user.as_deref().unwrap_or(self.identity);
            let pair =
                zeroize::Zeroizing::new([user.as_bytes(), b":", credentials.password.expose()].concat());
            let token = zeroize::Zeroizing::new(STANDARD.encode(pair.as_slice()));
            request.extend_from_slice(b"Authorization: Basic ");
            request.extend_from_slice(token.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

/// Connects a station to its CSMS, offering `versions` (at least one), within [`Bounds::dial_wait`].
pub(crate) async fn dial(
    station: &Station,
    versions: &[Version],
    bounds: &Bounds,
) -> Result<Dialled, DialError> {
    // Boxed: the handshake's state is some KiB, and the admission around it lives long.
    match timeout(bounds.dial_wait, Box::pin(upgrade(&Target::of(station), versions, bounds))).await {
        Ok(result) => result,
        Err(_) => Err(DialError::TooSlow(bounds.dial_wait)),
    }
}

async fn upgrade(target: &Target<'_>, versions: &[Version], bounds: &Bounds) -> Result<Dialled, DialError> {
    let (mut transport, peer) = connect(target).await?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| DialError::Random)?;
    let key = STANDARD.encode(nonce);
    let broken = |error| DialError::of_stream(error, DialError::Broken);
    transport.write_all(&target.request(versions, &key)).await.map_err(broken)?;
    transport.flush().await.map_err(broken)?;

    let mut received = BytesMut::with_capacity(1024);
    let accepted = loop {
        if transport.read_buf(&mut received).await.map_err(broken)? == 0 {
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
    let (detail, connected) = (protection(&transport), target.connected());
    let stream = Metered::new(transport, early, bounds.frame_bytes);
    let socket = ClientBuilder::new().config(config()).limits(limits(bounds)).take_over(stream);
    Ok(Dialled { socket, version: accepted.version, peer, connected, detail })
}

/// TCP, and TLS where the target has it. No byte of HTTP is sent before the certificate was judged.
async fn connect(target: &Target<'_>) -> Result<(Transport, String), DialError> {
    let address = target.address();
    let failed = |source| DialError::Connect { address: address.clone(), source };
    let tcp = TcpStream::connect(&address).await.map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    let peer = tcp.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    let Some(tls) = target.tls else { return Ok((Transport::Plain(tcp), peer)) };
    let stream = TlsConnector::from(std::sync::Arc::clone(tls.config()))
        .connect(tls.server_name().clone(), tcp)
        .await
        .map_err(|error| DialError::of_stream(error, DialError::Tls))?;
    Ok((Transport::Client(Box::new(stream)), peer))
}

/// What stands in the evidence about the connection's protection.
fn protection(transport: &Transport) -> String {
    let Transport::Client(stream) = transport else { return String::new() };
    let (_, tls) = stream.get_ref();
    let version = match tls.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "1.2",
        Some(_) | None => "unknown",
    };
    let leaf = tls.peer_certificates().and_then(|chain| chain.first());
    match leaf.and_then(|leaf| CertificateFacts::read(leaf)) {
        Some(leaf) => format!("TLS {version}; {leaf}"),
        None => format!("TLS {version}"),
    }
}
