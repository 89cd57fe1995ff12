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
use chargewarden_admin::{
    Admin, Check, Hosts, Readiness,
    control::{Socket, SocketError},
};
use chargewarden_engine::{EvidenceHealth, Ledger, World};
use chargewarden_evidence::{
    Bundle as BundleRecord, BundleOutcome, Durability, Event, Hash, Lifecycle, Phase, Record, Stamp,
};
use chargewarden_policy::Policies;
use chargewarden_proxy::{Applied, ListenerTls, Plan, Proxy, Roster, RosterError, tls::TlsProblem};
use chargewarden_store::{Scribe, Store, StoreError};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::{
    config::Settings,
    herald::Herald,
    inventory,
    operations::{Operations, Service},
    policies,
    reload::{self, InForce, Reloader, Scope},
    storage::{Storage, StorageError},
    telemetry,
};

/// How often it is looked whether evidence can be written.
const HEALTH_INTERVAL: Duration = Duration::from_millis(250);

/// A running gateway.
pub struct Gateway {
    proxy: Arc<Proxy>,
    admin: Admin,
    control: Socket,
    reloader: Arc<Reloader>,
    scribe: Scribe,
    store: Arc<dyn Store>,
    ready: Arc<AtomicBool>,
    /// Run until the gateway stops: the health of evidence, samples of metrics, files that others renew.
    keepers: Vec<JoinHandle<()>>,
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
    /// The control socket.
    #[error("control socket: {0}")]
    Control(#[from] SocketError),
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
        let resolve = inventory::resolver(settings.around.clone(), seal_key.clone());
        let roster = Arc::new(Roster::open(Arc::clone(&store), scribe.clone(), resolve).await?);
        let imported = reload::bring_into_line(&settings, &roster, None, "inventory-file").await?;
        announce(&settings, &roster, imported);

        let world = World {
            policies: Arc::new(Policies::new(settings.bundles.clone())),
            ledger: Arc::new(Ledger::default()),
            standings: Arc::new(chargewarden_proxy::read_standings(&*store).await),
            content_key,
            evidence: EvidenceHealth::Available,
            limits: settings.session_limits,
        };
        let world = Arc::new(ArcSwap::from_pointee(world));
        let proxy = Proxy::start(Plan {
            listeners: settings.listeners.clone(),
            bounds: settings.bounds.clone(),
            roster: Arc::clone(&roster),
            world: Arc::clone(&world),
            scribe: scribe.clone(),
            store: Arc::clone(&store),
        })
        .await?;
        policies::compare(&*store, &settings.bundles, &proxy).await?;
        let proxy = Arc::new(proxy);
        let ready = Arc::new(AtomicBool::new(true));
        let admin = Admin::start(chargewarden_admin::Plan {
            address: settings.admin,
            danger_allow_nonloopback: settings.danger_admin_nonloopback,
            hosts: Hosts::new(settings.admin_hosts.clone()),
            readiness: readiness(&ready, &scribe, &world),
            metrics: metrics.clone(),
        })
        .await?;
        let (place, herald) = (settings.store.clone(), Herald::new(scribe.clone(), Arc::downgrade(&proxy)));
        let means = (scribe.clone(), Arc::downgrade(&proxy), seal_key.clone());
        let reloader = Arc::new(Reloader::new(settings, Arc::clone(&roster), Arc::clone(&world), means));
        let service = Service {
            reloader: Arc::clone(&reloader),
            proxy: Arc::downgrade(&proxy),
            scribe: scribe.clone(),
            since: stamp(),
            stations_at: proxy.addresses().to_vec(),
            admin_at: admin.address(),
        };
        let operations = Operations::of_service(roster, herald, seal_key, service);
        let control = Socket::open(&place, Arc::new(operations))?;
        let keepers = vec![
            tokio::spawn(watch_evidence(scribe.clone(), world)),
            tokio::spawn(telemetry::keep_up(metrics)),
            tokio::spawn(reload::watch(Arc::clone(&reloader))),
        ];
        let gateway = Gateway { proxy, admin, control, reloader, scribe, store, ready, keepers };
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

    /// Reads the configuration and all it names again, and takes over what changed; on any problem nothing changes. What
    /// was done or is wrong is in the log, in evidence and in `chargewarden status`. True when it was taken over.
    pub async fn reload(&self, by: &str) -> bool {
        self.reloader.reload(by, Scope::All).await.is_ok()
    }

    /// Stops in order: not ready, accept nobody, close the sessions, write and sign the evidence.
    pub async fn shutdown(self) -> Stopped {
        let Gateway { proxy, admin, control, reloader, scribe, store, ready, keepers } = self;
        ready.store(false, Ordering::Release);
        proxy.stop_accepting();
        control.close().await;
        append_lifecycle(&scribe, Phase::Draining, &reloader).await;
        for keeper in keepers {
            keeper.abort();
            let _ = keeper.await;
        }
        let sessions_left = match sole(proxy).await {
            Ok(proxy) => proxy.drain().await,
            Err(busy) => busy.sessions(),
        };
        append_lifecycle(&scribe, Phase::Stopped, &reloader).await;
        drop((reloader, store));
        scribe.close().await;
        admin.stop();
        Stopped { sessions_left }
    }

    async fn record(&self, phase: Phase) {
        append_lifecycle(&self.scribe, phase, &self.reloader).await;
    }
}

/// The proxy for itself: whoever borrowed it for a request gives it back in a moment.
async fn sole(mut proxy: Arc<Proxy>) -> Result<Proxy, Arc<Proxy>> {
    /// Twice what a request on the control socket is waited for.
    const TRIES: u32 = 1000;
    for _ in 0..TRIES {
        proxy = match Arc::try_unwrap(proxy) {
            Ok(proxy) => return Ok(proxy),
            Err(shared) => shared,
        };
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(proxy)
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
        if world.load().evidence == health {
            continue;
        }
        tracing::warn!(?health, "the evidence log changed its state");
        // A reload may change it at the same time.
        world.rcu(|now| World { evidence: health, ..World::clone(now) });
    }
}

/// What evidence keeps of a configuration.
pub(crate) fn configuration_hash(canonical: &str) -> Hash {
    Hash(Sha256::digest(canonical.as_bytes()).into())
}

async fn append_lifecycle(scribe: &Scribe, phase: Phase, reloader: &Reloader) {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let InForce { canonical, dangers: danger, .. } = reloader.in_force();
    let configuration = configuration_hash(&canonical);
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
