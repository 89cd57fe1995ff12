//! Bounded memory of what many keys did, where nobody chooses who is forgotten.
//!
//! Keys are spread over sets by a hash with a secret key. A full set forgets whoever matters least: so a flood of new keys pushes
//! out other new keys, never those who have earned the most, and nobody can aim at another's entry.

use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    time::Instant,
};

/// Entries of one set.
const WAYS: usize = 16;

/// What can be remembered: it fades.
pub(crate) trait Fading {
    /// How much would be lost by forgetting it now. Nothing at zero.
    fn weight(&self, now: Instant) -> u64;
}

/// At most a fixed number of values by key.
pub(crate) struct Remembered<V> {
    sets: Vec<Vec<(u64, V)>>,
    hasher: RandomState,
}

impl<V: Fading> Remembered<V> {
    /// Remembers `max` values, rounded up to whole sets of 16. `hasher` carries the secret key.
    pub(crate) fn new(max: usize, hasher: RandomState) -> Remembered<V> {
        let mut sets = Vec::new();
        sets.resize_with(max.div_ceil(WAYS).max(1), Vec::new);
        Remembered { sets, hasher }
    }

    /// What is remembered of a key.
    pub(crate) fn get(&self, key: impl Hash) -> Option<&V> {
        // 64 bits with a secret key: two keys among 65,536 meet once in 2^32 processes.
        let name = self.hasher.hash_one(key);
        self.sets.get(self.place(name))?.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Changes what is remembered of a key, beginning from `fresh`. In a full set the least weight is forgotten for it, of equals
    /// the oldest.
    pub(crate) fn change<R>(
        &mut self,
        key: impl Hash,
        now: Instant,
        fresh: V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let name = self.hasher.hash_one(key);
        let place = self.place(name);
        let mut value = fresh;
        let Some(set) = self.sets.get_mut(place) else { return change(&mut value) };
        if let Some((_, known)) = set.iter_mut().find(|(other, _)| *other == name) {
            return change(known);
        }
        set.retain(|(_, other)| other.weight(now) > 0);
        if set.len() >= WAYS {
            let lightest = set.iter().enumerate().min_by_key(|(_, (_, other))| other.weight(now));
            if let Some(lightest) = lightest.map(|(index, _)| index) {
                set.remove(lightest);
            }
        }
        let result = change(&mut value);
        set.push((name, value));
        result
    }

    /// Forgets a key.
    pub(crate) fn forget(&mut self, key: impl Hash) {
        let name = self.hasher.hash_one(key);
        let place = self.place(name);
        if let Some(set) = self.sets.get_mut(place) {
            set.retain(|(other, _)| *other != name);
        }
    }

    fn place(&self, name: u64) -> usize {
        let sets = u64::try_from(self.sets.len()).unwrap_or(u64::MAX).max(1);
        usize::try_from(name % sets).unwrap_or(0)
    }

    /// Values remembered, faded ones included.
    fn len(&self) -> usize {
        self.sets.iter().map(Vec::len).sum()
    }
}

impl<V: Fading> fmt::Debug for Remembered<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remembered({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Fading for u64 {
        fn weight(&self, _now: Instant) -> u64 {
            *self
        }
    }

    proptest! {
        #[test]
        fn it_is_bounded_and_the_heaviest_stay(flood in prop::collection::vec((any::<u32>(), 1_u64..100), 0..2_000)) {
            let (mut memory, now) = (Remembered::new(64, RandomState::new()), Instant::now());
            memory.change("heavy", now, 0, |value| *value = 1_000);
            for (key, weight) in flood {
                memory.change(key, now, 0, |value| *value = weight);
                prop_assert!(memory.len() <= 64);
                // Whoever came last is remembered, so a flood does not hide what comes after it.
                prop_assert_eq!(memory.get(key), Some(&weight));
            }
            prop_assert_eq!(memory.get("heavy"), Some(&1_000));
        }
    }

    #[test]
    fn what_has_faded_makes_room() {
        let (mut memory, now) = (Remembered::new(1, RandomState::new()), Instant::now());
        for key in 0..16 {
            memory.change(key, now, 0, |value| *value = u64::from(key == 3));
        }
        memory.change(99, now, 0, |value| *value = 7);
        assert_eq!((memory.get(3), memory.get(99)), (Some(&1), Some(&7)));
        memory.forget(3);
        assert_eq!((memory.get(3), memory.len()), (None, 1));
    }
}
