//! Refused guesses per address: what bounds the search for ids and secrets (requirement R-A14).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Addresses remembered at once. When more guess at the same time, the memory is cleared of what is over, and new ones are
/// then not counted: the bound on secrets being checked still holds.
const ADDRESSES_MAX: usize = 65_536;

/// The counts.
#[derive(Debug)]
pub(crate) struct Guesses {
    max: u32,
    window: Duration,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    guesses: u32,
}

impl Guesses {
    /// Allows `max` refused guesses per address and window.
    pub(crate) fn new(max: u32, window: Duration) -> Guesses {
        Guesses { max, window, counts: Mutex::default() }
    }

    /// Whether an address has used up its guesses.
    pub(crate) fn exhausted(&self, address: IpAddr, now: Instant) -> bool {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .get(&origin(address))
            .is_some_and(|count| now.duration_since(count.since) < self.window && count.guesses >= self.max)
    }

    /// Counts a refused guess.
    pub(crate) fn count(&self, address: IpAddr, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |count: &Count| now.duration_since(count.since) < self.window;
        if counts.len() >= ADDRESSES_MAX {
            counts.retain(|_, count| fresh(count));
            if counts.len() >= ADDRESSES_MAX {
                return;
            }
        }
        let count = counts.entry(origin(address)).or_insert(Count { since: now, guesses: 0 });
        if !fresh(count) {
            *count = Count { since: now, guesses: 0 };
        }
        count.guesses = count.guesses.saturating_add(1);
    }
}

/// An IPv6 subscriber has a /64 to guess from: it counts as one address.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64)).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_bounded_per_address_and_window() {
        let (guesses, start) = (Guesses::new(3, Duration::from_secs(60)), Instant::now());
        let (one, same, other) = ("2001:db8::1", "2001:db8::ffff", "2001:db8:1::1");
        let [one, same, other] = [one, same, other].map(|text| text.parse::<IpAddr>().unwrap());
        (0..3).for_each(|_| guesses.count(one, start));
        assert!(guesses.exhausted(same, start));
        assert!(!guesses.exhausted(other, start));
        let later = start + Duration::from_secs(60);
        assert!(!guesses.exhausted(one, later));
        guesses.count(one, later);
        assert!(!guesses.exhausted(one, later));
    }
}
