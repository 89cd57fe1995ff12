//! The whole catalogue, played.

use std::sync::Arc;

use chargewarden_ocpp::Version;
use chargewarden_policy::Bundle;

use super::play::Play;
use super::report::{Row, TwinRow};
use super::{Entry, Intensity, Kind};
use crate::world::World;

/// A drill: which entries, how hastily, against which policies.
pub struct Drill {
    base: World,
    versions: Vec<Version>,
    intensities: Vec<Intensity>,
}

/// What was played.
pub enum Stage {
    /// An attack.
    Attack(Row),
    /// Work that looks like it.
    Twin(TwinRow),
}

impl Drill {
    /// A drill on the standard fleet of these versions, under these bundles.
    pub fn new(bundles: Vec<Arc<Bundle>>, versions: &[Version], intensities: &[Intensity]) -> Self {
        Self {
            base: World::standard(bundles, versions),
            versions: versions.to_vec(),
            intensities: intensities.to_vec(),
        }
    }

    /// The fleet before anything happens to it.
    pub fn fleet(&self) -> &World {
        &self.base
    }

    /// Plays an entry: every attack at every intensity, and every twin, each in a world of its own.
    pub fn play(&self, entry: &Entry, each: &mut dyn FnMut(Stage)) {
        for attack in &entry.attacks {
            let kind = attack.kind.unwrap_or(entry.kind);
            for intensity in self.intensities.iter().filter(|one| attack.intensities.contains(one)) {
                let versions = self.of(attack.versions);
                if versions.is_empty() {
                    continue;
                }
                let mut world = self.base.fork();
                let mut play = Play::new(&mut world, versions, kind, *intensity);
                (attack.play)(&mut play);
                let tally = play.finish();
                let fleet = self.base.stations().len();
                each(Stage::Attack(Row {
                    entry: entry.id,
                    kind,
                    attack: attack.name,
                    intensity: *intensity,
                    fleet,
                    tally,
                }));
            }
        }
        for twin in &entry.twins {
            let versions = self.of(twin.versions);
            if versions.is_empty() {
                continue;
            }
            let mut world = self.base.fork();
            let mut play = Play::new(&mut world, versions, twin_kind(entry.kind), Intensity::Paced);
            (twin.play)(&mut play);
            each(Stage::Twin(TwinRow { entry: entry.id, twin: twin.name, tally: play.finish() }));
        }
    }

    fn of(&self, versions: &[Version]) -> Vec<Version> {
        self.versions.iter().copied().filter(|version| versions.contains(version)).collect()
    }
}

/// The life of the fleet goes on around work of every kind.
fn twin_kind(kind: Kind) -> Kind {
    match kind {
        Kind::Hard | Kind::Cumulative | Kind::Transport => Kind::Cumulative,
        Kind::Report | Kind::Answer => kind,
    }
}
