//! Times and their tolerances. Everything is in ms since the Unix epoch.

use chargewarden_ocpp::Timestamp;

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const DAY_MS: i64 = 86_400_000;

/// A station's clock may be off by 30 s, and so may ours.
pub(super) const SKEW_MS: i64 = 60_000;
/// What is older than this cannot be told from an invention.
const OLD_MS: i64 = 7 * DAY_MS;
/// A report that is this late has waited: stations that try again three times, after 60 s, 120 s and 180 s, are done by
/// then (1.6 `TransactionMessageAttempts`).
const LATE_MS: i64 = 15 * MINUTE_MS;

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millis()
}

/// Whether it is dated ahead of our clock, or too far back.
pub(super) fn is_misdated(at_ms: i64, now_ms: i64) -> bool {
    at_ms > now_ms.saturating_add(SKEW_MS) || is_old(at_ms, now_ms)
}

pub(super) fn is_old(at_ms: i64, now_ms: i64) -> bool {
    at_ms < now_ms.saturating_sub(OLD_MS)
}

/// Whether a report of that time has waited somewhere before it came.
pub(super) fn is_late(at_ms: i64, now_ms: i64) -> bool {
    at_ms < now_ms.saturating_sub(LATE_MS)
}

/// Whether it is before the other, whatever the clocks.
pub(super) fn is_before(at_ms: i64, other_ms: i64) -> bool {
    at_ms < other_ms.saturating_sub(SKEW_MS)
}
