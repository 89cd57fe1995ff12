//! The demo's world: a gateway as `run` starts it, a simulated management system behind it, a
//! simulated fleet before it, and the evidence log read back.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use chargewarden_evidence::{Message, Record, Side, Verdict};
use chargewarden_store::audit;
use chargewarden_testkit::fleet::{Fleet, Plan, roster};
use chargewarden_testkit::{Csms, quick_hash};

use super::script::Order;
use crate::Gateway;
use crate::config::{Config, Csms as CsmsEntry, Listen, Party, StationEntry, resolve};

/// How long an order's record may take to be found.
const RECORD_WAIT: Duration = Duration::from_secs(5);

/// The world.
pub(super) struct Scene {
    gateway: Gateway,
    csms: Csms,
    fleet: Fleet,
    folder: PathBuf,
    /// Number of the first record behind that of the last order.
    unread: u64,
    /// Removes the folder in the end, unless it is kept.
    _temporary: Option<tempfile::TempDir>,
}

/// What became of an order.
pub(super) struct Outcome {
    pub(super) seq: u64,
    pub(super) message: Message,
    pub(super) reached_station: bool,
}

/// What the evidence says in the end.
pub(super) struct Ending {
    pub(super) records: usize,
    pub(super) messages: usize,
    pub(super) reports_refused: usize,
    pub(super) verified: bool,
}

impl Scene {
    /// Starts everything.
    pub(super) async fn set(keep: Option<&Path>, speed: f64) -> anyhow::Result<Self> {
        let temporary =
            keep.is_none().then(tempfile::tempdir).transpose().context("no temporary directory")?;
        let folder = match (keep, &temporary) {
            (Some(kept), _) => kept.to_owned(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => bail!("no place for the evidence"),
        };
        ensure!(
            !folder.join("data").exists(),
            "`{}` has the data of an earlier run; give a new directory",
            folder.display()
        );
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        let csms = Csms::start().await.context("no loopback port for the management system")?;
        let entries = roster();
        let mut secrets = BTreeMap::new();
        let mut stations = Vec::new();
        for entry in &entries {
            let secret: String = fresh()?.iter().map(|byte| format!("{byte:02x}")).collect();
            stations.push(StationEntry {
                id: entry.id.clone(),
                profile: 1,
                secret_hash: quick_hash(&secret, &fresh()?),
                versions: vec![entry.version.to_string()],
                site: Some(entry.site.clone()),
                ..StationEntry::default()
            });
            secrets.insert(entry.id.clone(), secret);
        }
        let listen = vec![Listen { address: "127.0.0.1:0".to_owned(), ..Listen::default() }];
        let mut config = Config { listen, ..Config::default() };
        config.admin.address = "127.0.0.1:0".to_owned();
        config.store.path = folder.join("data");
        // The whole fleet comes from one address.
        config.limits.handshakes_per_second_per_address = 1_000;
        config.csms = vec![CsmsEntry {
            name: "cnp".into(),
            party: "cso".into(),
            url: csms.url(),
            ..CsmsEntry::default()
        }];
        config.parties = vec![Party { name: "cso".into(), bundles: vec!["builtin:cso-baseline".into()] }];
        config.inventory.stations = stations;
        let settings = resolve(&config, &folder).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let gateway = Gateway::start(settings).await?;
        let fleet = Fleet::launch(&Plan {
            url: format!("ws://{}/ocpp", gateway.addresses().first()),
            password: Arc::new(move |station| secrets.get(station).cloned().unwrap_or_default()),
            tls: None,
            speed,
            seed: 7,
            entries,
        });
        Ok(Self { gateway, csms, fleet, folder, unread: 0, _temporary: temporary })
    }

    /// Waits until every station is connected and half of them charge, or as long as `wait`. Returns how many are connected.
    pub(super) async fn wait_for_fleet(&self, wait: Duration) -> usize {
        let deadline = Instant::now() + wait;
        loop {
            let stations = self.fleet.snapshots();
            let online = stations.iter().filter(|station| station.online).count();
            let settled = online == stations.len() && self.charging() * 2 >= stations.len();
            if settled || Instant::now() >= deadline {
                return online;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) fn charging(&self) -> usize {
        self.fleet.snapshots().iter().filter(|station| station.charging).count()
    }

    pub(super) fn power_kw(&self) -> u64 {
        self.fleet.power_w() / 1000
    }

    /// Gives an order at the console, and finds out what became of it.
    pub(super) async fn give(&mut self, order: &Order) -> anyhow::Result<Outcome> {
        let session = self
            .csms
            .wait_for(order.station, RECORD_WAIT)
            .await
            .with_context(|| format!("{} is not connected", order.station))?;
        let obeyed = |fleet: &Fleet| {
            let station = fleet.snapshot(order.station);
            station.and_then(|station| station.commands.get(order.action).copied()).unwrap_or(0)
        };
        let before = obeyed(&self.fleet);
        // What the console is told is of no interest here: the evidence says more.
        let _ = session.call(order.action, order.payload.clone()).await;
        let deadline = Instant::now() + RECORD_WAIT;
        loop {
            let records = self.records(self.unread)?;
            let mut messages =
                records.iter().filter_map(|(seq, record)| Some((*seq, record.event.message()?)));
            if let Some((seq, message)) = messages.find(|(_, message)| is_of(message, order)) {
                let message = message.clone();
                self.unread = seq + 1;
                return Ok(Outcome { seq, message, reached_station: obeyed(&self.fleet) > before });
            }
            ensure!(Instant::now() < deadline, "no record of {} to {}", order.action, order.station);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends everything, and reads the whole log.
    pub(super) async fn end(self) -> anyhow::Result<Ending> {
        let Self { gateway, csms, fleet, folder, unread: _, _temporary } = self;
        fleet.wind_down().await;
        gateway.shutdown().await;
        drop(csms);
        let data = folder.join("data");
        let verified = audit::verify_log(&data, None, None)?.is_clean();
        let records = read(&data, 0)?;
        let messages: Vec<&Message> =
            records.iter().filter_map(|(_, record)| record.event.message()).collect();
        let refused_report =
            |message: &&&Message| message.from == Side::Station && message.verdict != Verdict::Forward;
        Ok(Ending {
            records: records.len(),
            messages: messages.len(),
            reports_refused: messages.iter().filter(refused_report).count(),
            verified,
        })
    }

    fn records(&self, from: u64) -> anyhow::Result<Vec<(u64, Record)>> {
        read(&self.folder.join("data"), from)
    }
}

fn is_of(message: &Message, order: &Order) -> bool {
    message.from == Side::Csms
        && &*message.action == order.action
        && message.who.fields().station == order.station
}

fn read(data: &Path, from: u64) -> anyhow::Result<Vec<(u64, Record)>> {
    let mut lines = Vec::new();
    audit::export(data, from, &mut lines)?;
    let mut records = Vec::new();
    for line in lines.lines() {
        let entry: serde_json::Value = serde_json::from_str(&line?)?;
        let seq =
            entry.get("seq").and_then(serde_json::Value::as_u64).context("an entry without a number")?;
        let record = entry.get("record").context("an entry without a record")?;
        records.push((seq, Record::parse(record.to_string().as_bytes())?));
    }
    Ok(records)
}

/// Sixteen random bytes.
fn fresh() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
