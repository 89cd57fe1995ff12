//! One charging schedule: periods in watts, and what their sequence does.

use chargewarden_ocpp::{Obj, Timestamp, Version};

use super::FOREVER_S;
use crate::effects::number::{self, PHASES, VOLTS};

/// A change counts as one of direction where both sides are larger than this part of the span.
const REVERSAL_PART: f64 = 0.1;

/// The window in which swings are counted, in s: what grid operators look at.
const SWING_WINDOW_S: i64 = 900;

/// A schedule in watts.
#[derive(Default)]
pub(crate) struct Schedule {
    /// When it begins.
    pub(crate) start: Option<Timestamp>,
    /// How long it holds.
    pub(crate) duration_s: Option<i64>,
    /// What holds when, as the message has it.
    pub(crate) periods: Vec<Period>,
    pub(super) absurd: bool,
    pub(super) consistent: bool,
    pub(super) local_time: bool,
    pub(super) random_delay_s: Option<i64>,
}

/// What holds from one moment on.
pub(crate) struct Period {
    /// Since the schedule's beginning.
    pub(crate) start_s: i64,
    /// Lowest and highest power that is asked for or allowed; discharge is negative.
    pub(crate) range: Option<(f64, f64)>,
    /// The most that may be drawn, in W, where it is limited.
    pub(crate) limit: Option<f64>,
    /// The power that is asked for, in W.
    pub(crate) setpoint: Option<f64>,
    /// The power that the period aims at.
    level: Option<f64>,
    /// The current that one phase may draw, in A.
    pub(crate) amperes: Option<f64>,
    /// The operation mode, where it is one that can discharge, or the limit that allows it.
    discharge: Option<String>,
}

/// The change between two periods.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) watts: f64,
    pub(super) after_s: i64,
}

/// Operation modes in which energy may flow back (2.1, OperationModeEnum).
const DISCHARGING: [&str; 6] = [
    "CentralSetpoint",
    "ExternalSetpoint",
    "ExternalLimits",
    "CentralFrequency",
    "LocalFrequency",
    "LocalLoadBalancing",
];

impl Schedule {
    /// Reads a `ChargingSchedule`.
    pub(crate) fn read(version: Version, object: Obj<'_>) -> Self {
        let amperes = object.text("chargingRateUnit").is_some_and(|unit| unit == "A");
        let mut schedule = Self {
            start: object.time("startSchedule"),
            duration_s: object.int("duration"),
            consistent: true,
            ..Self::default()
        };
        if version == Version::V21 {
            schedule.local_time = object.flag("useLocalTime").unwrap_or(false);
            schedule.random_delay_s = object.int("randomizedDelay");
            if let Some(limit) = object.obj("limitAtSoC").and_then(|at| at.num("limit")) {
                let factor = if amperes { VOLTS * PHASES } else { 1.0 };
                schedule.absurd |= !number::is_possible_limit(limit * factor);
            }
        }
        schedule.absurd |= object.num("minChargingRate").is_some_and(|rate| !number::is_possible_limit(rate));
        schedule.consistent &= schedule.duration_s.is_none_or(|seconds| seconds > 0);
        for object in object.objs("chargingSchedulePeriod") {
            let values = Values::read(version, amperes, object);
            schedule.add(values, object.int("startPeriod").unwrap_or(0));
            let phases = object.int("numberPhases");
            let phase = if version == Version::V16 { None } else { object.int("phaseToUse") };
            // 2.1 has 0 phases for direct current.
            let fewest = i64::from(version != Version::V21);
            schedule.consistent &= phases.is_none_or(|phases| (fewest..=3).contains(&phases))
                && phase.is_none_or(|phase| (fewest..=3).contains(&phase) && phases.is_none_or(|n| n <= 1));
        }
        let last = schedule.periods.last().map_or(0, |period| period.start_s);
        schedule.consistent &=
            !schedule.periods.is_empty() && schedule.duration_s.is_none_or(|seconds| last < seconds);
        schedule
    }

    /// A `ChargingScheduleUpdate`. Its unit is that of the schedule it changes; watts are assumed,
    /// as dynamic control is in watts in ISO 15118-20.
    pub(crate) fn of_update(object: Obj<'_>) -> Self {
        let mut schedule = Self { consistent: true, ..Self::default() };
        let values = Values { may_discharge: true, ..Values::electric(object, 1.0, 1.0) };
        schedule.add(values, 0);
        schedule
    }

    fn add(&mut self, values: Values, start_s: i64) {
        self.absurd |= values.is_absurd();
        self.periods.push(values.period(start_s));
    }

    /// The lowest current above zero that one phase may draw, in A.
    pub(super) fn lowest_current(&self) -> Option<f64> {
        let currents = self.periods.iter().filter_map(|period| period.amperes);
        currents.filter(|amperes| *amperes > 0.0).reduce(f64::min)
    }

    /// The longest time in a row at zero.
    pub(super) fn longest_zero_s(&self) -> Option<i64> {
        let end = self.duration_s.unwrap_or(FOREVER_S);
        let ends = self.periods.iter().skip(1).map(|period| period.start_s).chain([end]);
        let mut longest = None;
        let mut since = None;
        for (period, until) in self.periods.iter().zip(ends) {
            if period.level != Some(0.0) {
                since = None;
                continue;
            }
            let begun = *since.get_or_insert(period.start_s);
            longest = longest.max(Some(until.saturating_sub(begun)));
        }
        longest
    }

    pub(super) fn lowest(&self) -> Option<f64> {
        self.ranges().map(|(low, _)| low).reduce(f64::min)
    }

    pub(super) fn highest(&self) -> Option<f64> {
        self.ranges().map(|(_, high)| high).reduce(f64::max)
    }

    fn ranges(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.periods.iter().filter_map(|period| period.range)
    }

    /// Mode and greatest power of discharge, where there is any.
    pub(super) fn discharge(&self) -> Option<(String, Option<f64>)> {
        let mode = self.periods.iter().find_map(|period| period.discharge.clone())?;
        let deepest = self.lowest().filter(|watts| *watts < 0.0).map(|watts| -watts);
        Some((mode, deepest))
    }

    fn levels(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        self.periods.iter().filter_map(|period| Some((period.start_s, period.level?)))
    }

    pub(super) fn largest_step(&self) -> Option<Step> {
        let levels: Vec<_> = self.levels().collect();
        let steps = levels.windows(2).filter_map(|pair| match pair {
            [(_, before), (after_s, after)] => Some(Step { watts: after - before, after_s: *after_s }),
            _ => None,
        });
        steps.reduce(|one, other| if other.watts.abs() > one.watts.abs() { other } else { one })
    }

    /// How often the level turns round by more than a tenth of its span.
    pub(super) fn reversals(&self) -> i64 {
        number::count(self.moves().len().saturating_sub(1))
    }

    /// Most turns within any window, the beginning counted as one where the level moves at all.
    pub(super) fn swings(&self) -> i64 {
        let moves = self.moves();
        let within = |first: i64| {
            moves.iter().filter(|at| (first..first.saturating_add(SWING_WINDOW_S)).contains(*at)).count()
        };
        number::count(moves.iter().map(|first| within(*first)).max().unwrap_or(0))
    }

    /// When the level sets out in another direction, by more than a tenth of its span; in s.
    fn moves(&self) -> Vec<i64> {
        let mut levels = self.levels();
        let Some((_, first)) = levels.next() else { return Vec::new() };
        let (lowest, highest) =
            self.levels().fold((first, first), |(low, high), (_, level)| (low.min(level), high.max(level)));
        let enough = (highest - lowest) * REVERSAL_PART;
        let mut moves = Vec::new();
        let mut extreme = first;
        let mut rising = None;
        for (at, level) in levels {
            let change = level - extreme;
            let onward = match rising {
                Some(true) => change >= 0.0,
                Some(false) => change <= 0.0,
                None => false,
            };
            if onward {
                extreme = level;
            } else if change.abs() > enough {
                moves.push(at);
                rising = Some(change > 0.0);
                extreme = level;
            }
        }
        moves
    }

    pub(super) fn shortest_s(&self) -> Option<i64> {
        let starts: Vec<i64> = self.periods.iter().map(|period| period.start_s).collect();
        let last = starts.last().copied().zip(self.duration_s).map(|(start, end)| end.saturating_sub(start));
        let between = starts.windows(2).filter_map(|pair| match pair {
            [one, other] => Some(other.saturating_sub(*one)),
            _ => None,
        });
        if starts.len() < 2 { None } else { between.chain(last).min() }
    }

    pub(super) fn is_ordered(&self) -> bool {
        let starts = self.periods.iter().map(|period| period.start_s);
        self.periods.first().is_some_and(|period| period.start_s == 0) && starts.is_sorted_by(|a, b| a < b)
    }
}

/// The powers of a period in W, as they stand.
#[derive(Default)]
struct Values {
    limit: Option<f64>,
    setpoint: Option<f64>,
    discharge_limit: Option<f64>,
    /// Points of curves, and the baseline they are added to.
    others: Vec<f64>,
    mode: Option<String>,
    may_discharge: bool,
    /// The limit of one phase, in A.
    amperes: Option<f64>,
}

impl Values {
    fn read(version: Version, amperes: bool, object: Obj<'_>) -> Self {
        let stated = match object.int("numberPhases") {
            Some(1) => Some(1.0),
            Some(2) => Some(2.0),
            Some(3) => Some(3.0),
            Some(_) | None => None,
        };
        let phases = stated.unwrap_or(PHASES);
        let (one, all) = if amperes { (VOLTS, VOLTS * phases) } else { (1.0, 1.0) };
        // Watts in all are spread over the phases stated, else over one.
        let spread = if amperes { 1.0 } else { VOLTS * stated.unwrap_or(1.0) };
        let limit = object.num("limit");
        if version != Version::V21 {
            return Self {
                limit: limit.map(|limit| limit * all),
                amperes: limit.map(|limit| limit / spread),
                ..Self::default()
            };
        }
        let mut values = Self::electric(object, one, all);
        let others: Vec<f64> = ["limit_L2", "limit_L3"].iter().filter_map(|name| object.num(name)).collect();
        values.amperes = if others.is_empty() {
            limit.map(|limit| limit / spread)
        } else {
            let each = if amperes { 1.0 } else { VOLTS };
            let positive = others.into_iter().chain(limit).filter(|limit| *limit > 0.0);
            positive.reduce(f64::min).map(|lowest| lowest / each)
        };
        values.mode = object.text("operationMode").map(std::borrow::Cow::into_owned);
        values.may_discharge = values.mode.as_deref().is_some_and(|mode| DISCHARGING.contains(&mode));
        let curves = object.objs("v2xFreqWattCurve").chain(object.objs("v2xSignalWattCurve"));
        if values.mode.as_deref() == Some("Idle") {
            values.limit = values.limit.or(Some(0.0));
        }
        values.others =
            curves.filter_map(|point| point.num("power")).chain(object.num("v2xBaseline")).collect();
        values
    }

    /// The values of 2.1, per phase where phases are stated.
    fn electric(object: Obj<'_>, one: f64, all: f64) -> Self {
        let total = |name: &str, second: &str, third: &str| match (
            object.num(name),
            object.num(second),
            object.num(third),
        ) {
            (None, None, None) => None,
            (Some(total), None, None) => Some(total * all),
            (l1, l2, l3) => {
                let sum: f64 = [l1, l2, l3].into_iter().flatten().sum();
                Some(sum * one)
            }
        };
        Self {
            limit: total("limit", "limit_L2", "limit_L3"),
            setpoint: total("setpoint", "setpoint_L2", "setpoint_L3"),
            discharge_limit: total("dischargeLimit", "dischargeLimit_L2", "dischargeLimit_L3"),
            ..Self::default()
        }
    }

    fn is_absurd(&self) -> bool {
        let below = |watts: &f64| *watts < 0.0 && !self.may_discharge;
        let swings = self.setpoint.iter().chain(&self.others);
        self.limit.is_some_and(|watts| !number::is_possible_limit(watts))
            || self.discharge_limit.is_some_and(|watts| !number::is_possible_limit(-watts))
            || swings.clone().any(|watts| !number::is_possible_setpoint(*watts) || below(watts))
    }

    fn period(self, start_s: i64) -> Period {
        let all = [self.limit, self.setpoint, self.discharge_limit];
        let all = || all.into_iter().flatten().chain(self.others.iter().copied());
        let range = all().reduce(f64::min).zip(all().reduce(f64::max));
        let negative = range.is_some_and(|(low, _)| low < 0.0);
        let discharge = match self.mode {
            Some(mode) if self.may_discharge || negative => Some(mode),
            Some(_) => None,
            None => negative.then(|| "limit".to_owned()),
        };
        let level = self.setpoint.or(self.limit).or(self.discharge_limit);
        let (limit, setpoint) = (self.limit, self.setpoint);
        Period { start_s, range, limit, setpoint, level, amperes: self.amperes, discharge }
    }
}
