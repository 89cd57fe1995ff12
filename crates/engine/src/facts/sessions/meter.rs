//! A session's meter: what it can have counted, and what it cannot.

use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::reading::{Reading, Register};
use super::time::MINUTE_MS;

/// What two registers of one meter may differ by for no reason: they are read one after the other, and rounded.
const JITTER_MWH: i64 = 10_000;
/// How much longer an interval may have been than the timestamps say: the clock was set in between.
const CLOCK_MS: i64 = MINUTE_MS;
/// What counts as charging where power is measured: below it vehicles keep their batteries warm.
const DRAWS_W: i64 = 300;
/// How long a meter may stand while energy flows.
const STANDS_MS: i64 = 5 * MINUTE_MS;
/// The least that a vehicle draws when it charges: 6 A on one phase is 1.4 kW. What the last digit is worth takes so
/// much longer to be counted.
const LEAST_W: i64 = 1000;
/// How long a stretch has to be before energy is held against power.
const STRETCH_MS: i64 = 5 * MINUTE_MS;
/// And how many intervals.
const STRETCH_INTERVALS: u32 = 3;
/// Of a longer interval nobody knows what was in it: then each one has to be wrong by itself.
const DENSE_MS: i64 = 2 * MINUTE_MS;
/// What two power values may differ by to have been the same in between: a fifth, and this.
const STEADY_W: i64 = 100;
/// What stations draw themselves, and vehicles in short bursts.
const IDLE_W: i64 = 200;
/// The shortest interval from which power is estimated, where none is measured.
const ESTIMATE_MS: i64 = 30_000;
/// Intervals that count towards what power has delivered in the whole session.
const DELIVERED_MS: i64 = 5 * MINUTE_MS;
/// What a state of charge may be off by, in hundredths of a percent: it is an estimate, and rounded.
const SOC_JITTER: i64 = 300;
/// How fast a state of charge can rise, in hundredths of a percent a minute.
const SOC_RISE: i64 = 500;

/// What a session's meter has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Meter {
    /// The register when the session began.
    pub(super) begin: Option<Stand>,
    /// The register now.
    pub(super) last: Option<Stand>,
    /// When it was read.
    pub(super) last_ms: i64,
    /// When the last value was taken, by the station's clock.
    pub(super) at_ms: Option<i64>,
    /// Power now, less what is fed back.
    pub(super) power_w: Option<i64>,
    /// When that was measured.
    power_ms: i64,
    /// Whether power is measured at all, and not only energy.
    measures_power: bool,
    /// State of charge, in hundredths of a percent, and when.
    soc: Option<(i64, i64)>,
    /// How long energy is said to have flowed since the register last moved.
    stood_ms: i64,
    /// Since when energy flows; none while it does not.
    flows_ms: Option<i64>,
    /// Energy that the measured power must have delivered, at least.
    delivered_mwh: i64,
    stretch: Stretch,
}

/// Where a register stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stand {
    pub(super) mwh: i64,
    pub(super) grain_mwh: i64,
    pub(super) kind: u8,
}

impl From<Register> for Stand {
    fn from(register: Register) -> Self {
        Self { mwh: register.mwh, grain_mwh: register.grain_mwh, kind: register.kind }
    }
}

/// Intervals in a row in which the power stayed the same, so that the energy is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stretch {
    from_mwh: i64,
    expected_mwh: i64,
    ms: i64,
    intervals: u32,
}

/// What the meter is judged by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// Most that the EVSE carries, in W.
    pub(super) rating_w: Option<i64>,
}

impl Meter {
    /// Takes in a value, and says what is wrong with it. What is older than the last is not compared.
    pub(super) fn take(&mut self, reading: &Reading, rules: Rules, out: &mut Doubts) {
        if self.at_ms.is_some_and(|last_ms| reading.at_ms < last_ms) {
            return;
        }
        if let Some(register) = reading.register {
            self.count(reading, register.into(), rules, out);
        }
        if let Some(soc) = reading.soc {
            self.charge(reading.at_ms, soc, out);
        }
        if let Some(power_w) = reading.power_w {
            self.deliver(reading.at_ms, power_w);
        }
        self.at_ms = Some(reading.at_ms);
    }

    /// The session's last register, whenever it was read.
    pub(super) fn close(&mut self, at_ms: i64, stand: Stand, rules: Rules, out: &mut Doubts) {
        let doubt = |last: Stand| last.kind == stand.kind && is_back(last, stand);
        out.add_if(self.last.is_some_and(doubt) || self.begin.is_some_and(doubt), Doubt::MeterBack);
        let late = self.at_ms.is_some_and(|last_ms| at_ms < last_ms);
        let reading = Reading::register(at_ms, 0, super::reading::Context::End);
        if !late {
            self.count(&reading, stand, rules, out);
            self.at_ms = Some(at_ms);
        }
        self.settle(stand, out);
    }

    /// The session's last register against all power that was measured.
    pub(super) fn settle(&self, stand: Stand, out: &mut Doubts) {
        let Some(begin) = self.begin.filter(|begin| begin.kind == stand.kind) else { return };
        let counted_mwh = stand.mwh.saturating_sub(begin.mwh);
        let least_mwh = part(self.delivered_mwh, 9).saturating_sub(slack(begin, stand));
        out.add_if(counted_mwh < least_mwh, Doubt::MeterDeflated);
    }

    /// The last register, if nothing was measured after it.
    pub(super) fn final_stand(&self) -> Option<Stand> {
        self.last.filter(|_| self.last_ms >= self.power_ms)
    }

    fn count(&mut self, reading: &Reading, stand: Stand, rules: Rules, out: &mut Doubts) {
        let at_ms = reading.at_ms;
        if self.begin.is_none() {
            self.begin = Some(stand);
        }
        let last = self.last.replace(stand).filter(|last| last.kind == stand.kind);
        let last_ms = std::mem::replace(&mut self.last_ms, at_ms);
        let Some(last) = last else {
            self.moved(at_ms);
            self.stretch = Stretch { from_mwh: stand.mwh, ..Stretch::default() };
            return;
        };
        let elapsed_ms = at_ms.saturating_sub(last_ms);
        let counted_mwh = stand.mwh.saturating_sub(last.mwh);
        out.add_if(is_back(last, stand), Doubt::MeterBack);
        let most_w = rules.rating_w.map(|rating_w| part(rating_w, 11));
        let most_mwh = most_w
            .map(|w| energy_mwh(w, elapsed_ms.saturating_add(CLOCK_MS)).saturating_add(slack(last, stand)));
        out.add_if(most_mwh.is_some_and(|most| counted_mwh > most), Doubt::MeterInflated);
        if counted_mwh == 0 && !reading.feeds_back {
            out.add_if(self.stands(at_ms, stand, reading.power_w), Doubt::MeterStands);
        } else {
            self.moved(at_ms);
        }
        self.hold_against(reading, (last, last_ms), stand, out);
        if !self.measures_power && elapsed_ms >= ESTIMATE_MS {
            self.power_w = Some(counted_mwh.max(0).saturating_mul(3600) / elapsed_ms);
        }
    }

    /// Energy against power, where the power stayed the same.
    fn hold_against(
        &mut self,
        reading: &Reading,
        (last, last_ms): (Stand, i64),
        stand: Stand,
        out: &mut Doubts,
    ) {
        let elapsed_ms = reading.at_ms.saturating_sub(last_ms);
        let before = self.power_w.filter(|_| self.measures_power && self.power_ms == last_ms);
        let steady = match (before, reading.power_w) {
            (Some(before), Some(now)) if before >= 0 && now >= 0 && !reading.feeds_back => {
                before.abs_diff(now) <= (before.max(now) / 5).saturating_add(STEADY_W).unsigned_abs()
            }
            _ => false,
        };
        let anew = Stretch { from_mwh: stand.mwh, ..Stretch::default() };
        let (Some(before), Some(now), true) = (before, reading.power_w, steady && elapsed_ms > 0) else {
            self.stretch = anew;
            return;
        };
        let expected_mwh = energy_mwh(before.midpoint(now), elapsed_ms);
        let slack_mwh = slack(last, stand);
        let judge = |counted: i64, expected: i64, ms: i64| {
            let least = part(expected, 9).saturating_sub(slack_mwh);
            let most = part(expected, 11).saturating_add(slack_mwh).saturating_add(energy_mwh(IDLE_W, ms));
            (counted < least, counted > most)
        };
        let alone = judge(stand.mwh.saturating_sub(last.mwh), expected_mwh, elapsed_ms);
        if elapsed_ms > DENSE_MS && alone == (false, false) {
            self.stretch = anew;
            return;
        }
        let stretch = Stretch {
            expected_mwh: self.stretch.expected_mwh.saturating_add(expected_mwh),
            ms: self.stretch.ms.saturating_add(elapsed_ms),
            intervals: self.stretch.intervals.saturating_add(1),
            ..self.stretch
        };
        self.stretch = stretch;
        if stretch.intervals < STRETCH_INTERVALS || stretch.ms < STRETCH_MS {
            return;
        }
        let counted_mwh = stand.mwh.saturating_sub(stretch.from_mwh);
        let (low, high) = judge(counted_mwh, stretch.expected_mwh, stretch.ms);
        out.add_if(low, Doubt::MeterDeflated);
        out.add_if(high, Doubt::MeterInflated);
        if !low && !high {
            self.stretch = anew;
        }
    }

    /// The register moved: nothing stands.
    fn moved(&mut self, at_ms: i64) {
        self.stood_ms = 0;
        self.flows_ms = self.flows_ms.map(|since_ms| since_ms.max(at_ms));
    }

    fn stands(&self, at_ms: i64, stand: Stand, power_w: Option<i64>) -> bool {
        let flowed_ms = self.flows_ms.map_or(0, |since_ms| at_ms.saturating_sub(since_ms).max(0));
        let digit_ms = duration_ms(stand.grain_mwh.saturating_mul(2), LEAST_W);
        let measured = power_w.or(self.power_w.filter(|_| self.measures_power));
        let draws = measured.is_none_or(|power_w| power_w >= DRAWS_W);
        draws && self.stood_ms.saturating_add(flowed_ms) >= STANDS_MS.max(digit_ms)
    }

    /// The station says that energy flows, or that it does not.
    pub(super) fn flows(&mut self, flows: bool, at_ms: i64) {
        match (flows, self.flows_ms) {
            (true, None) => self.flows_ms = Some(at_ms),
            (false, Some(since_ms)) => {
                self.stood_ms = self.stood_ms.saturating_add(at_ms.saturating_sub(since_ms).max(0));
                self.flows_ms = None;
                // What was measured before is over.
                self.power_w = self.power_w.map(|_| 0);
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// What flowed before is not known any more: the station was away.
    pub(super) fn lose_track(&mut self) {
        self.stood_ms = 0;
        self.flows_ms = None;
    }

    fn deliver(&mut self, at_ms: i64, power_w: i64) {
        let elapsed_ms = at_ms.saturating_sub(self.power_ms);
        if let Some(before) = self.power_w
            && (1..=DELIVERED_MS).contains(&elapsed_ms)
        {
            let least_w = before.min(power_w).max(0);
            self.delivered_mwh = self.delivered_mwh.saturating_add(energy_mwh(least_w, elapsed_ms));
        }
        self.power_w = Some(power_w);
        self.power_ms = at_ms;
        self.measures_power = true;
    }

    /// Takes in a state of charge.
    pub(super) fn charge(&mut self, at_ms: i64, soc: i64, out: &mut Doubts) {
        // Stations say 0 when they do not know.
        if soc <= 0 {
            return;
        }
        if let Some((last, last_ms)) = self.soc.replace((soc, at_ms)) {
            let minutes_ms = at_ms.saturating_sub(last_ms).max(0);
            let most = SOC_RISE.saturating_mul(minutes_ms) / MINUTE_MS;
            let rise = soc.saturating_sub(last);
            let feeds_back = self.power_w.is_some_and(|power_w| power_w < 0);
            let falls = rise < -SOC_JITTER && !feeds_back;
            out.add_if(falls || rise > most.saturating_add(SOC_JITTER), Doubt::SocImplausible);
        }
    }
}

fn is_back(last: Stand, stand: Stand) -> bool {
    stand.mwh < last.mwh.saturating_sub(slack(last, stand))
}

/// What two registers can differ by for no reason.
pub(super) fn slack(one: Stand, other: Stand) -> i64 {
    JITTER_MWH.saturating_add(one.grain_mwh).saturating_add(other.grain_mwh)
}

/// So many tenths.
fn part(whole: i64, tenths: i64) -> i64 {
    whole.saturating_mul(tenths) / 10
}

pub(super) fn energy_mwh(power_w: i64, ms: i64) -> i64 {
    power_w.saturating_mul(ms) / 3600
}

fn duration_ms(mwh: i64, power_w: i64) -> i64 {
    mwh.saturating_mul(3600) / power_w.max(1)
}
