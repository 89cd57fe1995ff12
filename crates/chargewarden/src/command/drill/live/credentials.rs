//! T01, T03, T04 and T06: who is let in.

use std::time::Duration;

use chargewarden_ocpp::Version;
use chargewarden_testkit::Station;
use chargewarden_testkit::payload::Nameplate;
use chargewarden_testkit::pki::{Authority, Leaf, self_signed};
use chargewarden_testkit::tls::TlsVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::scene::{CERTIFICATE, ORGANISATION, PASSWORD, Scene, comes_in, comes_in_soon};
use super::trial::Trial;

/// Guesses of one who guesses.
const GUESSES: usize = 40;
/// Guesses that may be looked at before whoever guesses has to wait.
const PATIENCE: usize = 12;

/// T01.
pub(super) async fn none(scene: &Scene, trial: &mut Trial) {
    for (number, version) in (1..).zip(Version::ALL) {
        let station = trial.station(number);
        let ghost = format!("GHOST-{station}");
        let (from, long) = (trial.address(1), "x".repeat(300));
        let attempts = [
            ("no credential", scene.stranger(&station, version)),
            ("a wrong password", scene.stranger(&station, version).password("guess")),
            ("no password", scene.stranger(&station, version).password("")),
            ("a password that is far too long", scene.stranger(&station, version).password(&long)),
            ("an id that there is not", scene.stranger(&ghost, version)),
            ("an id that there is not", scene.dial(&ghost, version)),
        ];
        for (name, dial) in attempts {
            let (station, dial) = (dial.station.clone(), dial.source(from));
            let seen = scene.csms.session(&station).is_some();
            trial.tried(name, version, &station, comes_in(&dial).await || seen);
        }
        for (name, id) in [("TLS, and no password", PASSWORD), ("TLS, and no certificate", CERTIFICATE)] {
            let station = trial.station(id);
            let dial = scene.stranger_tls(&station, version, scene.anonymous()).source(from);
            trial.tried(name, version, &station, comes_in(&dial).await);
        }
        let station = trial.station(number + 6);
        let dial = scene.dial(&station, version).source(trial.address(2));
        trial.worked("the station itself", version, &station, comes_in_soon(&dial).await);
    }
}

/// T03.
pub(super) async fn guessed(scene: &Scene, trial: &mut Trial) -> anyhow::Result<()> {
    let version = Version::V16;
    let victim = trial.station(1);
    let living = Station::obliging(&scene.dial(&victim, version).source(trial.address(9))).await?;
    let _ = living.boot(&Nameplate::default()).await;
    let mut looked_at = 0;
    for number in 0..GUESSES {
        let dial =
            scene.stranger(&victim, version).password(&format!("guess-{number}")).source(trial.address(2));
        let answer = Station::obliging(&dial).await;
        looked_at += usize::from(answer.as_ref().is_err_and(|error| error.status() == Some(401)));
        trial.tried("one station, many passwords", version, &victim, answer.is_ok());
        if number % 8 == 0 {
            let beat = living.call("Heartbeat", serde_json::json!({})).await;
            trial.worked("the station that is guessed at goes on", version, &victim, beat.is_ok());
        }
    }
    trial.tried_many(
        "looked at although too many",
        version,
        &victim,
        GUESSES.saturating_sub(PATIENCE),
        looked_at.saturating_sub(PATIENCE),
    );
    for number in 0..GUESSES {
        // Some there are, most there are not.
        let station = trial.station(number);
        let dial = scene.stranger(&station, version).password("guess").source(trial.address(3));
        trial.tried("one after the other", version, &station, comes_in(&dial).await);
    }
    // Somebody else comes meanwhile, and the victim itself after its line was cut.
    let other = trial.station(2);
    let dial = scene.dial(&other, version).source(trial.address(4));
    trial.worked("another station comes meanwhile", version, &other, comes_in_soon(&dial).await);
    living.close().await;
    let dial = scene.dial(&victim, version).source(trial.address(9));
    trial.worked("the station that was guessed at comes back", version, &victim, comes_in_soon(&dial).await);
    Ok(())
}

/// T04.
pub(super) async fn of_others(scene: &Scene, trial: &mut Trial) {
    let from = trial.address(1);
    for (number, version) in (1..).zip(Version::ALL) {
        let (victim, thief) = (trial.station(number), trial.station(number + 6));
        let stolen = scene.password(&thief);
        let attempts = [
            ("another's name and password", scene.stranger(&victim, version).user(&thief).password(&stolen)),
            ("another's password", scene.stranger(&victim, version).password(&stolen)),
            ("another's name, its own password", scene.dial(&victim, version).user(&thief)),
            ("a name in other letters", scene.dial(&victim, version).user(&victim.to_lowercase())),
            ("a name with more behind it", scene.dial(&victim, version).user(&format!("{victim} "))),
        ];
        for (name, dial) in attempts {
            trial.tried(name, version, &victim, comes_in(&dial.source(from)).await);
        }
        let dial = scene.dial(&thief, version).source(trial.address(2));
        trial.worked("its own name and password", version, &thief, comes_in_soon(&dial).await);
    }
    let version = Version::V201;
    let victim = trial.station(CERTIFICATE);
    let good = || Leaf::station(&victim).organisation(ORGANISATION);
    let certificates = [
        scene.certificate(&Leaf::station("T04-1").organisation(ORGANISATION)),
        scene.certificate(&good().organisation("Another CSO")),
        scene.certificate(&Leaf::station(&victim.to_lowercase()).organisation(ORGANISATION)),
        scene.certificate(&good().expired()),
        Authority::root("somebody else").issue(&good()),
        self_signed(&good()),
    ];
    for certificate in &certificates {
        let dial =
            scene.stranger_tls(&victim, version, scene.anonymous().presenting(certificate)).source(from);
        trial.tried("a certificate that is not its own", version, &victim, comes_in(&dial).await);
    }
    let certificate = scene.certificate(&good());
    let dial = scene.stranger_tls(&victim, version, scene.anonymous().presenting(&certificate));
    let dial = dial.source(trial.address(2));
    trial.worked("its own certificate", version, &victim, comes_in_soon(&dial).await);
}

/// T06.
pub(super) async fn lowered(scene: &Scene, trial: &mut Trial) {
    let from = trial.address(1);
    // With TLS or a certificate, and now with less.
    let (password, certificate) = (trial.station(PASSWORD), trial.station(CERTIFICATE));
    for station in [&password, &certificate] {
        let dial = scene.dial(station, Version::V16).source(from);
        trial.tried("without TLS", Version::V16, station, comes_in(&dial).await);
    }
    let dial = scene
        .stranger_tls(&certificate, Version::V16, scene.anonymous())
        .password(&scene.password(&certificate));
    trial.tried(
        "a password for a certificate",
        Version::V16,
        &certificate,
        comes_in(&dial.source(from)).await,
    );

    // Once with the best, and then with less.
    let issued = scene.certificate(&Leaf::station(&certificate).organisation(ORGANISATION));
    let tls = scene.anonymous().presenting(&issued);
    let best = scene.stranger_tls(&certificate, Version::V201, tls.clone()).source(trial.address(2));
    trial.worked("with its certificate", Version::V201, &certificate, comes_in_soon(&best).await);
    let older =
        scene.stranger_tls(&certificate, Version::V201, tls.versions(&[TlsVersion::V12])).source(from);
    trial.tried("an older TLS", Version::V201, &certificate, comes_in(&older).await);
    for (number, (best, less)) in (1..).zip([
        (Version::V201, Version::V16),
        (Version::V21, Version::V16),
        (Version::V21, Version::V201),
    ]) {
        let station = trial.station(number);
        let dial = scene.dial(&station, best).source(trial.address(2));
        trial.worked("the version it has spoken before", best, &station, comes_in_soon(&dial).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let dial = scene.dial(&station, less).source(from);
        trial.tried("an older version", less, &station, comes_in(&dial).await);
        let dial = scene.dial(&station, best).source(trial.address(2));
        trial.worked("the version it has spoken before", best, &station, comes_in_soon(&dial).await);
    }
    for minor in [0_u8, 1, 2] {
        let greeted = ancient(scene, minor).await;
        trial.tried("TLS 1.1, 1.0 or SSL 3", Version::V16, &password, greeted);
    }
}

/// Greets with TLS 1.1, TLS 1.0 or SSL 3; whether the gateway goes on with it.
async fn ancient(scene: &Scene, minor: u8) -> bool {
    let Ok(mut tcp) = TcpStream::connect(scene.entrance(1)).await else { return false };
    // A hello with nothing but the version and suites of that time: RC4, 3DES, AES-CBC.
    let suites: [u8; 8] = [0x00, 0x05, 0x00, 0x0a, 0x00, 0x2f, 0x00, 0x35];
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, 8]);
    hello.extend(suites);
    hello.extend([1, 0]);
    let length = u8::try_from(hello.len()).unwrap_or(u8::MAX);
    let mut record = vec![22, 3, minor, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    if tcp.write_all(&record).await.is_err() {
        return false;
    }
    let mut first = [0; 1];
    let answer = tokio::time::timeout(Duration::from_secs(3), tcp.read(&mut first)).await;
    // 22 is a handshake that goes on, 21 an alert.
    matches!(answer, Ok(Ok(1))) && first == [22]
}
