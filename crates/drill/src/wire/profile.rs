//! Charging profiles, in all ways to write one.

use chargewarden_ocpp::Version;
use serde_json::{Map, Value, json};

use super::session::{self, Running};
use super::{Message, is_v16, merge, message, object};

/// What a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The whole station.
    Max,
    /// Every session that begins.
    Default,
    /// One session.
    Tx,
    /// What others than the management system demand (2.x).
    External,
    /// Sessions with priority (2.1).
    Priority,
    /// What is generated on site (2.1).
    LocalGeneration,
}

impl Purpose {
    /// As the version spells it.
    pub fn name(self, version: Version) -> &'static str {
        match self {
            Self::Max if is_v16(version) => "ChargePointMaxProfile",
            Self::Max => "ChargingStationMaxProfile",
            Self::Default => "TxDefaultProfile",
            Self::Tx => "TxProfile",
            Self::External => "ChargingStationExternalConstraints",
            Self::Priority => "PriorityCharging",
            Self::LocalGeneration => "LocalGeneration",
        }
    }
}

/// Unit of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Ampere per phase.
    A,
    /// Watt over all phases.
    W,
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    unit: Unit,
    start: Option<String>,
    duration: Option<i64>,
    periods: Vec<Value>,
    more: Map<String, Value>,
}

impl Schedule {
    /// Limits in ampere per phase, each with the second at which it begins to hold.
    pub fn amps(periods: &[(i64, f64)]) -> Self {
        Self::new(Unit::A, periods)
    }

    /// Limits in watt, each with the second at which it begins to hold.
    pub fn watts(periods: &[(i64, f64)]) -> Self {
        Self::new(Unit::W, periods)
    }

    /// Limits in this unit, each with the second at which it begins to hold.
    pub fn new(unit: Unit, periods: &[(i64, f64)]) -> Self {
        let period = |(start, limit): &(i64, f64)| json!({ "startPeriod": start, "limit": limit });
        Self::of(unit, periods.iter().map(period).collect())
    }

    /// Periods as they are written.
    pub fn of(unit: Unit, periods: Vec<Value>) -> Self {
        Self { unit, start: None, duration: None, periods, more: Map::new() }
    }

    /// When its second 0 is.
    pub fn starting(mut self, at: impl Into<String>) -> Self {
        self.start = Some(at.into());
        self
    }

    /// How long it holds, in s.
    pub fn lasting(mut self, seconds: i64) -> Self {
        self.duration = Some(seconds);
        self
    }

    /// States the number of phases in every period.
    pub fn phases(mut self, phases: i64) -> Self {
        self.periods.iter_mut().for_each(|period| merge(period, json!({ "numberPhases": phases })));
        self
    }

    /// One more member of the schedule.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    fn value(&self, version: Version, id: usize) -> Value {
        let unit = match self.unit {
            Unit::A => "A",
            Unit::W => "W",
        };
        let mut schedule = object([
            ("id", (!is_v16(version)).then(|| json!(id))),
            ("startSchedule", self.start.as_ref().map(|start| json!(start))),
            ("duration", self.duration.map(|duration| json!(duration))),
            ("chargingRateUnit", Some(json!(unit))),
            ("chargingSchedulePeriod", Some(json!(self.periods))),
        ]);
        merge(&mut schedule, Value::Object(self.more.clone()));
        schedule
    }
}

/// A profile, and where it goes.
#[derive(Clone, Debug)]
pub struct Profile {
    purpose: Purpose,
    kind: &'static str,
    recurs: Option<&'static str>,
    evse: i64,
    id: i64,
    stack: i64,
    from: Option<String>,
    to: Option<String>,
    transaction: Option<Value>,
    schedules: Vec<Schedule>,
    more: Map<String, Value>,
}

impl Profile {
    /// At fixed times.
    pub fn absolute(purpose: Purpose, schedule: Schedule) -> Self {
        Self::new(purpose, "Absolute", schedule)
    }

    /// Counted from when a session begins.
    pub fn relative(purpose: Purpose, schedule: Schedule) -> Self {
        Self::new(purpose, "Relative", schedule)
    }

    /// Every day.
    pub fn daily(purpose: Purpose, schedule: Schedule) -> Self {
        Self { recurs: Some("Daily"), ..Self::new(purpose, "Recurring", schedule) }
    }

    /// Every week.
    pub fn weekly(purpose: Purpose, schedule: Schedule) -> Self {
        Self { recurs: Some("Weekly"), ..Self::new(purpose, "Recurring", schedule) }
    }

    /// Changed while it holds (2.1).
    pub fn dynamic(purpose: Purpose, schedule: Schedule) -> Self {
        Self::new(purpose, "Dynamic", schedule)
    }

    /// Of this kind, on EVSE 1, or the whole station where the purpose is about that, with id 1 and stack level 0.
    pub fn new(purpose: Purpose, kind: &'static str, schedule: Schedule) -> Self {
        let evse = match purpose {
            Purpose::Max | Purpose::External | Purpose::LocalGeneration => 0,
            Purpose::Default | Purpose::Tx | Purpose::Priority => 1,
        };
        Self {
            purpose,
            kind,
            recurs: None,
            evse,
            id: 1,
            stack: 0,
            from: None,
            to: None,
            transaction: None,
            schedules: vec![schedule],
            more: Map::new(),
        }
    }

    /// EVSE (2.x) or connector (1.6); 0 is the station.
    pub fn at(mut self, evse: i64) -> Self {
        self.evse = evse;
        self
    }

    /// Its id.
    pub fn id(mut self, id: i64) -> Self {
        self.id = id;
        self
    }

    /// Stack level.
    pub fn stack(mut self, level: i64) -> Self {
        self.stack = level;
        self
    }

    /// Valid from then on.
    pub fn from(mut self, at: impl Into<String>) -> Self {
        self.from = Some(at.into());
        self
    }

    /// Valid until then.
    pub fn to(mut self, at: impl Into<String>) -> Self {
        self.to = Some(at.into());
        self
    }

    /// For this session, and on its EVSE.
    pub fn of(mut self, session: &Running) -> Self {
        self.evse = session.evse;
        self.transaction = Some(session.transaction.clone());
        self
    }

    /// Recurs like this, or not at all.
    pub fn recurring(mut self, kind: Option<&'static str>) -> Self {
        self.recurs = kind;
        self
    }

    /// One more schedule to choose from (2.x).
    pub fn or(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// One more member of the profile.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The profile itself. 1.6 has room for its first schedule only.
    pub fn value(&self, version: Version) -> Value {
        let v16 = is_v16(version);
        let schedules = self.schedules.iter().zip(1..).map(|(schedule, id)| schedule.value(version, id));
        let schedule = if v16 {
            schedules.into_iter().next().unwrap_or(Value::Null)
        } else {
            Value::Array(schedules.collect())
        };
        let mut profile = object([
            (if v16 { "chargingProfileId" } else { "id" }, Some(json!(self.id))),
            ("transactionId", self.transaction.clone()),
            ("stackLevel", Some(json!(self.stack))),
            ("chargingProfilePurpose", Some(json!(self.purpose.name(version)))),
            ("chargingProfileKind", Some(json!(self.kind))),
            ("recurrencyKind", self.recurs.map(|kind| json!(kind))),
            ("validFrom", self.from.as_ref().map(|at| json!(at))),
            ("validTo", self.to.as_ref().map(|at| json!(at))),
            ("chargingSchedule", Some(schedule)),
        ]);
        merge(&mut profile, Value::Object(self.more.clone()));
        profile
    }

    /// `SetChargingProfile`.
    pub fn set(&self, version: Version) -> Message {
        let profile = self.value(version);
        message(
            "SetChargingProfile",
            if is_v16(version) {
                json!({ "connectorId": self.evse, "csChargingProfiles": profile })
            } else {
                json!({ "evseId": self.evse, "chargingProfile": profile })
            },
        )
    }

    /// A remote start that brings the profile with it.
    pub fn with_start(&self, version: Version, tag: &str) -> Message {
        let mut start = session::start(version, Some(self.evse), tag);
        merge(&mut start.payload, json!({ "chargingProfile": self.value(version) }));
        start
    }
}

/// What a `ClearChargingProfile` selects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection {
    /// One profile by its id.
    pub id: Option<i64>,
    /// Those of an EVSE or connector; 0 is the station.
    pub evse: Option<i64>,
    /// Those of a purpose.
    pub purpose: Option<Purpose>,
    /// Those of a stack level.
    pub stack: Option<i64>,
}

/// `ClearChargingProfile`; nothing selected is everything.
pub fn clear(version: Version, selection: Selection) -> Message {
    let Selection { id, evse, purpose, stack } = selection;
    let v16 = is_v16(version);
    let criteria = object([
        (if v16 { "connectorId" } else { "evseId" }, evse.map(|evse| json!(evse))),
        ("chargingProfilePurpose", purpose.map(|purpose| json!(purpose.name(version)))),
        ("stackLevel", stack.map(|level| json!(level))),
    ]);
    let mut payload = object([(if v16 { "id" } else { "chargingProfileId" }, id.map(|id| json!(id)))]);
    if v16 {
        merge(&mut payload, criteria);
    } else if criteria.as_object().is_some_and(|criteria| !criteria.is_empty()) {
        merge(&mut payload, json!({ "chargingProfileCriteria": criteria }));
    }
    message("ClearChargingProfile", payload)
}

/// 2.1 `UpdateDynamicSchedule`.
pub fn update(id: i64, update: Value) -> Message {
    message("UpdateDynamicSchedule", json!({ "chargingProfileId": id, "scheduleUpdate": update }))
}

/// 2.1 `AFRRSignal`.
pub fn signal(at: &str, signal: i64) -> Message {
    message("AFRRSignal", json!({ "timestamp": at, "signal": signal }))
}

/// 2.1 `UsePriorityCharging`.
pub fn priority(transaction: &Value, activate: bool) -> Message {
    message("UsePriorityCharging", json!({ "transactionId": transaction, "activate": activate }))
}

/// 2.1 `NotifyAllowedEnergyTransfer`.
pub fn allow_transfer(transaction: &Value, modes: &[&str]) -> Message {
    message(
        "NotifyAllowedEnergyTransfer",
        json!({ "transactionId": transaction, "allowedEnergyTransfer": modes }),
    )
}

/// 2.1 `SetDERControl`; `settings` has the member that belongs to the type.
pub fn der(id: &str, kind: &str, is_default: bool, settings: Value) -> Message {
    let mut payload = json!({ "isDefault": is_default, "controlId": id, "controlType": kind });
    merge(&mut payload, settings);
    message("SetDERControl", payload)
}

/// 2.1 `ClearDERControl`.
pub fn clear_der(is_default: bool, kind: Option<&str>, id: Option<&str>) -> Message {
    let mut payload =
        object([("controlType", kind.map(|kind| json!(kind))), ("controlId", id.map(|id| json!(id)))]);
    merge(&mut payload, json!({ "isDefault": is_default }));
    message("ClearDERControl", payload)
}
