//! T02 and T08: connections that take the place of others.

use std::time::{Duration, Instant};

use chargewarden_ocpp::Version;
use chargewarden_testkit::Station;
use chargewarden_testkit::payload::Nameplate;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::scene::{HANDSHAKE_WAIT, Scene, comes_in, comes_in_soon};
use super::trial::Trial;

/// Slow connections at once; from one address only so many are let stand.
const SLOW: usize = 200;
/// A station that comes meanwhile is in by then.
const PROMPT: Duration = Duration::from_secs(3);

/// T02.
pub(super) async fn displaced(scene: &Scene, trial: &mut Trial) -> anyhow::Result<()> {
    for (number, version) in (1..).zip(Version::ALL) {
        let victim = trial.station(number);
        let first = Station::obliging(&scene.dial(&victim, version).source(trial.address(1))).await?;
        let _ = first.boot(&Nameplate::default()).await;
        for challenger in 0..4 {
            let dial = scene.dial(&victim, version).source(trial.address(10 + challenger));
            let through = comes_in(&dial).await;
            trial.tried("the right password from elsewhere", version, &victim, through || !first.is_open());
        }
        // What the management system says goes to whom it always went to.
        let before = first.transcript().received_calls("ClearCache");
        let session = scene.csms.session(&victim);
        if let Some(session) = session {
            let _ = session.call("ClearCache", json!({})).await;
        }
        let heard = first.transcript().received_calls("ClearCache") > before;
        trial.tried("a command that another would hear", version, &victim, !heard);
        first.close().await;
        let dial = scene.dial(&victim, version).source(trial.address(1));
        trial.worked("it comes back after its line was cut", version, &victim, comes_in_soon(&dial).await);
    }
    Ok(())
}

/// T08.
pub(super) async fn slow(scene: &Scene, trial: &mut Trial) {
    let version = Version::V16;
    let mut slow = Vec::new();
    for number in 0..SLOW {
        let from = trial.address(u8::try_from(20 + number % 10).unwrap_or(20));
        let Some(mut tcp) = connect(scene, from, number % 2).await else { continue };
        if number % 4 < 2 {
            let _ = tcp.write_all(b"GET /ocpp/T08-1 HTTP/1.1\r\nX: a").await;
        }
        slow.push(tcp);
    }
    let begun = Instant::now();
    for number in 1..=3 {
        let station = trial.station(number);
        let came = Instant::now();
        let dial = scene.dial(&station, version).source(trial.address(1));
        let passed = comes_in_soon(&dial).await && came.elapsed() < PROMPT;
        trial.worked("a station comes meanwhile", version, &station, passed);
    }
    // A byte now and then keeps nobody in.
    while begun.elapsed() < HANDSHAKE_WAIT + Duration::from_secs(2) {
        for tcp in &mut slow {
            let _ = tokio::time::timeout(Duration::from_millis(1), tcp.write_all(b"b")).await;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let mut open = 0;
    for tcp in &mut slow {
        open += usize::from(is_open(tcp).await);
    }
    trial.tried_many("a byte now and then", version, "T08-1", SLOW, open);
    let station = trial.station(4);
    let dial = scene.dial(&station, version).source(trial.address(1));
    trial.worked("a station comes afterwards", version, &station, comes_in_soon(&dial).await);
}

async fn connect(scene: &Scene, from: std::net::IpAddr, entrance: usize) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((from, 0).into()).ok()?;
    let connecting = socket.connect(scene.entrance(entrance));
    tokio::time::timeout(Duration::from_secs(1), connecting).await.ok()?.ok()
}

/// Whether the other end still waits; whatever it said is read away.
async fn is_open(tcp: &mut TcpStream) -> bool {
    let mut rest = [0; 1024];
    loop {
        match tokio::time::timeout(Duration::from_millis(5), tcp.read(&mut rest)).await {
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(_)) => {}
            Err(_) => return true,
        }
    }
}
