//! What was done: a message that was counted, with all that limits can ask about it. Every book is made from deeds, and deeds
//! are what is stored.

use chargewarden_ocpp::Side;
use chargewarden_policy::effect::EffectKind;
use chargewarden_policy::{About, Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::act::{self, Act};
use super::claim::Claim;
use super::names::{Name, Names};

/// A message that was counted.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// When it was decided, in ms since the Unix epoch.
    pub(super) at: i64,
    pub(super) from: Side,
    pub(super) station: Name,
    pub(super) site: Option<Name>,
    pub(super) area: Option<Name>,
    pub(super) csms: Name,
    /// The parties with jurisdiction over the station; empty: all there are.
    pub(super) parties: Box<[Name]>,
    pub(super) doubts: Doubts,
    pub(super) works: Box<[Work]>,
    pub(super) loads: Box<[Load]>,
    /// Whether its outcome may still be told, so that it gives its places back.
    pub(super) open: bool,
    /// Whether it is stored.
    pub(super) stored: bool,
    /// How many entries of books rest on it.
    pub(super) held: u32,
    /// When the last of them leaves, in ms since the Unix epoch.
    pub(super) leaves: i64,
}

/// An effect that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) effect: EffectKind,
    pub(super) acts: Box<[Act]>,
}

/// A change of power that was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    /// By how much, in W; negative is down.
    pub(super) w: i64,
    pub(super) act: Act,
}

impl Deed {
    pub(super) fn of(claim: &Claim<'_>, now_ms: i64, names: &mut Names) -> Self {
        let about: &About = claim.about;
        let work = |effect: &chargewarden_policy::effect::Effect| Work {
            effect: effect.kind(),
            acts: act::acts(effect, now_ms).into(),
        };
        let load =
            |change: &super::PowerChange| Load { w: change.delta_w, act: Act::of_power(change, now_ms) };
        Self {
            at: now_ms,
            from: claim.from,
            station: names.number(&about.station),
            site: about.site.as_deref().map(|site| names.number(site)),
            area: about.area.as_deref().map(|area| names.number(area)),
            csms: names.number(&about.csms),
            parties: about.parties.iter().map(|party| names.number(party.as_str())).collect(),
            doubts: claim.doubts,
            works: claim.effects.iter().map(work).collect(),
            loads: claim.power.iter().filter(|change| change.delta_w != 0).map(load).collect(),
            open: true,
            stored: false,
            held: 0,
            leaves: i64::MIN,
        }
    }

    /// Whether a party has jurisdiction over the station.
    pub(super) fn concerns(&self, party: Name) -> bool {
        self.parties.is_empty() || self.parties.contains(&party)
    }

    /// As it is stored.
    pub(super) fn to_json(&self, names: &Names) -> String {
        let text = |name: Name| names.text(name).to_owned();
        let row = Row {
            at: self.at,
            by_station: self.from == Side::Station,
            station: text(self.station),
            site: self.site.map(text),
            area: self.area.map(text),
            csms: text(self.csms),
            parties: self.parties.iter().map(|party| text(*party)).collect(),
            doubts: self.doubts.iter().map(|doubt| doubt.name().to_owned()).collect(),
            effects: self
                .works
                .iter()
                .map(|work| (work.effect.name().to_owned(), work.acts.to_vec()))
                .collect(),
            power: self.loads.to_vec(),
        };
        serde_json::to_string(&row).unwrap_or_default()
    }

    /// From what was stored. Nobody will tell its outcome any more.
    pub(super) fn from_json(text: &str, names: &mut Names) -> Option<Self> {
        let row: Row = serde_json::from_str(text).ok()?;
        let doubts = row.doubts.iter().map(|name| Doubt::parse(name)).collect::<Option<Doubts>>()?;
        let works = row
            .effects
            .into_iter()
            .map(|(name, acts)| Some(Work { effect: EffectKind::parse(&name)?, acts: acts.into() }));
        let works = works.collect::<Option<_>>()?;
        Some(Self {
            at: row.at,
            from: if row.by_station { Side::Station } else { Side::Csms },
            station: names.number(&row.station),
            site: row.site.map(|site| names.number(&site)),
            area: row.area.map(|area| names.number(&area)),
            csms: names.number(&row.csms),
            parties: row.parties.iter().map(|party| names.number(party)).collect(),
            doubts,
            works,
            loads: row.power.into(),
            open: false,
            stored: true,
            held: 0,
            leaves: i64::MIN,
        })
    }
}

/// A deed as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_station: bool,
    station: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    area: Option<String>,
    csms: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parties: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<String>,
    effects: Vec<(String, Vec<Act>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    power: Vec<Load>,
}
