//! When the station was connected, as seen from here: the witness against sessions that are said to have run offline.

use serde::{Deserialize, Serialize};

use super::time::{DAY_MS, MINUTE_MS};

/// Gaps remembered. A station with more of them in [`WITNESS_MS`] has a bad line, and is believed more.
const GAPS_MAX: usize = 32;
/// How far back is witnessed: what is older is misdated anyway.
const WITNESS_MS: i64 = 8 * DAY_MS;
/// The line can have been down before its end was noticed, and the station's clock can be off by 30 s.
const BEFORE_MS: i64 = 2 * MINUTE_MS;
/// A station that comes back works off its queue first, and what happens meanwhile waits behind it.
const SETTLE_MS: i64 = 10 * MINUTE_MS;
/// How much longer it takes after a long gap: a twentieth of it.
const SETTLE_PART: i64 = 20;

/// What is known of a station's connection. Times are in ms since the Unix epoch, by our clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Connectivity {
    /// From when on all of it is known.
    since_ms: Option<i64>,
    /// When the station last reported something.
    heard_ms: i64,
    /// Since when it is away; none while it is here.
    gone_ms: Option<i64>,
    /// When it was last taken in.
    booted_ms: Option<i64>,
    /// When it was away, oldest first.
    gaps: Vec<Gap>,
}

/// A time without connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gap {
    from_ms: i64,
    to_ms: i64,
}

impl Connectivity {
    /// A connection begins. Where the end of the last one was not seen, we were away ourselves.
    pub(super) fn connect(&mut self) {
        if self.since_ms.is_some() && self.gone_ms.is_none() {
            self.gone_ms = Some(self.heard_ms);
        }
    }

    /// The connection is over, or the station is not taken in any more; true when that is news.
    pub(super) fn part(&mut self) -> bool {
        let news = self.since_ms.is_some() && self.gone_ms.is_none();
        self.connect();
        news
    }

    /// The station reports something; true when it had been away.
    pub(super) fn hear(&mut self, now_ms: i64) -> bool {
        let first = self.since_ms.is_none();
        let since_ms = self.since_ms.unwrap_or(now_ms);
        self.heard_ms = now_ms;
        let back = self.gone_ms.take();
        if let Some(from_ms) = back {
            self.gaps.push(Gap { from_ms: from_ms.min(now_ms), to_ms: now_ms });
        }
        self.since_ms = Some(since_ms.max(now_ms.saturating_sub(WITNESS_MS)));
        self.forget(now_ms);
        first || back.is_some()
    }

    fn forget(&mut self, now_ms: i64) {
        self.gaps.retain(|gap| gap.to_ms > now_ms.saturating_sub(WITNESS_MS));
        if self.gaps.len() > GAPS_MAX {
            let oldest = self.gaps.remove(0);
            // Of what was before it nothing can be said any more.
            self.since_ms = self.since_ms.map(|since| since.max(oldest.to_ms));
        }
    }

    /// The station was taken in.
    pub(super) fn boot(&mut self, now_ms: i64) {
        self.booted_ms = Some(now_ms);
    }

    /// When the station was last taken in.
    pub(super) fn booted_ms(&self) -> Option<i64> {
        self.booted_ms
    }

    /// When the station was first heard of.
    pub(super) fn since_ms(&self) -> Option<i64> {
        self.since_ms
    }

    /// Since when nothing has come between us and the station: no gap and no boot. Not yet, while it is away.
    pub(super) fn steady_ms(&self) -> i64 {
        if self.gone_ms.is_some() {
            return i64::MAX;
        }
        let back_ms = self.gaps.last().map(|gap| gap.to_ms).or(self.since_ms);
        back_ms.max(self.booted_ms).unwrap_or(0)
    }

    /// Whether the station was here at that time, beyond doubt, and had nothing left to work off.
    pub(super) fn was_online(&self, at_ms: i64) -> bool {
        let Some(since_ms) = self.since_ms else { return false };
        let away = |gap: &Gap| {
            let settle_ms = SETTLE_MS.saturating_add(gap.to_ms.saturating_sub(gap.from_ms) / SETTLE_PART);
            (gap.from_ms.saturating_sub(BEFORE_MS)..=gap.to_ms.saturating_add(settle_ms)).contains(&at_ms)
        };
        at_ms > since_ms.saturating_add(SETTLE_MS)
            && at_ms < self.gone_ms.unwrap_or(self.heard_ms).saturating_sub(BEFORE_MS)
            && !self.gaps.iter().any(away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 60 * MINUTE_MS;

    #[test]
    fn only_what_was_witnessed_counts_as_online() {
        let mut line = Connectivity::default();
        assert!(!line.was_online(0));
        assert!(line.hear(0) && !line.hear(5 * HOUR_MS));
        assert!(line.part() && !line.part());
        assert!(line.hear(6 * HOUR_MS));
        line.hear(9 * HOUR_MS);
        assert!(line.was_online(HOUR_MS));
        for (at_ms, online) in [
            (-HOUR_MS, false),                // before we knew it
            (MINUTE_MS, false),               // it may still have worked off a queue
            (5 * HOUR_MS - MINUTE_MS, false), // the line may have been down already
            (5 * HOUR_MS + 1, false),         // away
            (6 * HOUR_MS + MINUTE_MS, false), // working off its queue
            (6 * HOUR_MS + 20 * MINUTE_MS, true),
            (9 * HOUR_MS, false), // just now
        ] {
            assert_eq!(line.was_online(at_ms), online, "{at_ms}");
        }
    }

    #[test]
    fn where_we_were_away_ourselves_nothing_is_known() {
        let mut line = Connectivity::default();
        line.hear(0);
        line.hear(HOUR_MS);
        line.connect();
        line.hear(4 * HOUR_MS);
        line.hear(9 * HOUR_MS);
        assert!(!line.was_online(2 * HOUR_MS) && line.was_online(8 * HOUR_MS));
    }

    #[test]
    fn gaps_are_bounded_and_what_is_forgotten_is_not_held_against_anybody() {
        let mut line = Connectivity::default();
        for hour in 0..100 {
            line.hear(hour * HOUR_MS);
            line.hear(hour * HOUR_MS + HOUR_MS / 2);
            line.part();
        }
        assert!(line.gaps.len() <= GAPS_MAX);
        assert!(!line.was_online(10 * HOUR_MS + HOUR_MS / 3));
        assert!(line.was_online(90 * HOUR_MS + HOUR_MS / 3));
    }
}
