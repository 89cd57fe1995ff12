//! What ends a session, and what the other side is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chargewarden::config::Wait;
use chargewarden_ocpp::Version;
use chargewarden_testkit::{Station, payload::Nameplate};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};
use world::{SECRET, World, wait};

/// A station that speaks raw frames.
async fn raw(world: &World, station: &str) -> TcpStream {
    let mut tcp = TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
    let token = STANDARD.encode(format!("{station}:{SECRET}"));
    let request = format!(
        "GET /ocpp/{station} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {token}\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    tcp
}

async fn socket(world: &World, station: &str) -> WebSocketStream<TcpStream> {
    ClientBuilder::new().take_over(raw(world, station).await)
}

/// A client's frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | u8::try_from(short).unwrap()),
        medium @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(medium).unwrap().to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Reads until the connection ends; the code of the close frame seen last.
async fn close_code(tcp: &mut TcpStream) -> Option<u16> {
    let mut received = Vec::new();
    let read = async { while tcp.read_buf(&mut received).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(Duration::from_secs(15), read).await.expect("the gateway ends the connection");
    let mut rest = received.as_slice();
    let mut code = None;
    while let [first, length, more @ ..] = rest {
        let length = usize::from(length & 127);
        if first & 15 == 8 && length >= 2 {
            code = Some(u16::from_be_bytes([more[0], more[1]]));
        }
        rest = &more[length..];
    }
    code
}

/// The reasons and codes of the sessions that ended, by station.
async fn endings(world: World) -> Vec<(String, String, u64)> {
    let records = world.records().await;
    records
        .iter()
        .map(|record| &record["connection"])
        .filter(|connection| connection["stage"] == "closed")
        .map(|connection| {
            let text = |key: &str| connection[key].as_str().unwrap_or_default().to_owned();
            (text("station"), text("reason"), connection["code"].as_u64().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_station_must_not_send() {
    let world = World::start_with(|config| {
        config.limits.frame_bytes = 4096;
        config.limits.tick = Wait(Duration::from_millis(100));
        config.limits.message_wait = Wait(Duration::from_millis(300));
        config.limits.messages_per_second = 100;
    })
    .await;
    let bystander = Station::obliging(&world.dial("CS-3", Version::V201)).await.unwrap();
    let fragments = [frame(0x01, b"["), frame(0x00, b"").repeat(10_000)].concat();
    let cases: [(&str, Vec<u8>, u16, &str); 9] = [
        ("a message longer than allowed", frame(0x81, &[b' '; 5000]), 1009, "message-too-long"),
        (
            "the same in fragments",
            [frame(0x01, &[b' '; 3000]), frame(0x80, &[b' '; 3000])].concat(),
            1009,
            "message-too-long",
        ),
        ("fragments without end", fragments, 1009, "message-too-long"),
        ("an unmasked frame", vec![0x81, 0x02, b'[', b']'], 1002, "websocket-protocol"),
        ("a reserved bit", frame(0xc1, b"[]"), 1002, "websocket-protocol"),
        ("a reserved opcode", frame(0x83, b"[]"), 1002, "websocket-protocol"),
        ("text that is not UTF-8", frame(0x81, &[0xff, 0xfe]), 1007, "websocket-protocol"),
        ("a message that is never finished", frame(0x01, b"["), 1008, "message-too-slow"),
        ("a flood of pings", frame(0x89, b"").repeat(50), 1008, "message-rate"),
    ];
    let expected: Vec<_> = cases.iter().map(|(_, _, _, reason)| *reason).collect();
    for (what, bytes, code, reason) in &cases {
        let mut tcp = raw(&world, "CS-1").await;
        let _ = tcp.write_all(bytes).await;
        let _ = tokio::time::sleep(Duration::from_millis(10)).await;
        let seen = close_code(&mut tcp).await;
        // When bytes are left unread the kernel resets the connection, and the close frame may be lost.
        assert!(seen == Some(*code) || seen.is_none(), "{what}: {seen:?}, {reason}");
        assert!(wait(async || world.gateway.sessions() == 1).await, "{what}");
    }
    assert!(bystander.is_open());
    assert_eq!(bystander.boot(&Nameplate::default()).await.unwrap().status(), Some("Accepted"));
    let endings = endings(world).await;
    let reasons: Vec<_> = endings
        .iter()
        .filter(|(station, ..)| station == "CS-1")
        .map(|(_, reason, _)| reason.as_str())
        .collect();
    assert_eq!(reasons, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_is_closed_and_its_neighbours_notice_nothing() {
    let world = World::start_with(|config| {
        config.limits.write_wait = Wait(Duration::from_millis(400));
        config.limits.messages_per_second = 1_000_000;
    })
    .await;
    let bystander = Station::obliging(&world.dial("CS-3", Version::V16)).await.unwrap();
    let tcp = raw(&world, "CS-1").await;
    let (_never_read, mut write) = tcp.into_split();
    // Each ping is answered by a pong that nobody reads, until the kernel's buffers are full.
    let flood = frame(0x89, &[b'x'; 125]).repeat(1000);
    let writing = async { while write.write_all(&flood).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), writing).await.expect("the gateway ends the connection");
    assert!(wait(async || world.gateway.sessions() == 1).await);
    assert_eq!(bystander.boot(&Nameplate::default()).await.unwrap().status(), Some("Accepted"));
    let endings = endings(world).await;
    assert_eq!(endings[0].1, "slow-peer", "{endings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_asked_about_and_then_ended() {
    let world = World::start_with(|config| {
        config.limits.tick = Wait(Duration::from_millis(50));
        config.limits.ping_interval = Wait(Duration::from_millis(100));
        config.limits.pong_wait = Wait(Duration::from_millis(200));
    })
    .await;
    let answers_pings = Station::obliging(&world.dial("CS-3", Version::V16)).await.unwrap();
    let mut silent = raw(&world, "CS-1").await;
    assert_eq!(close_code(&mut silent).await, Some(1001));
    assert!(answers_pings.is_open());
    let endings = endings(world).await;
    assert_eq!(endings[0].1, "no-pong", "{endings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_side_ends_and_the_other_is_told_without_its_words() {
    let world = World::start().await;
    // The station closes: so does our connection to the management system.
    let station = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap();
    let session = world.csms.wait_for("CS-1", Duration::from_secs(5)).await.unwrap();
    station.close().await;
    assert_eq!(session.closed().await.code, Some(1000));

    // The management system is lost: the station is told to come again later.
    let mut socket = socket(&world, "CS-2").await;
    let session = world.csms.wait_for("CS-2", Duration::from_secs(5)).await.unwrap();
    session.cut().await;
    let close = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
    let (code, text) = close.as_close().unwrap();
    assert_eq!((u16::from(code), text), (1012, "the management system is away"));

    // A close with a text of the peer's: the code is mapped, the text is not relayed.
    let mut socket = self::socket(&world, "CS-3").await;
    let session = world.csms.wait_for("CS-3", Duration::from_secs(5)).await.unwrap();
    let code = 4_001_u16.try_into().unwrap();
    socket.send(Message::close(Some(code), "<script>")).await.unwrap();
    let closed = session.closed().await;
    assert_eq!(closed.code, Some(1001));
    assert!(!closed.reason.contains("script"), "{closed:?}");
    assert!(wait(async || world.gateway.sessions() == 0).await);
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_tells_every_station_and_leaves_a_log_that_verifies() {
    let world = World::start().await;
    let mut stations = Vec::new();
    for (id, version) in ["CS-1", "CS-2", "CS-3"].into_iter().zip(Version::ALL) {
        let station = Station::obliging(&world.dial(id, version)).await.unwrap();
        station.boot(&Nameplate::default()).await.unwrap();
        stations.push(station);
    }
    let data = world.data();
    let place = world.place;
    let stopped = world.gateway.shutdown().await;
    assert_eq!(stopped.sessions_left, 0);
    for station in &stations {
        assert_eq!(station.closed().await.code, Some(1001));
    }
    let report = chargewarden_store::audit::verify_log(&data, None, None).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.verification.confirmed_size, report.verification.entries, "all of it is signed for");
    drop(place);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learned_survives_a_restart() {
    let world = World::start().await;
    let station = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap();
    station.boot(&Nameplate::default()).await.unwrap();
    let data = world.data();
    let place = world.place;
    world.gateway.shutdown().await;
    // The store's threads end a moment after the gateway.
    assert!(wait(async || chargewarden_store::Directory::open(&data).is_ok()).await);
    let directory = chargewarden_store::Directory::open(&data).unwrap();
    let store = chargewarden_store::SqliteStore::open(&directory).unwrap();
    let state = chargewarden_store::Store::state(&store, "CS-1").await.unwrap().expect("a state");
    assert!(state.value.contains("\"boot\":\"accepted\""), "{}", state.value);
    drop(place);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragmented_message_is_one_message() {
    let world = World::start().await;
    let mut tcp = raw(&world, "CS-1").await;
    let boot = r#"[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]"#;
    let (one, two) = boot.split_at(20);
    let mut bytes = frame(0x01, one.as_bytes());
    bytes.extend(frame(0x89, b"ping in between"));
    bytes.extend(frame(0x80, two.as_bytes()));
    tcp.write_all(&bytes).await.unwrap();
    let session = world.csms.wait_for("CS-1", Duration::from_secs(5)).await.unwrap();
    assert!(wait(async || session.transcript().received() == [boot]).await);
    drop(tcp);
    world.gateway.shutdown().await;
}

// The library's stream is what the cancel-safety of a session rests on: a poll that returns pending loses nothing.
#[tokio::test]
async fn polling_the_stream_is_cancel_safe() {
    let (near, far) = tokio::io::duplex(64);
    let mut receiving = tokio_websockets::ServerBuilder::new().serve(near);
    let (_read, mut write) = tokio::io::split(far);
    let bytes = frame(0x81, b"[2,\"1\",\"Heartbeat\",{}]");
    for byte in bytes {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let polled = futures_util::Stream::poll_next(Pin::new(&mut receiving), &mut cx);
        assert!(matches!(polled, Poll::Pending));
        write.write_all(&[byte]).await.unwrap();
    }
    let message = receiving.next().await.unwrap().unwrap();
    assert_eq!(Bytes::from(message.into_payload()), "[2,\"1\",\"Heartbeat\",{}]");
}
