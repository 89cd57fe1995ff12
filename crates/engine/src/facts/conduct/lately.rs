//! When something happened lately.

use serde::{Deserialize, Serialize};

/// Times in ms since the Unix epoch, oldest first. Whoever notes says how many are worth keeping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Lately(Vec<i64>);

impl Lately {
    /// Notes that it happened now; forgets what is older than the window, and of more than `most` the oldest.
    pub(super) fn note(&mut self, now_ms: i64, window_ms: i64, most: usize) {
        self.0.retain(|at_ms| is_within(*at_ms, now_ms, window_ms));
        let over = (self.0.len() + 1).saturating_sub(most);
        self.0.drain(..over.min(self.0.len()));
        self.0.push(now_ms);
    }

    /// How often it happened within the window.
    pub(super) fn within(&self, now_ms: i64, window_ms: i64) -> usize {
        self.0.iter().filter(|at_ms| is_within(**at_ms, now_ms, window_ms)).count()
    }

    /// Takes the oldest of those within the window; true when there was one.
    pub(super) fn take(&mut self, now_ms: i64, window_ms: i64) -> bool {
        self.0.retain(|at_ms| is_within(*at_ms, now_ms, window_ms));
        let any = !self.0.is_empty();
        self.0.drain(..usize::from(any));
        any
    }
}

/// Also when the clock was set back a little: then it was just now.
pub(super) fn is_within(at_ms: i64, now_ms: i64, window_ms: i64) -> bool {
    now_ms.saturating_sub(at_ms) < window_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_or_too_much_is_forgotten() {
        let mut lately = Lately::default();
        for at in 0..10 {
            lately.note(at, 100, 4);
        }
        assert_eq!((lately.0.as_slice(), lately.within(10, 100)), (&[6, 7, 8, 9][..], 4));
        assert_eq!(lately.within(107, 100), 2);
        assert!(lately.take(107, 100) && lately.take(107, 100) && !lately.take(107, 100));
    }
}
