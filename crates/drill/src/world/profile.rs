//! Charging profiles as a simulated station obeys them: slowly, by looking at all of them.

use chargewarden_ocpp::Timestamp;
use serde_json::Value;

/// A profile that a station took.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// EVSE or connector; 0 for the station.
    evse: u32,
    id: i64,
    purpose: String,
    stack: i64,
    /// Times are in ms since the Unix epoch.
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    start_ms: Option<i64>,
    taken_ms: i64,
    relative: bool,
    recurs_ms: Option<i64>,
    duration_ms: Option<i64>,
    /// From how many ms after the start, so many W.
    periods: Vec<(i64, f64)>,
}

impl Profile {
    /// The profile in a `SetChargingProfile`, or in a start by command.
    pub(super) fn of(payload: &Value, now: Timestamp) -> Option<Self> {
        let evse = payload.get("connectorId").or_else(|| payload.get("evseId")).and_then(Value::as_u64);
        let profile = payload.get("csChargingProfiles").or_else(|| payload.get("chargingProfile"))?;
        let schedule = profile.get("chargingSchedule")?;
        let schedule = schedule.as_array().map_or(Some(schedule), |all| all.first())?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let ms = |value: &Value, name: &str| {
            text(value, name).and_then(|text| Timestamp::parse(&text).ok()).map(|time| time.as_millis())
        };
        let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64);
        let amperes = text(schedule, "chargingRateUnit").as_deref() == Some("A");
        let period = |period: &Value| {
            let phases = number(period, "numberPhases").unwrap_or(3.0);
            let limit = number(period, "limit")?;
            let limit_w = if amperes { limit * 230.0 * phases } else { limit };
            Some((period.get("startPeriod")?.as_i64()?.saturating_mul(1000), limit_w))
        };
        let kind = text(profile, "chargingProfileKind")?;
        let day_ms = 86_400_000;
        Some(Self {
            evse: evse.and_then(|evse| u32::try_from(evse).ok()).unwrap_or(0),
            id: profile.get("chargingProfileId").or_else(|| profile.get("id")).and_then(Value::as_i64)?,
            purpose: text(profile, "chargingProfilePurpose")?,
            stack: profile.get("stackLevel").and_then(Value::as_i64)?,
            from_ms: ms(profile, "validFrom"),
            until_ms: ms(profile, "validTo"),
            start_ms: ms(schedule, "startSchedule"),
            taken_ms: now.as_millis(),
            relative: kind == "Relative",
            recurs_ms: match text(profile, "recurrencyKind").as_deref() {
                Some("Daily") => Some(day_ms),
                Some("Weekly") => Some(7 * day_ms),
                Some(_) | None => None,
            },
            duration_ms: schedule
                .get("duration")
                .and_then(Value::as_i64)
                .map(|seconds| seconds.saturating_mul(1000)),
            periods: schedule.get("chargingSchedulePeriod")?.as_array()?.iter().filter_map(period).collect(),
        })
    }

    /// Takes it among the others: of the same id, or purpose, stack level and EVSE, the last holds.
    pub(super) fn install(self, among: &mut Vec<Self>) {
        let same = |other: &Self| {
            other.id == self.id
                || (other.purpose == self.purpose && other.stack == self.stack && other.evse == self.evse)
        };
        among.retain(|other| !same(other));
        among.push(self);
    }

    /// Whether a `ClearChargingProfile` means it.
    pub(super) fn is_meant(&self, payload: &Value) -> bool {
        let criteria = payload.get("chargingProfileCriteria").unwrap_or(payload);
        let id = payload.get("id").or_else(|| payload.get("chargingProfileId")).and_then(Value::as_i64);
        let evse = criteria.get("connectorId").or_else(|| criteria.get("evseId")).and_then(Value::as_u64);
        let purpose = criteria.get("chargingProfilePurpose").and_then(Value::as_str);
        let stack = criteria.get("stackLevel").and_then(Value::as_i64);
        match id {
            Some(id) => id == self.id,
            None => {
                evse.is_none_or(|evse| evse == u64::from(self.evse))
                    && purpose.is_none_or(|purpose| purpose == self.purpose)
                    && stack.is_none_or(|stack| stack == self.stack)
            }
        }
    }

    /// What all profiles together allow this EVSE now, in W; none where none holds. Of one purpose the highest stack level
    /// that says something holds; of the purposes the lowest limit, and a session's own takes the place of the default.
    pub(super) fn allowed_w(all: &[Self], evse: u32, begun: Timestamp, now: Timestamp) -> Option<i64> {
        let of = |purpose: &[&str]| {
            all.iter()
                .filter(|profile| purpose.contains(&profile.purpose.as_str()))
                .filter(|profile| profile.evse == 0 || profile.evse == evse)
                .filter_map(|profile| Some((profile.stack, profile.limit_w(begun, now)?)))
                .max_by_key(|(stack, _)| *stack)
                .map(|(_, limit)| limit)
        };
        let session = of(&["TxProfile"]).or_else(|| of(&["TxDefaultProfile"]));
        let station = of(&["ChargePointMaxProfile", "ChargingStationMaxProfile"]);
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let least = [session, station].into_iter().flatten().reduce(f64::min).map(|limit| limit as i64);
        least
    }

    fn limit_w(&self, begun: Timestamp, now: Timestamp) -> Option<f64> {
        let now_ms = now.as_millis();
        if self.from_ms.is_some_and(|from| now_ms < from) || self.until_ms.is_some_and(|until| now_ms > until)
        {
            return None;
        }
        let start = if self.relative { begun.as_millis() } else { self.start_ms.unwrap_or(self.taken_ms) };
        let mut into = now_ms.saturating_sub(start);
        if let Some(every) = self.recurs_ms {
            into = into.rem_euclid(every);
        }
        if into < 0 || self.duration_ms.is_some_and(|duration| into >= duration) {
            return None;
        }
        self.periods.iter().rev().find(|(from, _)| *from <= into).map(|(_, limit)| *limit)
    }
}
