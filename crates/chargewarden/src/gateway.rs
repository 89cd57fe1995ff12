//! The whole service in one value: store, evidence, proxy, admin.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use chargewarden_admin::{Admin, Check, Hosts, Readiness};
use chargewarden_engine::{EvidenceHealth, World};
use chargewarden_evidence::{
    Bundle as BundleRecord, BundleOutcome, Durability, Event, Hash, Lifecycle, Phase, Record, Stamp,
};
use chargewarden_policy::Policies;
use chargewarden_proxy::{Applied, ListenerTls, Plan, Proxy, Roster, RosterError, tls::TlsProblem};
use chargewarden_store::{Scribe, Source, Store, StoreError};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::{
    config::Settings,
    inventory::{self, Import},
    policies,
    storage::{Storage, StorageError},
    telemetry,
};

/// How often it is looked whether evidence can be written.
const HEALTH_INTERVAL: Duration = Duration::from_millis(250);

/// A running gateway.
pub struct Gateway {
    proxy: Proxy,
    admin: Admin,
    scribe: Scribe,
    store: Arc<dyn Store>,
    ready: Arc<AtomicBool>,
    canonical: String,
    dangers: Vec<String>,
    watch: JoinHandle<()>,
    keep_up: JoinHandle<()>,
}

/// Where a gateway listens, with the ports the system gave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Addresses {
    /// For stations, in the order of `listen`: `ws://{stations}/ocpp/{stationId}`, or `wss://` where the listener has TLS.
    pub stations: Vec<SocketAddr>,
    /// For health, readiness and metrics.
    pub admin: SocketAddr,
}

impl Addresses {
    /// The first place for stations.
    #[must_use]
    pub fn first(&self) -> SocketAddr {
        // There is always one: a proxy without a listener does not start.
        self.stations.first().copied().unwrap_or(self.admin)
    }
}

/// How a gateway ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Sessions that had not ended in time.
    pub sessions_left: usize,
}

/// Why a gateway does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The inventory cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The inventory cannot be brought into line with its file.
    #[error("inventory: {0}")]
    Roster(#[from] RosterError),
    /// The listener for stations.
    #[error("listen: {0}")]
    Proxy(#[from] chargewarden_proxy::StartError),
    /// The admin server.
    #[error("admin.address: {0}")]
    Admin(#[from] chargewarden_admin::StartError),
    /// No place for metrics.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

impl Gateway {
    /// Opens the store, brings the inventory into line, and listens.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running.
    pub async fn start(settings: Settings) -> Result<Gateway, StartError> {
        let metrics = telemetry::metrics()?;
        let Storage { scribe, store, content_key, seal_key } =
            Storage::open(&settings.store, &settings.log_name)?;
        record_bundles(&settings, &scribe).await;
        let resolve = inventory::resolver(settings.around.clone(), seal_key);
        let roster = Arc::new(Roster::open(Arc::clone(&store), scribe.clone(), resolve).await?);
        let imported = import(&settings, &roster).await?;
        announce(&settings, &roster, imported);

        let world = World {
            policies: Arc::new(Policies::new(settings.bundles.clone())),
            content_key,
            evidence: EvidenceHealth::Available,
            limits: settings.session_limits,
        };
        let world = Arc::new(ArcSwap::from_pointee(world));
        let proxy = Proxy::start(Plan {
            listeners: settings.listeners,
            bounds: settings.bounds.clone(),
            roster,
            world: Arc::clone(&world),
            scribe: scribe.clone(),
            store: Arc::clone(&store),
        })
        .await?;
        policies::compare(&*store, &settings.bundles, &proxy).await?;
        let ready = Arc::new(AtomicBool::new(true));
        let admin = Admin::start(chargewarden_admin::Plan {
            address: settings.admin,
            danger_allow_nonloopback: settings.danger_admin_nonloopback,
            hosts: Hosts::new(settings.admin_hosts),
            readiness: readiness(&ready, &scribe, &world),
            metrics: metrics.clone(),
        })
        .await?;
        let gateway = Gateway {
            proxy,
            admin,
            watch: tokio::spawn(watch_evidence(scribe.clone(), world)),
            keep_up: tokio::spawn(telemetry::keep_up(metrics)),
            scribe,
            store,
            ready,
            canonical: settings.canonical,
            dangers: settings.dangers,
        };
        gateway.record(Phase::Started).await;
        Ok(gateway)
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Addresses { stations: self.proxy.addresses().to_vec(), admin: self.admin.address() }
    }

    /// Reads the TLS files of a listener anew, by its place in the configuration: see [`Proxy::reload_tls`].
    ///
    /// # Errors
    /// What is wrong with the files; then what was in force stays in force.
    pub async fn reload_tls(&self, listener: usize, tls: ListenerTls) -> Result<(), TlsProblem> {
        self.proxy.reload_tls(listener, tls).await
    }

    /// The inventory.
    #[must_use]
    pub fn roster(&self) -> &Arc<Roster> {
        self.proxy.roster()
    }

    /// Stations connected, and those being admitted.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.proxy.sessions()
    }

    /// The store, to read evidence and inventory from.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The evidence log, to append to and to ask for its health.
    #[must_use]
    pub fn scribe(&self) -> &Scribe {
        &self.scribe
    }

    /// Stops in order: not ready, accept nobody, close the sessions, write and sign the evidence.
    pub async fn shutdown(self) -> Stopped {
        self.ready.store(false, Ordering::Release);
        self.proxy.stop_accepting();
        self.record(Phase::Draining).await;
        let canonical = configuration_hash(&self.canonical);
        let sessions_left = self.proxy.drain().await;
        append_lifecycle(&self.scribe, Phase::Stopped, canonical, self.dangers).await;
        self.watch.abort();
        self.keep_up.abort();
        self.scribe.close().await;
        self.admin.stop();
        Stopped { sessions_left }
    }

    async fn record(&self, phase: Phase) {
        append_lifecycle(&self.scribe, phase, configuration_hash(&self.canonical), self.dangers.clone())
            .await;
    }
}

/// Brings the inventory into line with its file, if there is one.
async fn import(settings: &Settings, roster: &Roster) -> Result<Applied, RosterError> {
    let Some(entries) = &settings.entries else { return Ok(Applied::default()) };
    let wanted =
        entries.iter().map(|entry| inventory::of_entry(entry, &settings.around, Source::File)).collect();
    let import = Import { source: Source::File, prune: true };
    roster
        .replace(None, "inventory-file", |stored| {
            inventory::plan(stored, wanted, import).map_err(RosterError::Unfit)
        })
        .await
}

fn announce(settings: &Settings, roster: &Roster, imported: Applied) {
    let Applied { added, changed, removed } = imported;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = %settings.store.display(),
        stations = roster.len(),
        added, changed, removed,
        parties = settings.parties.len(),
        "starting"
    );
    for key in &settings.dangers {
        tracing::warn!(setting = key, "a danger_ setting weakens security");
    }
}

async fn record_bundles(settings: &Settings, scribe: &Scribe) {
    for bundle in &settings.bundles {
        let digest = Hash(bundle.digest());
        tracing::info!(party = %bundle.party(), name = bundle.name(), version = bundle.version(), %digest, "bundle loaded");
        let loaded = BundleRecord {
            outcome: BundleOutcome::Loaded,
            party: bundle.party().to_string(),
            name: bundle.name().to_owned(),
            version: bundle.version().to_owned(),
            digest,
            problem: String::new(),
        };
        append(scribe, Event::Bundle(loaded)).await;
    }
}

fn readiness(ready: &Arc<AtomicBool>, scribe: &Scribe, world: &Arc<ArcSwap<World>>) -> Readiness {
    let (ready, scribe, world) = (Arc::clone(ready), scribe.clone(), Arc::clone(world));
    Readiness::new(move || {
        let listener = if ready.load(Ordering::Acquire) {
            Check::ready("listener")
        } else {
            Check::not_ready("listener", "the service is being stopped")
        };
        let store = if scribe.is_available() {
            Check::ready("store")
        } else {
            Check::not_ready("store", "evidence cannot be written; is the disk full?")
        };
        let policies = if world.load().policies.bundles().is_empty() {
            Check::not_ready("policies", "no bundle is in force: everything is refused")
        } else {
            Check::ready("policies")
        };
        let checks = vec![listener, store, policies];
        let all = checks.iter().all(|check| check.ready);
        metrics::gauge!("chargewarden_ready").set(if all { 1.0 } else { 0.0 });
        checks
    })
}

/// Tells the sessions when evidence cannot be written, and when it can again.
async fn watch_evidence(scribe: Scribe, world: Arc<ArcSwap<World>>) {
    let gauge = metrics::gauge!("chargewarden_evidence_available");
    let mut interval = tokio::time::interval(HEALTH_INTERVAL);
    loop {
        interval.tick().await;
        let health =
            if scribe.is_available() { EvidenceHealth::Available } else { EvidenceHealth::Buffering };
        gauge.set(if health == EvidenceHealth::Available { 1.0 } else { 0.0 });
        let now = world.load_full();
        if now.evidence == health {
            continue;
        }
        tracing::warn!(?health, "the evidence log changed its state");
        world.store(Arc::new(World {
            policies: Arc::clone(&now.policies),
            content_key: now.content_key.clone(),
            evidence: health,
            limits: now.limits,
        }));
    }
}

fn configuration_hash(canonical: &str) -> Hash {
    Hash(Sha256::digest(canonical.as_bytes()).into())
}

async fn append_lifecycle(scribe: &Scribe, phase: Phase, configuration: Hash, danger: Vec<String>) {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    append(scribe, Event::Lifecycle(Lifecycle { phase, version, configuration, danger })).await;
}

async fn append(scribe: &Scribe, event: Event) {
    if let Err(error) = scribe.append(&Record { at: stamp(), event }, Durability::Before).await {
        tracing::error!(%error, "the evidence log does not take a record of the service");
    }
}

/// The time of day, as records have it.
pub(crate) fn stamp() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
