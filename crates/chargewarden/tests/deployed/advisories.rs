//! The faults of the advisories of 2026 against charging back ends, one test per class, against the running program with a live
//! station beside it: no authentication (CWE-306), guessable ids and unthrottled attempts (CWE-307), takeover by the newest
//! connection and sessions that never end (CWE-613).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use chargewarden_testkit::Station;
use chargewarden_testkit::station::Dial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::gateway::{Gateway, PROGRAM, Place, SECRET};
use crate::victim::{VICTIM, Victim, Witness, dial};

/// Attempts of each attack. Beyond what any limit forgives, and over in seconds.
const ATTEMPTS: usize = 300;

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

struct Scene {
    place: Place,
    witness: Witness,
    gateway: Gateway,
}

impl Scene {
    /// The limits that ship.
    async fn new(stations: usize) -> Scene {
        let witness = Witness::start().await;
        let place = Place::new(&witness.csms.url(), stations, r#"["1.6"]"#);
        place.shipped_limits();
        let gateway = Gateway::start_at(&place).await;
        Scene { place, witness, gateway }
    }

    fn address(&self) -> SocketAddr {
        self.gateway.address.parse().unwrap()
    }

    /// Ids that the management system ever saw.
    fn seen(&self) -> BTreeSet<String> {
        self.witness.csms.sessions().iter().map(|session| session.station().to_owned()).collect()
    }

    fn end(self) {
        self.gateway.stop();
        self.place.verify();
    }
}

/// Asks to be let in from an address of its own; the whole answer, empty when the door stayed shut.
async fn ask(to: SocketAddr, from: Ipv4Addr, id: &str, basic: Option<&str>) -> String {
    let knock = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).ok()?;
        let mut tcp = socket.connect(to).await.ok()?;
        let basic = basic
            .map(|secret| format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{secret}"))));
        tcp.write_all(request(id, &basic.unwrap_or_default()).as_bytes()).await.ok()?;
        Some(answer(&mut tcp).await)
    };
    tokio::time::timeout(ANSWER_WAIT, knock).await.ok().flatten().unwrap_or_default()
}

fn request(id: &str, basic: &str) -> String {
    format!(
        "GET /ocpp/{id} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: ocpp1.6\r\n{basic}\r\n"
    )
}

async fn answer(tcp: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while tcp.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
        if answer.starts_with(b"HTTP/1.1 101") && answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_without_a_credential() {
    let scene = Scene::new(3).await;
    let victim = Victim::start(&scene.gateway).await;
    let attack = async {
        for n in 0..ATTEMPTS {
            let id = [VICTIM, "H-0", "H-1", "CP-7"][n % 4];
            let answer = ask(scene.address(), Ipv4Addr::new(127, 0, 0, 2), id, None).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
            // Too many at once find the door shut.
            assert!(["401", "429", "none"].contains(&status(&answer)), "{answer}");
        }
    };
    victim.through("no credential", &scene.witness, attack).await;
    assert_eq!(scene.seen(), BTreeSet::from([VICTIM.to_owned()]), "the management system saw nobody else");
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_cannot_be_told_from_each_other() {
    let scene = Scene::new(100).await;
    let victim = Victim::start(&scene.gateway).await;
    let attack = async {
        let mut answers = [BTreeSet::new(), BTreeSet::new()];
        for n in 0..ATTEMPTS {
            // Known and unknown ones in turn, each pair from an address of its own.
            let from = Ipv4Addr::new(127, 0, 1, (n / 2 % 200) as u8 + 1);
            let id = if n % 2 == 0 { format!("H-{}", n / 2 % 100) } else { format!("X-{}", n / 2 % 100) };
            answers[n % 2].insert(ask(scene.address(), from, &id, Some("wrong horse battery")).await);
        }
        answers
    };
    let [known, unknown] = victim.through("guessed ids", &scene.witness, attack).await;
    assert_eq!(known, unknown, "what is known answers as what is not");
    assert_eq!(scene.seen(), BTreeSet::from([VICTIM.to_owned()]));
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_cannot_be_searched_for_and_the_true_station_comes_back() {
    let scene = Scene::new(1).await;
    let victim = Victim::start(&scene.gateway).await;
    // The target is connected no more: nothing but its own secret lets it in again, while others guess.
    let target = Dial { station: "H-0".to_owned(), ..dial(&scene.gateway) };
    Station::obliging(&target).await.unwrap().close().await;
    let attack = async {
        let guess = async |lane: usize| {
            let mut checked = 0;
            for n in 0..ATTEMPTS / 4 {
                // One guesses from one address, the others from many.
                let last = if lane == 0 { 1 } else { (lane * 60 + n % 60) as u8 };
                let from = Ipv4Addr::new(127, 0, 2, last);
                let answer =
                    ask(scene.address(), from, "H-0", Some(&format!("guess-{lane}-{n}-abcdef"))).await;
                assert!(["401", "429", "none"].contains(&status(&answer)), "{answer}");
                checked += usize::from(status(&answer) == "401");
            }
            checked
        };
        let back = async {
            let mut slowest = Duration::ZERO;
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let began = Instant::now();
                let station = Station::obliging(&target).await.expect("the true station is let in");
                slowest = slowest.max(began.elapsed());
                station.close().await;
            }
            slowest
        };
        tokio::join!(guess(0), guess(1), guess(2), guess(3), back)
    };
    let (one, a, b, c, slowest) = victim.through("brute force", &scene.witness, attack).await;
    println!(
        "checked: {one} of {} from one address, {} from many; the true station came in within {slowest:?}",
        ATTEMPTS / 4,
        a + b + c
    );
    assert!(one < ATTEMPTS / 4 / 2, "most guesses from one address are not even looked at: {one}");
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_connection_does_not_take_over() {
    let scene = Scene::new(1).await;
    let victim = Victim::start(&scene.gateway).await;
    let attack = async {
        let mut statuses = BTreeSet::new();
        for n in 0..30 {
            // With the right secret: a stolen one.
            let from = Ipv4Addr::new(127, 0, 3, n % 5 + 1);
            tokio::time::sleep(Duration::from_millis(30)).await;
            let answer = ask(scene.address(), from, VICTIM, Some(SECRET)).await;
            statuses.insert(status(&answer).to_owned());
        }
        statuses
    };
    let statuses = victim.through("takeover", &scene.witness, attack).await;
    assert!(!statuses.contains("101"), "{statuses:?}");
    assert!(statuses.contains("409"), "the incumbent was asked: {statuses:?}");
    assert_eq!(scene.witness.csms.sessions().len(), 1);
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_what_it_stands_on() {
    let scene = Scene::new(2).await;
    let victim = Victim::start(&scene.gateway).await;
    let attack = async {
        // A dead incumbent: connected, and deaf ever since. It holds the id no longer than the probe takes.
        let deaf = Dial { station: "H-0".to_owned(), ..dial(&scene.gateway) };
        let mut dead = TcpStream::connect(scene.address()).await.unwrap();
        let basic = format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("H-0:{SECRET}")));
        dead.write_all(request("H-0", &basic).as_bytes()).await.unwrap();
        assert_eq!(status(&answer(&mut dead).await), "101");
        let began = Instant::now();
        let station =
            Station::obliging(&deaf).await.expect("the true station replaces its own dead connection");
        let replaced = began.elapsed();
        assert!(station.is_open());

        // An operator replaces the secret: the session that stood on the old one ends.
        let holder = Dial { station: "H-1".to_owned(), ..dial(&scene.gateway) };
        let session = Station::obliging(&holder).await.unwrap();
        let secret = scene.rotate("H-1").await;
        let began = Instant::now();
        while session.is_open() {
            assert!(began.elapsed() < Duration::from_secs(1), "the session outlives its secret");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ended = began.elapsed();
        assert!(Station::obliging(&holder).await.is_err(), "the old secret is no good");
        let now = Dial { password: Some(secret), ..holder };
        assert!(Station::obliging(&now).await.is_ok(), "the new one is");
        println!(
            "dead incumbent replaced in {replaced:?}, session ended {ended:?} after its secret was replaced"
        );
    };
    victim.through("expired session", &scene.witness, attack).await;
    scene.end();
}

impl Scene {
    /// Has an operator replace a station's secret; the new one.
    async fn rotate(&self, id: &str) -> String {
        let configuration = self.place.path("chargewarden.toml");
        let id = id.to_owned();
        let rotated = tokio::task::spawn_blocking(move || {
            Command::new(PROGRAM)
                .args(["station", "rotate", "--offline", "--json", "-c"])
                .arg(configuration)
                .arg(id)
                .output()
                .unwrap()
        });
        let rotated = rotated.await.unwrap();
        assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
        let said: serde_json::Value = serde_json::from_slice(&rotated.stdout).unwrap();
        said["secret"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }
}
