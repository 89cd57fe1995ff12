//! Closed-loop stations: each sends a MeterValues, waits for its answer, and sends the next.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, Uri};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

/// Handshakes under way at once.
const DIALLING_MAX: usize = 32;
/// An answer that takes longer ends the bench.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Stations that all dial one URL.
#[derive(Args)]
pub(crate) struct Stations {
    /// Base URL; `PREFIX0000` and so on are appended.
    #[arg(long)]
    url: String,
    /// What the station ids begin with.
    #[arg(long)]
    prefix: String,
    /// How many.
    #[arg(long)]
    count: usize,
    /// Basic password of every station.
    #[arg(long)]
    password: String,
}

/// One order to all stations, distinguished by its number.
#[derive(Clone, Copy, Default)]
struct Round {
    number: u64,
    length: Duration,
    /// Time from one message of a station to its next; zero is as fast as the answers come.
    pace: Duration,
}

type Socket = WebSocketStream<TcpStream>;

impl Stations {
    pub(crate) async fn run(self) -> io::Result<()> {
        let (order, orders) = watch::channel(Round::default());
        let (report, mut reports) = mpsc::channel(self.count.max(1));
        let dialling = Arc::new(Semaphore::new(DIALLING_MAX));
        for ordinal in 0..self.count {
            let _turn = dialling.clone().acquire_owned().await.map_err(io::Error::other)?;
            let id = format!("{}{ordinal:04}", self.prefix);
            let url = format!("{}/{id}", self.url);
            let credentials = STANDARD.encode(format!("{id}:{}", self.password));
            let station = Station { id, ordinal, count: self.count, orders: orders.clone() };
            let report = report.clone();
            tokio::spawn(async move {
                let outcome = station.live(&url, &credentials, _turn, &report).await;
                if let Err(error) = outcome {
                    // Whoever listened may be gone already.
                    let _ = report.send(Err(error)).await;
                }
            });
        }
        for _ in 0..self.count {
            hear(&mut reports).await?;
        }
        println!("ready {}", self.count);

        let mut lines = crate::instructions();
        while let Some(line) = lines.recv().await {
            let (length, pace) = parse(&line)?;
            let begun = Instant::now();
            order.send_modify(|round| *round = Round { number: round.number + 1, length, pace });
            let mut latencies = Vec::new();
            for _ in 0..self.count {
                latencies.extend(hear(&mut reports).await?);
            }
            println!("{}", summary(&mut latencies, begun.elapsed()));
        }
        Ok(())
    }
}

/// One station.
struct Station {
    id: String,
    ordinal: usize,
    count: usize,
    orders: watch::Receiver<Round>,
}

/// Round-trip times of one station in one round, in nanoseconds; empty when it has connected.
type Report = io::Result<Vec<u32>>;

impl Station {
    async fn live(
        mut self,
        url: &str,
        credentials: &str,
        dialling: tokio::sync::OwnedSemaphorePermit,
        reports: &mpsc::Sender<Report>,
    ) -> io::Result<()> {
        let mut socket = self.connect(url, credentials).await?;
        drop(dialling);
        self.report(reports, Vec::new()).await?;
        loop {
            tokio::select! {
                order = self.orders.changed() => {
                    // The bench is over when nobody gives orders.
                    if order.is_err() { return Ok(()) }
                    let round = *self.orders.borrow_and_update();
                    let latencies = self.round(&mut socket, round).await?;
                    self.report(reports, latencies).await?;
                }
                // Reading answers pings, also while idle.
                message = socket.next() => self.unasked(message)?,
            }
        }
    }

    async fn connect(&self, url: &str, credentials: &str) -> io::Result<Socket> {
        let uri = Uri::from_str(url).map_err(io::Error::other)?;
        let address = uri.authority().map(ToString::to_string).unwrap_or_default();
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let basic = HeaderValue::from_str(&format!("Basic {credentials}")).map_err(io::Error::other)?;
        let (mut socket, _) = ClientBuilder::from_uri(uri)
            .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("ocpp1.6"))
            .and_then(|builder| builder.add_header(AUTHORIZATION, basic))
            .map_err(io::Error::other)?
            .connect_on(stream)
            .await
            .map_err(|error| io::Error::other(format!("{}: {error}", self.id)))?;
        let boot = json!({ "chargePointVendor": "Example", "chargePointModel": "Bench" });
        let boot = json!([2, "boot", "BootNotification", boot]).to_string();
        self.exchange(&mut socket, "boot", boot).await?;
        Ok(socket)
    }

    async fn round(&self, socket: &mut Socket, round: Round) -> io::Result<Vec<u32>> {
        let begun = Instant::now();
        let mut latencies = Vec::new();
        // Paced stations are spread evenly over their interval.
        let offset = f64::from(u32::try_from(self.ordinal).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(self.count).unwrap_or(u32::MAX));
        let mut next = begun + round.pace.mul_f64(offset);
        let mut sequence: u64 = 0;
        while begun.elapsed() < round.length {
            if !round.pace.is_zero() {
                tokio::time::sleep_until(next.into()).await;
                next += round.pace;
            }
            sequence += 1;
            let id = format!("{}-{}-{sequence}", self.ordinal, round.number);
            let text = meter_values(&id, sequence);
            let sent = Instant::now();
            self.exchange(socket, &id, text).await?;
            latencies.push(u32::try_from(sent.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
        Ok(latencies)
    }

    async fn exchange(&self, socket: &mut Socket, id: &str, text: String) -> io::Result<()> {
        socket.send(Message::text(text)).await.map_err(io::Error::other)?;
        let answer = async {
            loop {
                match socket.next().await {
                    Some(Ok(message)) => match message.as_text() {
                        Some(text) => return Ok(text.to_owned()),
                        None => continue,
                    },
                    Some(Err(error)) => return Err(io::Error::other(error)),
                    None => return Err(io::Error::other("connection closed")),
                }
            }
        };
        let answer = tokio::time::timeout(ANSWER_WAIT, answer)
            .await
            .map_err(|_| io::Error::other(format!("{}: no answer to {id}", self.id)))??;
        if !answer.starts_with("[3,") || answer.split('"').nth(1) != Some(id) {
            return Err(io::Error::other(format!("{}: answered {answer}", self.id)));
        }
        Ok(())
    }

    fn unasked(&self, message: Option<Result<Message, tokio_websockets::Error>>) -> io::Result<()> {
        match message {
            Some(Ok(message)) if message.is_ping() || message.is_pong() => Ok(()),
            Some(Ok(message)) => {
                let text = message.as_text().unwrap_or("a message that is not text");
                Err(io::Error::other(format!("{}: unasked: {text}", self.id)))
            }
            Some(Err(error)) => Err(io::Error::other(format!("{}: {error}", self.id))),
            None => Err(io::Error::other(format!("{}: connection closed", self.id))),
        }
    }

    async fn report(&self, reports: &mpsc::Sender<Report>, latencies: Vec<u32>) -> io::Result<()> {
        reports.send(Ok(latencies)).await.map_err(io::Error::other)
    }
}

async fn hear(reports: &mut mpsc::Receiver<Report>) -> Report {
    reports.recv().await.unwrap_or_else(|| Err(io::Error::other("all stations have gone")))
}

/// A MeterValues call of about 300 bytes.
fn meter_values(id: &str, sequence: u64) -> String {
    let now = crate::now();
    let energy = 120_000 + sequence;
    format!(
        "[2,\"{id}\",\"MeterValues\",{{\"connectorId\":1,\"meterValue\":[{{\"timestamp\":\"{now}\",\
         \"sampledValue\":[{{\"value\":\"{energy}\",\"context\":\"Sample.Periodic\",\
         \"measurand\":\"Energy.Active.Import.Register\",\"unit\":\"Wh\"}},\
         {{\"value\":\"11040\",\"measurand\":\"Power.Active.Import\",\"unit\":\"W\"}}]}}]}}]"
    )
}

/// Reads `go SECONDS PACE_MS`.
fn parse(line: &str) -> io::Result<(Duration, Duration)> {
    let mut words = line.split(' ');
    let mut number = || words.next().and_then(|word| word.parse::<f64>().ok());
    let wrong = || io::Error::other(format!("`{line}` is no instruction"));
    // The first word is the verb.
    let _go = number();
    let seconds = number().ok_or_else(wrong)?;
    let pace_ms = number().ok_or_else(wrong)?;
    Ok((Duration::from_secs_f64(seconds), Duration::from_secs_f64(pace_ms / 1_000.0)))
}

/// What a round gave, as one line of JSON.
fn summary(latencies: &mut [u32], elapsed: Duration) -> serde_json::Value {
    latencies.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank below the length"
        )]
        let rank = (latencies.len() as f64 * share) as usize;
        latencies.get(rank.min(latencies.len().saturating_sub(1))).map(|ns| f64::from(*ns) / 1_000.0)
    };
    json!({
        "round_trips": latencies.len(),
        "seconds": elapsed.as_secs_f64(),
        "p50_us": at(0.50),
        "p99_us": at(0.99),
        "p999_us": at(0.999),
    })
}
