//! The two clocks, read here and nowhere else.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chargewarden_engine::Moment;
use chargewarden_ocpp::Timestamp;

/// Wall clock and monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// Monotonic time is counted from an hour ago, so that "since always" is before any wait.
    pub(crate) fn start() -> Clock {
        const BEFORE: Duration = Duration::from_secs(3600);
        let now = Instant::now();
        Clock { origin: now.checked_sub(BEFORE).unwrap_or(now) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment { wall: wall(), mono_ms: self.mono_ms_at(Instant::now()) }
    }

    pub(crate) fn mono_ms_at(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.origin).as_millis()).unwrap_or(u64::MAX)
    }
}

/// The time of day.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
