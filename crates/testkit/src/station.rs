//! A simulated charging station: dials, boots, calls and answers.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use chargewarden_ocpp::Version;
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use serde_json::Value;
use tokio_websockets::ClientBuilder;

use crate::answers::station_answer;
use crate::payload::{Message, Nameplate, v2x, v16};
use crate::upgrade::basic_header;
use crate::{Answer, Behaviour, CallFailure, Link, Reply};

/// Bound on the whole opening handshake; the other end may be connecting onwards first.
const DIAL_WAIT: Duration = Duration::from_secs(15);

/// Where and as whom a station dials.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Base URL such as `ws://127.0.0.1:9000/ocpp`; the station id is appended as a path segment.
    pub url: String,
    /// Station id: path segment and Basic user name.
    pub station: String,
    /// Basic password; without one, no `Authorization` header is sent.
    pub password: Option<String>,
    /// The one version offered as subprotocol.
    pub version: Version,
}

/// Why a station did not get connected.
#[derive(Debug)]
pub enum DialError {
    /// The URL does not parse.
    Url(String),
    /// Refused, or the handshake failed. The text names the HTTP status where there was one.
    Refused(String),
    /// No answer to the handshake within 15 s.
    Timeout,
    /// Upgraded, but to another subprotocol than the one offered, or to none.
    Subprotocol(Option<String>),
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DialError::Url(url) => write!(f, "`{url}` is not a WebSocket URL"),
            DialError::Refused(why) => write!(f, "refused: {why}"),
            DialError::Timeout => write!(f, "no answer to the handshake in {DIAL_WAIT:?}"),
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
        let mut builder = ClientBuilder::from_uri(uri);
        let subprotocol = HeaderValue::from_static(dial.version.subprotocol());
        let mut headers = match &dial.password {
            Some(password) => basic_header(&dial.station, password),
            None => http::HeaderMap::new(),
        };
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        for (name, value) in headers.iter() {
            let added = builder.add_header(name.clone(), value.clone());
            builder = added.map_err(|error| DialError::Refused(error.to_string()))?;
        }
        let (socket, response) = tokio::time::timeout(DIAL_WAIT, builder.connect())
            .await
            .map_err(|_| DialError::Timeout)?
            .map_err(|error| DialError::Refused(error.to_string()))?;
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
