//! Any window of a length that holds a given moment: by the time of effect.
//!
//! What acts once lies on a line. What acts again every day or every week holds its place in the week from when it is
//! ordered until it ends: it lies on a circle. What recurs sooner than a window is long, or does not fit the week, acts in
//! every window. So a window's sum is exact without unrolling what recurs for ever.

use std::collections::{BTreeSet, HashMap};

use super::act::Act;
use super::enough::{Enough, Exceeded, Sum};
use super::names::Name;

/// The circle, in ms.
const WEEK_MS: i64 = 7 * 86_400_000;
/// Most places in the week that one act holds. One that recurs more often is taken to act in every window: OCPP has daily and
/// weekly.
const TURNS_MAX: i64 = 7 * 24;

/// Something that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// When, in ms since the Unix epoch; of what recurs, in ms of the week.
    pub(super) at: i64,
    /// When it was ordered, in ms since the Unix epoch: it does not act before.
    pub(super) since: i64,
    /// Until when it recurs, in ms since the Unix epoch.
    pub(super) until: i64,
    pub(super) deed: u64,
    pub(super) station: Name,
    pub(super) count: i64,
    /// Power that it adds, in W.
    pub(super) up_w: i64,
    /// Power that it takes away, in W.
    pub(super) down_w: i64,
}

/// Things that act.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    /// Once, in the order of time.
    line: Vec<Entry>,
    /// Again, in the order of the week.
    circle: Vec<Entry>,
    /// In every window.
    always: Vec<Entry>,
}

impl Entries {
    /// Adds what an act comes to in windows of this length. `entry.at` is when its message was sent.
    pub(super) fn add_act(&mut self, act: Act, entry: Entry, window_ms: i64) {
        let first = act.at.unwrap_or(entry.at);
        let Some(every) = act.every else {
            return put(&mut self.line, Entry { at: first, ..entry });
        };
        let entry = Entry { until: act.until.unwrap_or(i64::MAX), ..entry };
        if every <= window_ms || WEEK_MS % every != 0 || WEEK_MS / every > TURNS_MAX {
            let times = window_ms.saturating_add(every - 1) / every;
            self.always.push(Entry {
                at: 0,
                count: entry.count.saturating_mul(times),
                up_w: entry.up_w.saturating_mul(times),
                down_w: entry.down_w.saturating_mul(times),
                ..entry
            });
            return;
        }
        for turn in 0..WEEK_MS / every {
            put(&mut self.circle, Entry { at: first.rem_euclid(every) + turn * every, ..entry });
        }
    }

    fn all(&self) -> impl Iterator<Item = &Entry> {
        self.line.iter().chain(&self.circle).chain(&self.always)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.line.len() + self.circle.len() + self.always.len()
    }

    /// When the last of them acts, in ms since the Unix epoch.
    pub(super) fn last(&self) -> i64 {
        let line = self.line.iter().map(|entry| entry.at);
        let again = self.circle.iter().chain(&self.always).map(|entry| entry.until);
        line.chain(again).max().unwrap_or(i64::MIN)
    }

    /// Those that act within `from..=to`, with when they do.
    fn within(&self, from: i64, to: i64, mut see: impl FnMut(i64, &Entry)) {
        let first = self.line.partition_point(|entry| entry.at < from);
        self.line
            .iter()
            .skip(first)
            .take_while(|entry| entry.at <= to)
            .for_each(|entry| see(entry.at, entry));
        for entry in &self.circle {
            let from = from.max(entry.since);
            let mut at = from.saturating_add((entry.at - from.rem_euclid(WEEK_MS)).rem_euclid(WEEK_MS));
            while at <= to {
                see(at, entry);
                at = at.saturating_add(WEEK_MS);
            }
        }
    }
}

/// Puts an entry in its place, behind its equals.
fn put(entries: &mut Vec<Entry>, entry: Entry) {
    let place = entries.partition_point(|other| other.at <= entry.at);
    entries.insert(place, entry);
}

/// What acts, or has acted within a window before now.
#[derive(Clone, Debug, Default)]
pub(super) struct Acting {
    entries: Entries,
    stations: HashMap<Name, u32>,
    /// Of everything there is: no window has more.
    sum: Sum,
    /// When the first of what recurs ends.
    ends: Option<i64>,
}

impl Acting {
    /// What would be too much with these entries of one station.
    pub(super) fn exceeded(&self, new: &Entries, station: Name, span: Span, enough: &Enough) -> Exceeded {
        let mut exceeded = Exceeded::default();
        if self.fits(new, station, enough) {
            return exceeded;
        }
        let scene = Scene { all: self, new, station, span, enough };
        for moment in scene.moments() {
            scene.look(moment, &mut exceeded);
        }
        exceeded
    }

    /// Whether there is room even if everything acted at once.
    fn fits(&self, new: &Entries, station: Name, enough: &Enough) -> bool {
        let mut all = self.sum;
        all.stations += i64::from(!self.stations.contains_key(&station));
        for entry in new.all() {
            all.count = all.count.saturating_add(entry.count);
            all.up_w = all.up_w.saturating_add(entry.up_w);
            all.down_w = all.down_w.saturating_add(entry.down_w);
        }
        let within = |sum: i64, enough: Option<i64>| enough.is_none_or(|enough| sum <= enough);
        within(all.count, enough.count)
            && within(all.stations, enough.stations)
            && within(all.up_w, enough.watts)
            && within(all.down_w, enough.watts)
    }

    /// Takes entries in.
    pub(super) fn add(&mut self, new: Entries) {
        for entry in new.all() {
            self.sum.count = self.sum.count.saturating_add(entry.count);
            self.sum.up_w = self.sum.up_w.saturating_add(entry.up_w);
            self.sum.down_w = self.sum.down_w.saturating_add(entry.down_w);
            *self.stations.entry(entry.station).or_default() += 1;
        }
        let ends = new.circle.iter().chain(&new.always).map(|entry| entry.until).min();
        self.ends = self.ends.into_iter().chain(ends).min();
        self.sum.stations = i64::try_from(self.stations.len()).unwrap_or(i64::MAX);
        new.line.into_iter().for_each(|entry| put(&mut self.entries.line, entry));
        new.circle.into_iter().for_each(|entry| put(&mut self.entries.circle, entry));
        self.entries.always.extend(new.always);
    }

    /// Lets go of what acted a window ago, for the last time. The deeds are told to `gone`.
    pub(super) fn pass(&mut self, now_ms: i64, window_ms: i64, gone: &mut Vec<u64>) {
        let over = |at: i64| at.saturating_add(window_ms) <= now_ms;
        let passed = self.entries.line.partition_point(|entry| over(entry.at));
        let mut left: Vec<Entry> = self.entries.line.drain(..passed).collect();
        if self.ends.is_some_and(over) {
            left.extend(self.entries.circle.extract_if(.., |entry| over(entry.until)));
            left.extend(self.entries.always.extract_if(.., |entry| over(entry.until)));
            let rest = self.entries.circle.iter().chain(&self.entries.always);
            self.ends = rest.map(|entry| entry.until).min();
        }
        self.forget(&left, gone);
    }

    /// Lets go of a deed.
    pub(super) fn remove(&mut self, deed: u64, gone: &mut Vec<u64>) {
        let Entries { line, circle, always } = &mut self.entries;
        let mut left = Vec::new();
        for entries in [line, circle, always] {
            left.extend(entries.extract_if(.., |entry| entry.deed == deed));
        }
        self.forget(&left, gone);
    }

    /// Lets go of entries of a station that say nothing any more where only stations are counted: of what acted as it
    /// arrived, the last that cannot be given back says the same for longer; of what acts at one moment, one says it all.
    pub(super) fn thin(&mut self, station: Name, closed: impl Fn(u64) -> bool, gone: &mut Vec<u64>) {
        if self.stations.get(&station).is_none_or(|entries| *entries < 2) {
            return;
        }
        let mut kept: BTreeSet<Option<i64>> = BTreeSet::new();
        let mut left = Vec::new();
        for place in (0..self.entries.line.len()).rev() {
            let Some(entry) = self.entries.line.get(place).copied() else { continue };
            let moment = Some(entry.at).filter(|at| *at > entry.since);
            if entry.station == station && closed(entry.deed) && !kept.insert(moment) {
                left.push(self.entries.line.remove(place));
            }
        }
        self.forget(&left, gone);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// Of everything there is.
    pub(super) fn sum(&self) -> Sum {
        self.sum
    }

    fn forget(&mut self, left: &[Entry], gone: &mut Vec<u64>) {
        for entry in left {
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
        }
        self.sum.stations = i64::try_from(self.stations.len()).unwrap_or(i64::MAX);
    }
}

/// Now, and how long a window is, in ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) now_ms: i64,
    pub(super) window_ms: i64,
}

/// What is looked at for one message.
struct Scene<'s> {
    all: &'s Acting,
    new: &'s Entries,
    station: Name,
    span: Span,
    enough: &'s Enough,
}

/// Something that acts near a moment.
struct Near {
    at: i64,
    entry: Entry,
    new: bool,
}

impl Scene<'_> {
    /// The moments that a window with something new can hold and around which the sum can be larger than elsewhere.
    fn moments(&self) -> BTreeSet<i64> {
        let Span { now_ms, window_ms } = self.span;
        let mut moments: BTreeSet<i64> = self.new.line.iter().map(|entry| entry.at).collect();
        let line = || self.all.entries.line.iter().chain(&self.new.line).map(|entry| entry.at);
        if self.new.circle.is_empty() && self.new.always.is_empty() {
            return moments;
        }
        // A week in which nothing acts but what recurs.
        let last = line().fold(now_ms, i64::max);
        let quiet =
            last.saturating_add(window_ms).div_euclid(WEEK_MS).saturating_add(1).saturating_mul(WEEK_MS);
        for entry in &self.new.circle {
            moments.insert(quiet.saturating_add(entry.at));
            for at in line() {
                // The turns next to it.
                let mut turn = at.saturating_sub(window_ms);
                turn = turn.saturating_add((entry.at - turn.rem_euclid(WEEK_MS)).rem_euclid(WEEK_MS));
                while turn < at.saturating_add(window_ms) {
                    if turn >= now_ms {
                        moments.insert(turn);
                    }
                    turn = turn.saturating_add(WEEK_MS);
                }
            }
        }
        if !self.new.always.is_empty() {
            moments.extend(line());
            let circle = self.all.entries.circle.iter().chain(&self.new.circle);
            moments.extend(circle.map(|entry| quiet.saturating_add(entry.at)));
            moments.insert(quiet);
        }
        moments
    }

    /// Looks at every window that holds `moment`. A window that begins where nothing acts has no more than the one that
    /// begins with the next that acts.
    fn look(&self, moment: i64, exceeded: &mut Exceeded) {
        let window_ms = self.span.window_ms;
        let (from, to) = (moment.saturating_sub(window_ms - 1), moment.saturating_add(window_ms - 1));
        let mut near: Vec<Near> = Vec::new();
        self.all.entries.within(from, to, |at, entry| near.push(Near { at, entry: *entry, new: false }));
        self.new.within(from, to, |at, entry| near.push(Near { at, entry: *entry, new: true }));
        near.sort_by_key(|near| near.at);
        let mut window = Window::new(self);
        let mut ahead = near.iter();
        let mut next = ahead.next();
        let mut begins = None;
        for first in near.iter().take_while(|first| first.at <= moment) {
            // What acts at the same moment begins the same window.
            if begins.replace(first.at) != Some(first.at) {
                while let Some(one) = next
                    && one.at < first.at.saturating_add(window_ms)
                {
                    window.enter(one);
                    next = ahead.next();
                }
                window.judge(exceeded);
            }
            window.leave(first);
        }
        if near.iter().all(|near| near.at > moment) {
            window.judge(exceeded);
        }
    }
}

/// The sum of a window that slides.
struct Window<'w> {
    scene: &'w Scene<'w>,
    all: Sum,
    adds: Sum,
    /// Entries of each station that are not new.
    stations: HashMap<Name, u32>,
    /// Entries that are new.
    new: u32,
}

impl<'w> Window<'w> {
    fn new(scene: &'w Scene<'w>) -> Self {
        let mut window =
            Self { scene, all: Sum::default(), adds: Sum::default(), stations: HashMap::new(), new: 0 };
        for entry in &scene.all.entries.always {
            window.enter(&Near { at: 0, entry: *entry, new: false });
        }
        for entry in &scene.new.always {
            window.enter(&Near { at: 0, entry: *entry, new: true });
        }
        window
    }

    fn enter(&mut self, near: &Near) {
        self.change(near, 1);
        if near.new {
            self.new += 1;
        } else {
            *self.stations.entry(near.entry.station).or_default() += 1;
        }
    }

    fn leave(&mut self, near: &Near) {
        self.change(near, -1);
        if near.new {
            self.new = self.new.saturating_sub(1);
        } else if let Some(entries) = self.stations.get_mut(&near.entry.station) {
            *entries -= 1;
            if *entries == 0 {
                self.stations.remove(&near.entry.station);
            }
        }
    }

    fn change(&mut self, near: &Near, sign: i64) {
        let Entry { count, up_w, down_w, .. } = near.entry;
        let change = |sum: &mut Sum| {
            sum.count = sum.count.saturating_add(sign * count);
            sum.up_w = sum.up_w.saturating_add(sign * up_w);
            sum.down_w = sum.down_w.saturating_add(sign * down_w);
        };
        change(&mut self.all);
        if near.new {
            change(&mut self.adds);
        }
    }

    fn judge(&self, exceeded: &mut Exceeded) {
        let adds = i64::from(self.new > 0 && !self.stations.contains_key(&self.scene.station));
        let known = i64::try_from(self.stations.len()).unwrap_or(i64::MAX);
        let all = Sum { stations: known.saturating_add(adds), ..self.all };
        exceeded.note(all, Sum { stations: adds, ..self.adds }, self.scene.enough);
    }
}
