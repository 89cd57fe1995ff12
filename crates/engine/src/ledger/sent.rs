//! A sliding window by the time of sending.

use std::collections::{HashMap, VecDeque};

use super::enough::{Enough, Exceeded, Sum};
use super::names::Name;

/// What a deed takes in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// When it was sent, in ms since the Unix epoch.
    pub(super) at: i64,
    pub(super) deed: u64,
    pub(super) station: Name,
    pub(super) count: i64,
    /// Power that it adds, in W.
    pub(super) up_w: i64,
    /// Power that it takes away, in W.
    pub(super) down_w: i64,
}

/// What was sent within a window before now.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// In the order of time, and of deeds.
    entries: VecDeque<Entry>,
    stations: HashMap<Name, u32>,
    sum: Sum,
}

impl Sent {
    /// What would be too much with this entry.
    pub(super) fn exceeded(&self, new: &Entry, enough: &Enough) -> Exceeded {
        let stations = i64::from(!self.stations.contains_key(&new.station));
        let adds = Sum { count: new.count, stations, up_w: new.up_w, down_w: new.down_w };
        let all = Sum {
            count: self.sum.count.saturating_add(adds.count),
            stations: self.sum.stations.saturating_add(adds.stations),
            up_w: self.sum.up_w.saturating_add(adds.up_w),
            down_w: self.sum.down_w.saturating_add(adds.down_w),
        };
        let mut exceeded = Exceeded::default();
        exceeded.note(all, adds, enough);
        exceeded
    }

    /// Takes an entry in, the latest of all.
    pub(super) fn add(&mut self, new: Entry) {
        self.entries.push_back(new);
        self.sum.count = self.sum.count.saturating_add(new.count);
        self.sum.up_w = self.sum.up_w.saturating_add(new.up_w);
        self.sum.down_w = self.sum.down_w.saturating_add(new.down_w);
        *self.stations.entry(new.station).or_default() += 1;
        self.sum.stations = i64::try_from(self.stations.len()).unwrap_or(i64::MAX);
    }

    /// Lets go of what is a window old. The deeds are told to `gone`.
    pub(super) fn pass(&mut self, now_ms: i64, window_ms: i64, gone: &mut Vec<u64>) {
        while let Some(first) = self.entries.front().copied()
            && first.at.saturating_add(window_ms) <= now_ms
        {
            self.entries.pop_front();
            self.forget(&first, gone);
        }
    }

    /// Lets go of a deed.
    pub(super) fn remove(&mut self, deed: u64, gone: &mut Vec<u64>) {
        if let Ok(place) = self.entries.binary_search_by_key(&deed, |entry| entry.deed)
            && let Some(entry) = self.entries.remove(place)
        {
            self.forget(&entry, gone);
        }
    }

    /// Lets go of entries of a station that say nothing any more where only stations are counted: a later one, which
    /// cannot be given back, says the same for longer.
    pub(super) fn thin(&mut self, station: Name, closed: impl Fn(u64) -> bool, gone: &mut Vec<u64>) {
        if self.stations.get(&station).is_none_or(|entries| *entries < 2) {
            return;
        }
        let of_station = |entry: &&Entry| entry.station == station && closed(entry.deed);
        let mut idle: Vec<u64> = self.entries.iter().filter(of_station).map(|entry| entry.deed).collect();
        idle.pop();
        for deed in idle {
            self.remove(deed, gone);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What there is now.
    pub(super) fn sum(&self) -> Sum {
        self.sum
    }

    fn forget(&mut self, entry: &Entry, gone: &mut Vec<u64>) {
        gone.push(entry.deed);
        self.sum.count = self.sum.count.saturating_sub(entry.count);
        self.sum.up_w = self.sum.up_w.saturating_sub(entry.up_w);
        self.sum.down_w = self.sum.down_w.saturating_sub(entry.down_w);
        if let Some(entries) = self.stations.get_mut(&entry.station) {
            *entries -= 1;
            if *entries == 0 {
                self.stations.remove(&entry.station);
            }
        }
        self.sum.stations = i64::try_from(self.stations.len()).unwrap_or(i64::MAX);
    }
}
