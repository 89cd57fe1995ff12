//! All books, the deeds that they rest on, and the rules by which a message gets a place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::limit::{Limit, Over};
use chargewarden_policy::{About, Alert, Bundle, PartyId, Policies};

use super::book::{Book, Shape};
use super::claim::{Claim, Excess, Outcome};
use super::clock::Clock;
use super::deed::Deed;
use super::enough::Enough;
use super::figures::{Budget, Figures};
use super::fleet::{Fleet, Member};
use super::names::{Name, Names};

/// How long the outcome of a message can be told, in ms. Sessions give up on an answer after a minute.
const OPEN_MS: i64 = 3_600_000;
/// Most deeds of one management system that are counted at once: a fleet of 10,000 stations, each commanded ten times within
/// the longest window. Beyond, what it wants counted is refused; the deeds of others stay what they are.
const CSMS_DEEDS_MAX: u32 = 100_000;
/// The same for what one station reports: one report a minute for a day.
const STATION_DEEDS_MAX: u32 = 1_500;
/// How long limits that were replaced go on counting, in ms: while policies are exchanged, some sessions still have the
/// old ones.
const RETIRE_MS: i64 = 60_000;

/// Everything that the lock guards.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    clock: Clock,
    names: Names,
    fleet: Fleet,
    deeds: BTreeMap<u64, Deed>,
    next: u64,
    /// When each deed leaves, the first first.
    leaving: BTreeSet<(i64, u64)>,
    /// How many deeds each sender has.
    shares: HashMap<Sender, u32>,
    /// Deeds that are not stored as they are.
    changed: BTreeSet<u64>,
    /// The policies in use, those last used last.
    plans: Vec<Plan>,
    books: BTreeMap<u32, Book>,
    next_book: u32,
    figures: Figures,
}

/// The limits of some policies.
#[derive(Clone, Debug)]
struct Plan {
    bundles: Vec<Arc<Bundle>>,
    rules: Arc<[Rule]>,
    used_ms: i64,
}

/// A limit and the book in which it counts.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) party: PartyId,
    pub(super) limit: Limit,
    book: u32,
}

/// What is to be stored of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The number of the deed.
    pub id: u64,
    /// What it is, as JSON; none where it is to be forgotten.
    pub deed: Option<String>,
}

impl Books {
    /// Takes a place under every limit that counts the message, or none. The number is that of the deed, if it is counted.
    pub(super) fn claim(&mut self, claim: &Claim<'_>) -> Result<Option<u64>, Vec<Excess>> {
        let now_ms = self.pass(claim.now);
        let rules = self.rules(claim.policies, now_ms);
        self.fleet.see(claim.about, &mut self.names);
        let deed = Deed::of(claim, now_ms, &mut self.names);
        let mut excesses = Vec::new();
        let mut counted = None;
        let mut gone = Vec::new();
        for rule in &*rules {
            let Some(book) = self.books.get_mut(&rule.book).filter(|book| book.shape.counts(&deed)) else {
                continue;
            };
            counted = counted.or(Some(rule));
            let place = book.shape.key(&deed).place;
            let enough = Enough::of(&rule.limit.max, self.fleet.extent(book.shape.party(), place));
            let exceeded = book.exceeded(&deed, now_ms, &enough, &mut gone);
            if !exceeded.nothing() {
                let count = exceeded.text(&enough, rule.limit.window_ms, rule.limit.by);
                excesses.push(rule.excess(count));
            }
        }
        self.release(gone);
        let Some(counted) = counted else { return Ok(None) };
        if excesses.is_empty() && !self.has_room(&deed) {
            self.figures.bound_hits += 1;
            excesses.push(counted.full());
        }
        self.figures.claimed(&excesses);
        if !excesses.is_empty() {
            return Err(excesses);
        }
        Ok(self.enter(deed, now_ms))
    }

    /// Says what became of a deed.
    pub(super) fn settle(&mut self, id: u64, outcome: Outcome, now: Timestamp) {
        let now_ms = self.pass(now);
        let Some(deed) = self.deeds.get_mut(&id) else { return };
        if !is_open(deed, now_ms) {
            return;
        }
        deed.open = false;
        match outcome {
            Outcome::Done => {}
            Outcome::NotDone => {
                self.figures.given_back += 1;
                self.forget(id);
            }
        }
    }

    /// These are the stations there are.
    pub(super) fn set_fleet(&mut self, members: &[Member]) {
        self.fleet.set(members, &mut self.names);
    }

    /// What a station draws now, in W.
    pub(super) fn measured(&mut self, about: &About, power_w: i64, now: Timestamp) {
        let now_ms = self.pass(now);
        let station = self.fleet.see(about, &mut self.names);
        self.fleet.measure(station, power_w, now_ms);
    }

    /// What has changed since the last call.
    pub(super) fn unstored(&mut self) -> Vec<Stored> {
        let changed = std::mem::take(&mut self.changed);
        let names = &self.names;
        let deeds = &mut self.deeds;
        let stored = changed.into_iter().map(|id| {
            let deed = deeds.get_mut(&id).map(|deed| {
                deed.stored = true;
                deed.to_json(names)
            });
            Stored { id, deed }
        });
        stored.collect()
    }

    /// Takes in what was stored, before anything else is done. False where it cannot be read.
    pub(super) fn restore(&mut self, id: u64, deed: &str) -> bool {
        let Some(deed) = Deed::from_json(deed, &mut self.names) else { return false };
        self.clock.remember(deed.at);
        self.next = self.next.max(id.saturating_add(1));
        *self.shares.entry(sender(&deed)).or_default() += 1;
        self.deeds.insert(id, deed);
        true
    }

    /// What was done, and how much there is.
    pub(super) fn figures(&self) -> Figures {
        let entries = self.deeds.values().map(|deed| u64::from(deed.held)).sum();
        let (deeds, stations) = (self.deeds.len() as u64, self.fleet.len() as u64);
        Figures { deeds, entries, stations, ..self.figures.clone() }
    }

    /// How much is used of the limits of the policies last used.
    pub(super) fn budgets(&mut self, now: Timestamp) -> Vec<Budget> {
        let now_ms = self.pass(now);
        let Some(rules) = self.plans.last().map(|plan| Arc::clone(&plan.rules)) else { return Vec::new() };
        let mut budgets = Vec::new();
        let mut gone = Vec::new();
        for rule in &*rules {
            let Some(book) = self.books.get_mut(&rule.book) else { continue };
            let party = book.shape.party();
            for (key, sum) in book.sums(now_ms, &mut gone) {
                let enough = Enough::of(&rule.limit.max, self.fleet.extent(party, key.place));
                budgets.push(Budget::of(rule, key, sum, &enough, &self.names));
            }
        }
        self.release(gone);
        budgets
    }

    /// What time it is. Whatever is over by then is gone.
    pub(super) fn pass(&mut self, now: Timestamp) -> i64 {
        let reading = self.clock.read(now);
        if reading.back {
            self.step_back(reading.now_ms);
        }
        self.expire(reading.now_ms);
        self.fleet.forget(reading.now_ms);
        reading.now_ms
    }

    fn expire(&mut self, now_ms: i64) {
        while let Some((leaves, id)) = self.leaving.first().copied()
            && leaves <= now_ms
        {
            self.forget(id);
        }
    }

    /// The clock was put back: what is dated ahead of it counts as done now.
    fn step_back(&mut self, now_ms: i64) {
        self.figures.clock_steps += 1;
        self.fleet.step_back(now_ms);
        for (id, deed) in &mut self.deeds {
            if deed.at > now_ms {
                deed.at = now_ms;
                self.changed.insert(*id);
            }
        }
        for plan in &mut self.plans {
            plan.used_ms = plan.used_ms.min(now_ms);
        }
        self.count_anew(now_ms);
    }

    /// The rules of these policies.
    fn rules(&mut self, policies: &Policies, now_ms: i64) -> Arc<[Rule]> {
        let same = |plan: &Plan| {
            plan.bundles.len() == policies.bundles().len()
                && plan.bundles.iter().zip(policies.bundles()).all(|(one, other)| Arc::ptr_eq(one, other))
        };
        match self.plans.iter().position(same) {
            Some(place) if place + 1 == self.plans.len() => {}
            Some(place) => {
                let plan = self.plans.remove(place);
                self.plans.push(plan);
            }
            None => self.plan(policies, now_ms),
        }
        self.retire(now_ms);
        let Some(plan) = self.plans.last_mut() else { return Arc::from([]) };
        plan.used_ms = now_ms;
        Arc::clone(&plan.rules)
    }

    /// Makes the books of policies that are new. What was counted in the same way goes on; what was not is counted now as far
    /// as deeds are still there.
    fn plan(&mut self, policies: &Policies, now_ms: i64) {
        let mut rules = Vec::new();
        let mut fresh = Vec::new();
        for bundle in policies.bundles() {
            let party = self.names.number(bundle.party().as_str());
            for limit in bundle.limits() {
                let shape = Shape::of(limit, party);
                let known = self.books.iter().find(|(_, book)| book.shape == shape).map(|(book, _)| *book);
                let book = known.unwrap_or_else(|| {
                    let book = self.next_book;
                    self.next_book += 1;
                    self.books.insert(book, Book::new(shape));
                    fresh.push(book);
                    book
                });
                rules.push(Rule { party: bundle.party().clone(), limit: limit.clone(), book });
            }
        }
        let bundles = policies.bundles().to_vec();
        let first = self.plans.is_empty();
        self.plans.push(Plan { bundles, rules: rules.into(), used_ms: now_ms });
        self.fill(&fresh, now_ms);
        if first {
            // After a restart: what the limits of today do not count.
            self.drop_idle();
            self.expire(now_ms);
        }
    }

    /// Counts all deeds in these books.
    fn fill(&mut self, books: &[u32], now_ms: i64) {
        let ids: Vec<u64> = self.deeds.keys().copied().collect();
        for id in ids {
            self.count(id, books, now_ms);
        }
    }

    /// Lets go of limits that were replaced a while ago.
    fn retire(&mut self, now_ms: i64) {
        let over = |plan: &Plan| now_ms.saturating_sub(plan.used_ms) >= RETIRE_MS;
        let last = self.plans.len().saturating_sub(1);
        if !self.plans.iter().take(last).any(over) {
            return;
        }
        let mut place = 0;
        self.plans.retain(|plan| {
            place += 1;
            place > last || !over(plan)
        });
        let rules = self.plans.iter().flat_map(|plan| plan.rules.iter());
        let live: BTreeSet<u32> = rules.map(|rule| rule.book).collect();
        self.books.retain(|book, _| live.contains(book));
        self.count_anew(now_ms);
        self.drop_idle();
    }

    /// Makes the entries of all books from the deeds.
    fn count_anew(&mut self, now_ms: i64) {
        self.leaving.clear();
        self.books.values_mut().for_each(Book::clear);
        for deed in self.deeds.values_mut() {
            (deed.held, deed.leaves) = (0, i64::MIN);
        }
        let books: Vec<u32> = self.books.keys().copied().collect();
        self.fill(&books, now_ms);
    }

    /// Forgets deeds that nobody counts.
    fn drop_idle(&mut self) {
        let idle = self.deeds.iter().filter(|(_, deed)| deed.held == 0).map(|(id, _)| *id);
        let idle: Vec<u64> = idle.collect();
        idle.into_iter().for_each(|id| self.forget(id));
    }

    /// Whether one more deed of its sender can be counted.
    fn has_room(&self, deed: &Deed) -> bool {
        let most = match deed.from {
            Side::Csms => CSMS_DEEDS_MAX,
            Side::Station => STATION_DEEDS_MAX,
        };
        self.shares.get(&sender(deed)).is_none_or(|share| *share < most)
    }

    /// Enters a deed in every book that counts it.
    fn enter(&mut self, deed: Deed, now_ms: i64) -> Option<u64> {
        let id = self.next;
        self.next += 1;
        *self.shares.entry(sender(&deed)).or_default() += 1;
        self.deeds.insert(id, deed);
        self.changed.insert(id);
        let books: Vec<u32> = self.books.keys().copied().collect();
        self.count(id, &books, now_ms);
        if self.deeds.get(&id).is_some_and(|deed| deed.held == 0) {
            // It takes no place after all: it changes no power where only power counts.
            self.forget(id);
            return None;
        }
        Some(id)
    }

    /// Counts a deed in these books.
    fn count(&mut self, id: u64, books: &[u32], now_ms: i64) {
        let Some(deed) = self.deeds.get(&id) else { return };
        let (mut held, mut leaves) = (deed.held, deed.leaves);
        let mut gone = Vec::new();
        let closed =
            |other: u64| other != id && self.deeds.get(&other).is_none_or(|deed| !is_open(deed, now_ms));
        for book in books {
            let Some(book) = self.books.get_mut(book).filter(|book| book.shape.counts(deed)) else {
                continue;
            };
            if let Some(taken) = book.add(id, deed, closed, &mut gone) {
                held = held.saturating_add(taken.entries);
                leaves = leaves.max(taken.leaves);
            }
        }
        if let Some(deed) = self.deeds.get_mut(&id) {
            self.leaving.remove(&(deed.leaves, id));
            (deed.held, deed.leaves) = (held, leaves);
            if held > 0 {
                self.leaving.insert((leaves, id));
            }
        }
        self.release(gone);
    }

    /// Entries of these deeds are gone; a deed on which none rests is forgotten.
    fn release(&mut self, gone: Vec<u64>) {
        for id in gone {
            let Some(deed) = self.deeds.get_mut(&id) else { continue };
            deed.held = deed.held.saturating_sub(1);
            if deed.held == 0 {
                self.forget(id);
            }
        }
    }

    /// Forgets a deed.
    fn forget(&mut self, id: u64) {
        let Some(deed) = self.deeds.remove(&id) else { return };
        self.leaving.remove(&(deed.leaves, id));
        let mut own = Vec::new();
        for book in self.books.values_mut().filter(|book| book.shape.counts(&deed)) {
            book.remove(id, &deed, &mut own);
        }
        if deed.stored {
            self.changed.insert(id);
        } else {
            self.changed.remove(&id);
        }
        let sender = sender(&deed);
        if let Some(share) = self.shares.get_mut(&sender) {
            *share = share.saturating_sub(1);
            if *share == 0 {
                self.shares.remove(&sender);
            }
        }
    }
}

/// Whether the outcome of a deed may still be told.
fn is_open(deed: &Deed, now_ms: i64) -> bool {
    deed.open && now_ms.saturating_sub(deed.at) < OPEN_MS
}

/// Who sends what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sender {
    Csms(Name),
    Station(Name),
}

fn sender(deed: &Deed) -> Sender {
    match deed.from {
        Side::Csms => Sender::Csms(deed.csms),
        Side::Station => Sender::Station(deed.station),
    }
}

impl Rule {
    fn excess(&self, count: String) -> Excess {
        let Limit { id, reason, over, alert, quarantine, .. } = &self.limit;
        Excess {
            party: self.party.clone(),
            limit: Arc::clone(id),
            reason: Arc::clone(reason),
            count,
            over: over.clone(),
            alert: *alert,
            quarantine: *quarantine,
        }
    }

    /// There is no room to count one more.
    fn full(&self) -> Excess {
        Excess {
            over: Over::Refuse,
            alert: Some(Alert::High),
            quarantine: false,
            ..self.excess("the ledger has no room for more of this sender".to_owned())
        }
    }
}
