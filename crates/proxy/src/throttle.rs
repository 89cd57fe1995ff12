//! Growing delays for those who fail to prove who they are (requirement R-A14). Pure: times are arguments.
//!
//! Failures are counted three ways: by address, by claimed id, and by both together. After a few free ones each further failure
//! doubles the delay until the next attempt is looked at. Nobody is locked out by the failures of others: an address that has
//! not failed for an id is not kept from trying it, and the admission knows further exceptions (`docs/admission.md`).

use std::{
    hash::RandomState,
    time::{Duration, Instant},
};

use crate::{
    handshake::StationId,
    origin::Origin,
    refusal::Reason,
    remembered::{Fading, Remembered},
};

/// Addresses, ids, and pairs of them that are remembered at once, each: some 4 MiB together when all are in use.
const REMEMBERED_MAX: usize = 65_536;

/// The delay after the first failure that is not free.
const DELAY_MIN: Duration = Duration::from_secs(1);

/// What may be configured of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leniency {
    /// Failures of one address that cost nothing.
    pub(crate) per_address: u32,
    /// Failures for one id that cost nothing: of one address, and of all together. A person who sets a station up mistypes more than
    /// once.
    pub(crate) per_station: u32,
    /// The longest delay; also how long it takes until one failure is forgotten.
    pub(crate) delay_max: Duration,
}

/// What is remembered of failures.
#[derive(Debug)]
pub(crate) struct Throttle {
    leniency: Leniency,
    addresses: Remembered<Failures>,
    stations: Remembered<Failures>,
    pairs: Remembered<Failures>,
}

/// An attempt that comes too early. The secret is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooEarly {
    pub(crate) reason: Reason,
    /// How long until the next attempt is looked at.
    pub(crate) wait: Duration,
}

impl Throttle {
    /// `hasher` carries a secret key, so that nobody chooses whom the bounded memory forgets.
    pub(crate) fn new(leniency: Leniency, hasher: RandomState) -> Throttle {
        let memory = || Remembered::new(REMEMBERED_MAX, hasher.clone());
        Throttle { leniency, addresses: memory(), stations: memory(), pairs: memory() }
    }

    /// Whether an attempt comes too early. Knows nothing of the inventory, so ids that exist and ids that do not are treated
    /// alike.
    pub(crate) fn judge(&self, origin: Origin, station: &StationId, now: Instant) -> Option<TooEarly> {
        // The first attempt of an address for an id is looked at whatever others did: it may be the station's own. What bounds
        // these is the number of secrets checked at once, which addresses share fairly.
        let pair = self.pairs.get((origin, station)).filter(|failures| failures.weight(now) > 0)?;
        let wait = |failures: Option<&Failures>| {
            failures.map_or(Duration::ZERO, |failures| failures.until.saturating_duration_since(now))
        };
        let of_address = wait(Some(pair)).max(wait(self.addresses.get(origin)));
        let of_station = wait(self.stations.get(station));
        if of_address > Duration::ZERO {
            return Some(TooEarly { reason: Reason::TooManyAttempts, wait: of_address.max(of_station) });
        }
        (of_station > Duration::ZERO)
            .then_some(TooEarly { reason: Reason::StationThrottled, wait: of_station })
    }

    /// Counts a failure to prove an id.
    pub(crate) fn failed(&mut self, origin: Origin, station: &StationId, now: Instant) {
        let Leniency { per_station, delay_max, .. } = self.leniency;
        let fresh = Failures::none(now);
        self.pairs
            .change((origin, station), now, fresh, |failures| failures.add(now, per_station, delay_max));
        self.stations.change(station, now, fresh, |failures| failures.add(now, per_station, delay_max));
        self.failed_at(origin, now);
    }

    /// Counts a failure of an address that claimed no id, or offered nothing to prove it by.
    pub(crate) fn failed_at(&mut self, origin: Origin, now: Instant) {
        let Leniency { per_address, delay_max, .. } = self.leniency;
        let fresh = Failures::none(now);
        self.addresses.change(origin, now, fresh, |failures| failures.add(now, per_address, delay_max));
    }

    /// An address proved an id. What others failed stays counted: they would gain free attempts by waiting for the station.
    pub(crate) fn proved(&mut self, origin: Origin, station: &StationId) {
        self.pairs.forget((origin, station));
    }
}

/// Failures, as far as they are not forgotten.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
    /// Until then nothing is looked at.
    until: Instant,
    /// One failure is forgotten each time this has passed.
    forget: Duration,
}

impl Failures {
    fn none(now: Instant) -> Failures {
        Failures { count: 0, last: now, until: now, forget: Duration::MAX }
    }

    fn left(&self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.last).as_millis();
        let forgotten = passed / self.forget.as_millis().max(1);
        self.count.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    fn add(&mut self, now: Instant, free: u32, delay_max: Duration) {
        self.count = self.left(now).saturating_add(1).min(free.saturating_add(COUNTED_MAX));
        self.last = now;
        self.forget = delay_max;
        self.until = now + delay(self.count.saturating_sub(free), delay_max);
    }
}

impl Fading for Failures {
    fn weight(&self, now: Instant) -> u64 {
        u64::from(self.left(now)).max(u64::from(self.until > now))
    }
}

/// Failures beyond the free ones that are counted: no delay needs more doublings, and what is counted must be forgotten again.
const COUNTED_MAX: u32 = 16;

/// The delay after so many failures that were not free.
fn delay(failures: u32, max: Duration) -> Duration {
    match failures {
        0 => Duration::ZERO,
        n => DELAY_MIN.saturating_mul(1_u32.checked_shl(n - 1).unwrap_or(u32::MAX)).min(max),
    }
}

#[cfg(test)]
#[path = "throttle/tests.rs"]
mod tests;
