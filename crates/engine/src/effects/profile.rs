//! Charging profiles, reduced to what policies and limits need: how much, when, how often.

mod schedule;

use chargewarden_ocpp::{Obj, Timestamp, Version};
use chargewarden_policy::effect::{Discharge, Effect, LiftPowerLimit, SetPower};

use super::{commerce, field, number};
pub(crate) use schedule::{Period, Schedule};

/// Where a profile comes from, and for what.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) version: Version,
    pub(super) now: Timestamp,
    /// EVSE or connector; absent for the whole station.
    pub(super) evse: Option<i64>,
    /// Whether it comes with a command to start a session.
    pub(super) with_start: bool,
}

/// What has no end, in s: 10 years.
pub(super) const FOREVER_S: i64 = 315_360_000;

/// One effect a schedule, and one more for each that discharges.
pub(super) fn set(out: &mut Vec<Effect>, setting: Setting, profile: Obj<'_>) {
    let v16 = setting.version == Version::V16;
    let head = Head::read(setting, profile);
    if v16 {
        if let Some(schedule) = profile.obj("chargingSchedule") {
            head.schedule(out, schedule);
        }
    } else {
        profile.objs("chargingSchedule").for_each(|schedule| head.schedule(out, schedule));
    }
}

/// What stands in a profile outside its schedules.
struct Head {
    setting: Setting,
    purpose: &'static str,
    kind: &'static str,
    stack_level: i64,
    id: Option<i64>,
    transaction: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    recurs_s: Option<i64>,
    consistent: bool,
}

/// Purposes, as OCPP and as effects name them.
pub(crate) fn purpose(stated: &str) -> &'static str {
    match stated {
        "ChargePointMaxProfile" | "ChargingStationMaxProfile" => "max",
        "TxDefaultProfile" => "default",
        "TxProfile" => "tx",
        "ChargingStationExternalConstraints" => "external",
        "PriorityCharging" => "priority",
        "LocalGeneration" => "local-generation",
        _ => "other",
    }
}

impl Head {
    fn read(setting: Setting, profile: Obj<'_>) -> Self {
        let v16 = setting.version == Version::V16;
        let kind = match &*profile.text("chargingProfileKind").unwrap_or_default() {
            "Absolute" => "absolute",
            "Recurring" => "recurring",
            "Relative" => "relative",
            "Dynamic" => "dynamic",
            _ => "other",
        };
        let recurs_s = match profile.text("recurrencyKind").as_deref() {
            Some("Daily") => Some(86_400),
            Some("Weekly") => Some(7 * 86_400),
            Some(_) | None => None,
        };
        let transaction = if v16 {
            profile.int("transactionId").map(|id| id.to_string())
        } else {
            profile.text("transactionId").map(std::borrow::Cow::into_owned)
        };
        let mut head = Self {
            setting,
            purpose: purpose(&profile.text("chargingProfilePurpose").unwrap_or_default()),
            kind,
            stack_level: profile.int("stackLevel").unwrap_or(0),
            id: profile.int(if v16 { "chargingProfileId" } else { "id" }),
            transaction,
            from: profile.time("validFrom"),
            to: profile.time("validTo"),
            recurs_s,
            consistent: true,
        };
        head.consistent = head.fits();
        head
    }

    /// OCPP's rules on what goes together (2.0.1 K01, 1.6 5.16 and 7.8).
    fn fits(&self) -> bool {
        let Setting { version, evse, with_start, .. } = self.setting;
        let session = match (self.purpose, with_start) {
            ("tx", true) => self.transaction.is_none(),
            (_, true) => false,
            // 1.6 takes the running session where none is named.
            ("tx", false) => evse.is_some() && (version == Version::V16 || self.transaction.is_some()),
            ("max", false) => self.transaction.is_none() && evse.is_none(),
            (_, false) => self.transaction.is_none(),
        };
        let times = match (self.from, self.to) {
            (Some(from), Some(to)) => from < to,
            (Some(_) | None, Some(_) | None) => true,
        };
        session
            && times
            && self.stack_level >= 0
            && (self.kind == "recurring") == self.recurs_s.is_some()
            && !(self.purpose == "max" && self.kind == "relative")
    }

    fn schedule(&self, out: &mut Vec<Effect>, object: Obj<'_>) {
        let Setting { version, now, evse, .. } = self.setting;
        let schedule = Schedule::read(version, object);
        let (effective_at, turn) = self.times(schedule.start, now);
        let until = match (schedule.duration_s, self.recurs_s) {
            // A recurring schedule's duration bounds one turn, not the profile.
            (Some(seconds), None) => effective_at.map(|start| field::later(start, seconds)),
            (Some(_) | None, _) => None,
        };
        let step = schedule.largest_step();
        let relative = self.kind == "relative";
        out.push(
            SetPower {
                evse,
                purpose: self.purpose,
                stack_level: self.stack_level,
                lowest_w: schedule.lowest().map(number::whole),
                highest_w: schedule.highest().map(number::whole),
                lowest_ma: schedule.lowest_current().map(number::milli),
                zero_s: schedule.longest_zero_s(),
                step_w: step.map(|step| number::whole(step.watts)),
                step_at: step.filter(|_| !relative).and_then(|step| Some(field::later(turn?, step.after_s))),
                absurd: schedule.absurd,
                consistent: self.consistent
                    && schedule.consistent
                    && !(relative && schedule.start.is_some())
                    && !(self.kind == "recurring" && schedule.start.is_none())
                    && !(self.kind == "dynamic" && schedule.periods.len() != 1)
                    && self.recurs_s.zip(schedule.duration_s).is_none_or(|(every, lasts)| lasts <= every),
                effective_at,
                ends_at: [self.to, until].into_iter().flatten().min(),
                profile_kind: self.kind,
                recurs_s: self.recurs_s,
                recurs_at: self.recurs_s.and(turn),
                periods: number::count(schedule.periods.len()),
                shortest_s: schedule.shortest_s(),
                reversals: schedule.reversals(),
                swings: schedule.swings(),
                ordered: schedule.is_ordered(),
                transaction: self.transaction.clone(),
                profile: self.id,
                local_time: schedule.local_time,
                random_delay_s: schedule.random_delay_s,
            }
            .into(),
        );
        if let Some((mode, watts)) = schedule.discharge() {
            let power_w = watts.map(number::whole);
            out.push(Discharge { evse, power_w, mode, effective_at }.into());
        }
        if version == Version::V21
            && let Some(prices) = object.obj("absolutePriceSchedule")
        {
            commerce::price_schedule(out, prices);
        }
    }
}

impl Head {
    /// When the schedule begins to hold, and when the turn begins that its periods are counted from.
    fn times(&self, start: Option<Timestamp>, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(every) = self.recurs_s else {
            let base = [start, self.from].into_iter().flatten().max();
            return (base, start.or(self.from));
        };
        let ahead = self.from.filter(|from| *from > now);
        let turn = start.map(|start| next(start, every, ahead.unwrap_or(now)));
        (ahead.or(turn), turn)
    }
}

/// The next turn of something that recurs.
fn next(base: Timestamp, every_s: i64, now: Timestamp) -> Timestamp {
    let behind = now.as_millis().saturating_sub(base.as_millis());
    if behind <= 0 {
        return base;
    }
    let every = every_s.saturating_mul(1000);
    let turns = behind.saturating_add(every - 1) / every;
    Timestamp::from_millis(base.as_millis().saturating_add(turns.saturating_mul(every)))
}

/// `ClearChargingProfile`: what is selected is lifted.
pub(super) fn clear(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let (id, evse, criteria) = if version == Version::V16 {
        (root.int("id"), field::place(root, "connectorId"), Some(root))
    } else {
        let criteria = root.obj("chargingProfileCriteria");
        let evse = criteria.and_then(|criteria| field::place(criteria, "evseId"));
        (root.int("chargingProfileId"), evse, criteria)
    };
    let stated = criteria.and_then(|criteria| criteria.text("chargingProfilePurpose"));
    out.push(
        LiftPowerLimit {
            evse,
            purpose: stated.map(|stated| purpose(&stated)),
            stack_level: criteria.and_then(|criteria| criteria.int("stackLevel")),
            by_id: id.is_some(),
            profile: id,
        }
        .into(),
    );
}

/// 2.1 `UpdateDynamicSchedule`, and the answer to `PullDynamicScheduleUpdate`: acts at once.
pub(super) fn update(out: &mut Vec<Effect>, id: Option<i64>, update: Obj<'_>) {
    let schedule = Schedule::of_update(update);
    out.push(
        SetPower {
            lowest_w: schedule.lowest().map(number::whole),
            highest_w: schedule.highest().map(number::whole),
            lowest_ma: schedule.lowest_current().map(number::milli),
            zero_s: schedule.longest_zero_s(),
            absurd: schedule.absurd,
            profile: id,
            ..at_once("dynamic")
        }
        .into(),
    );
    if let Some((mode, watts)) = schedule.discharge() {
        let power_w = watts.map(number::whole);
        out.push(Discharge { evse: None, power_w, mode, effective_at: None }.into());
    }
}

/// 2.1 `AFRRSignal`: sessions that follow the signal change power, in whichever direction their
/// curve says.
pub(super) fn signal(out: &mut Vec<Effect>, root: Obj<'_>) {
    let effective_at = root.time("timestamp");
    let signal = root.int("signal").unwrap_or(0);
    out.push(
        SetPower {
            // The curve's points are 16-bit signals (2.1, V2XSignalWattPoint).
            absurd: !(-32_768..=32_767).contains(&signal),
            effective_at,
            ..at_once("regulation")
        }
        .into(),
    );
    let mode = "CentralFrequency".to_owned();
    out.push(Discharge { evse: None, power_w: None, mode, effective_at }.into());
}

/// 2.1 `UsePriorityCharging`.
pub(super) fn use_priority(out: &mut Vec<Effect>, root: Obj<'_>) {
    let transaction = root.text("transactionId").map(std::borrow::Cow::into_owned);
    if root.flag("activate") == Some(true) {
        out.push(SetPower { transaction, ..at_once("priority") }.into());
    } else {
        out.push(
            LiftPowerLimit {
                evse: None,
                purpose: Some("priority"),
                stack_level: None,
                by_id: false,
                profile: None,
            }
            .into(),
        );
    }
}

/// 2.1 `NotifyAllowedEnergyTransfer`, and the same list in answers: bidirectional modes allow
/// discharge.
pub(super) fn allow_transfer<'p>(
    out: &mut Vec<Effect>,
    modes: impl Iterator<Item = chargewarden_ocpp::Value<'p>>,
) -> bool {
    let before = out.len();
    for mode in modes.filter_map(chargewarden_ocpp::Value::text) {
        if mode.contains("BPT") || mode.contains("DER") {
            out.push(
                Discharge { evse: None, power_w: None, mode: mode.into_owned(), effective_at: None }.into(),
            );
        }
    }
    out.len() > before
}

/// A change of power that is not written as a schedule.
pub(super) fn at_once(purpose: &'static str) -> SetPower {
    SetPower {
        evse: None,
        purpose,
        stack_level: 0,
        lowest_w: None,
        highest_w: None,
        lowest_ma: None,
        zero_s: None,
        step_w: None,
        step_at: None,
        absurd: false,
        consistent: true,
        effective_at: None,
        ends_at: None,
        profile_kind: "dynamic",
        recurs_s: None,
        recurs_at: None,
        periods: 1,
        shortest_s: None,
        reversals: 0,
        swings: 0,
        ordered: true,
        transaction: None,
        profile: None,
        local_time: false,
        random_delay_s: None,
    }
}

#[cfg(test)]
mod tests;
