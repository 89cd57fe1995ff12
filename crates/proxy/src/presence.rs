//! Which stations are connected: one place per id, so that a second connection is noticed and judged.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use crate::{handshake::StationId, rotation::Errand};

/// The places.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    places: Mutex<HashMap<StationId, Place>>,
    /// Numbers claims, so that a late release does not free a successor's place.
    claims: AtomicU64,
    sessions: AtomicUsize,
}

#[derive(Debug)]
struct Place {
    claim: u64,
    /// Absent while the connection is still being admitted.
    signal: Option<Arc<Signal>>,
}

/// What asking for a place found.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The place was free and is now held.
    Held(Holding),
    /// A session is connected; ask it whether it lives.
    Incumbent(Arc<Signal>),
    /// Another connection of this id is being admitted.
    UnderWay,
}

impl Presence {
    /// Asks for the place of a station.
    pub(crate) fn claim(self: &Arc<Presence>, id: &StationId) -> Claim {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get(id) {
            Some(Place { signal: Some(signal), .. }) => Claim::Incumbent(Arc::clone(signal)),
            Some(Place { signal: None, .. }) => Claim::UnderWay,
            None => {
                let claim = self.claims.fetch_add(1, Ordering::Relaxed);
                places.insert(id.clone(), Place { claim, signal: None });
                self.sessions.store(places.len(), Ordering::Relaxed);
                Claim::Held(Holding { presence: Arc::clone(self), id: id.clone(), claim })
            }
        }
    }

    /// How many places are held, admissions under way included.
    pub(crate) fn len(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// Whether the place of a station is held, by a session or an admission under way.
    pub(crate) fn has(&self, id: &StationId) -> bool {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    /// Tells the session of a station, if there is one, that what it stands on is gone. An admission under way finds out itself.
    pub(crate) fn withdraw(&self, id: &StationId, withdrawn: Withdrawn) {
        if let Some(signal) = self.signal(id) {
            signal.tell(Told::Withdrawn(withdrawn));
        }
    }

    /// The signal of a station's session, if it has one.
    pub(crate) fn signal(&self, id: &StationId) -> Option<Arc<Signal>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(id).and_then(|place| place.signal.clone())
    }

    /// The signals of all connected sessions.
    pub(crate) fn connected(&self) -> Vec<Arc<Signal>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.values().filter_map(|place| place.signal.clone()).collect()
    }
}

/// A held place; given back when dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct Holding {
    presence: Arc<Presence>,
    id: StationId,
    claim: u64,
}

impl Holding {
    /// The session is connected and can be reached by `signal`.
    pub(crate) fn connected(&self, signal: &Arc<Signal>) {
        let mut places = self.presence.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get_mut(&self.id).filter(|place| place.claim == self.claim) {
            place.signal = Some(Arc::clone(signal));
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut places = self.presence.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.get(&self.id).is_some_and(|place| place.claim == self.claim) {
            let place = places.remove(&self.id);
            self.presence.sessions.store(places.len(), Ordering::Relaxed);
            drop(places);
            if let Some(signal) = place.and_then(|place| place.signal) {
                signal.gone.notify_waiters();
                signal.answered.notify_waiters();
            }
        }
    }
}

/// What others tell a session: few and idempotent, so a set of flags and no queue.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    flags: AtomicUsize,
    waker: AtomicWaker,
    /// A password to send. Of two that come at once the first is dropped, and whoever waits for it is told so.
    errand: Mutex<Option<Box<Errand>>>,
    answered: Notify,
    gone: Notify,
    pings: Mutex<Pings>,
    /// Who is connected, for those who read evidence.
    fingerprint: String,
}

/// The pings that challenges asked for. One at a time answers all challengers.
#[derive(Debug, Default)]
struct Pings {
    /// When the one that is not yet answered was asked for.
    asked: Option<Instant>,
    /// When the last was answered.
    answered: Option<Instant>,
}

/// What a session may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Ping the station and say when it answers: another connection claims its id.
    Challenge,
    /// End: the challenge was not answered and another connection takes over.
    Replaced,
    /// End: the service stops.
    Drain,
    /// End: what the session stands on is gone.
    Withdrawn(Withdrawn),
    /// Judge the station's certificate again: the files of its listener were read anew.
    Reexamine,
    /// Give the station another password: there is an errand.
    Errand,
}

/// What of a station's entry in the inventory a session has lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// All of it: the station was removed.
    Removed,
    /// Trust: the station was quarantined.
    Quarantined,
    /// Something else that was looked at when the session was opened: its secret, its profile, where it belongs.
    Changed,
}

impl Told {
    /// In order of urgency.
    const ALL: [Told; 8] = [
        Told::Drain,
        Told::Withdrawn(Withdrawn::Removed),
        Told::Withdrawn(Withdrawn::Quarantined),
        Told::Withdrawn(Withdrawn::Changed),
        Told::Replaced,
        Told::Reexamine,
        Told::Challenge,
        Told::Errand,
    ];

    fn bit(self) -> usize {
        match self {
            Told::Challenge => 1,
            Told::Replaced => 2,
            Told::Drain => 4,
            Told::Withdrawn(Withdrawn::Removed) => 8,
            Told::Withdrawn(Withdrawn::Quarantined) => 16,
            Told::Withdrawn(Withdrawn::Changed) => 32,
            Told::Reexamine => 64,
            Told::Errand => 128,
        }
    }
}

impl Signal {
    /// The signal of a session with a station that is connected like this.
    pub(crate) fn of(fingerprint: String) -> Signal {
        Signal { fingerprint, ..Signal::default() }
    }

    /// Who is connected, for those who read evidence.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Tells the session.
    pub(crate) fn tell(&self, told: Told) {
        self.flags.fetch_or(told.bit(), Ordering::AcqRel);
        self.waker.wake();
    }

    /// For the session's poll: registers for the next word and takes the most urgent one there is.
    pub(crate) fn poll_told(&self, cx: &std::task::Context<'_>) -> Option<Told> {
        if self.flags.load(Ordering::Acquire) == 0 {
            self.waker.register(cx.waker());
        }
        let flags = self.flags.load(Ordering::Acquire);
        if flags == 0 {
            return None;
        }
        let told = Told::ALL.into_iter().find(|told| flags & told.bit() != 0)?;
        self.flags.fetch_and(!told.bit(), Ordering::AcqRel);
        Some(told)
    }

    /// Hands the session an errand, in place of one that it has not taken yet.
    pub(crate) fn send(&self, errand: Errand) {
        *self.errand.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(errand));
        self.tell(Told::Errand);
    }

    /// The errand, for the session.
    pub(crate) fn take_errand(&self) -> Option<Errand> {
        self.errand.lock().unwrap_or_else(PoisonError::into_inner).take().map(|errand| *errand)
    }

    /// The challenged station answered.
    pub(crate) fn answered(&self) {
        *self.pings() = Pings { asked: None, answered: Some(Instant::now()) };
        self.answered.notify_waiters();
    }

    /// Challenges the incumbent, which has `wait` to answer. However many challenge it, it is pinged once in that time: they wait for
    /// the answer together, and an answer that is not older counts for those who come after it. So a flood of challengers is neither a
    /// flood of pings nor a way to have the answer to one of them missed.
    pub(crate) async fn challenge(&self, wait: Duration) -> Challenged {
        let answered = self.answered.notified();
        let gone = self.gone.notified();
        tokio::pin!(answered, gone);
        answered.as_mut().enable();
        gone.as_mut().enable();
        let now = Instant::now();
        let fresh = |at: Option<Instant>| at.filter(|at| now.saturating_duration_since(*at) < wait);
        let asked = {
            let mut pings = self.pings();
            if fresh(pings.answered).is_some() {
                return Challenged::Alive;
            }
            let under_way = fresh(pings.asked);
            if under_way.is_none() {
                pings.asked = Some(now);
                self.tell(Told::Challenge);
            }
            under_way.unwrap_or(now)
        };
        tokio::select! {
            biased;
            () = &mut gone => Challenged::Gone,
            () = &mut answered => Challenged::Alive,
            () = tokio::time::sleep_until((asked + wait).into()) => Challenged::Silent,
        }
    }

    fn pings(&self) -> std::sync::MutexGuard<'_, Pings> {
        self.pings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the incumbent and waits until its place is free, at most `wait`.
    pub(crate) async fn replace(&self, wait: Duration) -> bool {
        let gone = self.gone.notified();
        tokio::pin!(gone);
        gone.as_mut().enable();
        self.tell(Told::Replaced);
        tokio::time::timeout(wait, gone).await.is_ok()
    }
}

/// How a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenged {
    /// The incumbent's station answered.
    Alive,
    /// It did not answer in time.
    Silent,
    /// The incumbent ended by itself.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> StationId {
        StationId::parse("CS-1").unwrap()
    }

    #[test]
    fn one_place_per_id() {
        let presence = Arc::new(Presence::default());
        let Claim::Held(first) = presence.claim(&id()) else { panic!("free") };
        assert!(matches!(presence.claim(&id()), Claim::UnderWay));
        let signal = Arc::default();
        first.connected(&signal);
        assert!(matches!(presence.claim(&id()), Claim::Incumbent(_)));
        assert_eq!(presence.len(), 1);
        drop(first);
        assert_eq!(presence.len(), 0);
        assert!(matches!(presence.claim(&id()), Claim::Held(_)));
    }

    #[test]
    fn the_most_urgent_word_comes_first() {
        let signal = Signal::default();
        let cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(signal.poll_told(&cx), None);
        signal.tell(Told::Challenge);
        signal.tell(Told::Drain);
        assert_eq!(signal.poll_told(&cx), Some(Told::Drain));
        assert_eq!(signal.poll_told(&cx), Some(Told::Challenge));
        assert_eq!(signal.poll_told(&cx), None);
    }

    #[tokio::test]
    async fn challenges_end_in_three_ways() {
        let presence = Arc::new(Presence::default());
        let Claim::Held(holding) = presence.claim(&id()) else { panic!("free") };
        let signal = Arc::new(Signal::default());
        holding.connected(&signal);
        let wait = Duration::from_millis(20);
        assert_eq!(signal.challenge(wait).await, Challenged::Silent);
        let (challenged, ()) = tokio::join!(signal.challenge(wait), async { signal.answered() });
        assert_eq!(challenged, Challenged::Alive);
        tokio::time::sleep(wait).await;
        let (challenged, ()) = tokio::join!(signal.challenge(wait), async { drop(holding) });
        assert_eq!(challenged, Challenged::Gone);
    }

    #[tokio::test]
    async fn a_flood_of_challengers_is_one_ping() {
        let (signal, wait) = (Arc::new(Signal::default()), Duration::from_secs(5));
        let cx = std::task::Context::from_waker(std::task::Waker::noop());
        let mut challengers = tokio::task::JoinSet::new();
        let mut pinged = 0;
        for _ in 0..100 {
            let signal = Arc::clone(&signal);
            challengers.spawn(async move { signal.challenge(wait).await });
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
            pinged += usize::from(signal.poll_told(&cx) == Some(Told::Challenge));
        }
        signal.answered();
        while let Some(challenged) = challengers.join_next().await {
            assert_eq!(challenged.unwrap(), Challenged::Alive);
        }
        // The answer counts for those who come soon after it, too.
        assert_eq!(signal.challenge(wait).await, Challenged::Alive);
        assert_eq!((pinged, signal.poll_told(&cx)), (1, None));
    }
}
