//! Handshakes under way: how many at once, how many a second, and who has to go when there are too many.
//!
//! A handshake that has not yet sent its request can be displaced: by a newcomer of the same address once it is slow, and by a
//! newcomer of an address with fewer handshakes when the whole is full. So whoever opens many connections and says nothing
//! competes with itself.

use std::{
    collections::HashMap,
    hash::RandomState,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    bounds::Bounds,
    origin::Origin,
    pace::{Pace, Used},
    remembered::Remembered,
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

/// How often a connection for which there is no place looks whether a handshake has become slow.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The doors of all listeners together.
#[derive(Debug)]
pub(crate) struct Doors {
    limits: Limits,
    state: Mutex<State>,
    /// A place was given back.
    freed: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    all: usize,
    per_address: usize,
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
        };
        Doors { limits, state: Mutex::new(state), freed: Notify::new() }
    }

    /// A connection was accepted. `origin` is none when it comes from a proxy that will say whom it brings
    /// ([`Door::belongs_to`]); until then only the bounds on everything hold.
    pub(crate) fn enter(self: &Arc<Doors>, origin: Option<Origin>, now: Instant) -> Result<Door, Shut> {
        if let Some(origin) = origin {
            self.lock().take_rate(&self.limits, origin, now)?;
        }
        self.take_place(origin, now)
    }

    /// As [`Doors::enter`], and where all places are taken by handshakes that may keep them, waits until one may be had: a whole
    /// fleet that returns at once is let in as fast as it goes, and meanwhile stands in the kernel's queue. The wait ends with the
    /// first of [`Bounds::handshakes`] handshakes that ends or is slow.
    pub(crate) async fn enter_or_wait(self: &Arc<Doors>, origin: Option<Origin>) -> Result<Door, Shut> {
        let mut outcome = self.enter(origin, Instant::now());
        while matches!(outcome, Err(Shut::Handshakes)) {
            // Whatever was freed since is remembered; a handshake that gets slow is not told of.
            let _ = tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await;
            outcome = self.take_place(origin, Instant::now());
        }
        outcome
    }

    fn take_place(self: &Arc<Doors>, origin: Option<Origin>, now: Instant) -> Result<Door, Shut> {
        let mut state = self.lock();
        if let Some(origin) = origin {
            state.make_room_of(&self.limits, origin, now)?;
        }
        state.make_room(&self.limits, origin, now)?;
        state.numbers += 1;
        let (number, displaced) = (state.numbers, CancellationToken::new());
        let handshake = Handshake { number, since: now, asked: false, displaced: displaced.clone() };
        state.open.entry(origin).or_default().push(handshake);
        state.count += 1;
        Ok(Door { doors: Arc::clone(self), origin, number, displaced })
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
    fn slow(&self, now: Instant) -> impl Fn(&Handshake) -> bool + Copy + use<> {
        let wait = SLOW.max(self.usual.saturating_mul(SLOWER));
        move |handshake| now.saturating_duration_since(handshake.since) >= wait
    }

    /// Room among those of the same address.
    fn make_room_of(&mut self, limits: &Limits, origin: Origin, now: Instant) -> Result<(), Shut> {
        let open = self.open.get(&Some(origin)).map_or(0, Vec::len);
        if open < limits.per_address {
            return Ok(());
        }
        let slow = self.slow(now);
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
        let slow = self.slow(now);
        let slowest = |open: &Vec<Handshake>| {
            open.iter().filter(|handshake| !handshake.asked && slow(handshake)).map(|slow| slow.number).min()
        };
        let oldest = self.open.iter().filter_map(|(from, open)| Some((slowest(open)?, *from))).min();
        match oldest {
            Some((_, from)) if self.displace(from, slow) => Ok(()),
            Some(_) | None => Err(Shut::Handshakes),
        }
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
            self.doors.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn origin(n: u32) -> Option<Origin> {
        Some(IpAddr::from(Ipv4Addr::from(n)).into())
    }

    fn doors(change: impl FnOnce(&mut Bounds), now: Instant) -> Arc<Doors> {
        let mut bounds = Bounds { handshakes: 8, handshakes_per_address: 6, ..Bounds::default() };
        change(&mut bounds);
        Arc::new(Doors::new(&bounds, now, RandomState::new()))
    }

    /// Handshakes and addresses that are left.
    fn left(doors: &Doors) -> (usize, usize) {
        let state = doors.lock();
        (state.count, state.open.len())
    }

    #[test]
    fn where_all_are_slow_none_is() {
        let now = Instant::now();
        let doors = doors(|_| {}, now);
        for n in 0..100 {
            doors.enter(origin(n), now).unwrap().asked(now + SLOW);
        }
        let inside: Vec<_> = (0..8).map(|n| doors.enter(origin(n), now).unwrap()).collect();
        assert_eq!(doors.enter(origin(8), now + SLOW).unwrap_err(), Shut::Handshakes);
        let _newcomer = doors.enter(origin(9), now + SLOW * SLOWER).unwrap();
        assert!(inside[0].displaced().is_cancelled());
    }

    #[tokio::test]
    async fn a_fleet_waits_for_its_turn() {
        let now = Instant::now();
        let doors = doors(|_| {}, now);
        let mut inside: Vec<_> = (0..8).map(|n| doors.enter(origin(n), now).unwrap()).collect();
        assert_eq!(doors.enter(origin(8), now).unwrap_err(), Shut::Handshakes);
        let waiting = tokio::spawn({
            let doors = Arc::clone(&doors);
            async move { doors.enter_or_wait(origin(9)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        inside.pop();
        let _ninth = tokio::time::timeout(SLOW, waiting).await.unwrap().unwrap().unwrap();
        assert_eq!(left(&doors), (8, 8));
    }

    #[test]
    fn an_address_has_its_share() {
        let now = Instant::now();
        let doors = doors(|_| {}, now);
        let mut first: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
        assert_eq!(doors.enter(origin(1), now).unwrap_err(), Shut::PerAddress);
        first.pop();
        let again = doors.enter(origin(1), now).unwrap();
        assert_eq!(doors.lock().count, 6);
        drop((first, again));
        assert_eq!(left(&doors), (0, 0));
    }

    #[test]
    fn the_slow_make_room_for_their_own_address() {
        let now = Instant::now();
        let doors = doors(|_| {}, now);
        let slow: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
        slow[0].asked(now);
        let newcomer = doors.enter(origin(1), now + SLOW).unwrap();
        let displaced: Vec<_> = slow.iter().map(|door| door.displaced().is_cancelled()).collect();
        assert_eq!(displaced, [false, true, false, false, false, false], "the oldest that has not asked");
        assert!(!newcomer.displaced().is_cancelled());
        assert_eq!(doors.lock().count, 6);
        drop(slow);
        assert_eq!(doors.lock().count, 1);
    }

    #[test]
    fn when_all_is_full_those_with_many_make_room() {
        let now = Instant::now();
        let doors = doors(|_| {}, now);
        let many: Vec<_> = (0..6).map(|_| doors.enter(origin(1), now).unwrap()).collect();
        let few: Vec<_> = (0..2).map(|_| doors.enter(origin(2), now).unwrap()).collect();
        let one = doors.enter(origin(3), now).unwrap();
        assert!(many[0].displaced().is_cancelled());
        assert!(few.iter().all(|door| !door.displaced().is_cancelled()));
        many.iter().for_each(|door| door.asked(now));
        let another = doors.enter(origin(4), now).unwrap();
        assert!(few[0].displaced().is_cancelled());
        assert_eq!(doors.enter(origin(5), now).unwrap_err(), Shut::Handshakes, "nobody has more than one");
        // But some are slow.
        let late = doors.enter(origin(5), now + SLOW).unwrap();
        assert!(few[1].displaced().is_cancelled());
        assert_eq!(doors.lock().count, 8);
        drop((one, another, late));
        assert!(doors.enter(origin(6), now).is_ok());
    }

    #[test]
    fn rates_are_bounded_and_strangers_do_not_use_up_each_others() {
        let now = Instant::now();
        let doors = doors(
            |bounds| {
                bounds.handshakes_per_second = 8;
                bounds.handshakes_per_second_per_address = 6;
            },
            now,
        );
        let enter = |n, now| doors.enter(origin(n), now).map(drop);
        assert_eq!((0..6).map(|_| enter(1, now)).collect::<Result<Vec<_>, _>>().map(|_| ()), Ok(()));
        assert_eq!(enter(1, now), Err(Shut::RatePerAddress));
        assert_eq!((enter(2, now), enter(2, now)), (Ok(()), Ok(())));
        assert_eq!(enter(2, now), Err(Shut::Rate));
        assert_eq!(enter(3, now), Ok(()), "an address that was not seen lately");
        let later = now + Duration::from_millis(500);
        assert_eq!((enter(1, later), enter(2, later)), (Ok(()), Ok(())));
    }

    #[test]
    fn a_proxy_says_whom_it_brings() {
        let now = Instant::now();
        let doors = doors(|bounds| bounds.handshakes_per_address = 1, now);
        let mut first = doors.enter(None, now).unwrap();
        let mut second = doors.enter(None, now).unwrap();
        let to = origin(7).unwrap();
        assert_eq!(first.belongs_to(to, now), Ok(()));
        assert_eq!(second.belongs_to(to, now), Err(Shut::PerAddress));
        drop(second);
        assert_eq!(doors.lock().count, 1);
        drop(first);
        assert_eq!(left(&doors), (0, 0));
    }
}
