//! A simulated charging station: dials, boots, calls and answers.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use chargewarden_ocpp::Version;
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;
use tokio_websockets::ClientBuilder;

use crate::answers::station_answer;
use crate::payload::{Message, Nameplate, v2x, v16};
use crate::tls::{StationTls, Stream};
use crate::upgrade::basic_header;
use crate::{Answer, Behaviour, CallFailure, Link, Reply};

/// Bound on the whole opening handshake; the other end may be connecting onwards first.
const DIAL_WAIT: Duration = Duration::from_secs(15);

/// Where and as whom a station dials.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Base URL such as `ws://127.0.0.1:9000/ocpp` or `wss://…`; the station id is appended as a path segment.
    pub url: String,
    /// Station id: path segment, and Basic user name unless `user` is another.
    pub station: String,
    /// Basic user name when it is not the station id.
    pub user: Option<String>,
    /// Basic password; without one, no `Authorization` header is sent.
    pub password: Option<String>,
    /// The one version offered as subprotocol.
    pub version: Version,
    /// Anchors and certificate for a `wss` URL; not used with `ws`.
    pub tls: Option<StationTls>,
    /// Local address to dial from, such as 127.0.0.2.
    pub source: Option<IpAddr>,
    /// Bound on everything up to the answer to the upgrade; 15 s unless told.
    pub wait: Duration,
}

impl Dial {
    /// Dials without credentials and without TLS.
    pub fn new(url: impl Into<String>, station: impl Into<String>, version: Version) -> Dial {
        Dial {
            url: url.into(),
            station: station.into(),
            user: None,
            password: None,
            version,
            tls: None,
            source: None,
            wait: DIAL_WAIT,
        }
    }

    /// Sends Basic credentials: the station id and this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Dial {
        self.password = Some(password.to_owned());
        self
    }

    /// Sends this user name in place of the station id.
    #[must_use]
    pub fn user(mut self, user: &str) -> Dial {
        self.user = Some(user.to_owned());
        self
    }

    /// Speaks TLS so when the URL says `wss`.
    #[must_use]
    pub fn tls(mut self, tls: StationTls) -> Dial {
        self.tls = Some(tls);
        self
    }

    /// Dials from this local address.
    #[must_use]
    pub fn source(mut self, source: IpAddr) -> Dial {
        self.source = Some(source);
        self
    }

    /// Waits so long; for when thousands dial at once.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Dial {
        self.wait = wait;
        self
    }

    /// Shakes hands, asks for nothing, and says what certificate the server presented.
    ///
    /// # Errors
    ///
    /// [`DialError`] when there is no connection or no TLS.
    pub async fn server_certificate(&self) -> Result<CertificateDer<'static>, DialError> {
        let uri = http::Uri::from_str(&self.url).map_err(|_| DialError::Url(self.url.clone()))?;
        let handshake = tokio::time::timeout(self.wait, self.open(&uri));
        let Stream::Tls(stream) = handshake.await.map_err(|_| DialError::Timeout)?? else {
            return Err(DialError::Url(format!("{} without TLS", self.url)));
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        shown.cloned().ok_or_else(|| DialError::Broken("no certificate".to_owned()))
    }

    /// Connects and, with `wss`, shakes hands.
    async fn open(&self, uri: &http::Uri) -> Result<Stream, DialError> {
        let host = uri.host().unwrap_or_default();
        let secure = uri.scheme_str() == Some("wss");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let address = (host.trim_matches(['[', ']']), port);
        let address = tokio::net::lookup_host(address).await.map_err(DialError::Connect)?.next();
        let address = address.ok_or_else(|| DialError::Url(self.url.clone()))?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(DialError::Connect)?;
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0)).map_err(DialError::Connect)?;
        }
        let tcp = socket.connect(address).await.map_err(DialError::Connect)?;
        tcp.set_nodelay(true).map_err(DialError::Connect)?;
        if !secure {
            return Ok(Stream::Plain(tcp));
        }
        let tls = self.tls.as_ref().ok_or_else(|| DialError::Url(format!("{} without TLS", self.url)))?;
        let (config, name) = tls.prepare(host).map_err(DialError::Tls)?;
        let connected = TlsConnector::from(config).connect(name, tcp).await;
        let connected = connected.map_err(DialError::of_io)?;
        Ok(Stream::Tls(Box::new(connected.into())))
    }
}

/// Why a station did not get connected.
#[derive(Debug)]
pub enum DialError {
    /// The URL does not parse, or needs TLS and none was given.
    Url(String),
    /// No connection.
    Connect(io::Error),
    /// The TLS handshake failed. In TLS 1.3 the server refuses a certificate only after the client's handshake is complete.
    Tls(rustls::Error),
    /// Answered with this HTTP status in place of 101.
    Refused(u16),
    /// The connection ended, or what came is no answer to the handshake.
    Broken(String),
    /// No answer to the handshake in time.
    Timeout,
    /// Upgraded, but to another subprotocol than the one offered, or to none.
    Subprotocol(Option<String>),
}

impl DialError {
    /// The HTTP status in place of 101, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            DialError::Refused(status) => Some(*status),
            DialError::Url(_)
            | DialError::Connect(_)
            | DialError::Tls(_)
            | DialError::Broken(_)
            | DialError::Timeout
            | DialError::Subprotocol(_) => None,
        }
    }

    /// The TLS alert that the server sent, where it sent one.
    pub fn alert(&self) -> Option<rustls::AlertDescription> {
        match self {
            DialError::Tls(rustls::Error::AlertReceived(alert)) => Some(*alert),
            DialError::Tls(_)
            | DialError::Url(_)
            | DialError::Connect(_)
            | DialError::Refused(_)
            | DialError::Broken(_)
            | DialError::Timeout
            | DialError::Subprotocol(_) => None,
        }
    }

    fn of_io(error: io::Error) -> DialError {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => DialError::Tls(tls.clone()),
            None => DialError::Broken(error.to_string()),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else the library meets")]
    fn of_upgrade(error: tokio_websockets::Error) -> DialError {
        use tokio_websockets::upgrade::Error::DidNotSwitchProtocols;
        match error {
            tokio_websockets::Error::Upgrade(DidNotSwitchProtocols(status)) => DialError::Refused(status),
            tokio_websockets::Error::Io(error) => DialError::of_io(error),
            error => DialError::Broken(error.to_string()),
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::Url(url) => write!(f, "`{url}` is not a WebSocket URL"),
            DialError::Connect(error) => write!(f, "no connection: {error}"),
            DialError::Tls(error) => write!(f, "TLS: {error}"),
            DialError::Refused(status) => write!(f, "refused with HTTP status {status}"),
            DialError::Broken(why) => write!(f, "no answer to the handshake: {why}"),
            DialError::Timeout => write!(f, "no answer to the handshake in time"),
            DialError::Subprotocol(Some(got)) => write!(f, "upgraded to subprotocol `{got}`"),
            DialError::Subprotocol(None) => write!(f, "upgraded without a subprotocol"),
        }
    }
}

impl std::error::Error for DialError {}

/// A connected station. Dereferences to its [`Link`] for calls and raw texts.
#[derive(Clone, Debug)]
pub struct Station {
    id: String,
    version: Version,
    link: Link,
}

impl Station {
    /// Connects, and answers what comes by `behaviour`.
    ///
    /// # Errors
    ///
    /// [`DialError`] when the station is not upgraded to the subprotocol it offered.
    pub async fn connect(dial: &Dial, behaviour: impl Behaviour) -> Result<Station, DialError> {
        let segment = path_segment(&dial.station);
        let url = format!("{}/{segment}", dial.url.trim_end_matches('/'));
        let uri = http::Uri::from_str(&url).map_err(|_| DialError::Url(url.clone()))?;
        let subprotocol = HeaderValue::from_static(dial.version.subprotocol());
        let mut headers = match &dial.password {
            Some(password) => basic_header(dial.user.as_ref().unwrap_or(&dial.station), password),
            None => http::HeaderMap::new(),
        };
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        let handshake = async {
            let stream = dial.open(&uri).await?;
            let mut builder = ClientBuilder::from_uri(uri);
            for (name, value) in headers.iter() {
                builder = builder.add_header(name.clone(), value.clone()).map_err(DialError::of_upgrade)?;
            }
            builder.connect_on(stream).await.map_err(DialError::of_upgrade)
        };
        let (socket, response) =
            tokio::time::timeout(dial.wait, handshake).await.map_err(|_| DialError::Timeout)??;
        let got = response.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|got| got.to_str().ok());
        if got != Some(dial.version.subprotocol()) {
            return Err(DialError::Subprotocol(got.map(str::to_owned)));
        }
        let link = Link::run(socket, behaviour);
        Ok(Station { id: dial.station.clone(), version: dial.version, link })
    }

    /// Connects with the behaviour of an obliging station.
    ///
    /// # Errors
    ///
    /// As [`Station::connect`].
    pub async fn obliging(dial: &Dial) -> Result<Station, DialError> {
        let version = dial.version;
        let behaviour =
            move |action: &str, request: &Value| -> Reply { station_answer(version, action, request) };
        Station::connect(dial, behaviour).await
    }

    /// Sends BootNotification once and waits for the answer; its `status` says whether it was accepted.
    ///
    /// # Errors
    ///
    /// [`CallFailure`] when there is no answer.
    pub async fn boot(&self, plate: &Nameplate) -> Result<Answer, CallFailure> {
        self.say(match self.version {
            Version::V16 => v16::boot(plate),
            Version::V201 | Version::V21 => v2x::boot(plate),
        })
        .await
    }

    /// Sends a message as a call and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`CallFailure`] when there is no answer.
    pub async fn say(&self, message: Message) -> Result<Answer, CallFailure> {
        self.link.call(message.action, message.payload).await
    }

    /// The station id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version spoken.
    pub fn version(&self) -> Version {
        self.version
    }
}

impl Deref for Station {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

/// Percent-encodes everything RFC 3986 does not allow in a path segment.
fn path_segment(id: &str) -> String {
    let mut segment = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => {
                segment.push(char::from(byte));
            }
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}
