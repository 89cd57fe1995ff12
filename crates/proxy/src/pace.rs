//! How often something may happen: so many at once, and then so many a second.

use std::time::{Duration, Instant};

use crate::remembered::Fading;

/// A rate with a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    interval: Duration,
    burst: u32,
}

impl Pace {
    /// `count` in each `period`, and `burst` at once. Both at least one.
    pub(crate) fn new(count: u32, period: Duration, burst: u32) -> Pace {
        Pace { interval: period / count.max(1), burst: burst.max(1) }
    }

    /// How far ahead of its time something may be.
    fn lead(self) -> Duration {
        self.interval.saturating_mul(self.burst - 1)
    }
}

/// What was used up of a pace: the time at which, at the pace, the next would be due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    due: Instant,
}

impl Used {
    /// Nothing yet.
    pub(crate) fn none(now: Instant) -> Used {
        Used { due: now }
    }

    /// Takes one, if the pace allows it now.
    ///
    /// # Errors
    /// How long until it does; nothing is taken then.
    pub(crate) fn take(&mut self, pace: Pace, now: Instant) -> Result<(), Duration> {
        let due = self.due.max(now);
        let ahead = due.saturating_duration_since(now);
        if ahead > pace.lead() {
            return Err(ahead - pace.lead());
        }
        self.due = due + pace.interval;
        Ok(())
    }

    /// Whether nothing is left of what was taken.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.due <= now
    }
}

impl Fading for Used {
    fn weight(&self, now: Instant) -> u64 {
        u64::try_from(self.due.saturating_duration_since(now).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let (pace, now) = (Pace::new(10, Duration::from_secs(1), 3), Instant::now());
        let mut used = Used::none(now);
        (0..3).for_each(|_| used.take(pace, now).unwrap());
        assert_eq!(used.take(pace, now), Err(Duration::from_millis(100)));
        assert_eq!(used.take(pace, now + Duration::from_millis(100)), Ok(()));
        assert!(used.take(pace, now + Duration::from_millis(199)).is_err());
        assert!(!used.is_fresh(now + Duration::from_millis(399)));
        assert!(used.is_fresh(now + Duration::from_millis(400)));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(
            pauses in prop::collection::vec(0..300_u64, 1..300), count in 1..50_u32, burst in 1..20_u32
        ) {
            let (pace, start) = (Pace::new(count, Duration::from_secs(1), burst), Instant::now());
            let (mut used, mut now, mut taken) = (Used::none(start), start, 0_u32);
            for pause in pauses {
                now += Duration::from_millis(pause);
                taken += u32::from(used.take(pace, now).is_ok());
                let bound = f64::from(burst) + (now - start).as_secs_f64() * f64::from(count) * 1.001;
                prop_assert!(f64::from(taken) <= bound);
            }
            prop_assert!(taken > 0);
        }
    }
}
