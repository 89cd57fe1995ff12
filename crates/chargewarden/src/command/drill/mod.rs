//! `chargewarden drill`: the attack catalogue, and the work that looks like it, played against policies.
//!
//! Most of it is played in memory, on a simulated fleet under the real core. What happens at the sockets is played against a
//! gateway that is started on loopback for it.

mod ablation;
mod crew;
mod findings;
mod live;
mod policies;
mod table;

use std::path::PathBuf;

use chargewarden_drill::attack::{self, Entry, Intensity, Level, entries};
use chargewarden_ocpp::Version;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::say;
use crate::Exit;
use findings::Findings;
use policies::Policies;

/// Options of `drill`.
#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// Drill the bundles of this configuration file.
    #[arg(short, long, value_name = "FILE", conflicts_with = "pack")]
    config: Option<PathBuf>,
    /// Drill these bundles: directories, or `builtin:cso-baseline`; `PARTY=` before one gives it to another party. Without any,
    /// the shipped packs of an owner and of a provider.
    #[arg(long, value_name = "BUNDLE")]
    pack: Vec<String>,
    /// Only these entries, by id.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Only as hasty as this.
    #[arg(long, value_delimiter = ',')]
    intensity: Vec<Haste>,
    /// A fleet of these versions only; else it is mixed.
    #[arg(long, value_delimiter = ',')]
    version: Vec<String>,
    /// Print JSON, with every row and what got through.
    #[arg(long)]
    json: bool,
    /// Print every row.
    #[arg(long, conflicts_with = "json")]
    all: bool,
    /// Leave out what happens at the sockets.
    #[arg(long)]
    no_live: bool,
    /// Show what each layer is worth: schema only, and policies, and state, and limits.
    #[arg(long)]
    ablation: bool,
}

/// How hasty an attacker is, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Haste {
    /// All at once.
    Burst,
    /// One a minute.
    Paced,
    /// One in 20 min, for days.
    Slow,
}

impl Haste {
    fn intensity(self) -> Intensity {
        match self {
            Haste::Burst => Intensity::Burst,
            Haste::Paced => Intensity::Paced,
            Haste::Slow => Intensity::LowAndSlow,
        }
    }
}

impl Drill {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let policies = match Policies::read(self.config.as_deref(), &self.pack) {
            Ok(policies) => policies,
            Err(problems) => {
                say(&problems);
                return Ok(Exit::Configuration);
            }
        };
        let Some(versions) = self.versions() else {
            say("no such version: there are 1.6, 2.0.1 and 2.1");
            return Ok(Exit::Usage);
        };
        let catalogue = entries::all();
        let known = known(&catalogue);
        if let Some(unknown) = self.only.iter().find(|id| !known.contains(&id.as_str())) {
            say(format_args!("no entry `{unknown}`: there are {}", known.join(", ")));
            return Ok(Exit::Usage);
        }
        let wanted = |id: &str| self.only.is_empty() || self.only.iter().any(|only| only == id);
        let chosen: Vec<&Entry> = catalogue.iter().filter(|entry| wanted(entry.id)).collect();
        if self.ablation {
            return self.ablate(&policies, &chosen, &versions);
        }
        let mut findings = match self.play(&policies, Level::Ledger, &chosen, &versions) {
            Ok(findings) => findings,
            Err(problems) => {
                say(&problems);
                return Ok(Exit::Configuration);
            }
        };
        let live: Vec<&live::Live> = live::ENTRIES.iter().filter(|live| wanted(live.id)).collect();
        if !self.no_live && !live.is_empty() {
            findings.expect(&live);
            live::play(&live)?.into_iter().for_each(|stage| findings.add(stage));
        }
        self.print(&policies, &findings)?;
        Ok(if findings.all_held() { Exit::Ok } else { Exit::Finding })
    }

    fn play(
        &self,
        policies: &Policies,
        level: Level,
        chosen: &[&Entry],
        versions: &[Version],
    ) -> Result<Findings, crate::config::Problems> {
        let drill = attack::Drill::new(policies.bundles(level)?, versions, &self.intensities());
        let fleet = drill.fleet().stations().len();
        Ok(Findings::new(chosen, crew::play(&drill, chosen), fleet))
    }

    fn print(&self, policies: &Policies, findings: &Findings) -> anyhow::Result<()> {
        if self.json {
            let mut found = findings.to_json();
            if let Some(found) = found.as_object_mut() {
                found.insert("bundles".to_owned(), policies.to_json());
            }
            say(serde_json::to_string_pretty(&found)?);
        } else {
            say(format_args!("Against {}; on {} stations.\n", policies.names(), findings.fleet));
            table::print(findings, self.all);
        }
        Ok(())
    }

    fn ablate(&self, policies: &Policies, chosen: &[&Entry], versions: &[Version]) -> anyhow::Result<Exit> {
        let mut levels = Vec::new();
        for level in Level::ALL {
            match self.play(policies, level, chosen, versions) {
                Ok(findings) => levels.push((level, findings)),
                Err(problems) => {
                    say(&problems);
                    return Ok(Exit::Configuration);
                }
            }
        }
        if self.json {
            let levels: Vec<_> = levels
                .iter()
                .map(|(level, findings)| json!({ "level": level.name(), "entries": findings.to_json() }))
                .collect();
            say(serde_json::to_string_pretty(&json!({ "levels": levels }))?);
        } else {
            ablation::print(&levels);
        }
        Ok(Exit::Ok)
    }

    fn intensities(&self) -> Vec<Intensity> {
        if self.intensity.is_empty() {
            return Intensity::ALL.to_vec();
        }
        self.intensity.iter().map(|haste| haste.intensity()).collect()
    }

    fn versions(&self) -> Option<Vec<Version>> {
        if self.version.is_empty() {
            return Some(Version::ALL.to_vec());
        }
        let find = |text: &String| Version::ALL.into_iter().find(|version| version.to_string() == *text);
        self.version.iter().map(find).collect()
    }
}

/// Ids of all entries, in the order of the catalogue.
fn known(catalogue: &[Entry]) -> Vec<&'static str> {
    let mut ids: Vec<&str> =
        catalogue.iter().map(|entry| entry.id).chain(live::ENTRIES.iter().map(|live| live.id)).collect();
    ids.sort_by_key(|id| order(id));
    ids.dedup();
    ids
}

/// Where an entry stands in the catalogue: T, P, C, X, S.
fn order(id: &str) -> (usize, &str) {
    let group = id.chars().next().and_then(|first| "TPCXS".find(first)).unwrap_or(usize::MAX);
    (group, id)
}
