//! Those who only want to be in the way: slow and silent connections, floods of connections and of messages. A live station beside
//! them notices nothing, one that comes meanwhile is let in, memory stays where it was, and each bound that held is named.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use chargewarden_testkit::Station;
use chargewarden_testkit::station::Dial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::gateway::{Gateway, Place, SECRET};
use crate::victim::{Victim, Witness, dial};

/// How much more memory the process may ever have than before the attack, in KiB: the places for handshakes and their buffers, of
/// which there are 512 times 8 KiB and what the allocator makes of it.
const MEMORY_KIB_MAX: u64 = 48 * 1024;

struct Scene {
    place: Place,
    witness: Witness,
    gateway: Gateway,
}

impl Scene {
    /// The limits that ship, but for waits that are shorter than a test's patience.
    async fn new(more: &str) -> Scene {
        let witness = Witness::start().await;
        let place = Place::new(&witness.csms.url(), 6, r#"["1.6"]"#);
        place.shipped_limits();
        place.rewrite("chargewarden.toml", |text| text.replace("[limits]\n", &format!("[limits]\n{more}")));
        let gateway = Gateway::start_at(&place).await;
        Scene { place, witness, gateway }
    }

    /// A connection from loopback address `from`; none when it is not accepted.
    async fn connect(&self, from: u8) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 4, from)), 0)).ok()?;
        let address: SocketAddr = self.gateway.address.parse().unwrap();
        tokio::time::timeout(Duration::from_secs(2), socket.connect(address)).await.ok()?.ok()
    }

    /// A session of a station that reads nothing.
    async fn deaf(&self, id: &str, from: u8) -> TcpStream {
        let mut tcp = self.connect(from).await.unwrap();
        let token = STANDARD.encode(format!("{id}:{SECRET}"));
        let request = format!(
            "GET /ocpp/{id} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {token}\r\n\r\n"
        );
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(tcp.read_buf(&mut answer).await.unwrap() > 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        tcp
    }

    /// Station `H-{n}` comes from an address of its own; how long that took.
    async fn comes(&self, n: usize) -> Duration {
        let began = Instant::now();
        let mut dial = Dial { station: format!("H-{n}"), ..dial(&self.gateway) };
        dial = dial.source(Ipv4Addr::new(127, 0, 5, n as u8 + 1).into());
        let station = Station::obliging(&dial).await.expect("a station that comes meanwhile is let in");
        let took = began.elapsed();
        station.close().await;
        took
    }

    /// Waits until a gauge has come down to `most`.
    async fn settles(&self, gauge: &str, most: f64) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if self.gateway.metric(gauge, "").await <= most {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }

    /// The victim goes through the attack, and memory stays.
    async fn attacked<T>(&self, name: &str, attack: impl Future<Output = T>) -> T {
        let victim = Victim::start(&self.gateway).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = self.gateway.memory_peak_kib();
        let outcome = victim.through(name, &self.witness, attack).await;
        let grown = self.gateway.memory_peak_kib() - before;
        println!("{name}: {grown} KiB more memory at the peak");
        assert!(grown < MEMORY_KIB_MAX, "{grown} KiB");
        outcome
    }

    /// The bounds that held, each named.
    async fn bounds(&self, names: &[&str]) {
        for name in names {
            let hit = self.gateway.bound_hit(name).await;
            println!("bound `{name}` reached {hit} times");
            assert!(hit > 0.0, "`{name}`");
        }
    }

    fn end(self) {
        self.gateway.stop();
        self.place.verify();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_requests_compete_with_each_other() {
    let scene = Scene::new("").await;
    let attack = async {
        // More than there are places for, of ten addresses; each line by line, and never the last.
        let mut slow = Vec::new();
        for n in 0..640_usize {
            if let Some(mut tcp) = scene.connect(n as u8 % 10 + 1).await {
                let _ = tcp.write_all(b"GET /ocpp/H-0 HTTP/1.1\r\n").await;
                slow.push(tcp);
            }
        }
        let mut times = Vec::new();
        for n in 0..4 {
            for tcp in &mut slow {
                let _ = tcp.write_all(b"X-A: b\r\n").await;
            }
            times.push(scene.comes(n).await);
        }
        println!("640 slow connections; stations came in within {times:?}");
        // Not behind those that wait for a place, too.
        assert!(times.iter().all(|time| *time < Duration::from_secs(3)), "{times:?}");
        drop(slow);
    };
    scene.attacked("slow requests", attack).await;
    scene.bounds(&["handshakes", "handshakes-displaced"]).await;
    assert!(scene.settles("chargewarden_handshakes", 0.0).await, "every place is given back");
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_end_and_half_open_sessions_are_reaped() {
    let scene = Scene::new("ping_interval = \"1s\"\npong_wait = \"1s\"\n").await;
    let attack = async {
        let mut silent = Vec::new();
        for n in 0..300_usize {
            silent.extend(scene.connect(n as u8 % 10 + 1).await);
        }
        // Sessions whose other end has gone without a word.
        let mut half_open = Vec::new();
        for n in 0..5 {
            half_open.push(scene.deaf(&format!("H-{n}"), 100 + n).await);
        }
        let began = Instant::now();
        // The victim alone is left.
        assert!(scene.settles("chargewarden_sessions", 1.0).await, "half-open sessions are reaped");
        println!("five half-open sessions reaped after {:?}", began.elapsed());
        assert!(scene.settles("chargewarden_handshakes", 0.0).await, "silent connections end");
        println!("300 silent connections gone after {:?}", began.elapsed());
        scene.comes(0).await
    };
    scene.attacked("half-open", attack).await;
    scene.bounds(&["no-pong"]).await;
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_connections_is_shut_out() {
    let scene = Scene::new("").await;
    let attack = async {
        let flood = async |address: u8| {
            let until = Instant::now() + Duration::from_secs(3);
            let mut count = 0;
            let mut open = std::collections::VecDeque::new();
            while Instant::now() < until {
                count += 1;
                open.extend(scene.connect(address).await);
                if open.len() > 100 {
                    open.pop_front();
                }
            }
            count
        };
        let stations = async {
            let mut times = Vec::new();
            for n in 0..6 {
                tokio::time::sleep(Duration::from_millis(400)).await;
                times.push(scene.comes(n).await);
            }
            times
        };
        let (a, b, c, d, times) = tokio::join!(flood(1), flood(2), flood(3), flood(4), stations);
        println!("{} connections in 3 s; stations came in within {times:?}", a + b + c + d);
    };
    scene.attacked("connection flood", attack).await;
    scene.bounds(&["handshakes-per-second-per-address"]).await;
    scene.end();
}

/// Sends the same bytes again and again, and reads away what comes, until the connection ends; how long that took.
async fn pour(tcp: TcpStream, bytes: &[u8], pause: Duration) -> Duration {
    let began = Instant::now();
    let (mut from, mut to) = tcp.into_split();
    let reading = tokio::spawn(async move { tokio::io::copy(&mut from, &mut tokio::io::sink()).await });
    while began.elapsed() < Duration::from_secs(12) && !reading.is_finished() {
        let wrote = tokio::time::timeout(Duration::from_secs(12), to.write_all(bytes)).await;
        if !matches!(wrote, Ok(Ok(()))) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    reading.abort();
    began.elapsed()
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_messages_end_the_sessions_that_send_them() {
    let scene = Scene::new("").await;
    let boot = frame(0x81, br#"[2,"b","BootNotification",{"chargePointModel":"M","chargePointVendor":"V"}]"#);
    let heartbeats = frame(0x81, br#"[2,"h","Heartbeat",{}]"#).repeat(1_000);
    let pings = frame(0x89, b"").repeat(1_000);
    // Fragments of a text without end.
    let (first, rest) = (frame(0x01, b"["), frame(0x00, b" "));
    let many = rest.repeat(1_000);
    let attack = async {
        let flood = async |n: u8, opening: &[u8], bytes: &[u8], pause| {
            let mut tcp = scene.deaf(&format!("H-{n}"), 110 + n).await;
            tcp.write_all(opening).await.unwrap();
            pour(tcp, bytes, Duration::from_millis(pause)).await
        };
        let (calls, controls, fragments, trickle) = tokio::join!(
            flood(0, &boot, &heartbeats, 0),
            flood(1, b"", &pings, 0),
            flood(2, &first, &many, 0),
            flood(3, &first, &rest, 100),
        );
        println!(
            "ended after: calls {calls:?}, pings {controls:?}, fragments {fragments:?}, trickle {trickle:?}"
        );
        assert!(scene.settles("chargewarden_sessions", 1.0).await, "the victim alone is left");
        scene.comes(4).await
    };
    scene.attacked("message floods", attack).await;
    scene.bounds(&["message-rate", "message-too-slow"]).await;
    for reason in ["violations", "message-rate", "message-too-long", "message-too-slow"] {
        let label = format!("reason=\"{reason}\"");
        let count = scene.gateway.metric("chargewarden_sessions_ended_total", &label).await;
        println!("{count} sessions ended by `{reason}`");
        assert!(count >= 1.0, "`{reason}`");
    }
    scene.end();
}
