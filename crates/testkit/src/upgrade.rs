//! The server side of the WebSocket handshake, as a CSMS does it.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_websockets::{ServerBuilder, WebSocketStream};

/// Longest request head looked at for the offered subprotocols, in bytes.
const HEAD_MAX: usize = 8_192;
/// A client that has not sent its whole request head by then is dropped.
const HEAD_WAIT: Duration = Duration::from_secs(5);

/// A station's request to be upgraded, granted.
pub(crate) struct Upgraded {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) station: String,
    pub(crate) subprotocol: String,
    pub(crate) authorization: Option<Basic>,
}

/// What a Basic `Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// User name; the station id by the standard.
    pub user: String,
    /// Password.
    pub password: String,
}

/// Upgrades with the first of `subprotocols` that the client offers, as long as `admit` agrees.
///
/// The offer has to be known before the library answers, so the request head is peeked at first.
pub(crate) async fn upgrade(
    mut stream: TcpStream,
    subprotocols: &[&str],
    admit: impl FnOnce(&str, Option<&Basic>) -> bool,
) -> io::Result<Upgraded> {
    stream.set_nodelay(true)?;
    let head = tokio::time::timeout(HEAD_WAIT, peek_head(&stream)).await??;
    let offered = offered(&head);
    let chosen = subprotocols.iter().find(|ours| offered.iter().any(|theirs| theirs == *ours));
    let Some(&chosen) = chosen else {
        return refuse(&mut stream, "400 Bad Request", "no subprotocol in common").await;
    };
    let station = head.split(' ').nth(1).map(station_of).unwrap_or_default();
    let authorization = field(&head, "authorization").and_then(basic);
    if !admit(&station, authorization.as_ref()) {
        return refuse(&mut stream, "401 Unauthorized", "station not admitted").await;
    }
    let (_request, socket) = ServerBuilder::new()
        .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(chosen).map_err(io::Error::other)?)
        .map_err(io::Error::other)?
        .accept(stream)
        .await
        .map_err(io::Error::other)?;
    Ok(Upgraded { socket, station, subprotocol: chosen.to_owned(), authorization })
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

async fn peek_head(stream: &TcpStream) -> io::Result<String> {
    let mut buffer = vec![0; HEAD_MAX];
    loop {
        let length = stream.peek(&mut buffer).await?;
        let head = buffer.get(..length).unwrap_or_default();
        if head.windows(4).any(|end| end == b"\r\n\r\n") {
            return Ok(String::from_utf8_lossy(head).into_owned());
        }
        if length == 0 || length == HEAD_MAX {
            return Err(io::Error::other("no request head"));
        }
        // A peek returns at once while there is anything to see: wait for the rest.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn refuse<T>(stream: &mut TcpStream, status: &str, why: &str) -> io::Result<T> {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Err(io::Error::other(format!("{status}: {why}")))
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
