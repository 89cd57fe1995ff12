//! Raw attempts to come in, from any address of this machine.

use std::{net::Ipv4Addr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::world::World;

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// Loopback address number `n`.
pub(crate) fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, n)
}

pub(crate) fn request(station: &str, user: &str, secret: &str, versions: &str) -> String {
    let token = STANDARD.encode(format!("{user}:{secret}"));
    format!(
        "GET /ocpp/{station} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: knocker/1\r\n\
         Sec-WebSocket-Protocol: {versions}\r\nAuthorization: Basic {token}\r\n\r\n"
    )
}

/// Knocks with a secret, and returns the connection with the whole answer.
pub(crate) async fn knock_as(world: &World, from: u8, request: &str) -> (TcpStream, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address(from), 0).into()).unwrap();
    let mut tcp = socket.connect(world.gateway.addresses().first()).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        while tcp.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
            if answer.starts_with(b"HTTP/1.1 101") && answer.windows(4).any(|window| window == b"\r\n\r\n") {
                break;
            }
        }
    };
    tokio::time::timeout(ANSWER_WAIT, read).await.expect("an answer in time");
    (tcp, String::from_utf8_lossy(&answer).into_owned())
}

/// Knocks with a secret, and returns the whole answer. A session that it opens ends at once.
pub(crate) async fn knock(world: &World, from: u8, station: &str, secret: &str) -> String {
    knock_as(world, from, &request(station, station, secret, "ocpp1.6")).await.1
}

/// The status of an answer.
pub(crate) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

/// The value of `Retry-After` in an answer, in seconds.
pub(crate) fn retry_after(answer: &str) -> Option<u64> {
    let line = answer.lines().find_map(|line| line.strip_prefix("retry-after: "))?;
    line.parse().ok()
}

/// What evidence says of refused connections: station and reason, in order.
pub(crate) fn refusals(records: &[serde_json::Value]) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    records
        .iter()
        .map(|record| &record["connection"])
        .filter(|connection| connection["stage"] == "refused")
        .map(|connection| (text(&connection["station"]), text(&connection["reason"])))
        .collect()
}

/// The security events in evidence, of one type.
pub(crate) fn events<'a>(records: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    records.iter().map(|record| &record["security"]).filter(|event| event["type"] == kind).collect()
}
