//! An attack under way.

use std::time::Duration;

use chargewarden_evidence::Verdict;
use chargewarden_ocpp::{Side, Version};
use serde_json::Value;

use super::order::{Order, Spot};
use super::tally::{Bound, Leak, Tally};
use super::{Intensity, Kind};
use crate::world::{Outcome, World};

/// Stations of each version that a hard rule is tried on: the rule does not count, so more would show no more.
const HARD_TARGETS: [(Intensity, usize); 3] =
    [(Intensity::Burst, 4), (Intensity::Paced, 2), (Intensity::LowAndSlow, 2)];

/// Most targets of an attack that is low and slow: at one in 20 min, two days.
const SLOW_TARGETS: usize = 144;

/// Between two messages of a burst.
const BURST_PAUSE: Duration = Duration::from_millis(200);
/// Between two of a paced attack.
const PACED_PAUSE: Duration = Duration::from_secs(60);
/// Between two of one that is low and slow.
const SLOW_PAUSE: Duration = Duration::from_secs(1_200);
/// How often meters are told meanwhile, where that does not take days.
const METERED: Duration = Duration::from_secs(900);
/// The same where it does.
const METERED_SLOWLY: Duration = Duration::from_secs(3_600);

/// An attack, or work that looks like one, under way in a world of its own.
pub struct Play<'w> {
    /// The world; messages that do not count may be sent in it directly.
    pub world: &'w mut World,
    versions: Vec<Version>,
    kind: Kind,
    intensity: Intensity,
    tally: Tally,
}

impl<'w> Play<'w> {
    pub(super) fn new(
        world: &'w mut World,
        versions: Vec<Version>,
        kind: Kind,
        intensity: Intensity,
    ) -> Self {
        Self { world, versions, kind, intensity, tally: Tally::default() }
    }

    pub(super) fn finish(self) -> Tally {
        self.tally
    }

    /// How hasty the attacker is.
    pub fn intensity(&self) -> Intensity {
        self.intensity
    }

    /// Stations that the attack is tried on, in the order of the fleet: all where they are counted together, else a few of
    /// each version.
    pub fn targets(&self) -> Vec<usize> {
        self.targets_where(|_| true)
    }

    /// Stations of these that fit.
    pub fn targets_where(&self, fits: impl Fn(&Spot) -> bool) -> Vec<usize> {
        let fits = |place: &usize| self.spot(*place).is_some_and(|spot| fits(&spot));
        let of = |version: Version| {
            let all = (0..self.world.stations().len())
                .filter(move |place| self.world.version(*place) == Some(version));
            all.filter(|place| self.applies(*place)).filter(&fits)
        };
        let mut targets: Vec<usize> = match self.kind {
            Kind::Cumulative => self.versions.iter().flat_map(|version| of(*version)).collect(),
            Kind::Hard | Kind::Report | Kind::Answer | Kind::Transport => {
                let few = HARD_TARGETS.iter().find(|(intensity, _)| *intensity == self.intensity);
                let few = few.map_or(1, |(_, few)| *few);
                // Not neighbours, which share a site.
                self.versions.iter().flat_map(|version| of(*version).step_by(7).take(few)).collect()
            }
        };
        targets.sort_unstable();
        targets
    }

    /// The first station of each version that fits.
    pub fn one_of_each_where(&self, fits: impl Fn(&Spot) -> bool) -> Vec<usize> {
        let first = |version: &Version| {
            (0..self.world.stations().len()).find(|place| {
                self.world.version(*place) == Some(*version)
                    && self.spot(*place).is_some_and(|spot| fits(&spot))
            })
        };
        self.versions.iter().filter_map(first).collect()
    }

    /// A station of each version, with a session.
    pub fn one_of_each(&self) -> Vec<usize> {
        self.one_of_each_where(|spot| spot.charging.is_some())
    }

    fn applies(&self, place: usize) -> bool {
        self.world.version(place).is_some_and(|version| self.versions.contains(&version))
    }

    /// It may affect no more than so many % of so many, in place of 5 % of the fleet.
    pub fn bound(&mut self, percent: f64, of: usize) {
        self.tally.bound = Some(Bound { percent, of });
    }

    /// What is needed to write a command to this station.
    pub fn spot(&self, place: usize) -> Option<Spot> {
        let station = self.world.station(place)?;
        let charging = station.charges().first();
        Some(Spot {
            place,
            id: station.plan.id.clone(),
            version: station.version(),
            site: station.plan.site.clone(),
            charging: charging.map(|charge| (charge.evse, charge.transaction.clone(), charge.token.clone())),
            free: station.free_evse(),
            evses: station.plan.evses,
            evse_w: station.plan.envelope.evse_w.unwrap_or_default(),
            number: u32::try_from(place).unwrap_or_default() + 1_000,
            now: self.world.time(0),
            now_ms: self.world.now().as_millis(),
        })
    }

    /// Does something to each target, with a pause between.
    pub fn campaign(&mut self, each: impl FnMut(&mut Self, usize)) {
        self.campaign_where(|_| true, each);
    }

    /// The same for targets that fit.
    pub fn campaign_where(&mut self, fits: impl Fn(&Spot) -> bool, each: impl FnMut(&mut Self, usize)) {
        let targets = self.targets_where(fits);
        self.campaign_over(&targets, each);
    }

    /// The same for these stations.
    pub fn campaign_over(&mut self, targets: &[usize], mut each: impl FnMut(&mut Self, usize)) {
        let most = match self.intensity {
            Intensity::Burst | Intensity::Paced => usize::MAX,
            Intensity::LowAndSlow => SLOW_TARGETS,
        };
        for place in targets.iter().take(most) {
            each(self, *place);
            self.pause();
        }
    }

    /// Stations in an order that nobody sees a plan in.
    pub fn scattered(&self, mut places: Vec<usize>) -> Vec<usize> {
        // Knuth's multiplicative hash (TAOCP 3, 6.4): scatters, and is the same each time.
        places.sort_by_key(|place| (*place as u64).wrapping_mul(2_654_435_761) % 4_294_967_296);
        places
    }

    /// As long as this attacker waits. The life of the fleet goes on.
    pub fn pause(&mut self) {
        match self.intensity {
            Intensity::Burst => self.world.pass(BURST_PAUSE),
            Intensity::Paced => self.live(PACED_PAUSE, METERED),
            Intensity::LowAndSlow => self.live(SLOW_PAUSE, METERED_SLOWLY),
        }
    }

    /// So long. The life of the fleet goes on.
    pub fn wait_s(&mut self, seconds: u64) {
        self.live(Duration::from_secs(seconds), METERED);
    }

    fn live(&mut self, time: Duration, metered: Duration) {
        // A hard rule does not depend on what others do meanwhile.
        match self.kind {
            Kind::Cumulative => self.world.live(time, metered),
            Kind::Hard | Kind::Report | Kind::Answer | Kind::Transport => self.world.pass(time),
        }
    }

    /// A command that must not reach the station. Counts.
    pub fn strike(&mut self, place: usize, order: &Order) -> Outcome {
        let outcome = self.world.command(place, &order.action, &order.payload);
        let through = match self.kind {
            // What the station turned down has affected nobody.
            Kind::Cumulative => outcome.is_obeyed(),
            Kind::Hard | Kind::Report | Kind::Answer | Kind::Transport => outcome.delivered,
        };
        self.count(place, through, &outcome, order);
        outcome
    }

    /// A command on the way to one: harmless by itself. Does not count.
    pub fn prepare(&mut self, place: usize, order: &Order) -> Outcome {
        self.world.command(place, &order.action, &order.payload)
    }

    /// A frame as it is, that must not reach the other side. Counts.
    pub fn strike_text(&mut self, place: usize, from: Side, text: &str) -> Outcome {
        self.strike_bytes(place, from, text.as_bytes())
    }

    /// The same for what may be no text.
    pub fn strike_bytes(&mut self, place: usize, from: Side, bytes: &[u8]) -> Outcome {
        let outcome = self.world.bytes(place, from, bytes);
        let frame = serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()));
        let order = Order { action: "frame".to_owned(), payload: frame };
        self.count(place, outcome.delivered, &outcome, &order);
        outcome
    }

    /// A report that must not pass unmarked. Counts.
    pub fn strike_report(&mut self, place: usize, report: &Order) -> Outcome {
        let outcome = self.world.report(place, &report.action, &report.payload);
        let unmarked = outcome.delivered && !outcome.is_marked();
        self.count(place, unmarked, &outcome, report);
        outcome
    }

    /// An answer to a report that the station must not get. Counts.
    pub fn strike_answer(&mut self, place: usize, report: &Order, answer: &Value) -> Outcome {
        let outcome = self.world.report_answered(place, &report.action, &report.payload, answer.clone());
        let shown = Order {
            action: report.action.clone(),
            payload: serde_json::json!({ "request": report.payload, "answer": answer }),
        };
        self.count(place, outcome.answer_delivered, &outcome, &shown);
        outcome
    }

    /// A frame as it is, that somebody sends with good reason. Counts.
    pub fn work_text(&mut self, place: usize, from: Side, text: &str) -> Outcome {
        let outcome = self.world.text(place, from, text);
        let frame = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        let order = Order { action: "frame".to_owned(), payload: frame };
        self.count_work(place, outcome.delivered, &outcome, &order);
        outcome
    }

    /// A command that is somebody's work, and must reach the station. Counts.
    pub fn work(&mut self, place: usize, order: &Order) -> Outcome {
        let outcome = self.world.command(place, &order.action, &order.payload);
        self.count_work(place, outcome.delivered && !outcome.is_stopped(), &outcome, order);
        outcome
    }

    /// The same for what may wait until somebody has approved it.
    pub fn work_or_ask(&mut self, place: usize, order: &Order) -> Outcome {
        let outcome = self.world.command(place, &order.action, &order.payload);
        self.count_work(place, outcome.delivered || outcome.is_held(), &outcome, order);
        outcome
    }

    /// The same, and the station answers this.
    pub fn work_answered(&mut self, place: usize, order: &Order, answer: Value) -> Outcome {
        let outcome = self.world.command_answered(place, &order.action, &order.payload, answer);
        self.count_work(place, outcome.delivered && !outcome.is_stopped(), &outcome, order);
        outcome
    }

    /// A report that is true, and must pass without a mark. Counts.
    pub fn work_report(&mut self, place: usize, report: &Order) -> Outcome {
        let outcome = self.world.report(place, &report.action, &report.payload);
        let passed = outcome.delivered && !outcome.is_stopped() && !outcome.is_marked();
        self.count_work(place, passed, &outcome, report);
        outcome
    }

    /// An answer that is as it should be, and must reach the station. Counts.
    pub fn work_answer(&mut self, place: usize, report: &Order, answer: &Value) -> Outcome {
        let outcome = self.world.report_answered(place, &report.action, &report.payload, answer.clone());
        let shown = Order {
            action: report.action.clone(),
            payload: serde_json::json!({ "request": report.payload, "answer": answer }),
        };
        self.count_work(place, outcome.answer_delivered && !outcome.is_stopped(), &outcome, &shown);
        outcome
    }

    /// A message that was sent in the world directly: whether the attacker got what he wanted by it.
    pub fn count(&mut self, place: usize, got_through: bool, outcome: &Outcome, order: &Order) {
        let Some(version) = self.world.version(place) else { return };
        self.tally.add(place, version, got_through, outcome);
        if got_through {
            self.keep(place, version, outcome, order);
        }
    }

    /// Work that was sent in the world directly: whether it went through.
    pub fn count_work(&mut self, place: usize, passed: bool, outcome: &Outcome, order: &Order) {
        let Some(version) = self.world.version(place) else { return };
        self.tally.add(place, version, passed, outcome);
        if !passed {
            self.keep(place, version, outcome, order);
        }
    }

    fn keep(&mut self, place: usize, version: Version, outcome: &Outcome, order: &Order) {
        let station = self.world.station(place).map(|station| station.plan.id.clone()).unwrap_or_default();
        let mut stoppers = outcome.stoppers();
        let refusal = |decided: &crate::world::Decided| match &decided.verdict {
            Verdict::Forward => None,
            Verdict::Refuse { reason } | Verdict::Hold { reason, .. } => Some(reason.to_string()),
        };
        stoppers.extend(outcome.asked.iter().chain(&outcome.answered).filter_map(refusal));
        self.tally.keep(Leak {
            station,
            version,
            action: order.action.clone(),
            payload: order.payload.clone(),
            stoppers,
            doubts: outcome.doubts().map(str::to_owned).collect(),
        });
    }
}
