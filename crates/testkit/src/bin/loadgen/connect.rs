//! Stations that connect over mutual TLS, are counted, and stay until they are told to go.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chargewarden_ocpp::Version;
use chargewarden_testkit::Station;
use chargewarden_testkit::payload::Nameplate;
use chargewarden_testkit::pki::{Authority, Issued, Key, Leaf};
use chargewarden_testkit::station::Dial;
use chargewarden_testkit::tls::StationTls;
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A station gives up when it is not connected by then: thousands may be before it.
const DIAL_WAIT: Duration = Duration::from_secs(120);
/// Bound on hanging up in order; who has not answered the close by then is cut off.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// Stations with certificates of their own.
#[derive(Args)]
pub(crate) struct Connect {
    /// Folder for what a server needs, made anew: `server.pem` and `server.key` (ECDSA, for 127.0.0.1 and localhost),
    /// `server-rsa.pem` and `server-rsa.key`, `stations-root.pem`, `stations.crl`.
    #[arg(long)]
    pki: PathBuf,
    /// What the station ids begin with; `PREFIX0000` and so on.
    #[arg(long)]
    prefix: String,
    /// How many.
    #[arg(long)]
    count: usize,
    /// Organisation (O) in the stations' certificates.
    #[arg(long, default_value = "Example CSO")]
    organisation: String,
    /// Offer TLS 1.2 only.
    #[arg(long)]
    tls12: bool,
}

/// One line of instructions.
enum Order {
    /// `connect URL AT_ONCE RATE BOOT`: dial, so many under way at once, so many per second (0: as fast as it goes),
    /// and boot when BOOT is 1.
    Connect { url: String, at_once: usize, rate: f64, boot: bool },
    /// `status`: how many are connected still, and how the others ended.
    Status,
    /// `revoke ORDINAL`: write a `stations.crl` that revokes the certificate of one station more.
    Revoke(usize),
    /// `hang-up`: close every connection.
    HangUp,
}

impl Connect {
    pub(crate) async fn run(self) -> io::Result<()> {
        std::fs::create_dir_all(&self.pki)?;
        let pki = Pki::make(&self)?;
        println!("ready {}", self.count);
        let mut stations: Vec<Station> = Vec::new();
        let mut revoked = Vec::new();
        let mut lines = crate::instructions();
        while let Some(line) = lines.recv().await {
            let report = match parse(&line)? {
                Order::Connect { url, at_once, rate, boot } => {
                    let dials = pki.dials(&self, &url);
                    let (connected, report) = connect(dials, at_once, rate, boot).await?;
                    stations.extend(connected);
                    report
                }
                Order::Status => status(&stations).await,
                Order::Revoke(ordinal) => {
                    let station =
                        pki.stations.get(ordinal).ok_or_else(|| io::Error::other("no such station"))?;
                    revoked.push(station.serial());
                    pki.authority.crl(&revoked).write(&self.pki, "stations")?;
                    json!({ "revoked": revoked.len() })
                }
                Order::HangUp => {
                    let report = status(&stations).await;
                    hang_up(std::mem::take(&mut stations)).await;
                    report
                }
            };
            println!("{report}");
        }
        Ok(())
    }
}

/// Everything with a key.
struct Pki {
    server_root: Authority,
    authority: Authority,
    stations: Vec<Issued>,
}

impl Pki {
    fn make(options: &Connect) -> io::Result<Pki> {
        let folder: &Path = &options.pki;
        let server_root = Authority::root("load servers");
        let server = Leaf::server("127.0.0.1").dns("localhost");
        server_root.issue_to(folder, "server", &server)?;
        server_root.issue_to(folder, "server-rsa", &server.key(Key::Rsa2048))?;
        server_root.write(folder, "server-root")?;
        let authority = Authority::root("load stations");
        authority.write(folder, "stations-root")?;
        authority.crl(&[]).write(folder, "stations")?;
        let leaf = |ordinal| Leaf::station(&id(&options.prefix, ordinal)).organisation(&options.organisation);
        let stations = (0..options.count).map(|ordinal| authority.issue(&leaf(ordinal))).collect();
        Ok(Pki { server_root, authority, stations })
    }

    fn dials(&self, options: &Connect, url: &str) -> Vec<Dial> {
        use chargewarden_testkit::tls::TlsVersion::{V12, V13};
        let versions: &[_] = if options.tls12 { &[V12] } else { &[V13, V12] };
        let trusting = StationTls::trusting([self.server_root.certificate()]).versions(versions);
        let stations = self.stations.iter().enumerate();
        stations
            .map(|(ordinal, issued)| {
                Dial::new(url, id(&options.prefix, ordinal), Version::V16)
                    .tls(trusting.clone().presenting(issued))
                    .wait(DIAL_WAIT)
            })
            .collect()
    }
}

fn id(prefix: &str, ordinal: usize) -> String {
    format!("{prefix}{ordinal:04}")
}

async fn connect(
    dials: Vec<Dial>,
    at_once: usize,
    rate: f64,
    boot: bool,
) -> io::Result<(Vec<Station>, Value)> {
    let turns = Arc::new(Semaphore::new(at_once));
    let mut dialling = JoinSet::new();
    let begun = Instant::now();
    for (ordinal, dial) in (0_u32..).zip(dials) {
        let turn = Arc::clone(&turns).acquire_owned().await.map_err(io::Error::other)?;
        if rate > 0.0 {
            let due = begun + Duration::from_secs_f64(f64::from(ordinal) / rate);
            tokio::time::sleep_until(due.into()).await;
        }
        dialling.spawn(async move {
            let _turn = turn;
            let dialled = Instant::now();
            let connected = Station::obliging(&dial).await;
            let took = dialled.elapsed();
            let answered = connected.as_ref().map_or_else(|error| error.status().is_some(), |_| true);
            let outcome = match connected {
                Ok(station) if boot => booted(station).await,
                Ok(station) => Ok(station),
                Err(error) => Err(error.to_string()),
            };
            (answered.then_some(took), outcome)
        });
    }
    let (mut stations, mut times, mut refused) = (Vec::new(), Vec::new(), BTreeMap::<String, usize>::new());
    while let Some(dialled) = dialling.join_next().await {
        let (took, outcome) = dialled.map_err(io::Error::other)?;
        times.extend(took);
        match outcome {
            Ok(station) => stations.push(station),
            Err(why) => *refused.entry(why).or_default() += 1,
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(rank).map(|time| time.as_secs_f64() * 1_000.0)
    };
    let admitted = u32::try_from(stations.len()).unwrap_or(u32::MAX);
    let report = json!({
        "admitted": admitted,
        "answered": times.len(),
        "refused": refused,
        "seconds": seconds,
        "per_second": f64::from(admitted) / seconds,
        "p50_ms": at(50),
        "p99_ms": at(99),
        "max_ms": at(100),
    });
    Ok((stations, report))
}

/// Boots a station that has connected.
async fn booted(station: Station) -> Result<Station, String> {
    let answer = station.boot(&plate()).await.map_err(|error| error.to_string())?;
    match answer.status() {
        Some("Accepted") => Ok(station),
        _ => Err(format!("boot: {}", answer.text())),
    }
}

async fn status(stations: &[Station]) -> Value {
    let mut ended = BTreeMap::<String, usize>::new();
    let mut connected = 0;
    for station in stations {
        if station.is_open() {
            connected += 1;
        } else {
            let closed = station.closed().await;
            let code = closed.code.map_or_else(|| closed.reason.clone(), |code| code.to_string());
            *ended.entry(code).or_default() += 1;
        }
    }
    json!({ "connected": connected, "ended": ended })
}

async fn hang_up(stations: Vec<Station>) {
    let mut closing = JoinSet::new();
    for station in stations {
        closing.spawn(async move {
            if tokio::time::timeout(CLOSE_WAIT, station.close()).await.is_err() {
                station.cut().await;
            }
        });
    }
    closing.join_all().await;
}

fn plate() -> Nameplate {
    Nameplate {
        vendor: "Example".to_owned(),
        model: "Load".to_owned(),
        serial: "EX-000001".to_owned(),
        firmware: "1.0".to_owned(),
    }
}

fn parse(line: &str) -> io::Result<Order> {
    let wrong = || io::Error::other(format!("`{line}` is no instruction"));
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["connect", url, at_once, rate, boot] => Ok(Order::Connect {
            url: (*url).to_owned(),
            at_once: at_once.parse().map_err(|_| wrong())?,
            rate: rate.parse().map_err(|_| wrong())?,
            boot: *boot == "1",
        }),
        ["status"] => Ok(Order::Status),
        ["revoke", ordinal] => Ok(Order::Revoke(ordinal.parse().map_err(|_| wrong())?)),
        ["hang-up"] => Ok(Order::HangUp),
        _ => Err(wrong()),
    }
}
