//! A slow model: a list of what was done, looked through for every question. It shares no code with the ledger.

use std::collections::BTreeSet;

use chargewarden_policy::Doubts;
use chargewarden_policy::effect::EffectKind;
use chargewarden_policy::limit::{By, Limit, Scope};

use crate::scene::{DAY, HOUR, SECOND};

const WEEK: i64 = 7 * DAY;

/// When something acts: once, or again and again until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acts {
    pub(crate) at: Option<i64>,
    pub(crate) every: Option<i64>,
    pub(crate) until: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) number: usize,
    pub(crate) at: i64,
    pub(crate) station: usize,
    pub(crate) csms: usize,
    pub(crate) doubts: Doubts,
    /// Each effect with the moments at which it acts.
    pub(crate) effects: Vec<(EffectKind, Vec<Acts>)>,
    pub(crate) power: Vec<(Acts, i64)>,
    pub(crate) open: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) deeds: Vec<Deed>,
    pub(crate) latest: Option<i64>,
    pub(crate) stations: usize,
    pub(crate) drawn_w: Vec<i64>,
    pub(crate) measured: Vec<i64>,
}

/// What happens at a moment.
#[derive(Clone, Copy)]
struct Happening {
    at: i64,
    station: usize,
    count: i64,
    up: i64,
    down: i64,
    new: bool,
}

fn site(station: usize) -> (u8, usize) {
    if station % 5 == 4 { (1, station) } else { (0, station / 2) }
}

fn area(station: usize) -> Option<usize> {
    (station % 5 != 4).then_some(station / 4)
}

fn together(scope: Scope, one: usize, other: usize) -> bool {
    match scope {
        Scope::Station => one == other,
        Scope::Site => site(one) == site(other),
        Scope::Area => area(one) == area(other),
        Scope::Fleet => true,
    }
}

impl Model {
    /// What time it is.
    pub(crate) fn time(&mut self, limits: &[Limit], said: i64) -> i64 {
        let latest = self.latest.unwrap_or(said);
        let now = if said < latest && said >= latest - 10 * SECOND { latest } else { said };
        if now < latest {
            self.deeds.iter_mut().for_each(|deed| deed.at = deed.at.min(now));
            self.measured.iter_mut().for_each(|at| *at = (*at).min(now));
        }
        self.latest = Some(now);
        for (watts, at) in self.drawn_w.iter_mut().zip(&self.measured) {
            if now - at >= DAY {
                *watts = 0;
            }
        }
        self.deeds.retain(|deed| leaves(limits, deed).is_some_and(|leaves| leaves > now));
        now
    }

    /// Takes in what was granted, if it takes a place.
    pub(crate) fn add(&mut self, limits: &[Limit], deed: Deed) {
        if leaves(limits, &deed).is_some() {
            self.deeds.push(deed);
        }
    }

    /// Whether there is room under all limits.
    pub(crate) fn allows(&self, limits: &[Limit], new: &Deed, now: i64) -> bool {
        limits.iter().all(|limit| self.fits(limit, new, now))
    }

    pub(crate) fn settle(&mut self, number: usize, done: bool, now: i64) {
        let Some(place) = self.deeds.iter().position(|deed| deed.number == number) else { return };
        if !self.deeds[place].open || now - self.deeds[place].at >= HOUR {
            return;
        }
        self.deeds[place].open = false;
        if !done {
            self.deeds.remove(place);
        }
    }

    fn fits(&self, limit: &Limit, new: &Deed, now: i64) -> bool {
        if !counts(limit, new) {
            return true;
        }
        let concerned = |deed: &&Deed| {
            counts(limit, deed)
                && together(limit.scope, deed.station, new.station)
                && (!limit.each_csms || deed.csms == new.csms)
        };
        let old: Vec<&Deed> = self.deeds.iter().filter(concerned).collect();
        let in_scope = (0..self.stations).filter(|other| together(limit.scope, *other, new.station));
        let (mut stations, mut drawn) = (0, 0);
        for station in in_scope {
            stations += 1;
            drawn += self.drawn_w[station];
        }
        let count = limit.max.count.map(i64::from);
        let share =
            limit.max.stations_percent.map(|percent| ((f64::from(stations) * percent / 100.0) as i64).max(1));
        let most = [limit.max.stations.map(i64::from), share].into_iter().flatten().max();
        let kw = limit.max.kw.map(|kw| (kw * 1000.0) as i64);
        let of_drawn = limit.max.power_percent.map(|percent| {
            ((drawn as f64 * percent / 100.0) as i64).max(if kw.is_some() { 0 } else { 150_000 })
        });
        let power = [kw, of_drawn].into_iter().flatten().max();
        let enough = |window: &[Happening]| {
            let sum = |part: fn(&Happening) -> i64| -> (i64, bool) {
                (window.iter().map(part).sum(), window.iter().any(|one| one.new && part(one) > 0))
            };
            let old: BTreeSet<usize> = window.iter().filter(|one| !one.new).map(|one| one.station).collect();
            let is_new = window.iter().any(|one| one.new) && !old.contains(&new.station);
            let holds =
                |(sum, adds): (i64, bool), most: Option<i64>| !adds || most.is_none_or(|most| sum <= most);
            holds(sum(|one| one.count), count)
                && holds((old.len() as i64 + i64::from(is_new), is_new), most)
                && holds(sum(|one| one.up), power)
                && holds(sum(|one| one.down), power)
        };
        match limit.by {
            By::Sent => {
                let recent = old.iter().filter(|deed| now - deed.at < limit.window_ms);
                let all: Vec<Happening> =
                    recent.map(|deed| sent(limit, deed, false)).chain([sent(limit, new, true)]).collect();
                enough(&all)
            }
            By::Acting => {
                let horizon = self.horizon(new, now, limit.window_ms);
                let mut all: Vec<Happening> = Vec::new();
                let mut always: Vec<Happening> = Vec::new();
                for (deed, is_new) in old.iter().map(|deed| (*deed, false)).chain([(new, true)]) {
                    happen(limit, deed, is_new, now, horizon, &mut all, &mut always);
                }
                let starts: BTreeSet<i64> = all.iter().map(|one| one.at).collect();
                let mut windows = starts.iter().map(|start| {
                    let within = |one: &&Happening| (*start..start + limit.window_ms).contains(&one.at);
                    all.iter().filter(within).chain(&always).copied().collect::<Vec<_>>()
                });
                enough(&always) && windows.all(|window| enough(&window))
            }
        }
    }

    /// So far ahead everything has happened that happens once, and a week of what recurs.
    fn horizon(&self, new: &Deed, now: i64, window: i64) -> (i64, i64) {
        let mut times = vec![now];
        for deed in self.deeds.iter().chain([new]) {
            times.push(deed.at);
            let acts =
                deed.effects.iter().flat_map(|(_, acts)| acts).chain(deed.power.iter().map(|(acts, _)| acts));
            times.extend(acts.filter(|acts| acts.every.is_none()).filter_map(|acts| acts.at));
        }
        let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
        (first - window - WEEK, last + 2 * window + 2 * WEEK)
    }
}

/// When the last that a deed does has left all windows. None where it takes no place.
fn leaves(limits: &[Limit], deed: &Deed) -> Option<i64> {
    let of = |limit: &Limit| {
        let last = match limit.by {
            By::Sent => {
                let max = &limit.max;
                let more = max.count.is_some() || max.stations.is_some() || max.stations_percent.is_some();
                (more || !deed.power.is_empty()).then_some(deed.at)
            }
            By::Acting => {
                let acts = taken(limit, deed);
                let last = |(acts, ..): &(Acts, i64, i64)| match acts.every {
                    Some(_) => acts.until.unwrap_or(i64::MAX),
                    None => acts.at.unwrap_or(deed.at),
                };
                acts.iter().map(last).max()
            }
        };
        last.map(|last| last.saturating_add(limit.window_ms))
    };
    limits.iter().filter(|limit| counts(limit, deed)).filter_map(of).max()
}

/// What a limit by the time of effect counts: when, effects, watts.
fn taken(limit: &Limit, deed: &Deed) -> Vec<(Acts, i64, i64)> {
    let works = deed.effects.iter().filter(|(effect, _)| limit.effects.contains(effect));
    let works = works.flat_map(|(_, acts)| acts.iter().map(|acts| (*acts, 1, 0)));
    let all = works.chain(deed.power.iter().map(|(acts, watts)| (*acts, 0, *watts)));
    let max = &limit.max;
    let counted = |count: i64, watts: i64| {
        max.count.is_some() && count > 0
            || max.stations.is_some()
            || max.stations_percent.is_some()
            || (max.kw.is_some() || max.power_percent.is_some()) && watts != 0
    };
    all.filter(|(_, count, watts)| counted(*count, *watts)).collect()
}

fn counts(limit: &Limit, deed: &Deed) -> bool {
    deed.effects.iter().any(|(effect, _)| limit.effects.contains(effect))
        && (limit.when.is_empty() || limit.when.iter().any(|doubt| deed.doubts.has(doubt)))
}

fn sent(limit: &Limit, deed: &Deed, new: bool) -> Happening {
    let count = deed.effects.iter().filter(|(effect, _)| limit.effects.contains(effect)).count() as i64;
    let up = deed.power.iter().map(|(_, watts)| *watts.max(&0)).sum();
    let down = deed.power.iter().map(|(_, watts)| -*watts.min(&0)).sum();
    Happening { at: deed.at, station: deed.station, count, up, down, new }
}

fn happen(
    limit: &Limit,
    deed: &Deed,
    new: bool,
    now: i64,
    (from, to): (i64, i64),
    all: &mut Vec<Happening>,
    always: &mut Vec<Happening>,
) {
    for (acts, count, watts) in taken(limit, deed) {
        let (up, down) = (watts.max(0), -watts.min(0));
        let one = Happening { at: acts.at.unwrap_or(deed.at), station: deed.station, count, up, down, new };
        let gone = |last: i64| last.saturating_add(limit.window_ms) <= now;
        let Some(every) = acts.every else {
            if !gone(one.at) {
                all.push(one);
            }
            continue;
        };
        if gone(acts.until.unwrap_or(i64::MAX)) {
            continue;
        }
        if every <= limit.window_ms {
            let times = (limit.window_ms as u64).div_ceil(every as u64) as i64;
            always.push(Happening { count: count * times, up: up * times, down: down * times, ..one });
            continue;
        }
        let mut at = one.at;
        while at > from {
            at -= every;
        }
        while at <= to {
            // It has not happened before it was ordered.
            if at >= deed.at {
                all.push(Happening { at, ..one });
            }
            at += every;
        }
    }
}
