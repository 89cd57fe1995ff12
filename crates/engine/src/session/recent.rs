//! Message ids a side has used lately.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use chargewarden_ocpp::Action;

/// Ids remembered per side: at one message a second, a minute. An id older than that may come again.
pub(super) const RECENT_IDS_MAX: usize = 64;

/// What became of a message whose id is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Answered by the other side, and the answer was forwarded: the caller may still complain about it (2.1).
    Answered(Action),
    /// Over and done with.
    Done,
    /// Not answered in time, or given up by the caller, who may repeat it under the same id.
    GivenUp(Action),
}

/// A bounded memory of ids. They are kept as hashes: ids are up to 36 characters of the peer's choosing.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seed: u64,
    ids: VecDeque<(u64, Fate)>,
}

impl Recent {
    /// With a seed from the session's nonce, a peer cannot make two ids collide on purpose.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ids: VecDeque::new() }
    }

    /// What became of the last message with this id.
    pub(super) fn fate(&self, id: &str) -> Option<Fate> {
        let hash = self.hash(id);
        self.ids.iter().rev().find(|(known, _)| *known == hash).map(|(_, fate)| *fate)
    }

    /// Remembers an id, or what became of it since.
    pub(super) fn remember(&mut self, id: &str, fate: Fate) {
        let hash = self.hash(id);
        if let Some((_, known)) = self.ids.iter_mut().rev().find(|(known, _)| *known == hash) {
            *known = fate;
            return;
        }
        if self.ids.len() >= RECENT_IDS_MAX {
            self.ids.pop_front();
        }
        self.ids.push_back((hash, fate));
    }

    fn hash(&self, id: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        id.hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_a_bounded_number() {
        let mut recent = Recent::new(7);
        for number in 0..RECENT_IDS_MAX {
            recent.remember(&number.to_string(), Fate::Done);
        }
        recent.remember("3", Fate::GivenUp(Action::Heartbeat));
        assert_eq!(recent.fate("3"), Some(Fate::GivenUp(Action::Heartbeat)));
        assert_eq!(recent.fate("0"), Some(Fate::Done));
        recent.remember("more", Fate::Done);
        assert_eq!(recent.fate("0"), None);
        assert_eq!(recent.ids.len(), RECENT_IDS_MAX);
    }
}
