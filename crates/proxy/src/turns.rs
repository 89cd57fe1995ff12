//! Whose turn it is: a bounded queue that serves addresses in turn, so that one with many requests waits behind its own.

use std::collections::{HashMap, VecDeque};

use crate::origin::Origin;

/// What waits, by origin.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    max: usize,
    waiting: usize,
    /// Every origin that has something waiting, once; the first is next.
    order: VecDeque<Origin>,
    queues: HashMap<Origin, VecDeque<T>>,
}

impl<T> Turns<T> {
    /// At most `max` wait.
    pub(crate) fn new(max: usize) -> Turns<T> {
        Turns { max, waiting: 0, order: VecDeque::new(), queues: HashMap::new() }
    }

    /// Joins the queue. When it is full, the last of the origin with the most waiting goes, and is returned; that is the newcomer
    /// itself unless its origin has fewer.
    pub(crate) fn join(&mut self, origin: Origin, item: T) -> Option<T> {
        let mut displaced = None;
        if self.waiting >= self.max {
            let own = self.queues.get(&origin).map_or(0, VecDeque::len);
            let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len());
            let Some((longest, _)) = longest.filter(|(_, queue)| queue.len() > own + 1) else {
                return Some(item);
            };
            displaced = self.pop_last(*longest);
        }
        let queue = self.queues.entry(origin).or_default();
        if queue.is_empty() {
            self.order.push_back(origin);
        }
        queue.push_back(item);
        self.waiting += 1;
        displaced
    }

    /// Takes the first of the origin whose turn it is.
    pub(crate) fn next(&mut self) -> Option<T> {
        let origin = self.order.pop_front()?;
        let queue = self.queues.get_mut(&origin)?;
        let item = queue.pop_front()?;
        self.waiting -= 1;
        if queue.is_empty() {
            self.queues.remove(&origin);
        } else {
            self.order.push_back(origin);
        }
        Some(item)
    }

    /// Drops what does not wait any more.
    pub(crate) fn retain(&mut self, mut waits: impl FnMut(&T) -> bool) {
        self.queues.values_mut().for_each(|queue| queue.retain(&mut waits));
        self.queues.retain(|_, queue| !queue.is_empty());
        self.order.retain(|origin| self.queues.contains_key(origin));
        self.waiting = self.queues.values().map(VecDeque::len).sum();
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    /// Only ever leaves one behind, so the order stays.
    fn pop_last(&mut self, origin: Origin) -> Option<T> {
        let item = self.queues.get_mut(&origin)?.pop_back()?;
        self.waiting -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn origin(n: u32) -> Origin {
        IpAddr::from(Ipv4Addr::from(n)).into()
    }

    #[test]
    fn one_address_with_many_does_not_keep_another_waiting() {
        let mut turns = Turns::new(100);
        (0..90).for_each(|n| assert_eq!(turns.join(origin(1), n), None));
        assert_eq!(turns.join(origin(2), 1_000), None);
        assert_eq!([turns.next(), turns.next(), turns.next()], [Some(0), Some(1_000), Some(1)]);
    }

    #[test]
    fn a_full_queue_makes_room_for_those_with_less() {
        let mut turns = Turns::new(4);
        (0..4).for_each(|n| assert_eq!(turns.join(origin(1), n), None));
        assert_eq!(turns.join(origin(1), 4), Some(4), "whoever has the most gets no more");
        assert_eq!(turns.join(origin(2), 5), Some(3));
        assert_eq!(turns.join(origin(3), 6), Some(2));
        assert_eq!(turns.join(origin(4), 7), Some(1));
        assert_eq!(turns.join(origin(5), 8), Some(8), "everybody has one");
        turns.retain(|item| *item != 5);
        assert_eq!((turns.len(), turns.next(), turns.next(), turns.next()), (3, Some(0), Some(6), Some(7)));
        assert_eq!((turns.next(), turns.len()), (None, 0));
    }

    proptest! {
        #[test]
        fn between_two_of_one_address_everybody_else_has_a_turn(
            arrivals in prop::collection::vec(0..5_u32, 0..200), max in 1..100_usize
        ) {
            let mut turns = Turns::new(max);
            for (n, from) in arrivals.iter().enumerate() {
                turns.join(origin(*from), (*from, n));
                prop_assert!(turns.len() <= max);
            }
            let mut served: Vec<(u32, usize)> = Vec::new();
            while let Some(item) = turns.next() {
                let left: std::collections::BTreeSet<Origin> = turns.order.iter().copied().collect();
                if let Some(before) = served.iter().rposition(|(from, _)| *from == item.0) {
                    let between: std::collections::BTreeSet<Origin> =
                        served[before + 1..].iter().map(|(from, _)| origin(*from)).collect();
                    prop_assert!(left.iter().all(|other| *other == origin(item.0) || between.contains(other)));
                    prop_assert!(served[before].1 < item.1, "in order of arrival");
                }
                served.push(item);
            }
            prop_assert_eq!(turns.len(), 0);
        }
    }
}
