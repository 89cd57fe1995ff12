//! The server side of the WebSocket handshake, as a CSMS does it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_websockets::{ServerBuilder, WebSocketStream};

use crate::tls::Stream;

/// Longest request head taken, in bytes.
const HEAD_MAX: usize = 8_192;
/// A client that has not sent its whole request head by then is dropped.
const HEAD_WAIT: Duration = Duration::from_secs(5);

/// A client's request to be upgraded, not yet answered.
pub(crate) struct Request {
    stream: Stream,
    /// Everything received so far: the head, and nothing after it unless the client does not wait.
    received: Vec<u8>,
    /// The request head as it arrived, the empty line included.
    pub(crate) head: String,
    /// The last segment of the path, percent-decoded.
    pub(crate) station: String,
    pub(crate) authorization: Option<Basic>,
}

/// A station's request to be upgraded, granted.
pub(crate) struct Upgraded {
    pub(crate) socket: WebSocketStream<Replay>,
    pub(crate) subprotocol: String,
}

/// What a Basic `Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// User name; the station id by the standard.
    pub user: String,
    /// Password.
    pub password: String,
}

impl Request {
    /// Reads the head of a request.
    pub(crate) async fn read(mut stream: Stream) -> io::Result<Request> {
        let received = tokio::time::timeout(HEAD_WAIT, read_head(&mut stream)).await??;
        let length = head_length(&received).unwrap_or(received.len());
        let head = String::from_utf8_lossy(received.get(..length).unwrap_or_default()).into_owned();
        let station = head.split(' ').nth(1).map(station_of).unwrap_or_default();
        let authorization = field(&head, "authorization").and_then(basic);
        Ok(Request { stream, received, head, station, authorization })
    }

    /// The first of `subprotocols` that the client offers.
    pub(crate) fn common(&self, subprotocols: &[&'static str]) -> Option<&'static str> {
        let offered = offered(&self.head);
        subprotocols.iter().find(|ours| offered.iter().any(|theirs| theirs == *ours)).copied()
    }

    /// Answers 101 with this subprotocol.
    pub(crate) async fn grant(self, subprotocol: &'static str) -> io::Result<Upgraded> {
        // The library reads the request itself: it is shown what was read already.
        let replay = Replay { head: self.received, stream: self.stream };
        let (_request, socket) = ServerBuilder::new()
            .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol))
            .map_err(io::Error::other)?
            .accept(replay)
            .await
            .map_err(io::Error::other)?;
        Ok(Upgraded { socket, subprotocol: subprotocol.to_owned() })
    }

    /// Answers with a status such as `401 Unauthorized` and hangs up.
    pub(crate) async fn refuse(mut self, status: &str) -> io::Result<()> {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).await?;
        self.stream.shutdown().await
    }
}

/// A connection of which some bytes were read before: they are read again first.
pub(crate) struct Replay {
    head: Vec<u8>,
    stream: Stream,
}

impl AsyncRead for Replay {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.head.len().min(buffer.remaining());
        let rest = self.head.split_off(length);
        buffer.put_slice(&self.head);
        self.head = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replay {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The Basic credentials in a set of headers.
pub(crate) fn basic_header(user: &str, password: &str) -> HeaderMap {
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("Basic {credentials}")) {
        headers.insert(http::header::AUTHORIZATION, value);
    }
    headers
}

async fn read_head(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut received = Vec::with_capacity(1_024);
    while head_length(&received).is_none() {
        if stream.read_buf(&mut received).await? == 0 || received.len() > HEAD_MAX {
            return Err(io::Error::other("no request head"));
        }
    }
    Ok(received)
}

/// Length of a request head with its empty line, once that has arrived.
fn head_length(received: &[u8]) -> Option<usize> {
    received.windows(4).position(|end| end == b"\r\n\r\n").map(|start| start + 4)
}

fn offered(head: &str) -> Vec<&str> {
    let value = field(head, "sec-websocket-protocol").unwrap_or_default();
    value.split(',').map(str::trim).collect()
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn basic(value: &str) -> Option<Basic> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Basic { user: user.to_owned(), password: password.to_owned() })
}

/// The last path segment, percent-decoded.
fn station_of(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut decoded = Vec::with_capacity(last.len());
    let mut bytes = last.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
        let escaped = (byte == b'%').then(|| {
            let mut ahead = bytes.clone();
            let value = hex(ahead.next())? * 16 + hex(ahead.next())?;
            Some((u8::try_from(value).ok()?, ahead))
        });
        match escaped.flatten() {
            Some((value, rest)) => {
                decoded.push(value);
                bytes = rest;
            }
            None => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_station_is_the_last_segment() {
        assert_eq!(station_of("/ocpp/CS-1"), "CS-1");
        assert_eq!(station_of("/a/b/CS%201?x=/y"), "CS 1");
        assert_eq!(station_of("/100%"), "100%");
    }

    #[test]
    fn offers_and_credentials_are_found_in_any_case() {
        let head = "GET /ocpp/a HTTP/1.1\r\nSEC-WEBSOCKET-PROTOCOL: ocpp2.1, ocpp1.6\r\n\
                    authorization: basic YTpzZWNyZXQ6eA==\r\n\r\n";
        assert_eq!(offered(head), ["ocpp2.1", "ocpp1.6"]);
        let expected = Basic { user: "a".to_owned(), password: "secret:x".to_owned() };
        assert_eq!(field(head, "Authorization").and_then(basic), Some(expected));
    }
}
