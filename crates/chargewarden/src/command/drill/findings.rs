//! What a drill found, entry by entry.

use std::collections::BTreeMap;

use chargewarden_drill::attack::{Entry, Kind, Row, Stage, TwinRow};
use serde_json::{Value, json};

use super::live::Live;

/// All that was found.
pub(super) struct Findings {
    /// Stations of the fleet.
    pub(super) fleet: usize,
    /// By entry, in the order of the catalogue.
    pub(super) entries: Vec<Found>,
}

/// What was found of an entry.
pub(super) struct Found {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// Every attack at every intensity.
    pub(super) rows: Vec<Row>,
    /// Every twin.
    pub(super) twins: Vec<TwinRow>,
}

impl Findings {
    pub(super) fn new(chosen: &[&Entry], stages: Vec<Stage>, fleet: usize) -> Self {
        let of = |entry: &&Entry| Found {
            id: entry.id,
            name: entry.name,
            kind: entry.kind.name(),
            rows: Vec::new(),
            twins: Vec::new(),
        };
        let mut findings = Self { fleet, entries: chosen.iter().map(of).collect() };
        for stage in stages {
            findings.add(stage);
        }
        findings
    }

    /// Makes room for what is played at the sockets.
    pub(super) fn expect(&mut self, live: &[&Live]) {
        for live in live {
            if !self.entries.iter().any(|found| found.id == live.id) {
                let (id, name, kind) = (live.id, live.name, Kind::Transport.name());
                self.entries.push(Found { id, name, kind, rows: Vec::new(), twins: Vec::new() });
            }
        }
        self.entries.sort_by_key(|found| super::order(found.id));
    }

    /// Takes in what came of one part.
    pub(super) fn add(&mut self, stage: Stage) {
        let id = match &stage {
            Stage::Attack(row) => row.entry,
            Stage::Twin(row) => row.entry,
        };
        let Some(found) = self.entries.iter_mut().find(|found| found.id == id) else { return };
        match stage {
            Stage::Attack(row) => found.rows.push(row),
            Stage::Twin(row) => found.twins.push(row),
        }
    }

    /// Whether nothing got through that should not, and nothing was hindered.
    pub(super) fn all_held(&self) -> bool {
        self.entries.iter().all(|found| found.held() && found.hindered() == 0)
    }

    pub(super) fn to_json(&self) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(Found::to_json).collect();
        json!({ "stations": self.fleet, "held": self.all_held(), "entries": entries })
    }
}

impl Found {
    /// Whether every attack was stopped as it has to be.
    pub(super) fn held(&self) -> bool {
        self.rows.iter().all(Row::held)
    }

    /// Work that did not pass, of how much.
    pub(super) fn hindered(&self) -> usize {
        self.twins.iter().filter(|twin| !twin.passed()).count()
    }

    /// Messages of all attacks: tried, most that got through before the first that did not, and most of the fleet that a campaign
    /// affected, in %, where there are campaigns.
    pub(super) fn worst(&self) -> (u32, u32, Option<f64>) {
        let tried = self.rows.iter().map(|row| row.tally.total().tried).sum();
        let leaked =
            |row: &Row| row.tally.by_version.values().map(|count| count.before_block).max().unwrap_or(0);
        let reached = self.rows.iter().map(leaked).max().unwrap_or(0);
        let campaigns = self.rows.iter().filter(|row| row.kind == Kind::Cumulative);
        let percent = campaigns.map(Row::percent).reduce(f64::max);
        (tried, reached, percent)
    }

    /// What stopped most of it, the most first.
    pub(super) fn stopped_by(&self) -> Vec<&str> {
        let mut sums: BTreeMap<&str, u32> = BTreeMap::new();
        for (name, count) in self.rows.iter().flat_map(|row| &row.tally.stopped_by) {
            *sums.entry(name).or_default() += count;
        }
        let mut names: Vec<(&str, u32)> = sums.into_iter().collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "kind": self.kind, "held": self.held(), "hindered": self.hindered(),
            "attacks": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
            "twins": self.twins.iter().map(TwinRow::to_json).collect::<Vec<_>>(),
        })
    }
}
