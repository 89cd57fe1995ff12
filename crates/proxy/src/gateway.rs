//! The running proxy: what its tasks share, how it starts and how it drains.

use std::{
    hash::RandomState,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use chargewarden_engine::{Whom, World};
use chargewarden_evidence::Security;
use chargewarden_ocpp::Timestamp;
use chargewarden_policy::Standing;
use chargewarden_store::{Scribe, Store};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpSocket},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    arrival::Listener,
    bounds::Bounds,
    checks::Checks,
    clock::Clock,
    credential::Credentials,
    doors::Doors,
    handshake::StationId,
    listener::{self, Entrance, ListenerPlan, ListenerTls},
    meters::Meters,
    origin::Origin,
    pace::{Pace, Used},
    placements::Placements,
    presence::{Presence, Told},
    quarantine::{Patience, Quarantine},
    recorder::Recorder,
    remembered::Remembered,
    roster::Roster,
    rotation::Rotated,
    secret::Secret,
    states::States,
    throttle::{Leniency, Throttle},
    tls::{Acceptance, TlsProblem},
    upstream::displacement::Displacement,
};

/// What a proxy is started with.
pub struct Plan {
    /// Where stations connect: at least one.
    pub listeners: Vec<ListenerPlan>,
    /// The bounds in force.
    pub bounds: Bounds,
    /// Who may connect.
    pub roster: Arc<Roster>,
    /// Policies, keys and limits for the core; replaced while running by [`Proxy::world`].
    pub world: Arc<ArcSwap<World>>,
    /// The evidence log.
    pub scribe: Scribe,
    /// Where what is learned of stations is kept.
    pub store: Arc<dyn Store>,
}

/// Why a proxy does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A plain listener that others can reach, without the setting that permits it.
    #[error(
        "`{0}` is not a loopback address, and a listener without TLS would let anyone on the way read and change everything; \
         listen on 127.0.0.1, or set `danger_allow_plain_nonloopback = true`"
    )]
    PlainNonLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The TLS files of a listener cannot be used.
    #[error("the listener `{address}` cannot be secured")]
    Tls {
        /// The address.
        address: SocketAddr,
        /// What is wrong.
        #[source]
        source: TlsProblem,
    },
    /// No listener at all.
    #[error("there is nowhere to listen")]
    Nowhere,
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Stations whose rate of admissions is remembered at once. Of more, those forget it that used the least.
const STATIONS_MAX: usize = 131_072;

/// What all tasks of a proxy share.
pub(crate) struct Shared {
    pub(crate) bounds: Bounds,
    pub(crate) roster: Arc<Roster>,
    pub(crate) world: Arc<ArcSwap<World>>,
    pub(crate) recorder: Recorder,
    pub(crate) states: States,
    pub(crate) placements: Placements,
    pub(crate) credentials: Credentials,
    throttle: Mutex<Throttle>,
    quarantine: Mutex<Quarantine>,
    /// Admissions per station.
    admissions: Mutex<Remembered<Used>>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) displacement: Displacement,
    pub(crate) sessions: TaskTracker,
    pub(crate) meters: Meters,
    pub(crate) clock: Clock,
    stop: CancellationToken,
    /// Tells the sessions of this run from those of others in the log.
    run: u32,
    numbers: AtomicU64,
}

impl Shared {
    pub(crate) fn is_draining(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Who failed to prove who it is. Never held across a wait.
    pub(crate) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses that are kept out. Never held across a wait.
    pub(crate) fn quarantine(&self) -> MutexGuard<'_, Quarantine> {
        self.quarantine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether people set an address apart.
    pub(crate) fn is_set_apart(&self, origin: Origin, now: Timestamp) -> bool {
        let world = self.world.load();
        !world.standings.is_empty()
            && world.standings.of(&Whom::Source(origin.to_string()), now) == Standing::Quarantined
    }

    /// Counts an admission of a station.
    ///
    /// # Errors
    /// It was admitted too often; how long until it may be again.
    pub(crate) fn take_admission(&self, station: &StationId, now: Instant) -> Result<(), Duration> {
        let per_minute = self.bounds.admissions_per_station;
        let pace = Pace::new(per_minute, Duration::from_secs(60), per_minute);
        let mut admissions = self.admissions.lock().unwrap_or_else(PoisonError::into_inner);
        admissions.change(station, now, Used::none(now), |used| used.take(pace, now))
    }

    /// Short, printable, unique in the log: it stands in tickets.
    pub(crate) fn next_session_id(&self) -> String {
        format!("{:08x}.{:x}", self.run, self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// A time between zero and `max`, different for each caller. Spreads load; nothing depends on its being hard to guess.
    pub(crate) fn within(&self, max: Duration) -> Duration {
        /// Fractional part of the golden ratio, in 2^-32: successive multiples spread evenly.
        const STRIDE: u64 = 2_654_435_769;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let share = u32::try_from(number.wrapping_mul(STRIDE) & u64::from(u32::MAX)).unwrap_or(0);
        max.mul_f64(f64::from(share) / f64::from(u32::MAX))
    }
}

/// TLS files that were read and can be used, and are not yet in force.
pub struct FreshTls(Vec<(Arc<Listener>, Arc<Acceptance>)>);

/// A running proxy.
pub struct Proxy {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    listeners: Vec<Arc<Listener>>,
    accepting: Vec<tokio::task::JoinHandle<()>>,
    writing_states: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens and begins to admit stations.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(plan: Plan) -> Result<Proxy, StartError> {
        let mut bound = Vec::with_capacity(plan.listeners.len());
        for listener in plan.listeners {
            bound.push(bind(listener)?);
        }
        if bound.is_empty() {
            return Err(StartError::Nowhere);
        }
        let (mut key, mut run) = ([0; 32], [0; 4]);
        getrandom::fill(&mut key).and_then(|()| getrandom::fill(&mut run)).map_err(StartError::Random)?;
        let stop = CancellationToken::new();
        let standings = Arc::clone(&plan.world.load().standings);
        let placements = Placements::start(Arc::clone(&plan.store), Arc::clone(&plan.roster), standings);
        let (states, writing_states) = States::start(plan.store);
        let bounds = &plan.bounds;
        let leniency = Leniency {
            per_address: bounds.guesses_per_address,
            per_station: bounds.guesses_per_station,
            delay_max: bounds.guess_delay_max,
        };
        let patience = Patience {
            challenges: bounds.lost_challenges,
            window: bounds.lost_challenge_window,
            lasts: bounds.address_quarantine,
        };
        let shared = Arc::new(Shared {
            credentials: Credentials::new(Checks::new(bounds.secret_checks, bounds.secret_wait), key),
            throttle: Mutex::new(Throttle::new(leniency, RandomState::new())),
            quarantine: Mutex::new(Quarantine::new(patience, RandomState::new())),
            admissions: Mutex::new(Remembered::new(STATIONS_MAX, RandomState::new())),
            bounds: plan.bounds,
            world: plan.world,
            recorder: Recorder::new(plan.scribe),
            states,
            placements,
            presence: Arc::clone(&plan.roster.presence),
            roster: plan.roster,
            displacement: Displacement::default(),
            sessions: TaskTracker::new(),
            meters: Meters::new(),
            clock: Clock::start(),
            stop: stop.clone(),
            run: u32::from_be_bytes(run),
            numbers: AtomicU64::new(1),
        });
        tokio::spawn(sum_up(Arc::downgrade(&shared)));
        let doors = Arc::new(Doors::new(&shared.bounds, Instant::now(), RandomState::new()));
        let (mut addresses, mut listeners, mut accepting) = (Vec::new(), Vec::new(), Vec::new());
        for (listener, tcp, address) in bound {
            addresses.push(address);
            listeners.push(Arc::clone(&listener));
            let entrance = Entrance { gateway: Arc::clone(&shared), listener, doors: Arc::clone(&doors) };
            accepting.push(tokio::spawn(listener::accept(entrance, tcp, stop.clone())));
        }
        Ok(Proxy { shared, addresses, listeners, accepting, writing_states })
    }

    /// Where stations connect, in the order of [`Plan::listeners`], with the ports the system gave where 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether stations are admitted.
    #[must_use]
    pub fn is_accepting(&self) -> bool {
        !self.shared.is_draining() && self.accepting.iter().any(|accepting| !accepting.is_finished())
    }

    /// Sessions and admissions under way.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.shared.presence.len()
    }

    /// The inventory. Changed through it, it takes effect at once: see [`Roster`].
    #[must_use]
    pub fn roster(&self) -> &Arc<Roster> {
        &self.shared.roster
    }

    /// Raises a security event of the service as a whole: recorded, counted and logged like those of the proxy itself.
    pub async fn security(&self, event: Security) {
        self.shared.recorder.security(event).await;
    }

    /// Reads the TLS files of a listener anew, by its place in [`Plan::listeners`], and puts them in force: see
    /// [`Proxy::read_tls`].
    ///
    /// # Errors
    /// What is wrong with the files; then what was in force stays in force.
    pub async fn reload_tls(&self, listener: usize, tls: ListenerTls) -> Result<(), TlsProblem> {
        let read = self.read_tls(vec![(listener, tls)]).await.map_err(|(_, problem)| problem)?;
        self.put_tls_in_force(read);
        Ok(())
    }

    /// Reads the TLS files of listeners anew, by their places in [`Plan::listeners`]. What is in force stays until
    /// [`Proxy::put_tls_in_force`].
    ///
    /// # Errors
    /// The first listener whose files are wrong, and what is wrong with them.
    pub async fn read_tls(&self, all: Vec<(usize, ListenerTls)>) -> Result<FreshTls, (usize, TlsProblem)> {
        let mut fresh = Vec::with_capacity(all.len());
        for (number, tls) in all {
            let Some(door) = self.listeners.get(number).cloned() else {
                return Err((number, TlsProblem::NoListener(number)));
            };
            let reading = Arc::clone(&door);
            let read = tokio::task::spawn_blocking(move || reading.read_again(&tls)).await;
            match read.unwrap_or_else(|error| Err(TlsProblem::Interrupted(error.to_string()))) {
                Ok(acceptance) => fresh.push((door, acceptance)),
                Err(error) => {
                    tracing::error!(
                        listener = self.addresses.get(number).map(ToString::to_string).unwrap_or_default(),
                        error = &error as &dyn std::error::Error,
                        "TLS files cannot be used; those read before stay in force"
                    );
                    return Err((number, error));
                }
            }
        }
        Ok(FreshTls(fresh))
    }

    /// New connections are judged by what was read from now on. Open sessions stay, but for those of security profile 3 whose
    /// certificate is no longer good: they end at once.
    pub fn put_tls_in_force(&self, fresh: FreshTls) {
        if fresh.0.is_empty() {
            return;
        }
        for (door, acceptance) in fresh.0 {
            door.put_in_force(acceptance);
            tracing::info!(listener = %door.plan.address, "TLS files read again");
        }
        for signal in self.shared.presence.connected() {
            signal.tell(Told::Reexamine);
        }
    }

    /// Gives a connected station this password by a command of our own: see [`Roster::rotate`].
    pub async fn rotate(&self, id: &StationId, secret: &Secret) -> Rotated {
        self.shared.roster.rotate(id, Some(secret)).await
    }

    /// Stops accepting at once. Also what makes the service not ready.
    pub fn stop_accepting(&self) {
        self.shared.stop.cancel();
    }

    /// Stops: accepts nobody any more, tells the sessions one after another over [`Bounds::drain_spread`], and waits for
    /// their ends [`Bounds::drain_wait`] longer. Returns how many had not ended by then.
    pub async fn drain(self) -> usize {
        self.stop_accepting();
        for accepting in self.accepting {
            let _ = accepting.await;
        }
        let shared = &self.shared;
        let signals = shared.presence.connected();
        let pause = shared.bounds.drain_spread / u32::try_from(signals.len().max(1)).unwrap_or(u32::MAX);
        for signal in signals {
            signal.tell(Told::Drain);
            tokio::time::sleep(pause).await;
        }
        shared.sessions.close();
        let _ = timeout(shared.bounds.drain_wait, shared.sessions.wait()).await;
        let left = shared.sessions.len();
        shared.recorder.sum_up(true).await;
        let _ = timeout(shared.bounds.drain_wait, shared.roster.ratchet.flush()).await;
        let (wait, writing_states) = (shared.bounds.drain_wait, self.writing_states);
        // The last holder of the sender, if no session is left: the writer then writes what waits and ends.
        drop(self.shared);
        let _ = timeout(wait, writing_states).await;
        left
    }
}

/// Listens at one place.
fn bind(plan: ListenerPlan) -> Result<(Arc<Listener>, TcpListener, SocketAddr), StartError> {
    let address = plan.address;
    if plan.tls.is_none() && !address.ip().is_loopback() && !plan.danger_allow_plain_nonloopback {
        return Err(StartError::PlainNonLoopback(address));
    }
    let listener = Listener::new(plan).map_err(|source| StartError::Tls { address, source })?;
    let failed = |source| StartError::Listen { address, source };
    let tcp = listen(address).map_err(failed)?;
    let address = tcp.local_addr().map_err(failed)?;
    Ok((Arc::new(listener), tcp, address))
}

/// Connections that the kernel keeps until they are accepted; it takes less where `net.core.somaxconn` says less. With the usual
/// 1,024, the rest of a fleet that returns at once tries again after a second, and then after three.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port of a service that ended a moment ago is ours again at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How often it is looked whether security events are to be summed up.
const SUM_INTERVAL: Duration = Duration::from_secs(5);

/// Sums up security events until the proxy is gone.
async fn sum_up(shared: Weak<Shared>) {
    let mut interval = tokio::time::interval(SUM_INTERVAL);
    loop {
        interval.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        shared.recorder.sum_up(false).await;
    }
}
