//! A simulated management system: listens on loopback, one session per station.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chargewarden_ocpp::Version;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::answers::csms_answer;
use crate::payload::Message;
pub use crate::upgrade::Basic;
use crate::upgrade::upgrade;
use crate::{Answer, Behaviour, CallFailure, Link, Reply};

/// The first transaction id given to a 1.6 StartTransaction.
const FIRST_TRANSACTION: i64 = 1_001;

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
        }
    }
}

/// A listening management system; stops listening and hangs up when dropped.
pub struct Csms {
    address: SocketAddr,
    sessions: Sessions,
    changed: watch::Receiver<usize>,
    listening: JoinHandle<()>,
}

/// One station's session at the management system. Dereferences to its [`Link`].
#[derive(Clone, Debug)]
pub struct Session {
    station: String,
    version: Version,
    authorization: Option<Basic>,
    link: Link,
}

type Sessions = Arc<Mutex<HashMap<String, Session>>>;

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let sessions = Sessions::default();
        let (notify, changed) = watch::channel(0);
        let listening = tokio::spawn(listen(listener, Arc::new(manner), sessions.clone(), notify));
        Ok(Csms { address, sessions, changed, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL to which a station id is appended as a path segment.
    pub fn url(&self) -> String {
        format!("ws://{}/ocpp", self.address)
    }

    /// The newest session of a station, living or ended.
    pub fn session(&self, station: &str) -> Option<Session> {
        self.lock().get(station).cloned()
    }

    /// The newest session of every station that ever connected.
    pub fn sessions(&self) -> Vec<Session> {
        self.lock().values().cloned().collect()
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

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Csms {
    fn drop(&mut self) {
        self.listening.abort();
        for (_, session) in self.lock().drain() {
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
        &self.station
    }

    /// The version spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The Basic credentials that came with the upgrade.
    pub fn authorization(&self) -> Option<&Basic> {
        self.authorization.as_ref()
    }
}

impl Deref for Session {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

async fn listen(
    listener: TcpListener,
    manner: Arc<Manner>,
    sessions: Sessions,
    notify: watch::Sender<usize>,
) {
    // Dropping the set when the listener is aborted ends unfinished handshakes too.
    let mut greetings = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        while greetings.try_join_next().is_some() {}
        greetings.spawn(greet(stream, manner.clone(), sessions.clone(), notify.clone()));
    }
}

async fn greet(stream: TcpStream, manner: Arc<Manner>, sessions: Sessions, notify: watch::Sender<usize>) {
    let subprotocols: Vec<&str> = manner.versions.iter().map(|v| v.subprotocol()).collect();
    // A client that is refused has been told; a test sees it at the client.
    let Ok(upgraded) = upgrade(stream, &subprotocols, |id, basic| (manner.admit)(id, basic)).await else {
        return;
    };
    let Some(version) = Version::from_subprotocol(&upgraded.subprotocol) else { return };
    let behaviour = (manner.behaviour)(&upgraded.station, version);
    let session = Session {
        station: upgraded.station.clone(),
        version,
        authorization: upgraded.authorization,
        link: Link::run(upgraded.socket, behaviour),
    };
    sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(upgraded.station, session);
    notify.send_modify(|count| *count += 1);
}
