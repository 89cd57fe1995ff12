//! Addresses from which living sessions were challenged again and again (threat T02). Pure: times are arguments.
//!
//! Somebody who has a station's secret and lets it connect while the station is there learns nothing and displaces nobody, but
//! each try costs the station a ping. So the *address* is kept out for a while, never the station.

use std::{
    collections::VecDeque,
    hash::RandomState,
    time::{Duration, Instant},
};

use crate::{
    origin::Origin,
    remembered::{Fading, Remembered},
};

/// Addresses remembered at once.
const ADDRESSES_MAX: usize = 16_384;

/// When an address is quarantined, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Challenges an address may lose within the window; the last of them quarantines it.
    pub(crate) challenges: u32,
    pub(crate) window: Duration,
    /// How long it lasts.
    pub(crate) lasts: Duration,
}

/// The addresses.
#[derive(Debug)]
pub(crate) struct Quarantine {
    patience: Patience,
    addresses: Remembered<Lost>,
}

impl Quarantine {
    /// `hasher` carries a secret key, so that nobody chooses whom the bounded memory forgets.
    pub(crate) fn new(patience: Patience, hasher: RandomState) -> Quarantine {
        Quarantine { patience, addresses: Remembered::new(ADDRESSES_MAX, hasher) }
    }

    /// How much longer an address is quarantined, if it is.
    pub(crate) fn left(&self, origin: Origin, now: Instant) -> Option<Duration> {
        let left = self.addresses.get(origin)?.until.saturating_duration_since(now);
        (left > Duration::ZERO).then_some(left)
    }

    /// A challenge from an address was lost: the incumbent answered. True when the address is quarantined for it.
    pub(crate) fn lost(&mut self, origin: Origin, now: Instant) -> bool {
        let Patience { challenges, window, lasts } = self.patience;
        let fresh = Lost { at: VecDeque::new(), until: now, window };
        self.addresses.change(origin, now, fresh, |lost| {
            lost.at.retain(|at| now.saturating_duration_since(*at) < window);
            lost.at.push_back(now);
            let quarantined = u32::try_from(lost.at.len()).unwrap_or(u32::MAX) >= challenges.max(1);
            if quarantined {
                lost.at.clear();
                lost.until = now + lasts;
            }
            quarantined
        })
    }
}

/// What is remembered of an address. Never more times than challenges it may lose.
#[derive(Debug)]
struct Lost {
    at: VecDeque<Instant>,
    until: Instant,
    window: Duration,
}

impl Fading for Lost {
    fn weight(&self, now: Instant) -> u64 {
        let fresh = |at: &&Instant| now.saturating_duration_since(**at) < self.window;
        let challenges = u64::try_from(self.at.iter().filter(fresh).count()).unwrap_or(u64::MAX);
        let left = self.until.saturating_duration_since(now).as_millis();
        challenges.saturating_add(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn the_third_lost_challenge_within_the_window_quarantines() {
        let minute = Duration::from_secs(60);
        let patience = Patience { challenges: 3, window: 10 * minute, lasts: 15 * minute };
        let (mut quarantine, now) = (Quarantine::new(patience, RandomState::new()), Instant::now());
        let [one, other] = [1, 2].map(|n| Origin::from(IpAddr::from(Ipv4Addr::from(n))));
        assert!(!quarantine.lost(one, now));
        assert!(!quarantine.lost(one, now + minute));
        // The first is too long ago to count.
        assert!(!quarantine.lost(one, now + 10 * minute));
        assert_eq!(quarantine.left(one, now + 10 * minute), None);
        assert!(quarantine.lost(one, now + 10 * minute));
        assert_eq!(quarantine.left(one, now + 20 * minute), Some(5 * minute));
        assert_eq!(quarantine.left(other, now + 20 * minute), None);
        assert_eq!(quarantine.left(one, now + 25 * minute), None);
    }
}
