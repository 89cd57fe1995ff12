//! A charging profile that a station has taken: what it allows, and when.

use chargewarden_ocpp::{Obj, Version};
use serde::{Deserialize, Serialize};

use super::super::Mark;
use super::held::Held;
use crate::effects;

/// Periods that are kept of one profile: what the largest of 2.x has, three schedules of 1,024. Of more, the later ones
/// are not kept; [`Doubt::TooManyPeriods`](chargewarden_policy::Doubt) is raised long before.
pub(super) const PERIODS_OF_PROFILE_MAX: usize = 3_072;

/// Moments at which one profile is looked at: two weeks of a daily profile with a period every 5 min.
const BREAKS_MAX: usize = 4_096;

/// Below this current no vehicle charges, in A (IEC 61851-1).
const USABLE_A: f64 = 6.0;

/// What a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    /// The most that the station may draw.
    Max,
    /// What holds in sessions that have no profile of their own.
    Default,
    /// What holds in one session.
    Tx,
    /// A limit of the site.
    External,
    /// What holds in a session in the place of its other profiles while it has priority (2.1).
    Priority,
    /// What is generated at the site, and may be drawn in addition (2.1).
    LocalGeneration,
}

impl Purpose {
    /// The purpose, as OCPP spells it in any version.
    pub(super) fn parse(stated: &str) -> Option<Self> {
        match effects::purpose(stated) {
            "max" => Some(Self::Max),
            "default" => Some(Self::Default),
            "tx" => Some(Self::Tx),
            "external" => Some(Self::External),
            "priority" => Some(Self::Priority),
            "local-generation" => Some(Self::LocalGeneration),
            _ => None,
        }
    }

    /// Whether it limits the station as a whole, whoever charges.
    pub(super) fn is_protective(self) -> bool {
        match self {
            Self::Max | Self::External => true,
            Self::Default | Self::Tx | Self::Priority | Self::LocalGeneration => false,
        }
    }
}

/// From when its periods are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// From a moment, or where none is named, from the beginning of the session.
    Absolute,
    /// From a moment, again and again.
    Recurring,
    /// From the beginning of the session.
    Relative,
    /// It holds until it is changed (2.1).
    Dynamic,
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Installed {
    pub(super) id: i64,
    pub(super) purpose: Purpose,
    pub(super) stack: i64,
    /// EVSE (2.x) or connector (1.6); 0 for the whole station.
    pub(super) evse: i64,
    pub(super) kind: Kind,
    /// How often it recurs, in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) every_s: Option<i64>,
    /// Since when it is valid, in ms since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from_ms: Option<i64>,
    /// Until when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to_ms: Option<i64>,
    /// The session it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) transaction: Option<String>,
    /// It came with a command to start a session, and waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) awaits: Option<Awaited>,
    /// Of several the vehicle chooses one.
    pub(super) schedules: Vec<Plan>,
    /// The party that set it; empty where it was there before us.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) party: String,
    /// The management system that set it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) csms: String,
    /// When the station took it, or took its last change, in ms since the Unix epoch.
    pub(super) at_ms: i64,
}

/// The session that a profile waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Awaited {
    /// The token it is started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Mark>,
    /// `remoteStartId` (2.x).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<i64>,
}

/// One schedule of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// When it begins, in ms since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start_ms: Option<i64>,
    /// How long it holds, in s; of one that recurs, each turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lasts_s: Option<i64>,
    /// In the order of their beginnings.
    pub(super) periods: Vec<Period>,
}

/// What a schedule allows from one moment on: s since its beginning, most W, W aimed at, deepest W (feeding back), and
/// whether it is less than a vehicle can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Period(u32, Option<i32>, Option<i32>, i32, bool);

impl Installed {
    /// Reads a `ChargingProfile` of the EVSE, as it would be if the station took it at this moment.
    pub(super) fn read(version: Version, evse: i64, profile: Obj<'_>, at_ms: i64) -> Option<Self> {
        let v16 = version == Version::V16;
        let kind = match &*profile.text("chargingProfileKind")? {
            "Absolute" => Kind::Absolute,
            "Recurring" => Kind::Recurring,
            "Relative" => Kind::Relative,
            "Dynamic" => Kind::Dynamic,
            _ => return None,
        };
        let every_s = match profile.text("recurrencyKind").as_deref() {
            Some("Daily") if kind == Kind::Recurring => Some(86_400),
            Some("Weekly") if kind == Kind::Recurring => Some(7 * 86_400),
            Some(_) | None => None,
        };
        let transaction = if v16 {
            profile.int("transactionId").map(|id| id.to_string())
        } else {
            profile.text("transactionId").map(std::borrow::Cow::into_owned)
        };
        let mut room = PERIODS_OF_PROFILE_MAX;
        let mut plan = |object| {
            let plan = Plan::read(version, object, room);
            room -= plan.periods.len();
            plan
        };
        let schedules = if v16 {
            profile.obj("chargingSchedule").map(&mut plan).into_iter().collect()
        } else {
            profile.objs("chargingSchedule").map(plan).collect()
        };
        Some(Self {
            id: profile.int(if v16 { "chargingProfileId" } else { "id" })?,
            purpose: Purpose::parse(&profile.text("chargingProfilePurpose")?)?,
            stack: profile.int("stackLevel")?,
            evse,
            kind,
            every_s,
            from_ms: profile.time("validFrom").map(chargewarden_ocpp::Timestamp::as_millis),
            to_ms: profile.time("validTo").map(chargewarden_ocpp::Timestamp::as_millis),
            transaction,
            awaits: None,
            schedules,
            party: String::new(),
            csms: String::new(),
            at_ms,
        })
    }

    /// Periods in all.
    pub(super) fn periods(&self) -> usize {
        self.schedules.iter().map(|plan| plan.periods.len()).sum()
    }

    /// Whether another party has set it. Of what was there before us nobody knows.
    pub(super) fn is_of_other(&self, party: &str) -> bool {
        !self.party.is_empty() && self.party != party
    }

    /// What it allows at a moment, in a session that began at `began_ms`; none where it does not hold then.
    pub(super) fn at(&self, t_ms: i64, began_ms: i64) -> Option<Held> {
        let valid = self.from_ms.is_none_or(|from| t_ms >= from) && self.to_ms.is_none_or(|to| t_ms < to);
        if !valid || self.awaits.is_some() {
            return None;
        }
        let held = self.schedules.iter().filter_map(|plan| {
            let elapsed = t_ms.saturating_sub(self.base(plan, began_ms));
            plan.at(if elapsed < 0 {
                return None;
            } else {
                self.every_ms().map_or(elapsed, |ms| elapsed % ms)
            })
        });
        held.reduce(Held::either)
    }

    /// Whether and when both can be valid.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let before = |to: Option<i64>, from: Option<i64>| to.zip(from).is_some_and(|(to, from)| to <= from);
        !before(self.to_ms, other.from_ms) && !before(other.to_ms, self.from_ms)
    }

    /// Adds the moments after `after_ms`, and not after `until_ms`, at which what it allows can change.
    pub(super) fn breaks(&self, after_ms: i64, until_ms: i64, began_ms: i64, out: &mut Vec<i64>) {
        let within = |t: &i64| *t > after_ms && *t <= until_ms;
        out.extend([self.from_ms, self.to_ms].into_iter().flatten().filter(within));
        let bound = out.len().saturating_add(BREAKS_MAX);
        for plan in &self.schedules {
            let base = self.base(plan, began_ms);
            let mut turn = match self.every_ms() {
                Some(every) if after_ms > base => base + (after_ms - base) / every * every,
                Some(_) | None => base,
            };
            while turn <= until_ms && out.len() < bound {
                out.extend(plan.breaks(turn, self.every_ms()).filter(within).take(bound - out.len()));
                let Some(every) = self.every_ms() else { break };
                turn = turn.saturating_add(every);
            }
        }
    }

    /// When the last of its breaks comes, counted from `now_ms`; of one that recurs, in its next turn.
    pub(super) fn last_break(&self, now_ms: i64, began_ms: i64) -> i64 {
        let ends = self.schedules.iter().map(|plan| {
            let base = self.base(plan, began_ms);
            match self.every_ms() {
                Some(every) => base.max(now_ms).max(self.from_ms.unwrap_or(now_ms)).saturating_add(every),
                None => plan.breaks(base, None).max().unwrap_or(base),
            }
        });
        ends.chain([self.from_ms, self.to_ms].into_iter().flatten()).max().unwrap_or(now_ms)
    }

    /// Adds how old a session is when it comes into another period, in ms.
    pub(super) fn ages(&self, out: &mut Vec<i64>) {
        let of_session = match self.purpose {
            Purpose::Default | Purpose::Priority => true,
            // A profile of a session has its beginning; the others do not go by sessions.
            Purpose::Tx | Purpose::Max | Purpose::External | Purpose::LocalGeneration => false,
        };
        let relative = match self.kind {
            Kind::Relative => true,
            Kind::Absolute | Kind::Recurring => self.schedules.iter().any(|plan| plan.start_ms.is_none()),
            Kind::Dynamic => false,
        };
        if of_session && relative {
            out.extend(self.schedules.iter().flat_map(|plan| plan.breaks(0, self.every_ms())));
        }
    }

    /// After how many ms it recurs.
    pub(super) fn every_ms(&self) -> Option<i64> {
        self.every_s.map(|seconds| seconds.saturating_mul(1000))
    }

    /// The moment from which a schedule's periods are counted.
    fn base(&self, plan: &Plan, began_ms: i64) -> i64 {
        let session = match self.purpose {
            Purpose::Default | Purpose::Tx | Purpose::Priority => began_ms,
            // Sessions come and go below it.
            Purpose::Max | Purpose::External | Purpose::LocalGeneration => self.at_ms,
        };
        match self.kind {
            Kind::Absolute | Kind::Recurring => plan.start_ms.unwrap_or(session),
            Kind::Relative => session,
            Kind::Dynamic => plan.start_ms.unwrap_or(self.at_ms),
        }
    }
}

impl Plan {
    fn read(version: Version, object: Obj<'_>, room: usize) -> Self {
        let schedule = effects::Schedule::read(version, object);
        let mut periods: Vec<Period> = schedule.periods.iter().take(room).map(Period::of).collect();
        periods.sort_by_key(|period| period.0);
        Self {
            start_ms: schedule.start.map(chargewarden_ocpp::Timestamp::as_millis),
            lasts_s: schedule.duration_s,
            periods,
        }
    }

    /// What it allows so many ms after its beginning.
    fn at(&self, elapsed_ms: i64) -> Option<Held> {
        if self.lasts_s.is_some_and(|seconds| elapsed_ms >= seconds.saturating_mul(1000)) {
            return None;
        }
        let begun = self.periods.partition_point(|period| period.starts_ms() <= elapsed_ms);
        self.periods.get(begun.checked_sub(1)?).map(Period::held)
    }

    /// When what it allows changes, in a turn that begins at `base`.
    fn breaks(&self, base: i64, every_ms: Option<i64>) -> impl Iterator<Item = i64> + '_ {
        let lasts = self.lasts_s.map(|seconds| seconds.saturating_mul(1000));
        let end = [lasts, every_ms].into_iter().flatten().min();
        let starts = self.periods.iter().map(Period::starts_ms);
        let starts = starts.filter(move |from| end.is_none_or(|end| *from < end));
        starts.chain(end).map(move |offset| base.saturating_add(offset))
    }
}

impl Period {
    /// From what a message says.
    pub(super) fn of(period: &effects::Period) -> Self {
        let (low, high) = period.range.unzip();
        // Without a limit, what is asked for is the most.
        let most = match period.setpoint {
            _ if period.limit.is_some() => period.limit,
            Some(setpoint) => Some(setpoint),
            None => high.filter(|watts| *watts > 0.0),
        };
        Self(
            u32::try_from(period.start_s.max(0)).unwrap_or(u32::MAX),
            most.map(watts),
            period.setpoint.map(watts),
            low.map_or(0, watts).min(0),
            period.amperes.is_some_and(|amperes| (0.0..USABLE_A).contains(&amperes)),
        )
    }

    fn starts_ms(&self) -> i64 {
        i64::from(self.0) * 1000
    }

    pub(super) fn held(&self) -> Held {
        Held {
            most: self.1.map(i64::from),
            aim: self.2.map(i64::from),
            deepest: i64::from(self.3),
            thin: self.4,
        }
    }

    /// The same, from the beginning of a schedule on, where what is not stated stays as it was.
    pub(super) fn or(self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let (most, thin) = if self.1.is_some() { (self.1, self.4) } else { (before.1, before.4) };
        Self(before.0, most, self.2.or(before.2), self.3.min(before.3), thin)
    }
}

/// Whole watts; what no charger has is cut.
fn watts(number: f64) -> i32 {
    let whole = effects::whole(number);
    i32::try_from(whole).unwrap_or(if whole < 0 { i32::MIN } else { i32::MAX })
}
