//! Who is let in, and what those who are not are told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod world;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chargewarden_ocpp::Version;
use chargewarden_testkit::{Csms, Station, csms::Manner, payload::Nameplate, station::Dial};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use world::{SECRET, World, wait};

/// An upgrade request as text; `change` replaces one part by another.
fn request(station: &str, secret: &str, change: Option<(&str, &str)>) -> String {
    let token = STANDARD.encode(format!("{station}:{secret}"));
    let request = format!(
        "GET /ocpp/{station} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {token}\r\n\r\n"
    );
    match change {
        Some((from, to)) => {
            assert!(request.contains(from), "{from}");
            request.replace(from, to)
        }
        None => request,
    }
}

/// Sends bytes and reads the head of the answer (and the body, when the connection is closed).
async fn ask(world: &World, request: &str) -> String {
    let mut tcp = TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    answer(&mut tcp).await
}

async fn answer(tcp: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = async {
        while tcp.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
            if answer.starts_with(b"HTTP/1.1 101") && answer.windows(4).any(|window| window == b"\r\n\r\n") {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_to_refuse() {
    let world = World::start_with(|config| {
        config.inventory.stations[1].versions = vec!["2.1".to_owned()];
        config.limits.guesses_per_address = 1_000;
        config.limits.guesses_per_station = 1_000;
    })
    .await;
    let good = |change| request("CS-1", SECRET, Some(change));
    let token = STANDARD.encode(format!("CS-1:{SECRET}"));
    let (other, colonless) = (STANDARD.encode(format!("CS-2:{SECRET}")), STANDARD.encode("CS-1"));
    let cases = [
        (good(("GET", "POST")), "400", "malformed-request"),
        (good(("Host: gateway\r\n", "")), "400", "malformed-request"),
        (good(("Host: gateway", "Host: a\r\nHost: b")), "400", "malformed-request"),
        (good(("Connection: Upgrade", "Connection: close")), "426", "not-websocket"),
        (good(("Upgrade: websocket", "Upgrade: h2c")), "426", "not-websocket"),
        (good(("Version: 13", "Version: 12")), "426", "websocket-version"),
        (good(("/ocpp/CS-1", "/other/CS-1")), "401", "unknown-path"),
        (good(("/ocpp/CS-1", "/ocpp/CS-1?a=b")), "400", "query-in-path"),
        (good(("/ocpp/CS-1", "/ocpp/..%2fCS-1")), "401", "hostile-station-id"),
        (good(("/ocpp/CS-1", "/ocpp/CS-1%00")), "401", "hostile-station-id"),
        (good(("ocpp1.6", "ocpp1.5")), "400", "no-subprotocol"),
        (good(("Sec-WebSocket-Protocol: ocpp1.6\r\n", "")), "400", "no-subprotocol"),
        (good((&format!("Authorization: Basic {token}\r\n"), "")), "401", "missing-credentials"),
        (good((&token, "%%%")), "401", "malformed-credentials"),
        (good((&token, &colonless)), "401", "malformed-credentials"),
        (good((&token, &other)), "401", "wrong-user"),
        (request("CS-9", SECRET, None), "401", "unknown-station"),
        (request("CS-1", "wrong horse battery", None), "401", "wrong-secret"),
        (request("CS-2", SECRET, None), "400", "version-not-allowed"),
    ];
    let mut unauthorized = Vec::new();
    for (request, expected, reason) in &cases {
        let answer = ask(&world, request).await;
        assert_eq!(status(&answer), *expected, "{reason}: {answer}");
        if *expected == "401" {
            unauthorized.push(answer);
        }
    }
    // An outsider cannot tell an unknown id from a wrong secret, nor either from a wrong path.
    unauthorized.dedup();
    assert_eq!(unauthorized.len(), 1, "{unauthorized:#?}");
    assert!(world.csms.sessions().is_empty(), "nobody reached the management system");

    let records = world.records().await;
    let recorded: Vec<&str> = records
        .iter()
        .filter(|record| record["connection"]["stage"] == "refused")
        .map(|record| record["connection"]["reason"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = cases.iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(recorded, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bytes_are_answered_and_harm_nobody() {
    let world = World::start().await;
    let bystander = Station::obliging(&world.dial("CS-3", Version::V201)).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET /ocpp/CS-1 HTTP/1.1\r\n{}\r\n", "X-A: b\r\n".repeat(500));
    for bytes in
        ["\r\n\r\n\r\n", "\u{0}\u{1}\u{2}", "GET", "GET / HTTP/9.9\r\n\r\n", "SSH-2.0-x\r\n", &long, &many]
    {
        let mut tcp = TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
        let _ = tcp.write_all(bytes.as_bytes()).await;
        let _ = tcp.shutdown().await;
        let answer = answer(&mut tcp).await;
        assert!(!answer.contains(" 101 "), "{answer}");
    }
    assert!(bystander.is_open());
    assert_eq!(status(&ask(&world, &request("CS-1", SECRET, None)).await), "101");
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_system_chooses_the_version() {
    let manner = Manner { versions: vec![Version::V201], ..Manner::default() };
    let world = World::with(manner, |config| {
        config.inventory.stations[1].versions = vec!["1.6".to_owned(), "2.1".to_owned()];
    })
    .await;
    let offer = ("ocpp1.6", "ocpp2.1, ocpp2.0.1, ocpp1.6");
    let answer = ask(&world, &request("CS-1", SECRET, Some(offer))).await;
    assert!(status(&answer) == "101" && answer.contains("sec-websocket-protocol: ocpp2.0.1\r\n"), "{answer}");
    assert!(!answer.to_lowercase().contains("sec-websocket-extensions"), "{answer}");
    // 2.0.1 is not allowed to this station, so it is not offered, and there is no agreement.
    let answer = ask(&world, &request("CS-2", SECRET, Some(offer))).await;
    assert_eq!(status(&answer), "502", "{answer}");
    world.gateway.shutdown().await;
}

/// A server that answers every connection with the same bytes.
async fn replies(bytes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = tcp.read(&mut [0; 2048]).await;
                let _ = tcp.write_all(bytes.as_bytes()).await;
                let _ = tcp.read(&mut [0; 1]).await;
            });
        }
    });
    format!("ws://{address}/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_management_system_that_does_not_accept_is_a_bad_gateway() {
    for (bytes, reason) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "csms-refused"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "csms-refused",
        ),
        ("nonsense\r\n\r\n", "csms-refused"),
        ("HTTP/1.1 101 x\r\n", "csms-unreachable"), // and then nothing
    ] {
        let url = replies(bytes).await;
        let world = World::start_with(|config| {
            config.csms[0].url = url;
            config.limits.dial_wait = chargewarden::config::Wait(Duration::from_millis(300));
        })
        .await;
        let answer = ask(&world, &request("CS-1", SECRET, None)).await;
        assert_eq!(status(&answer), "502", "{bytes}: {answer}");
        assert!(answer.ends_with("bad gateway\n"), "{answer}");
        let records = world.records().await;
        assert!(
            records.iter().any(|record| record["connection"]["reason"] == reason),
            "{reason}: {records:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_management_system_that_is_down_is_a_bad_gateway() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let world = World::start_with(|config| config.csms[0].url = format!("ws://{unused}/ocpp")).await;
    assert_eq!(status(&ask(&world, &request("CS-1", SECRET, None)).await), "502");
    assert_eq!(world.gateway.sessions(), 0);
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_system_gets_its_own_credentials() {
    let manner = Manner {
        admit: Box::new(|station, basic| {
            basic.is_some_and(|basic| basic.user == station && basic.password == "for the csms only")
        }),
        ..Manner::default()
    };
    let world = World::with(manner, |config| {
        let file = std::env::temp_dir().join(format!("chargewarden-test-{}", std::process::id()));
        std::fs::write(&file, "for the csms only\n").unwrap();
        config.csms[0].password_file = Some(file);
    })
    .await;
    assert_eq!(status(&ask(&world, &request("CS-1", SECRET, None)).await), "101");
    world.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_does_not_win_while_the_first_lives() {
    let world = World::start().await;
    let first = Station::obliging(&world.dial("CS-1", Version::V16)).await.unwrap();
    // An answer shows that its session has begun.
    first.boot(&Nameplate::default()).await.unwrap();
    let answer = ask(&world, &request("CS-1", SECRET, None)).await;
    assert_eq!(status(&answer), "409", "{answer}");
    assert!(first.is_open());

    // One that does not answer the ping is replaced: this one never reads.
    let mut silent = TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
    silent.write_all(request("CS-2", SECRET, None).as_bytes()).await.unwrap();
    assert_eq!(status(&self::answer(&mut silent).await), "101");
    let answer = ask(&world, &request("CS-2", SECRET, None)).await;
    assert_eq!(status(&answer), "101", "{answer}");

    let records = world.records().await;
    let reasons = |stage: &str| -> Vec<String> {
        records
            .iter()
            .filter(|record| record["connection"]["stage"] == stage)
            .map(|record| record["connection"]["reason"].as_str().unwrap().to_owned())
            .collect()
    };
    let refused = reasons("refused");
    assert_eq!(refused.first().map(String::as_str), Some("already-connected"));
    assert!(refused.iter().skip(1).all(|reason| reason == "admission-under-way"), "{refused:?}");
    assert!(reasons("closed").contains(&"replaced".to_owned()), "{:?}", reasons("closed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_before_the_answer_end_the_connection() {
    let world = World::start().await;
    let early = request("CS-1", SECRET, None) + "\u{1}\u{2}early";
    let _ = ask(&world, &early).await;
    let ended = wait(async || world.gateway.sessions() == 0).await;
    assert!(ended);
    let records = world.records().await;
    assert!(!records.iter().any(|record| record.get("message").is_some()));
    assert!(
        records.iter().any(|record| {
            let reason = &record["connection"]["reason"];
            reason == "early-bytes" || reason == "abandoned"
        }),
        "{records:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_are_bounded_in_time_and_number() {
    let world = World::start_with(|config| {
        let second = |millis| chargewarden::config::Wait(Duration::from_millis(millis));
        config.limits.handshakes_per_address = 4;
        config.limits.handshake_wait = second(1_500);
        config.limits.dial_wait = second(400);
        config.limits.incumbent_wait = second(400);
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        let mut tcp = TcpStream::connect(world.gateway.addresses().first()).await.unwrap();
        tcp.write_all(b"GET /ocpp/CS-1 HTTP/1.1\r\n").await.unwrap();
        idle.push(tcp);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(status(&ask(&world, &request("CS-1", SECRET, None)).await), "none", "closed unanswered");
    // The idle ones are ended, and there is room again.
    assert!(wait(async || status(&ask(&world, &request("CS-1", SECRET, None)).await) == "101").await);
    world.gateway.shutdown().await;
}

#[tokio::test]
async fn a_plain_listener_is_for_this_machine_only() {
    let csms = Csms::start().await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut config = world::config(place.path(), &csms.url());
    config.listen[0].address = "0.0.0.0:0".to_owned();
    config.csms[0].url = "ws://csms.example/".to_owned();
    let problems = chargewarden::config::resolve(&config, place.path()).unwrap_err().to_string();
    assert!(problems.contains("listen[0].address: `0.0.0.0:0` can be reached from outside"), "{problems}");
    assert!(problems.contains("csms[0].url: `csms.example` is another machine"), "{problems}");
    config.listen[0].danger_allow_plain_nonloopback = true;
    config.csms[0].danger_allow_plain_nonloopback = true;
    let settings = chargewarden::config::resolve(&config, place.path()).unwrap();
    assert_eq!(
        settings.dangers,
        ["listen[0].danger_allow_plain_nonloopback", "csms[0].danger_allow_plain_nonloopback"]
    );
    let gateway = chargewarden::Gateway::start(settings).await.unwrap();
    let url = format!("ws://127.0.0.1:{}/ocpp", gateway.addresses().first().port());
    let dial = Dial::new(url, "CS-9", Version::V16).password(SECRET);
    assert!(Station::obliging(&dial).await.is_err());
    gateway.shutdown().await;
}
