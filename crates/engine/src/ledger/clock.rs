//! What time it is for the ledger.
//!
//! Windows use the wall clock that each message brings. It may go wrong, and it may be put right, so:
//!
//! - Forwards it is believed: after a pause of the machine what is old is old.
//! - Back by at most [`STEP_MS`] it is not followed until it has caught up: sessions read the clock one after another, and
//!   it is trimmed by such amounts. What counts then leaves at most so much later.
//! - Back by more it is followed, and what is dated ahead of it counts as done now: nothing is forgotten before its window
//!   has passed, and nothing is counted for longer than a window from the step on. What was ordered for a moment stays at
//!   that moment: a clock is put back when it was ahead, and then the moment is still to come.

use chargewarden_ocpp::Timestamp;

/// Most that the clock may go back without being taken to have been put right, in ms. A decision takes a thousandth of it;
/// a clock that is off by more has been wrong.
const STEP_MS: i64 = 10_000;

/// The ledger's time.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    latest_ms: Option<i64>,
}

/// What the time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// In ms since the Unix epoch.
    pub(super) now_ms: i64,
    /// Whether the clock was put back: what is dated ahead of it is to count as done now.
    pub(super) back: bool,
}

impl Clock {
    /// What the time is when a message says that it is `now`.
    pub(super) fn read(&mut self, now: Timestamp) -> Reading {
        let said = now.as_millis();
        let latest = self.latest_ms.unwrap_or(said);
        let behind = latest.saturating_sub(said);
        let now_ms = if (1..=STEP_MS).contains(&behind) { latest } else { said };
        self.latest_ms = Some(now_ms);
        Reading { now_ms, back: behind > STEP_MS }
    }

    /// Something was done at this time, before a restart.
    pub(super) fn remember(&mut self, at_ms: i64) {
        self.latest_ms = self.latest_ms.max(Some(at_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_stands_and_steps_back() {
        let mut clock = Clock::default();
        let mut read = |ms| {
            let reading = clock.read(Timestamp::from_millis(ms));
            (reading.now_ms, reading.back)
        };
        assert_eq!(read(100_000), (100_000, false));
        assert_eq!(read(99_000), (100_000, false));
        assert_eq!(read(90_000), (100_000, false));
        assert_eq!(read(100_001), (100_001, false));
        assert_eq!(read(90_000), (90_000, true));
        assert_eq!(read(90_000), (90_000, false));
        assert_eq!(read(900_000), (900_000, false));
    }
}
