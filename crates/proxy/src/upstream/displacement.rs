//! Signs that somebody else talks to the CSMS in a station's name (T15): our own session is the one that is thrown out.
//!
//! A CSMS that takes the newest connection closes ours when another one comes with the same identity, and says so in the close
//! frame or says nothing. The first is a sign by itself; the second only when it repeats while the CSMS is there for us.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::handshake::StationId;

/// Endings further apart than this have nothing to do with each other.
const WINDOW_MS: u64 = 10 * 60 * 1000;

/// A session that the CSMS ends within this time of its beginning ended soon: a displacer that reconnects as eagerly as a
/// station does comes back within its first back-off step, 30 to 60 s in practice.
const SOON_MS: u64 = 60 * 1000;

/// So many endings soon after the beginning, within the window, are a sign.
const SOON_ENDINGS: usize = 2;

/// So many endings of any age within the window are a sign.
const ENDINGS: usize = 3;

/// Words in close texts of CSMSs that have a newer connection of the same identity. Lower case.
const WORDS: [&str; 9] = [
    "duplicate",
    "replaced",
    "superseded",
    "another connection",
    "another session",
    "new connection",
    "newer connection",
    "already connected",
    "taken over",
];

/// How a CSMS ended a session, as far as displacement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It said that another connection took over.
    Displaced,
    /// It went away or restarts, as it said: every station sees that.
    Leaving,
    /// Anything else, also a connection that broke.
    Other,
}

impl Farewell {
    /// Reads the close frame of a CSMS.
    pub(crate) fn of_close(code: u16, text: &str) -> Farewell {
        /// RFC 6455, 7.4.1 and its registry: going away, service restart, try again later.
        const LEAVING: [u16; 3] = [1001, 1012, 1013];
        let text = text.to_ascii_lowercase();
        if WORDS.iter().any(|word| text.contains(word)) {
            Farewell::Displaced
        } else if LEAVING.contains(&code) {
            Farewell::Leaving
        } else {
            Farewell::Other
        }
    }
}

/// Why somebody else is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// The CSMS said so.
    Said,
    /// It ended sessions soon after they began, repeatedly.
    SoonAgain,
    /// It ended sessions repeatedly.
    Again,
}

impl Suspicion {
    /// For evidence.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Suspicion::Said => "the CSMS said that another connection took over",
            Suspicion::SoonAgain => "the CSMS ended the session soon after it began, again",
            Suspicion::Again => "the CSMS ended the session again and again, and accepts a new one each time",
        }
    }
}

/// What is remembered per station. Only stations of the inventory get in; what is older than the window goes at the next
/// look, so it holds at most [`ENDINGS`] numbers for each station that was thrown out lately.
#[derive(Debug, Default)]
pub(crate) struct Displacement(Mutex<HashMap<StationId, Vec<Ended>>>);

#[derive(Debug, Clone, Copy)]
struct Ended {
    at_ms: u64,
    soon: bool,
}

impl Displacement {
    /// The CSMS ended a session of a station that was `age_ms` old. Times are of a monotonic clock.
    pub(crate) fn ended(
        &self,
        station: &StationId,
        farewell: Farewell,
        now_ms: u64,
        age_ms: u64,
    ) -> Option<Suspicion> {
        match farewell {
            Farewell::Displaced => return Some(Suspicion::Said),
            Farewell::Leaving => return None,
            Farewell::Other => {}
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = all.entry(station.clone()).or_default();
        ended.retain(|ended| now_ms.saturating_sub(ended.at_ms) < WINDOW_MS);
        ended.push(Ended { at_ms: now_ms, soon: age_ms < SOON_MS });
        let soon = ended.iter().filter(|ended| ended.soon).count();
        let suspicion = if age_ms < SOON_MS && soon >= SOON_ENDINGS {
            Suspicion::SoonAgain
        } else if ended.len() >= ENDINGS {
            Suspicion::Again
        } else {
            return None;
        };
        // The next sign needs as many endings again: one event for each, not one for every ending.
        all.remove(station);
        Some(suspicion)
    }

    /// The CSMS could not be reached for this station: it is away for us too, so its endings say nothing.
    pub(crate) fn unreachable(&self, station: &StationId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(station);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn station() -> StationId {
        StationId::parse("CS-1").unwrap()
    }

    #[test]
    fn a_csms_that_says_it_is_believed_at_once() {
        for (code, text) in [
            (1008, "Duplicate session"),
            (4001, "replaced by a newer connection"),
            (1001, "New connection opened with the same id"),
            (1000, "already connected elsewhere"),
        ] {
            let farewell = Farewell::of_close(code, text);
            assert_eq!(farewell, Farewell::Displaced, "{code} {text}");
            let suspicion = Displacement::default().ended(&station(), farewell, 0, 99 * MINUTE);
            assert_eq!(suspicion, Some(Suspicion::Said));
        }
    }

    #[test]
    fn endings_count_when_they_repeat() {
        let displacement = Displacement::default();
        let ended = |now, age| displacement.ended(&station(), Farewell::Other, now, age);
        assert_eq!(ended(10 * MINUTE, 5 * MINUTE), None);
        assert_eq!(ended(12 * MINUTE, 2 * MINUTE), None);
        assert_eq!(ended(14 * MINUTE, 2 * MINUTE), Some(Suspicion::Again));
        assert_eq!(ended(16 * MINUTE, 2 * MINUTE), None, "counting begins anew");
        assert_eq!(ended(90 * MINUTE, 1_000), None, "the one before is long ago");
        assert_eq!(ended(91 * MINUTE, 1_000), Some(Suspicion::SoonAgain));
    }

    #[test]
    fn a_csms_that_is_away_displaces_nobody() {
        let displacement = Displacement::default();
        for now in 0..20 {
            assert_eq!(displacement.ended(&station(), Farewell::of_close(1012, ""), now, 0), None);
        }
        for now in 0..20 {
            assert_eq!(displacement.ended(&station(), Farewell::Other, now, 0), None);
            displacement.unreachable(&station());
        }
    }
}
