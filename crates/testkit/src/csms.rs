//! A simulated management system: listens on loopback, one session per station.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chargewarden_ocpp::Version;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::answers::csms_answer;
use crate::payload::Message;
use crate::tls::{CsmsTls, Stream, TlsSeen};
pub use crate::upgrade::Basic;
use crate::upgrade::Request;
use crate::{Answer, Behaviour, CallFailure, Link, Reply};

/// The first transaction id given to a 1.6 StartTransaction.
const FIRST_TRANSACTION: i64 = 1_001;
/// Connections waiting to be accepted; thousands of stations may come at once.
const BACKLOG: u32 = 4_096;
/// Bound on the TLS handshake; long, since thousands may shake hands at once.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(30);
/// Requests kept for [`Csms::requests`].
const SEEN_MAX: usize = 10_000;

/// Decides on a station id and the Basic credentials of its upgrade.
pub type Admit = dyn Fn(&str, Option<&Basic>) -> bool + Send + Sync;

/// Makes the behaviour of one new session, from the station id and the version.
pub type MakeBehaviour = dyn Fn(&str, Version) -> Box<dyn Behaviour> + Send + Sync;

/// How a management system is to be.
pub struct Manner {
    /// Versions accepted, the preferred one first.
    pub versions: Vec<Version>,
    /// Whom to upgrade; `false` answers 401.
    pub admit: Box<Admit>,
    /// How to answer each station.
    pub behaviour: Box<MakeBehaviour>,
    /// Listens with TLS, when given.
    pub tls: Option<CsmsTls>,
}

impl Default for Manner {
    /// Every version, every station, every transaction.
    fn default() -> Manner {
        let transactions = Arc::new(AtomicI64::new(FIRST_TRANSACTION));
        Manner {
            versions: vec![Version::V21, Version::V201, Version::V16],
            admit: Box::new(|_, _| true),
            behaviour: Box::new(move |_, version| {
                let transactions = transactions.clone();
                Box::new(move |action: &str, request: &Value| -> Reply {
                    let transaction = match action {
                        "StartTransaction" => transactions.fetch_add(1, Ordering::Relaxed),
                        _ => 0,
                    };
                    csms_answer(version, action, request, transaction)
                })
            }),
            tls: None,
        }
    }
}

/// A listening management system; stops listening and hangs up when dropped.
pub struct Csms {
    address: SocketAddr,
    secure: bool,
    seen: Arc<Mutex<Known>>,
    changed: watch::Receiver<usize>,
    listening: JoinHandle<()>,
}

/// A request to be upgraded, granted or not, as it arrived here.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it came from.
    pub address: SocketAddr,
    /// What TLS showed; nothing without TLS.
    pub tls: Option<TlsSeen>,
    /// The request head as it arrived, the empty line included.
    pub head: String,
    /// The last segment of the path, percent-decoded.
    pub station: String,
    /// Basic credentials, when there were any.
    pub authorization: Option<Basic>,
    /// Answered with 101.
    pub granted: bool,
}

/// Everything that the management system remembers.
#[derive(Default)]
struct Known {
    /// The newest session of each station.
    sessions: HashMap<String, Session>,
    /// Sessions ever opened, by station.
    opened: HashMap<String, usize>,
    /// The first [`SEEN_MAX`] requests.
    requests: Vec<Seen>,
    /// Connections accepted, with or without a request.
    connections: usize,
}

/// One station's session at the management system. Dereferences to its [`Link`].
#[derive(Clone, Debug)]
pub struct Session {
    version: Version,
    seen: Arc<Seen>,
    link: Link,
}

impl Csms {
    /// Listens on a free loopback port with the default [`Manner`].
    ///
    /// # Errors
    ///
    /// Fails when no port can be bound.
    pub async fn start() -> io::Result<Csms> {
        Csms::with(Manner::default()).await
    }

    /// Listens on a free loopback port.
    ///
    /// # Errors
    ///
    /// Fails when no port can be bound.
    pub async fn with(manner: Manner) -> io::Result<Csms> {
        Csms::on(0, manner).await
    }

    /// Listens on a given loopback port; to come back after an outage.
    ///
    /// # Errors
    ///
    /// Fails when the port cannot be bound.
    pub async fn on(port: u16, manner: Manner) -> io::Result<Csms> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let tls = manner.tls.as_ref().map(CsmsTls::config).transpose().map_err(io::Error::other)?;
        let secure = tls.is_some();
        let (notify, changed) = watch::channel(0);
        let seen = Arc::default();
        let reception =
            Arc::new(Reception { manner, tls: tls.map(TlsAcceptor::from), seen: Arc::clone(&seen), notify });
        let listening = tokio::spawn(listen(listener, reception));
        Ok(Csms { address, secure, seen, changed, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL to which a station id is appended as a path segment.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}/ocpp", self.address)
    }

    /// The newest session of a station, living or ended.
    pub fn session(&self, station: &str) -> Option<Session> {
        self.lock().sessions.get(station).cloned()
    }

    /// The newest session of every station that ever connected.
    pub fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.values().cloned().collect()
    }

    /// How many sessions a station ever opened.
    pub fn opened(&self, station: &str) -> usize {
        self.lock().opened.get(station).copied().unwrap_or_default()
    }

    /// How many sessions all stations ever opened.
    pub fn opened_in_all(&self) -> usize {
        self.lock().opened.values().sum()
    }

    /// Connections ever accepted, also those on which nothing was asked.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// The requests to be upgraded in their order, refused ones too; after 10,000 no more are kept.
    pub fn requests(&self) -> Vec<Seen> {
        self.lock().requests.clone()
    }

    /// Waits for a living session of a station; `None` when there is none within `wait`.
    pub async fn wait_for(&self, station: &str, wait: Duration) -> Option<Session> {
        let mut changed = self.changed.clone();
        let living = async {
            loop {
                changed.mark_unchanged();
                if let Some(session) = self.session(station).filter(|session| session.is_open()) {
                    return Some(session);
                }
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(wait, living).await.ok().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Csms {
    fn drop(&mut self) {
        self.listening.abort();
        for (_, session) in self.lock().sessions.drain() {
            session.link.cut_soon();
        }
    }
}

impl Session {
    /// Sends a message as a call and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`CallFailure`] when there is no answer.
    pub async fn say(&self, message: Message) -> Result<Answer, CallFailure> {
        self.link.call(message.action, message.payload).await
    }

    /// The station id, from the path.
    pub fn station(&self) -> &str {
        &self.seen.station
    }

    /// The version spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The Basic credentials that came with the upgrade.
    pub fn authorization(&self) -> Option<&Basic> {
        self.seen.authorization.as_ref()
    }

    /// The request that opened it, and what TLS showed.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Deref for Session {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

/// What every arriving connection needs.
struct Reception {
    manner: Manner,
    tls: Option<TlsAcceptor>,
    seen: Arc<Mutex<Known>>,
    notify: watch::Sender<usize>,
}

async fn listen(listener: TcpListener, reception: Arc<Reception>) {
    // Dropping the set when the listener is aborted ends unfinished handshakes too.
    let mut greetings = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, address)) = listener.accept().await else { return };
        while greetings.try_join_next().is_some() {}
        let reception = Arc::clone(&reception);
        // A client that is refused has been told; a test sees it at the client.
        greetings.spawn(async move { reception.greet(stream, address).await.ok() });
    }
}

impl Reception {
    async fn greet(&self, tcp: TcpStream, address: SocketAddr) -> io::Result<()> {
        self.lock().connections += 1;
        tcp.set_nodelay(true)?;
        let (stream, tls) = match &self.tls {
            None => (Stream::Plain(tcp), None),
            Some(acceptor) => {
                let accepted = tokio::time::timeout(HANDSHAKE_WAIT, acceptor.accept(tcp)).await??;
                let tls = TlsSeen::of(accepted.get_ref().1);
                (Stream::Tls(Box::new(accepted.into())), Some(tls))
            }
        };
        let request = Request::read(stream).await?;
        let subprotocols: Vec<&str> = self.manner.versions.iter().map(|v| v.subprotocol()).collect();
        let common = request.common(&subprotocols);
        let admitted = (self.manner.admit)(&request.station, request.authorization.as_ref());
        let seen = Seen {
            address,
            tls,
            head: request.head.clone(),
            station: request.station.clone(),
            authorization: request.authorization.clone(),
            granted: admitted && common.is_some(),
        };
        let seen = Arc::new(self.note(seen));
        let Some(subprotocol) = common else { return request.refuse("400 Bad Request").await };
        if !admitted {
            return request.refuse("401 Unauthorized").await;
        }
        let upgraded = request.grant(subprotocol).await?;
        let Some(version) = Version::from_subprotocol(&upgraded.subprotocol) else { return Ok(()) };
        let behaviour = (self.manner.behaviour)(&seen.station, version);
        let station = seen.station.clone();
        let session = Session { version, seen, link: Link::run(upgraded.socket, behaviour) };
        let mut known = self.lock();
        *known.opened.entry(station.clone()).or_default() += 1;
        known.sessions.insert(station, session);
        drop(known);
        self.notify.send_modify(|count| *count += 1);
        Ok(())
    }

    fn note(&self, seen: Seen) -> Seen {
        let mut known = self.lock();
        if known.requests.len() < SEEN_MAX {
            known.requests.push(seen.clone());
        }
        seen
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
