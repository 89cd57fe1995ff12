//! Random commands, answers, restarts and clock steps: the ledger grants exactly what the model has room for.

use std::collections::BTreeMap;

use chargewarden_engine::{Claim, Ledger, Outcome, Places, PowerChange};
use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::effect::{Effect, EffectKind};
use chargewarden_policy::{Doubt, Doubts, Policies};
use proptest::prelude::*;

use crate::model::{Acts, Deed, Model};
use crate::scene::{
    BEGIN, DAY, HOUR, MINUTE, SECOND, about, change, disable, fleet, policies, profile, restart,
};

const STATIONS: usize = 12;
/// A message that no limit counts.
const UNCOUNTED: usize = usize::MAX;

/// Sets of limits.
const LIMITS: [&[&str]; 5] = [
    &[
        r#"count: effects = ["restart"]; scope = "station"; window = "60s"; max = { count = 2 }"#,
        r#"stations: effects = ["disruptive"]; scope = "fleet"; window = "90s"; max = { stations = 3 }"#,
        r#"each: effects = ["disruptive"]; each = "csms"; scope = "area"; window = "1h"; max = { count = 4 }"#,
    ],
    &[
        r#"site: effects = ["disruptive"]; scope = "site"; window = "10min"; max = { stations = 1 }"#,
        r#"odd: effects = ["disable"]; when = ["session_running"]; scope = "fleet"; window = "1h"; max = { count = 2 }"#,
        r#"power: effects = ["set-power"]; scope = "area"; window = "60s"; max = { kw = 30 }"#,
    ],
    &[
        r#"instant: effects = ["energy", "disruptive"]; scope = "fleet"; window = "60s"; by = "effect"; max = { stations_percent = 25 }"#,
        r#"acts: effects = ["energy"]; scope = "site"; window = "10min"; by = "effect"; max = { count = 3 }"#,
    ],
    &[
        r#"ramp: effects = ["energy"]; scope = "fleet"; window = "60s"; by = "effect"; max = { kw = 40 }"#,
        r#"day: effects = ["energy"]; scope = "fleet"; window = "1d"; by = "effect"; max = { stations = 6, kw = 160 }"#,
    ],
    &[
        r#"drawn: effects = ["energy"]; scope = "area"; window = "90s"; by = "effect"; max = { kw = 5, power_percent = 20 }"#,
    ],
];

#[derive(Clone, Debug)]
enum Op {
    Pass(i64),
    Command(Command),
    Settle(usize, bool),
    Measured(usize, i64),
    Store,
    Crash,
}

#[derive(Clone, Debug)]
struct Command {
    station: usize,
    csms: usize,
    doubted: bool,
    effects: Vec<What>,
    power: Vec<(i64, i64, Option<i64>, Option<i64>)>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Restart,
    Disable,
    Profile { at: Option<i64>, every: Option<i64>, ends: Option<i64> },
}

fn times() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => -30 * SECOND..180 * SECOND,
        2 => (0..3 * HOUR).prop_map(|at| at / MINUTE * MINUTE),
        2 => (0..9_i64, 0..90 * SECOND).prop_map(|(day, shift)| day * DAY + shift),
    ]
}

fn every() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![5 => Just(None), 2 => Just(Some(DAY)), 1 => Just(Some(7 * DAY))]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => Just(What::Restart),
        1 => Just(What::Disable),
        4 => (prop::option::of(times()), every(), prop::option::of(times()))
            .prop_map(|(at, every, ends)| What::Profile { at: if every.is_some() { at.or(Some(0)) } else { at }, every, ends }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let watts = prop_oneof![-25_000..25_000_i64, Just(11_000), Just(-11_000)];
    let power = (times(), watts, every(), prop::option::weighted(0.3, times()));
    (
        0..STATIONS,
        0..2_usize,
        any::<bool>(),
        prop::collection::vec(what(), 1..3),
        prop::collection::vec(power, 0..3),
    )
        .prop_map(|(station, csms, doubted, effects, power)| Command {
            station,
            csms,
            doubted,
            effects,
            power,
        })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let pass = prop_oneof![
        8 => 0..25 * SECOND,
        3 => (0..40_i64).prop_map(|minutes| minutes * MINUTE),
        1 => (0..4_i64).prop_map(|days| days * DAY),
        2 => -60 * SECOND..0,
        1 => -3 * HOUR..0,
    ];
    let op = prop_oneof![
        4 => pass.prop_map(Op::Pass),
        10 => command().prop_map(Op::Command),
        4 => (0..8_usize, any::<bool>()).prop_map(|(which, done)| Op::Settle(which, done)),
        1 => (0..STATIONS, 0..200_000_i64).prop_map(|(station, watts)| Op::Measured(station, watts)),
        1 => Just(Op::Store),
        1 => Just(Op::Crash),
    ];
    prop::collection::vec(op, 1..60)
}

/// Both, side by side.
struct Pair {
    policies: Policies,
    now: i64,
    ledger: Ledger,
    model: Model,
    disk: BTreeMap<u64, String>,
    /// The model when the disk was written last.
    kept: Model,
    /// Places whose outcome is not told yet.
    open: Vec<(usize, Places)>,
    number: usize,
    trail: Vec<String>,
}

impl Pair {
    fn new(limits: &[&str]) -> Self {
        let model = Model {
            stations: STATIONS,
            drawn_w: vec![0; STATIONS],
            measured: vec![0; STATIONS],
            ..Model::default()
        };
        let ledger = Ledger::default();
        ledger.set_fleet(&fleet(STATIONS));
        Self {
            policies: policies(limits),
            now: BEGIN,
            ledger,
            kept: model.clone(),
            model,
            disk: BTreeMap::new(),
            open: Vec::new(),
            number: 0,
            trail: Vec::new(),
        }
    }

    fn step(&mut self, op: &Op) {
        self.trail.push(format!("{op:?}"));
        match op {
            Op::Pass(ms) => self.now += ms,
            Op::Command(command) => self.command(command),
            Op::Settle(which, done) => {
                if self.open.is_empty() {
                    return;
                }
                let (number, places) = self.open.remove(which % self.open.len());
                if number == UNCOUNTED {
                    return;
                }
                let now = self.model.time(self.policies.bundles()[0].limits(), self.now);
                self.model.settle(number, *done, now);
                let outcome = if *done { Outcome::Done } else { Outcome::NotDone };
                self.ledger.settle(places, outcome, Timestamp::from_millis(self.now));
            }
            Op::Measured(station, watts) => {
                let now = self.model.time(self.policies.bundles()[0].limits(), self.now);
                self.model.measured[*station] = now;
                self.model.drawn_w[*station] = *watts;
                self.ledger.measured(&about(*station, 0), *watts, Timestamp::from_millis(self.now));
            }
            Op::Store => {
                for stored in self.ledger.unstored() {
                    match stored.deed {
                        Some(deed) => drop(self.disk.insert(stored.id, deed)),
                        None => drop(self.disk.remove(&stored.id)),
                    }
                }
                self.kept = self.model.clone();
            }
            Op::Crash => {
                self.ledger = Ledger::default();
                self.ledger.set_fleet(&fleet(STATIONS));
                assert_eq!(self.ledger.restore(self.disk.clone()), 0);
                self.open.clear();
                self.model = self.kept.clone();
                self.model.drawn_w.fill(0);
                self.model.deeds.iter_mut().for_each(|deed| deed.open = false);
                self.model.latest = self.model.deeds.iter().map(|deed| deed.at).max();
            }
        }
    }

    fn command(&mut self, command: &Command) {
        let limits = self.policies.bundles()[0].limits().to_vec();
        let effects: Vec<Effect> = command.effects.iter().map(|what| what.effect(self.now)).collect();
        let counted =
            effects.iter().any(|effect| limits.iter().any(|limit| limit.effects.contains(&effect.kind())));
        // What nobody counts, the ledger does not look at, nor at its time.
        let now = if counted { self.model.time(&limits, self.now) } else { self.now };
        let power: Vec<PowerChange> = command
            .power
            .iter()
            .map(|(at, watts, every, until)| {
                change(self.now + at, *watts, *every, until.map(|until| self.now + until))
            })
            .collect();
        let doubts: Doubts = command.doubted.then_some(Doubt::SessionRunning).into_iter().collect();
        let deed = Deed {
            number: self.number,
            at: now,
            station: command.station,
            csms: command.csms,
            doubts,
            effects: command.effects.iter().map(|what| what.acts(self.now, now)).collect(),
            power: power
                .iter()
                .filter(|change| change.delta_w != 0)
                .map(|change| load(change, now))
                .collect(),
            open: true,
        };
        self.number += 1;
        let expected = self.model.allows(&limits, &deed, now);
        let about = about(command.station, command.csms);
        let claim = Claim {
            now: Timestamp::from_millis(self.now),
            about: &about,
            policies: &self.policies,
            from: Side::Csms,
            effects: &effects,
            doubts,
            power: &power,
        };
        let asked = self.ledger.claim(&claim);
        assert_eq!(asked.is_ok(), expected, "{}\n{asked:?}", self.trail.join("\n"));
        if let Ok(places) = asked {
            let number = if counted { deed.number } else { UNCOUNTED };
            self.open.push((number, places));
            self.model.add(&limits, deed);
        }
    }
}

fn load(change: &PowerChange, now: i64) -> (Acts, i64) {
    let at = change.at.as_millis();
    let until = change.every_ms.and(change.until).map(Timestamp::as_millis);
    let at = Some(at).filter(|at| change.every_ms.is_some() || *at > now);
    (Acts { at, every: change.every_ms, until }, change.delta_w)
}

impl What {
    fn effect(self, now: i64) -> Effect {
        let ahead = |at: Option<i64>| at.map(|at| (now + at) / 1000 * 1000);
        match self {
            Self::Restart => restart(),
            Self::Disable => disable(),
            Self::Profile { at, every, ends } => profile(ahead(at), every, ahead(ends)),
        }
    }

    /// When it acts, as the documentation says.
    fn acts(self, said: i64, now: i64) -> (EffectKind, Vec<Acts>) {
        let prompt = Acts { at: None, every: None, until: None };
        let Self::Profile { at, every, ends } = self else {
            return (self.effect(said).kind(), vec![prompt]);
        };
        let moment = |at: Option<i64>| at.map(|at| (said + at) / 1000 * 1000);
        let (at, ends) = (moment(at), moment(ends));
        let later = |at: Option<i64>| at.filter(|at| *at > now);
        let mut acts = match every {
            Some(every) => vec![prompt, Acts { at, every: Some(every), until: ends }],
            None => vec![Acts { at: later(at), ..prompt }],
        };
        if let Some(ends) = later(ends) {
            acts.push(Acts { at: Some(ends), ..prompt });
        }
        acts.sort();
        acts.dedup();
        (EffectKind::SetPower, acts)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_grants_what_there_is_room_for_and_no_more(which in 0..LIMITS.len(), ops in ops()) {
        let mut pair = Pair::new(LIMITS[which]);
        ops.iter().for_each(|op| pair.step(op));
    }
}
