//! A week's ordinary work on 200 stations, played fast: what must not be hindered.
//!
//! Drivers come as they do at public chargers and depots, by card and by app; operators do what operators do. Nothing in it
//! knows the policies: it is written from what charging networks do. It repeats from its seed.

mod drivers;
mod operators;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::Bundle;
use chargewarden_testkit::fleet::Random;

use crate::World;
use drivers::Leaving;
use operators::Job;
pub use report::Report;

/// Monday, 2026-03-02, 00:00 UTC.
const BEGINS_MS: i64 = 1_772_409_600_000;
const MINUTE_MS: i64 = 60_000;
/// Minutes of a day.
const DAY: i64 = 1_440;
/// Between two meter values of a session, and between two heartbeats of a station, in minutes.
const PERIOD: i64 = 15;
/// People at work in this week: the provider's support and its energy desk, the owner's technician and its software desk.
pub const OPERATORS: u32 = 4;

/// A week, or a part of it.
#[derive(Clone, Copy, Debug)]
pub struct Week {
    /// Days, from Monday.
    pub days: u32,
    /// Of all that is left to chance.
    pub seed: u64,
}

impl Default for Week {
    fn default() -> Self {
        Self { days: 7, seed: 1 }
    }
}

impl Week {
    /// Plays it against these bundles, on stations that speak these versions in turn.
    pub fn play(self, bundles: Vec<Arc<Bundle>>, versions: &[Version]) -> Report {
        let world = World::fleet(bundles, versions, Timestamp::from_millis(BEGINS_MS));
        let mut play = Play {
            world,
            random: Random::new(self.seed),
            leaving: BTreeMap::new(),
            agenda: BTreeMap::new(),
            sessions: 0,
            dark: Vec::new(),
        };
        play.plan(i64::from(self.days));
        for minute in 0..i64::from(self.days) * DAY {
            play.minute(minute);
        }
        Report::of(self, play.sessions, play.world.book().clone())
    }
}

/// The week being played.
struct Play {
    world: World,
    random: Random,
    /// Who leaves in which minute.
    leaving: BTreeMap<i64, Vec<(usize, u32, Leaving)>>,
    /// What operators, and accidents, do in which minute.
    agenda: BTreeMap<i64, Vec<Job>>,
    sessions: u32,
    /// Stations without power or connection.
    dark: Vec<usize>,
}

impl Play {
    fn minute(&mut self, minute: i64) {
        let behind = BEGINS_MS.saturating_add(minute * MINUTE_MS) - self.world.now().as_millis();
        if let Ok(behind) = u64::try_from(behind) {
            self.world.pass(Duration::from_millis(behind));
        }
        for (place, evse, leaving) in self.leaving.remove(&minute).unwrap_or_default() {
            self.leave(place, evse, leaving);
        }
        for job in self.agenda.remove(&minute).unwrap_or_default() {
            self.work(minute, job);
        }
        self.arrivals(minute);
        for place in 0..self.world.stations().len() {
            let due = i64::try_from(place).unwrap_or(0) % PERIOD == minute % PERIOD;
            if due && !self.dark.contains(&place) {
                self.tell(place);
            }
        }
    }

    /// A station says that it is there, and what its sessions draw.
    fn tell(&mut self, place: usize) {
        self.world.report(place, "Heartbeat", &serde_json::json!({}));
        let Some(station) = self.world.station(place) else { return };
        let evses: Vec<u32> = station.charges().iter().map(|charge| charge.evse).collect();
        for evse in evses {
            self.world.meter(place, evse);
        }
    }

    fn later(&mut self, minute: i64, job: Job) {
        self.agenda.entry(minute).or_default().push(job);
    }

    /// A number below `below`.
    fn below(&mut self, below: u32) -> u32 {
        self.random.between(0, below.saturating_sub(1))
    }

    /// Whether it happens, in one of so many cases.
    fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }
}
