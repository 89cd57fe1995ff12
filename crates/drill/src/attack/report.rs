//! What a drill found, row by row.

use serde_json::{Value, json};

use super::tally::{Leak, Tally};
use super::{Intensity, Kind};

/// Most of the fleet that a campaign may affect, in %.
pub const FLEET_PERCENT_MAX: f64 = 5.0;

/// One attack at one intensity.
#[derive(Clone, Debug)]
pub struct Row {
    /// The entry's id.
    pub entry: &'static str,
    /// What counts as stopped.
    pub kind: Kind,
    /// The attack.
    pub attack: &'static str,
    /// How hasty.
    pub intensity: Intensity,
    /// Stations of the fleet.
    pub fleet: usize,
    /// What came of it.
    pub tally: Tally,
}

/// Work that looks like an attack.
#[derive(Clone, Debug)]
pub struct TwinRow {
    /// The entry's id.
    pub entry: &'static str,
    /// The work.
    pub twin: &'static str,
    /// What came of it; what did not pass stands among the leaks.
    pub tally: Tally,
}

impl Row {
    /// Stations affected over the whole campaign, in % of the fleet, or of what else the attack is measured by.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred stations")]
    pub fn percent(&self) -> f64 {
        let of = self.tally.bound.map_or(self.fleet, |bound| bound.of);
        if of == 0 { 0.0 } else { 100.0 * self.tally.affected.len() as f64 / of as f64 }
    }

    /// Whether it was stopped as its kind demands. What was never tried was not stopped.
    pub fn held(&self) -> bool {
        let total = self.tally.total();
        let stopped = match self.kind {
            Kind::Cumulative => {
                self.percent() <= self.tally.bound.map_or(FLEET_PERCENT_MAX, |bound| bound.percent)
            }
            Kind::Hard | Kind::Report | Kind::Answer | Kind::Transport => total.reached == 0,
        };
        total.tried > 0 && stopped
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        let versions: serde_json::Map<String, Value> = self
            .tally
            .by_version
            .iter()
            .map(|(version, count)| {
                let count = json!({
                    "tried": count.tried, "reached": count.reached,
                    "reached_before_first_block": count.before_block, "stopped": count.stopped,
                });
                (version.to_string(), count)
            })
            .collect();
        json!({
            "entry": self.entry, "kind": self.kind.name(), "attack": self.attack,
            "intensity": self.intensity.name(), "versions": versions,
            "stations_affected": self.tally.affected.len(), "affected_percent": self.percent(),
            "stopped_by": self.tally.stopped_by, "doubts": self.tally.doubts, "held": self.held(),
            "leaks": self.tally.leaks.iter().map(Leak::to_json).collect::<Vec<_>>(),
        })
    }
}

impl TwinRow {
    /// How much of it did not pass.
    pub fn hindered(&self) -> u32 {
        self.tally.total().stopped
    }

    /// Whether all of it passed. What was never tried did not.
    pub fn passed(&self) -> bool {
        self.tally.total().tried > 0 && self.hindered() == 0
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        let total = self.tally.total();
        json!({
            "entry": self.entry, "twin": self.twin, "tried": total.tried, "hindered": self.hindered(),
            "passed": self.passed(),
            "hindered_by": self.tally.stopped_by,
            "work": self.tally.leaks.iter().map(Leak::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Leak {
    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({
            "station": self.station, "version": self.version.to_string(), "action": self.action,
            "payload": self.payload, "by": self.stoppers, "doubts": self.doubts,
        })
    }
}
