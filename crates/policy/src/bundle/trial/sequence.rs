//! Many messages to a fleet, and which is the first that is stopped.

use std::ops::RangeInclusive;
use std::sync::Arc;

use chargewarden_ocpp::{Side, Timestamp, Version};
use serde::Deserialize;

use super::{Expectation, Lists, Payload, Texts, expectation, overlaid, side};
use crate::party::PartyId;

/// Most stations of a simulated fleet: each has a session of its own.
pub const STATIONS_MAX: u32 = 2_000;
/// Most messages of a step: more take too long to wait for.
const TIMES_MAX: u32 = 20_000;
/// Most EVSEs of a simulated station.
const EVSES_MAX: u32 = 16;

/// A fleet, what is sent, and what is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// File within the bundle.
    pub file: String,
    /// What it is.
    pub name: String,
    /// Members that lists have instead.
    pub lists: Arc<Lists>,
    /// Entries of the attack catalogue that it is about, for people.
    pub catalogue: Vec<String>,
    /// Versions of OCPP in which it holds.
    pub versions: Vec<Version>,
    /// The stations.
    pub fleet: FleetPlan,
    /// What is sent, in this order.
    pub steps: Vec<Step>,
    /// What is expected of the first message that is stopped; or that none is.
    pub expectation: Expectation,
    /// Which message is the first that is stopped, counted from 1; any where absent.
    pub first: Option<usize>,
}

/// Stations that are all alike.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FleetPlan {
    /// How many.
    pub stations: u32,
    /// How many share a site.
    pub per_site: u32,
    /// How many share an area; all, where absent.
    pub per_area: Option<u32>,
    /// EVSEs of each.
    pub evses: u32,
    /// What an EVSE can carry, in kW; not stated, where absent.
    pub evse_kw: Option<i64>,
    /// Who runs the management system.
    pub csms_party: String,
    /// Firmware that they run.
    pub firmware: String,
    /// When it begins; RFC 3339.
    pub begins: String,
}

impl Default for FleetPlan {
    fn default() -> Self {
        Self {
            stations: 100,
            per_site: 4,
            per_area: None,
            evses: 2,
            evse_kw: None,
            csms_party: "cso".to_owned(),
            firmware: "1.0.0".to_owned(),
            begins: "2026-01-05T10:00:00Z".to_owned(),
        }
    }
}

/// The same message to some stations, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Ms that pass before it.
    pub after_ms: u64,
    /// Who sends it.
    pub from: Side,
    /// Action.
    pub action: String,
    /// Payload, JSON. `{n}` stands for the number of the message, `{station}` for the id of the station.
    pub payload: String,
    /// What the other side answers, JSON; what an obliging one answers, where absent.
    pub answer: Option<String>,
    /// Stations, counted from 1.
    pub stations: RangeInclusive<u32>,
    /// How often it goes round.
    pub times: u32,
    /// Ms between two messages.
    pub every_ms: u64,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) name: String,
    #[serde(default)]
    catalogue: Texts,
    version: Texts,
    #[serde(default)]
    fleet: toml::Table,
    #[serde(default, rename = "step")]
    steps: Vec<StepForm>,
    expect: toml::Value,
    by: Option<toml::Value>,
    code: Option<toml::Value>,
    first: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepForm {
    #[serde(default = "zero")]
    after: String,
    #[serde(default = "csms")]
    from: String,
    action: String,
    payload: Option<Payload>,
    answer: Option<Payload>,
    #[serde(default)]
    stations: Stations,
    #[serde(default = "once")]
    times: u32,
    #[serde(default = "zero")]
    every: String,
}

/// `7`, or `"1-20"`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "the number of a station, or a range such as `1-20`")]
enum Stations {
    One(u32),
    Range(String),
}

impl Default for Stations {
    fn default() -> Self {
        Self::One(1)
    }
}

impl Form {
    pub(super) fn read(
        self,
        file: &str,
        fleet: &toml::Table,
        lists: &Arc<Lists>,
    ) -> Result<Sequence, String> {
        let fleet: FleetPlan = overlaid(self.fleet, fleet)
            .try_into()
            .map_err(|error: toml::de::Error| format!("fleet: {}", error.message()))?;
        fleet.check()?;
        let versions: Result<Vec<Version>, _> =
            Vec::from(self.version).iter().map(|text| text.parse::<Version>()).collect();
        if self.steps.is_empty() {
            return Err("has no `[[sequence.step]]`".to_owned());
        }
        let steps: Result<Vec<Step>, String> = self.steps.into_iter().map(|step| step.read(&fleet)).collect();
        let expected = [("expect", Some(self.expect)), ("by", self.by), ("code", self.code)];
        Ok(Sequence {
            file: file.to_owned(),
            name: self.name,
            lists: Arc::clone(lists),
            catalogue: self.catalogue.into(),
            versions: versions.map_err(|error| error.to_string())?,
            steps: steps?,
            fleet,
            expectation: expectation::Form::of(expected)?.read()?,
            first: self.first,
        })
    }
}

impl FleetPlan {
    fn check(&self) -> Result<(), String> {
        let bounds = [
            ("stations", self.stations, STATIONS_MAX),
            ("per_site", self.per_site, STATIONS_MAX),
            ("per_area", self.per_area.unwrap_or(1), STATIONS_MAX),
            ("evses", self.evses, EVSES_MAX),
        ];
        if let Some((name, value, most)) = bounds.iter().find(|(_, value, most)| !(1..=*most).contains(value))
        {
            return Err(format!("fleet: {name} = {value} is not 1 to {most}"));
        }
        self.csms_party.parse::<PartyId>().map_err(|error| format!("fleet: {error}"))?;
        self.begins()?;
        Ok(())
    }

    /// When it begins.
    ///
    /// # Errors
    /// A text that is no time.
    pub fn begins(&self) -> Result<Timestamp, String> {
        Timestamp::parse(&self.begins).map_err(|_| format!("fleet: begins `{}` is not RFC 3339", self.begins))
    }
}

impl StepForm {
    fn read(self, fleet: &FleetPlan) -> Result<Step, String> {
        let (first, last) = match self.stations {
            Stations::One(one) => (one, one),
            Stations::Range(text) => {
                let ends = text.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                ends.filter(|(first, last): &(u32, u32)| first <= last)
                    .ok_or_else(|| format!("`{text}` is not a station or a range such as `1-20`"))?
            }
        };
        if first < 1 || last > fleet.stations {
            return Err(format!("stations {first}-{last}: the fleet has {}", fleet.stations));
        }
        let count = (last - first + 1).saturating_mul(self.times);
        if !(1..=TIMES_MAX).contains(&count) {
            return Err(format!("a step of {count} messages: it is 1 to {TIMES_MAX}"));
        }
        Ok(Step {
            after_ms: duration("after", &self.after)?,
            from: side(&self.from)?,
            action: self.action,
            payload: self.payload.map_or_else(|| Ok("{}".to_owned()), |payload| payload.json("payload"))?,
            answer: self.answer.map(|answer| answer.json("answer")).transpose()?,
            stations: first..=last,
            times: self.times,
            every_ms: duration("every", &self.every)?,
        })
    }
}

/// `90s`, `10min`, `1h`, `7d`.
fn duration(field: &str, text: &str) -> Result<u64, String> {
    let units = [("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let unit_ms = units.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
    let ms = digits.parse::<u32>().ok().zip(unit_ms).map(|(number, ms): (u32, u64)| u64::from(number) * ms);
    ms.ok_or_else(|| format!("{field} `{text}` is not a time such as `90s`, `10min`, `1h` or `7d`"))
}

fn zero() -> String {
    "0s".to_owned()
}

fn csms() -> String {
    "csms".to_owned()
}

fn once() -> u32 {
    1
}
