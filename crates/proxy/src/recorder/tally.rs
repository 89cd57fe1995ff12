//! How often the same security event is recorded one by one, and what becomes of the rest: nothing is lost, it is summed up.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chargewarden_evidence::{Origin, Repeats, Security, Stamp};

use crate::origin::Origin as Whence;

/// Events of one type about one station or address that are recorded one by one within [`WINDOW`]. A person reads ten; a
/// station that reports every standard type once, which is 21 of them, is far below.
pub(crate) const ALONE_MAX: u32 = 10;

/// After which the rest is written down as one record with a count, and counting begins anew.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// Types and stations or addresses that are told apart at once. Beyond, those of a type are counted together: somebody who
/// has a hundred thousand addresses fills neither our memory nor the log.
const KEYS_MAX: usize = 10_000;

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<HashMap<Key, Count>>,
}

/// What counts as the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    from_station: bool,
    /// The type; empty for all types of a station that nobody knows, since it could name as many as it likes.
    kind: String,
    /// Station, address or CSMS; empty where too many are told apart.
    whom: String,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    alone: u32,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    repeats: Repeats,
    last: Security,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Recorded.
    Alone,
    /// Summed up later; it is the first of those.
    FirstOfMany,
    /// Summed up later.
    OneOfMany,
}

impl Tally {
    /// Counts an event.
    pub(crate) fn count(&self, event: &Security, at: Stamp, now: Instant) -> Fate {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Key::of(event);
        if counts.len() >= KEYS_MAX && !counts.contains_key(&key) {
            key.whom.clear();
        }
        let count = counts.entry(key).or_insert(Count { since: now, alone: 0, rest: None });
        if count.rest.is_none() && now.duration_since(count.since) >= WINDOW {
            *count = Count { since: now, alone: 0, rest: None };
        }
        if count.alone < ALONE_MAX {
            count.alone += 1;
            return Fate::Alone;
        }
        match &mut count.rest {
            Some(rest) => {
                rest.repeats.count = rest.repeats.count.saturating_add(1);
                rest.last.clone_from(event);
                Fate::OneOfMany
            }
            None => {
                count.rest = Some(Rest { repeats: Repeats { count: 1, since: at }, last: event.clone() });
                Fate::FirstOfMany
            }
        }
    }

    /// What is to be written down of windows that have ended; of all of them, where there is no `now`.
    pub(crate) fn sums(&self, now: Option<Instant>) -> Vec<Security> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = Vec::new();
        counts.retain(|_, count| {
            let over = now.is_none_or(|now| now.duration_since(count.since) >= WINDOW);
            if let Some(rest) = count.rest.take_if(|_| over) {
                sums.push(Security { repeats: Some(rest.repeats), ..rest.last });
            }
            !over
        });
        sums
    }
}

impl Key {
    fn of(event: &Security) -> Key {
        // A stranger can claim a thousand stations from one address; a station in session is itself.
        let address = event.peer.parse::<SocketAddr>().ok().filter(|_| is_about_stranger(event));
        let whom = match address {
            Some(address) => Whence::from(address.ip()).to_string(),
            None if is_about_csms(event) => event.csms.clone(),
            None => event.station.clone(),
        };
        Key {
            from_station: event.origin == Origin::Station,
            kind: if event.unknown { String::new() } else { event.kind.to_string() },
            whom,
        }
    }
}

/// Whether it is about somebody who was not admitted.
pub(crate) fn is_about_stranger(event: &Security) -> bool {
    event.session.is_empty() && !event.peer.is_empty()
}

/// Whether it is about a CSMS that no session was opened to: all its stations see the same.
fn is_about_csms(event: &Security) -> bool {
    event.session.is_empty() && event.peer.is_empty() && !event.csms.is_empty()
}

#[cfg(test)]
mod tests {
    use chargewarden_evidence::OwnEvent;

    use super::*;

    fn at(ms: i64) -> Stamp {
        Stamp::from_millis(ms)
    }

    fn guess(station: &str, peer: &str) -> Security {
        Security { station: station.into(), peer: peer.into(), ..Security::own(OwnEvent::AuthFailed) }
    }

    #[test]
    fn a_flood_is_summed_up_and_nothing_is_lost() {
        let (tally, start) = (Tally::default(), Instant::now());
        let fates: Vec<Fate> = (0..500u32)
            .map(|n| tally.count(&guess(&n.to_string(), "192.0.2.1:5000"), at(n.into()), start))
            .collect();
        let alone = fates.iter().filter(|fate| **fate == Fate::Alone).count();
        assert_eq!(alone, 10);
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::FirstOfMany).count(), 1);
        assert_eq!(tally.sums(Some(start)), []);
        let sums = tally.sums(Some(start + WINDOW));
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[0].repeats, Some(Repeats { count: 490, since: at(10) }));
        assert_eq!(sums[0].station, "499");
        // Counting begins anew.
        assert_eq!(tally.count(&guess("1", "192.0.2.1:5000"), at(0), start + WINDOW), Fate::Alone);
        assert_eq!(tally.sums(None), []);
    }

    #[test]
    fn what_a_csms_does_to_every_station_is_counted_together() {
        let (tally, now) = (Tally::default(), Instant::now());
        let seen = |station: u32, csms: &str| Security {
            station: station.to_string(),
            csms: csms.into(),
            ..Security::own(OwnEvent::UpstreamCertInvalid)
        };
        let fates: Vec<Fate> = (0..100).map(|n| tally.count(&seen(n, "main"), at(0), now)).collect();
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Alone).count(), 10);
        assert_eq!(tally.count(&seen(0, "other"), at(0), now), Fate::Alone);
    }

    #[test]
    fn what_waits_is_summed_up_however_late() {
        let (tally, start) = (Tally::default(), Instant::now());
        (0..11).for_each(|_| {
            tally.count(&guess("1", ""), at(0), start);
        });
        // Nobody has looked in between.
        assert_eq!(tally.count(&guess("1", ""), at(1), start + WINDOW * 3), Fate::OneOfMany);
        assert_eq!(tally.sums(None)[0].count(), 2);
    }

    #[test]
    fn one_address_does_not_hide_another_nor_a_type_another() {
        let (tally, now) = (Tally::default(), Instant::now());
        (0..100).for_each(|_| {
            tally.count(&guess("1", "192.0.2.1:5000"), at(0), now);
        });
        assert_eq!(tally.count(&guess("1", "192.0.2.2:5000"), at(0), now), Fate::Alone);
        let other = Security { peer: "192.0.2.1:1".into(), ..Security::own(OwnEvent::CertMismatch) };
        assert_eq!(tally.count(&other, at(0), now), Fate::Alone);
    }

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let (tally, now) = (Tally::default(), Instant::now());
        let mut invented = Security {
            origin: Origin::Station,
            unknown: true,
            station: "CS-1".into(),
            session: "s1".into(),
            ..Security::own(OwnEvent::Held)
        };
        for number in 0..20_000 {
            invented.kind = format!("Vendor{number}").into();
            tally.count(&invented, at(0), now);
            tally.count(&guess(&format!("CS-{number}"), ""), at(0), now);
        }
        assert!(tally.counts.lock().unwrap().len() <= KEYS_MAX + 2);
        let counted: u64 = tally.sums(None).iter().map(Security::count).sum();
        assert_eq!(counted, (20_000 - 10) + (20_000 - (KEYS_MAX as u64 - 1) - 10));
    }
}
