//! The whole catalogue, played.

use std::sync::Arc;

use chargewarden_ocpp::Version;
use chargewarden_policy::Bundle;

use super::play::Play;
use super::report::{Row, TwinRow};
use super::{Attack, Entry, Intensity, Kind, Twin};
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

/// Something to play; each by itself, in any order.
#[derive(Clone, Copy)]
pub struct Job<'e> {
    entry: &'e Entry,
    what: What<'e>,
}

#[derive(Clone, Copy)]
enum What<'e> {
    Attack(&'e Attack, Intensity),
    Twin(&'e Twin),
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

    /// Everything that there is to play of an entry: each attack at each intensity, and each twin. What no station of the fleet
    /// could be tried on is left out.
    pub fn jobs<'e>(&self, entry: &'e Entry) -> Vec<Job<'e>> {
        let attacks = entry.attacks.iter().filter(|attack| !self.of(attack.versions).is_empty());
        let attacks = attacks.flat_map(|attack| {
            let intensities = self.intensities.iter().filter(|one| attack.intensities.contains(one));
            intensities.map(move |intensity| What::Attack(attack, *intensity))
        });
        let twins = entry.twins.iter().filter(|twin| !self.of(twin.versions).is_empty()).map(What::Twin);
        attacks.chain(twins).map(|what| Job { entry, what }).collect()
    }

    /// Plays it in a world of its own.
    pub fn perform(&self, job: Job<'_>) -> Stage {
        let Job { entry, what } = job;
        let mut world = self.base.fork();
        match what {
            What::Attack(attack, intensity) => {
                let kind = attack.kind.unwrap_or(entry.kind);
                let mut play = Play::new(&mut world, self.of(attack.versions), kind, intensity);
                (attack.play)(&mut play);
                let (tally, fleet) = (play.finish(), self.base.stations().len());
                Stage::Attack(Row { entry: entry.id, kind, attack: attack.name, intensity, fleet, tally })
            }
            What::Twin(twin) => {
                let kind = twin_kind(entry.kind);
                let mut play = Play::new(&mut world, self.of(twin.versions), kind, Intensity::Paced);
                (twin.play)(&mut play);
                Stage::Twin(TwinRow { entry: entry.id, twin: twin.name, tally: play.finish() })
            }
        }
    }

    /// Plays all of an entry, one after the other.
    pub fn play(&self, entry: &Entry, each: &mut dyn FnMut(Stage)) {
        for job in self.jobs(entry) {
            each(self.perform(job));
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
