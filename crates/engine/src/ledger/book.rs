//! A book: what limits of one shape have counted, for each instance of their scope.

use std::collections::HashMap;

use chargewarden_policy::Doubts;
use chargewarden_policy::effect::EffectKind;
use chargewarden_policy::limit::{By, Limit, Scope};

use super::act::Act;
use super::acting::{self, Acting, Entries, Span};
use super::deed::Deed;
use super::enough::{Enough, Exceeded, Sum};
use super::fleet::{self, Place};
use super::names::Name;
use super::sent::{self, Sent};

/// What a limit counts, without how much is enough. Limits that count the same share a book, and a limit that is changed in
/// nothing else keeps its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    party: Name,
    effects: Kinds,
    when: Doubts,
    scope: Scope,
    each_csms: bool,
    window_ms: i64,
    by: By,
    counts: bool,
    stations: bool,
    power: bool,
}

impl Shape {
    pub(super) fn of(limit: &Limit, party: Name) -> Self {
        let max = &limit.max;
        Self {
            party,
            effects: limit.effects.iter().copied().collect(),
            when: limit.when,
            scope: limit.scope,
            each_csms: limit.each_csms,
            window_ms: limit.window_ms,
            by: limit.by,
            counts: max.count.is_some(),
            stations: max.stations.is_some() || max.stations_percent.is_some(),
            power: max.kw.is_some() || max.power_percent.is_some(),
        }
    }

    pub(super) fn party(&self) -> Name {
        self.party
    }

    /// Whether it counts a deed.
    pub(super) fn counts(&self, deed: &Deed) -> bool {
        deed.works.iter().any(|work| self.effects.has(work.effect))
            && (self.when.is_empty() || self.when.meets(deed.doubts))
            && deed.concerns(self.party)
    }

    /// Where it counts a deed.
    pub(super) fn key(&self, deed: &Deed) -> Key {
        Key {
            place: fleet::place(self.scope, deed.station, deed.site, deed.area),
            csms: self.each_csms.then_some(deed.csms),
        }
    }

    /// What a deed comes to. None where it takes no place.
    fn take(&self, id: u64, deed: &Deed) -> Option<Take> {
        match self.by {
            By::Sent => {
                let mut entry = sent::Entry {
                    at: deed.at,
                    deed: id,
                    station: deed.station,
                    count: 0,
                    up_w: 0,
                    down_w: 0,
                };
                let works = deed.works.iter().filter(|work| self.effects.has(work.effect)).count();
                entry.count = i64::try_from(works).unwrap_or(i64::MAX);
                for load in &deed.loads {
                    entry.up_w = entry.up_w.saturating_add(load.w.max(0));
                    entry.down_w = entry.down_w.saturating_add(load.w.min(0).saturating_neg());
                }
                let power = entry.up_w > 0 || entry.down_w > 0;
                let takes = self.counts || self.stations || power;
                takes.then_some(Take::Sent(entry))
            }
            By::Acting => {
                let mut entries = Entries::default();
                for (act, count, up_w, down_w) in self.acts(deed) {
                    let entry = acting::Entry {
                        at: deed.at,
                        since: deed.at,
                        until: i64::MAX,
                        deed: id,
                        station: deed.station,
                        count,
                        up_w,
                        down_w,
                    };
                    entries.add_act(act, entry, self.window_ms);
                }
                (entries.len() > 0).then_some(Take::Acting(entries))
            }
        }
    }

    /// When a deed acts, each moment once: how many effects, and what they do to the power.
    fn acts(&self, deed: &Deed) -> Vec<(Act, i64, i64, i64)> {
        let mut acts: Vec<(Act, i64, i64, i64)> = Vec::new();
        let works = deed.works.iter().filter(|work| self.effects.has(work.effect));
        let works = works.flat_map(|work| work.acts.iter().map(|act| (*act, 1, 0, 0)));
        let loads =
            deed.loads.iter().map(|load| (load.act, 0, load.w.max(0), load.w.min(0).saturating_neg()));
        for (act, count, up_w, down_w) in works.chain(loads) {
            let power = up_w > 0 || down_w > 0;
            if !(self.stations || self.counts && count > 0 || self.power && power) {
                continue;
            }
            match acts.iter_mut().find(|(known, ..)| *known == act) {
                Some((_, counts, up, down)) => {
                    *counts += count;
                    *up = up.saturating_add(up_w);
                    *down = down.saturating_add(down_w);
                }
                None => acts.push((act, count, up_w, down_w)),
            }
        }
        acts
    }

    /// Whether nothing but stations is counted.
    fn stations_alone(&self) -> bool {
        self.stations && !self.counts && !self.power
    }
}

/// An instance of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) place: Place,
    /// Where each management system has a count of its own: which.
    pub(super) csms: Option<Name>,
}

/// What a deed takes in a window.
enum Take {
    Sent(sent::Entry),
    Acting(Entries),
}

/// The window of one instance.
#[derive(Clone, Debug)]
enum Window {
    Sent(Sent),
    Acting(Acting),
}

impl Window {
    fn pass(&mut self, span: Span, gone: &mut Vec<u64>) {
        match self {
            Self::Sent(sent) => sent.pass(span.now_ms, span.window_ms, gone),
            Self::Acting(acting) => acting.pass(span.now_ms, span.window_ms, gone),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Sent(sent) => sent.is_empty(),
            Self::Acting(acting) => acting.is_empty(),
        }
    }
}

/// What was counted.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) shape: Shape,
    windows: HashMap<Key, Window>,
}

/// What taking a deed in came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Entries.
    pub(super) entries: u32,
    /// When the last of them leaves, in ms since the Unix epoch.
    pub(super) leaves: i64,
}

impl Book {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, windows: HashMap::new() }
    }

    /// What would be too much with this deed.
    pub(super) fn exceeded(
        &mut self,
        deed: &Deed,
        now_ms: i64,
        enough: &Enough,
        gone: &mut Vec<u64>,
    ) -> Exceeded {
        let span = Span { now_ms, window_ms: self.shape.window_ms };
        let Some(take) = self.shape.take(u64::MAX, deed) else { return Exceeded::default() };
        let window = self.windows.get_mut(&self.shape.key(deed));
        match (take, window) {
            (Take::Sent(new), Some(Window::Sent(sent))) => {
                sent.pass(now_ms, span.window_ms, gone);
                sent.exceeded(&new, enough)
            }
            (Take::Acting(new), Some(Window::Acting(acting))) => {
                acting.pass(now_ms, span.window_ms, gone);
                acting.exceeded(&new, deed.station, span, enough)
            }
            (Take::Sent(new), _) => Sent::default().exceeded(&new, enough),
            (Take::Acting(new), _) => Acting::default().exceeded(&new, deed.station, span, enough),
        }
    }

    /// Takes a deed in. None where it takes no place.
    pub(super) fn add(
        &mut self,
        id: u64,
        deed: &Deed,
        closed: impl Fn(u64) -> bool,
        gone: &mut Vec<u64>,
    ) -> Option<Held> {
        let window_ms = self.shape.window_ms;
        let alone = self.shape.stations_alone();
        let take = self.shape.take(id, deed)?;
        let window = self.windows.entry(self.shape.key(deed));
        match take {
            Take::Sent(entry) => {
                let window = window.or_insert_with(|| Window::Sent(Sent::default()));
                let Window::Sent(sent) = window else { return None };
                sent.add(entry);
                if alone {
                    sent.thin(deed.station, closed, gone);
                }
                Some(Held { entries: 1, leaves: entry.at.saturating_add(window_ms) })
            }
            Take::Acting(entries) => {
                let window = window.or_insert_with(|| Window::Acting(Acting::default()));
                let Window::Acting(acting) = window else { return None };
                let held = Held {
                    entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
                    leaves: entries.last().saturating_add(window_ms),
                };
                acting.add(entries);
                if alone {
                    acting.thin(deed.station, closed, gone);
                }
                Some(held)
            }
        }
    }

    /// Lets go of a deed.
    pub(super) fn remove(&mut self, id: u64, deed: &Deed, gone: &mut Vec<u64>) {
        let key = self.shape.key(deed);
        let Some(window) = self.windows.get_mut(&key) else { return };
        match window {
            Window::Sent(sent) => sent.remove(id, gone),
            Window::Acting(acting) => acting.remove(id, gone),
        }
        if window.is_empty() {
            self.windows.remove(&key);
        }
    }

    /// Lets go of everything.
    pub(super) fn clear(&mut self) {
        self.windows.clear();
    }

    /// What each instance has, as of now; what recurs and what is to come all in one sum.
    pub(super) fn sums(&mut self, now_ms: i64, gone: &mut Vec<u64>) -> Vec<(Key, Sum)> {
        let span = Span { now_ms, window_ms: self.shape.window_ms };
        self.windows.values_mut().for_each(|window| window.pass(span, gone));
        self.windows.retain(|_, window| !window.is_empty());
        let sum = |window: &Window| match window {
            Window::Sent(sent) => sent.sum(),
            Window::Acting(acting) => acting.sum(),
        };
        self.windows.iter().map(|(key, window)| (*key, sum(window))).collect()
    }
}

/// Some effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u128);

const _: () = assert!(EffectKind::ALL.len() <= 128, "a set is 128 bits");

impl Kinds {
    pub(super) fn has(self, effect: EffectKind) -> bool {
        self.0 & (1 << (effect as u32)) != 0
    }
}

impl FromIterator<EffectKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = EffectKind>>(effects: I) -> Self {
        Self(effects.into_iter().fold(0, |set, effect| set | 1 << (effect as u32)))
    }
}
