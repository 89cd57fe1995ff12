//! Handshakes under way: how many at once, how many a second, and who has to go when there are too many.
//!
//! A handshake that has not yet sent its request can be displaced: by a newcomer of the same address once it is slow, and by a
//! newcomer of an address with fewer handshakes when the whole is full. Where nobody can be displaced a newcomer waits for a place,
//! and addresses have turns at that. So whoever opens many connections and says nothing competes with itself.

use std::{
    collections::HashMap,
    hash::RandomState,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    bounds::Bounds,
    origin::Origin,
    pace::{Pace, Used},
    remembered::Remembered,
    turns::Turns,
};

/// Addresses whose rates are remembered at once.
const RATES_MAX: usize = 65_536;

/// How long a handshake may take to send its request before one of the same address may take its place. A round trip over a slow
/// modem takes a second, a TLS handshake two of them.
const SLOW: Duration = Duration::from_secs(5);

/// Where most handshakes are slow, the service is: so many times the usual is slow then. Displacing those that it has not come to
/// yet would have it do their work again.
const SLOWER: u32 = 4;

/// Weight of one handshake in what is usual: one part in so many.
const USUAL_OVER: u32 = 16;

/// How often it is looked whether a handshake has become slow, while somebody waits for its place.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Connections that wait for a place at once; each is a socket and little more. As many as the kernel would hold for us four times
/// over, so that a fleet that returns at once is not turned away.
const WAITING_MAX: usize = 4096;

/// The doors of all listeners together.
#[derive(Debug)]
pub(crate) struct Doors {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    all: usize,
    per_address: usize,
    /// The longest that a handshake may take before it counts as slow, whatever is usual: half of what it may take at all.
    slow_max: Duration,
    pace: Pace,
    pace_per_address: Pace,
}

#[derive(Debug)]
struct State {
    /// By address; none while only a PROXY header will tell it.
    open: HashMap<Option<Origin>, Vec<Handshake>>,
    count: usize,
    numbers: u64,
    used: Used,
    rates: Remembered<Used>,
    /// What handshakes lately took until they sent their request.
    usual: Duration,
    /// Those for whom there is no place; addresses have turns, so that whoever opens many waits behind its own.
    waiting: Turns<Waiting>,
}

/// A connection that waits for a place.
#[derive(Debug)]
struct Waiting {
    origin: Option<Origin>,
    place: oneshot::Sender<Door>,
}

/// What came of entering.
#[derive(Debug)]
pub(crate) enum Entry {
    /// There was a place.
    Now(Door),
    /// It comes when it is its turn; or never, when others have more right to wait.
    Later(oneshot::Receiver<Door>),
}

/// A handshake under way.
#[derive(Debug)]
struct Handshake {
    number: u64,
    since: Instant,
    /// Its request was read.
    asked: bool,
    displaced: CancellationToken,
}

/// Why a connection is closed unanswered: the bound it met, as metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shut {
    /// All places are taken by handshakes that have more right to them.
    Handshakes,
    /// The address has as many under way as it may.
    PerAddress,
    /// Too many connections a second from everywhere.
    Rate,
    /// Too many connections a second from the address.
    RatePerAddress,
}

impl Shut {
    /// The bound's name.
    pub(crate) fn bound(self) -> &'static str {
        match self {
            Shut::Handshakes => "handshakes",
            Shut::PerAddress => "handshakes-per-address",
            Shut::Rate => "handshakes-per-second",
            Shut::RatePerAddress => "handshakes-per-second-per-address",
        }
    }
}

/// A handshake's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Door {
    doors: Arc<Doors>,
    origin: Option<Origin>,
    number: u64,
    displaced: CancellationToken,
}

impl Doors {
    /// `hasher` carries a secret key, so that nobody chooses whom the bounded memory forgets.
    pub(crate) fn new(bounds: &Bounds, now: Instant, hasher: RandomState) -> Doors {
        const SECOND: Duration = Duration::from_secs(1);
        // After an outage everything behind one address returns at once: as many as may be under way are no flood.
        let burst = |concurrent: usize, rate: u32| u32::try_from(concurrent).unwrap_or(u32::MAX).max(rate);
        let pace = |rate, concurrent| Pace::new(rate, SECOND, burst(concurrent, rate));
        let limits = Limits {
            all: bounds.handshakes,
            per_address: bounds.handshakes_per_address,
            slow_max: SLOW.max(bounds.handshake_wait / 2),
            pace: pace(bounds.handshakes_per_second, bounds.handshakes),
            pace_per_address: pace(bounds.handshakes_per_second_per_address, bounds.handshakes_per_address),
        };
        let state = State {
            open: HashMap::new(),
            count: 0,
            numbers: 0,
            used: Used::none(now),
            rates: Remembered::new(RATES_MAX, hasher),
            usual: Duration::ZERO,
            waiting: Turns::new(WAITING_MAX),
        };
        Doors { limits, state: Mutex::new(state) }
    }

    /// A connection was accepted. `origin` is none when it comes from a proxy that will say whom it brings
    /// ([`Door::belongs_to`]); until then only the bounds on everything hold.
    pub(crate) fn enter(self: &Arc<Doors>, origin: Option<Origin>, now: Instant) -> Result<Door, Shut> {
        if let Some(origin) = origin {
            self.lock().take_rate(&self.limits, origin, now)?;
        }
        self.take_place(origin, now)
    }

    /// As [`Doors::enter`]; where all places are taken by handshakes that may keep them, it is waited for one.
    pub(crate) fn enter_or_wait(
        self: &Arc<Doors>,
        origin: Option<Origin>,
        now: Instant,
    ) -> Result<Entry, Shut> {
        match self.enter(origin, now) {
            Ok(door) => return Ok(Entry::Now(door)),
            Err(Shut::Handshakes) => {}
            Err(shut) => return Err(shut),
        }
        let (place, later) = oneshot::channel();
        let mut state = self.lock();
        if state.waiting.len() >= WAITING_MAX {
            state.waiting.retain(|waiting| !waiting.place.is_closed());
        }
        // Those of whom a proxy will say who they are wait as one. Whoever is displaced sees that its place will not come.
        drop(state.waiting.join(origin.unwrap_or(Origin::OURSELVES), Waiting { origin, place }));
        Ok(Entry::Later(later))
    }

    /// Whether somebody waits for a place.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.lock().waiting.len() > 0
    }

    /// Gives the places that are free, and those of the slow, to those who wait.
    pub(crate) fn serve(self: &Arc<Doors>, now: Instant) {
        while let Some((place, door)) = self.next_in_turn(now) {
            // Who went away this very moment gives it back by dropping it.
            let _ = place.send(door);
        }
    }

    fn next_in_turn(self: &Arc<Doors>, now: Instant) -> Option<(oneshot::Sender<Door>, Door)> {
        let state = &mut *self.lock();
        loop {
            if state.waiting.len() == 0 {
                return None;
            }
            if state.count >= self.limits.all && !state.displace_slowest(&self.limits, now) {
                return None;
            }
            let Waiting { origin, place } = state.waiting.next()?;
            let has_share = |origin| state.make_room_of(&self.limits, origin, now).is_ok();
            if !place.is_closed() && origin.is_none_or(has_share) {
                return Some((place, self.place(state, origin, now)));
            }
        }
    }

    fn take_place(self: &Arc<Doors>, origin: Option<Origin>, now: Instant) -> Result<Door, Shut> {
        let mut state = self.lock();
        if let Some(origin) = origin {
            state.make_room_of(&self.limits, origin, now)?;
        }
        state.make_room(&self.limits, origin, now)?;
        Ok(self.place(&mut state, origin, now))
    }

    fn place(self: &Arc<Doors>, state: &mut State, origin: Option<Origin>, now: Instant) -> Door {
        state.numbers += 1;
        let (number, displaced) = (state.numbers, CancellationToken::new());
        let handshake = Handshake { number, since: now, asked: false, displaced: displaced.clone() };
        state.open.entry(origin).or_default().push(handshake);
        state.count += 1;
        Door { doors: Arc::clone(self), origin, number, displaced }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_rate(&mut self, limits: &Limits, origin: Origin, now: Instant) -> Result<(), Shut> {
        let known = self.rates.get(origin).is_some_and(|used| !used.is_fresh(now));
        let taken =
            self.rates.change(origin, now, Used::none(now), |used| used.take(limits.pace_per_address, now));
        if taken.is_err() {
            return Err(Shut::RatePerAddress);
        }
        // An address that has not connected lately is let in beyond the common rate: others use that up.
        if self.used.take(limits.pace, now).is_err() && known {
            return Err(Shut::Rate);
        }
        Ok(())
    }

    /// What a handshake must be to be displaced for being slow.
    fn slow(&self, limits: &Limits, now: Instant) -> impl Fn(&Handshake) -> bool + Copy + use<> {
        let wait = self.usual.saturating_mul(SLOWER).clamp(SLOW, limits.slow_max);
        move |handshake| now.saturating_duration_since(handshake.since) >= wait
    }

    /// Room among those of the same address.
    fn make_room_of(&mut self, limits: &Limits, origin: Origin, now: Instant) -> Result<(), Shut> {
        let open = self.open.get(&Some(origin)).map_or(0, Vec::len);
        if open < limits.per_address {
            return Ok(());
        }
        let slow = self.slow(limits, now);
        if self.displace(Some(origin), slow) { Ok(()) } else { Err(Shut::PerAddress) }
    }

    /// Room among all: from whoever has the most, or else from whoever is slow.
    fn make_room(&mut self, limits: &Limits, origin: Option<Origin>, now: Instant) -> Result<(), Shut> {
        if self.count < limits.all {
            return Ok(());
        }
        let own = self.open.get(&origin).map_or(0, Vec::len);
        let silent = |open: &[Handshake]| open.iter().filter(|handshake| !handshake.asked).count();
        let most = self.open.iter().max_by_key(|(_, open)| silent(open));
        let most = most.filter(|(_, open)| silent(open) > own + 1).map(|(most, _)| *most);
        if most.is_some_and(|most| self.displace(most, |_| true)) {
            return Ok(());
        }
        if self.displace_slowest(limits, now) { Ok(()) } else { Err(Shut::Handshakes) }
    }

    /// Ends the oldest handshake that is slow.
    fn displace_slowest(&mut self, limits: &Limits, now: Instant) -> bool {
        let slow = self.slow(limits, now);
        let slowest = |open: &Vec<Handshake>| {
            open.iter().filter(|handshake| !handshake.asked && slow(handshake)).map(|slow| slow.number).min()
        };
        let oldest = self.open.iter().filter_map(|(from, open)| Some((slowest(open)?, *from))).min();
        oldest.is_some_and(|(_, from)| self.displace(from, slow))
    }

    /// Ends the oldest handshake of an address that has not sent its request and may be displaced.
    fn displace(&mut self, origin: Option<Origin>, may: impl Fn(&Handshake) -> bool) -> bool {
        let Some(open) = self.open.get_mut(&origin) else { return false };
        let Some(index) = open.iter().position(|handshake| !handshake.asked && may(handshake)) else {
            return false;
        };
        open.remove(index).displaced.cancel();
        self.count -= 1;
        if open.is_empty() {
            self.open.remove(&origin);
        }
        true
    }

    fn remove(&mut self, origin: Option<Origin>, number: u64) -> Option<Handshake> {
        let open = self.open.get_mut(&origin)?;
        let index = open.iter().position(|handshake| handshake.number == number)?;
        let handshake = open.remove(index);
        self.count -= 1;
        if open.is_empty() {
            self.open.remove(&origin);
        }
        Some(handshake)
    }
}

impl Door {
    /// A PROXY header told where the connection comes from.
    ///
    /// # Errors
    /// The bound of that address that is met. The handshake is over then.
    pub(crate) fn belongs_to(&mut self, origin: Origin, now: Instant) -> Result<(), Shut> {
        let mut state = self.doors.lock();
        state.take_rate(&self.doors.limits, origin, now)?;
        state.make_room_of(&self.doors.limits, origin, now)?;
        if let Some(handshake) = state.remove(self.origin, self.number) {
            state.open.entry(Some(origin)).or_default().push(handshake);
            state.count += 1;
        }
        self.origin = Some(origin);
        Ok(())
    }

    /// The request was read: from now on the handshake cannot be displaced.
    pub(crate) fn asked(&self, now: Instant) {
        let state = &mut *self.doors.lock();
        let open = state.open.get_mut(&self.origin);
        let own = open.and_then(|open| open.iter_mut().find(|handshake| handshake.number == self.number));
        if let Some(handshake) = own {
            handshake.asked = true;
            let took = now.saturating_duration_since(handshake.since);
            state.usual = (state.usual * (USUAL_OVER - 1) + took) / USUAL_OVER;
        }
    }

    /// Cancelled when another handshake took the place.
    pub(crate) fn displaced(&self) -> CancellationToken {
        self.displaced.clone()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Nothing to remove when it was displaced.
        let removed = self.doors.lock().remove(self.origin, self.number);
        if removed.is_some() {
            self.doors.serve(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
