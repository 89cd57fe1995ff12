//! Accepting stations: bounds, the upgrade over HTTP, and the hand-over to a session's own task.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, error::Elapsed, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tokio_websockets::ServerBuilder;

use crate::{
    admission::{Admitted, Refusal, admit},
    arrival::{self, Caller, Listener},
    directory::{KeyPairFiles, TlsVersion},
    doors::{Door, Doors, Entry, LOOK_AGAIN, Shut},
    gateway::Shared,
    meters,
    origin::Origin,
    presence::Told,
    profile::Profile,
    recorder::Refused,
    refusal::Reason,
    session::{Peer, Session},
    socket::{config, limits},
    standing::Standing,
    tls::Failure,
    transport::{Metered, Transport},
};

/// How long to pause after the system refused to hand over a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Most header lines of an upgrade request.
const HEADERS_MAX: usize = 64;

/// Least the HTTP library can do with, in bytes.
const HEAD_BYTES_MIN: usize = 8 * 1024;

/// One place where stations connect.
#[derive(Debug, Clone)]
pub struct ListenerPlan {
    /// Address and port; port 0 lets the system choose.
    pub address: SocketAddr,
    /// The security profiles that are served here.
    pub profiles: BTreeSet<Profile>,
    /// TLS; without it every byte can be read on the way.
    pub tls: Option<ListenerTls>,
    /// The networks whose connections begin with a PROXY header of version 2, which is read from no others.
    pub proxy_from: Vec<IpNet>,
    /// Permits a plain listener on an address that others can reach: secrets and commands then cross the network readable.
    pub danger_allow_plain_nonloopback: bool,
}

/// The TLS of a listener, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerTls {
    /// Our certificates, of different kinds of key (requirement R-A09).
    pub certificates: Vec<KeyPairFiles>,
    /// The anchors of station certificates, PEM. Empty: no certificate is asked for, profile 3 is not served.
    pub client_anchors: Vec<PathBuf>,
    /// Revocation lists for station certificates, PEM or DER.
    pub crls: Vec<PathBuf>,
    /// The organisation that station certificates must name: the operator of the stations (requirement R-A10).
    pub organisation: Option<String>,
    /// Permits station certificates without a revocation list: a stolen key then stays good until it expires.
    pub danger_without_revocation: bool,
    /// The lowest TLS version.
    pub min_version: TlsVersion,
}

/// A listener and what it shares with the others.
pub(crate) struct Entrance {
    pub(crate) gateway: Arc<Shared>,
    pub(crate) listener: Arc<Listener>,
    /// Handshakes under way, of all listeners.
    pub(crate) doors: Arc<Doors>,
}

/// Accepts until told to stop. Bounded: no more handshakes at once than [`crate::Bounds::handshakes`], and so many that wait for a place.
pub(crate) async fn accept(entrance: Entrance, listener: TcpListener, stop: CancellationToken) {
    let connections = async {
        loop {
            // While somebody waits for a place, it is looked whether others have become slow.
            let until = entrance.doors.is_waited_for().then(|| Instant::now() + LOOK_AGAIN);
            let accepted = match until {
                Some(until) => timeout_at(until, listener.accept()).await,
                None => Ok(listener.accept().await),
            };
            entrance.doors.serve(now());
            match accepted {
                Err(_) => {}
                Ok(Ok((tcp, peer))) => receive(&entrance, tcp, peer),
                Ok(Err(error)) => {
                    meters::bound_hit("accept");
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = connections => {}
    }
}

/// Finds a place for a connection, or has it wait for one.
fn receive(entrance: &Entrance, tcp: TcpStream, peer: SocketAddr) {
    let Entrance { gateway, listener, doors } = entrance;
    // On a socket for both families an IPv4 address comes wrapped.
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    // Behind a balancer the PROXY header will tell whose place it takes.
    let balancer = listener.is_balancer(peer.ip());
    let origin = (!balancer).then(|| Origin::from(peer.ip()));
    let entry = match doors.enter_or_wait(origin, now()) {
        Ok(entry) => entry,
        Err(shut) => return meters::bound_hit(shut.bound()),
    };
    // 45 ms a message otherwise, when the peer delays its acknowledgements.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%peer, %error, "connection lost at once");
        return;
    }
    let gateway = Arc::clone(gateway);
    let caller = Caller { peer, listener: Arc::clone(listener), tls: None };
    match entry {
        Entry::Now(door) => start(gateway, door, balancer, tcp, caller),
        Entry::Later(place) => {
            meters::bound_hit(Shut::Handshakes.bound());
            let until = Instant::now() + gateway.bounds.handshake_wait;
            tokio::spawn(async move {
                match timeout_at(until, place).await {
                    Ok(Ok(door)) => start(gateway, door, balancer, tcp, caller),
                    // Others have more right to wait, or it took too long.
                    Ok(Err(_)) | Err(_) => meters::bound_hit("handshakes-waiting"),
                }
            });
        }
    }
}

/// Starts the handshake in a task of its own: its buffers and its large future end with it.
fn start(gateway: Arc<Shared>, door: Door, balancer: bool, tcp: TcpStream, caller: Caller) {
    tokio::spawn(async move {
        gateway.meters.handshakes.increment(1.0);
        let mut under_way = UnderWay { gateway: Arc::clone(&gateway), door };
        let displaced = under_way.door.displaced();
        tokio::select! {
            biased;
            () = displaced.cancelled() => {
                // It asked nothing, so nothing is answered; and a flood of these must not become a flood of records.
                meters::bound_hit("handshakes-displaced");
                meters::connection_refused(Reason::HandshakeTimeout);
            }
            () = shake(&gateway, &mut under_way.door, balancer, tcp, caller) => {}
        }
    });
}

/// The clock that the limits go by.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// One connection from its first byte to the session or the refusal; all within [`crate::Bounds::handshake_wait`].
async fn shake(
    gateway: &Arc<Shared>,
    door: &mut Door,
    balancer: bool,
    mut tcp: TcpStream,
    mut caller: Caller,
) {
    let deadline = Instant::now() + gateway.bounds.handshake_wait;
    if balancer {
        let source = timeout_at(deadline, arrival::source(&mut tcp, caller.peer)).await;
        let Some(source) = arrived(gateway, &caller, source).await else { return };
        caller.peer = source;
        if let Err(shut) = door.belongs_to(source.ip().into(), now()) {
            return meters::bound_hit(shut.bound());
        }
    }
    // Boxed: what a TLS handshake needs is not needed after it.
    let secured = timeout_at(deadline, Box::pin(arrival::secure(&caller.listener, tcp))).await;
    let Some((transport, tls)) = arrived(gateway, &caller, secured).await else { return };
    caller.tls = tls;
    ask(gateway, deadline, transport, &caller, door).await;
}

/// What came of a step before the request; none when the connection was refused, which is then recorded.
async fn arrived<T>(
    gateway: &Arc<Shared>,
    caller: &Caller,
    step: Result<Result<T, Failure>, Elapsed>,
) -> Option<T> {
    match step {
        Ok(Ok(done)) => return Some(done),
        // Nothing was sent: a port check. Not a refusal, so counted only.
        Ok(Err(Failure::Silent)) => meters::connection_refused(Reason::Abandoned),
        Ok(Err(Failure::Refused(reason, detail))) => {
            refuse(gateway, caller.peer, Refusal { detail, ..reason.into() }).await;
        }
        Err(_) => refuse(gateway, caller.peer, Reason::HandshakeTimeout.into()).await,
    }
    None
}

/// Reads the request and answers it.
async fn ask(gateway: &Arc<Shared>, deadline: Instant, transport: Transport, caller: &Caller, door: &Door) {
    let outcome = Outcome::default();
    let peer = caller.peer;
    let result = timeout_at(deadline, converse(gateway, transport, caller, door, &outcome)).await;
    // Taken before anything is awaited: the lock is never held across a wait.
    let state = outcome.take();
    match (result, state) {
        (_, State::Refused) => {}
        (Ok(Ok(())), State::Admitted(admitted, upgrade)) => begin(gateway, peer, *admitted, upgrade).await,
        (Ok(Err(error)), State::Silent) if error.is_parse() => {
            refuse(gateway, peer, Refusal { detail: error.to_string(), ..Reason::MalformedRequest.into() })
                .await;
        }
        (Ok(Err(error)), State::Silent) if error.is_timeout() => {
            refuse(gateway, peer, Reason::HandshakeTimeout.into()).await;
        }
        (Ok(_), State::Silent) => meters::connection_refused(Reason::Abandoned),
        (Ok(_), State::Judging | State::Admitted(..)) => {
            refuse(gateway, peer, Reason::Abandoned.into()).await
        }
        (Err(_), State::Silent | State::Judging | State::Admitted(..)) => {
            refuse(gateway, peer, Reason::HandshakeTimeout.into()).await;
        }
    }
}

/// Speaks HTTP until the upgrade is answered.
async fn converse(
    gateway: &Arc<Shared>,
    transport: Transport,
    caller: &Caller,
    door: &Door,
    outcome: &Outcome,
) -> Result<(), hyper::Error> {
    let service = service_fn(|request| {
        door.asked(now());
        answer(gateway, caller, outcome, request)
    });
    http1::Builder::new()
        .keep_alive(false)
        .auto_date_header(false)
        .max_headers(HEADERS_MAX)
        .max_buf_size(gateway.bounds.handshake_bytes.max(HEAD_BYTES_MIN))
        .timer(TokioTimer::new())
        .header_read_timeout(gateway.bounds.handshake_wait)
        .serve_connection(TokioIo::new(transport), service)
        .with_upgrades()
        .await
}

async fn answer(
    gateway: &Arc<Shared>,
    caller: &Caller,
    outcome: &Outcome,
    mut request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    outcome.put(State::Judging);
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _no_body) = request.into_parts();
    match admit(gateway, caller, &parts).await {
        Ok(admitted) => {
            if let Some(showing) = admitted.showing {
                // Before the answer: whoever has been let in with more finds that less is not enough any more.
                let at_ms = gateway.clock.now().wall.as_millis();
                gateway.roster.ratchet.raise(&admitted.entry.id, showing, at_ms).await;
            }
            let response = switching(&admitted);
            outcome.put(State::Admitted(Box::new(admitted), upgrade));
            Ok(response)
        }
        Err(refusal) => {
            let (reason, wait) = (refusal.reason, refusal.wait);
            outcome.put(State::Refused);
            refuse(gateway, caller.peer, refusal).await;
            Ok(reason.response_after(wait))
        }
    }
}

/// 101, with the subprotocol the CSMS chose. Extensions are never negotiated.
fn switching(admitted: &Admitted) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(admitted.version.subprotocol()));
    if let Ok(accept) = HeaderValue::from_str(&admitted.accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

async fn refuse(gateway: &Arc<Shared>, peer: SocketAddr, refusal: Refusal) {
    let Refusal { reason, station, csms, detail, wait: _ } = refusal;
    meters::connection_refused(reason);
    let station = station.as_ref();
    let name = station.map(ToString::to_string).unwrap_or_default();
    if reason.status() == StatusCode::TOO_MANY_REQUESTS {
        // As many as somebody likes; the event of it is announced, and summed up.
        tracing::debug!(%peer, station = name, reason = reason.code(), detail, "connection refused");
    } else {
        tracing::info!(%peer, station = name, reason = reason.code(), detail, "connection refused");
    }
    gateway.recorder.refused(Refused { peer: &peer.to_string(), station, csms: &csms, reason, detail }).await;
}

/// Takes the byte stream back from HTTP and starts the session.
async fn begin(gateway: &Arc<Shared>, peer: SocketAddr, admitted: Admitted, upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else {
        return refuse(gateway, peer, late(&admitted, Reason::Abandoned)).await;
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Transport>>() else {
        return refuse(gateway, peer, late(&admitted, Reason::Abandoned)).await;
    };
    // RFC 6455, 4.1: a client waits for the answer. Bytes before it were written by something that guesses.
    if !parts.read_buf.is_empty() {
        return refuse(gateway, peer, late(&admitted, Reason::EarlyBytes)).await;
    }
    let stream = Metered::new(parts.io.into_inner(), Bytes::new(), gateway.bounds.frame_bytes);
    let socket = ServerBuilder::new().config(config()).limits(limits(&gateway.bounds)).serve(stream);
    let Admitted { entry, session, core, csms, signal, holding, version, standing, showing: _, accept: _ } =
        admitted;
    tracing::info!(station = %entry.id, %peer, session, csms = entry.csms.name, %version, "session opened");
    holding.connected(&signal);
    if gateway.is_draining() {
        signal.tell(Told::Drain);
    }
    // What changed while the station was admitted was told to nobody.
    if let Some(withdrawn) = gateway.roster.withdrawn_since(&entry) {
        signal.tell(Told::Withdrawn(withdrawn));
    }
    // Files that were read again between its judgement and its taking the place were not told to it.
    if standing.as_ref().is_some_and(Standing::is_old) {
        signal.tell(Told::Reexamine);
    }
    let station = Peer::new(socket, peer.to_string(), gateway.clock.now().mono_ms);
    let session = Session {
        gateway: Arc::clone(gateway),
        entry,
        id: session,
        core,
        station,
        csms,
        signal,
        holding,
        standing,
        why: String::new(),
        challenge: None,
        turn: 0,
        rotation: None,
    };
    gateway.sessions.spawn(Box::new(session).run());
}

fn late(admitted: &Admitted, reason: Reason) -> Refusal {
    let entry = &admitted.entry;
    Refusal { station: Some(entry.id.clone()), csms: entry.csms.name.clone(), ..reason.into() }
}

/// How far the one request of a connection has come. Shared between the service and the task around it.
#[derive(Default)]
struct Outcome(Mutex<State>);

#[derive(Default)]
enum State {
    /// No request was read.
    #[default]
    Silent,
    /// A request is being judged; still so when its connection is gone.
    Judging,
    /// Refused, recorded and answered.
    Refused,
    /// Admitted; the answer is on its way.
    Admitted(Box<Admitted>, OnUpgrade),
}

impl Outcome {
    fn put(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn take(&self) -> State {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A handshake's claims on bounds, given back when it ends, whichever way.
struct UnderWay {
    gateway: Arc<Shared>,
    door: Door,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.gateway.meters.handshakes.decrement(1.0);
    }
}
