//! `chargewarden policy`.

mod explain;
mod test;

use std::path::{Path, PathBuf};

use chargewarden_policy::{Bundle, BundleSource, pack};
use clap::{Args, Subcommand};
use serde_json::json;

use super::say;
use crate::{
    Exit,
    config::{self, Problems},
};

/// Commands about policy bundles.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check bundles: syntax, types against the effect schema, annotations, lists.
    Check(Check),
    /// Run the tests of bundles.
    Test(test::Test),
    /// Say what a frame would do, what is decided about it, and why.
    Explain(explain::Explain),
    /// Write a shipped pack into a directory, to begin a bundle of one's own.
    Export(Export),
}

/// Options of `policy check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Bundle directories, or `builtin:cso-baseline`.
    #[arg(required = true, value_name = "DIR")]
    bundles: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `policy export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The pack, such as `cso-baseline`.
    pack: String,
    /// Where to: a directory that does not exist.
    directory: PathBuf,
}

impl Policy {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Policy::Check(check) => check.run(),
            Policy::Test(test) => test.run(),
            Policy::Explain(explain) => explain.run(),
            Policy::Export(export) => export.run(),
        }
    }
}

/// Reads a bundle for the party that its manifest names.
pub(super) fn bundle(place: &str) -> Result<Bundle, Problems> {
    Bundle::compile(&source(place)?).map_err(|found| config::told(place, &found))
}

/// Reads its files.
pub(super) fn source(place: &str) -> Result<BundleSource, Problems> {
    let Some(party) = config::party_of(place) else {
        let mut problems = Problems::default();
        problems.add(place, "its manifest does not name a party");
        return Err(problems);
    };
    config::read_source(&party, place, Path::new(""))
}

impl Check {
    fn run(self) -> anyhow::Result<Exit> {
        let mut problems = Problems::default();
        let mut bundles = Vec::new();
        for place in &self.bundles {
            match bundle(place) {
                Ok(bundle) => bundles.push((place, bundle)),
                Err(found) => problems.0.extend(found.0),
            }
        }
        if self.json {
            let good: Vec<_> = bundles
                .iter()
                .map(|(place, bundle)| {
                    json!({
                        "bundle": place, "name": bundle.name(), "version": bundle.version(),
                        "policies": bundle.policies().len(), "digest": bundle.digest_hex(),
                    })
                })
                .collect();
            say(serde_json::to_string_pretty(&json!({ "good": good, "problems": problems }))?);
        } else {
            for (place, bundle) in &bundles {
                say(format_args!(
                    "{place}: {} {}, {} policies, sha256 {}",
                    bundle.name(),
                    bundle.version(),
                    bundle.policies().len(),
                    bundle.digest_hex()
                ));
            }
            if !problems.is_empty() {
                say(&problems);
            }
        }
        Ok(if problems.is_empty() { Exit::Ok } else { Exit::Finding })
    }
}

impl Export {
    fn run(self) -> anyhow::Result<Exit> {
        let Some(pack) = pack::find(&self.pack) else {
            anyhow::bail!("no pack `{}` ships with this program", self.pack);
        };
        std::fs::create_dir(&self.directory)?;
        for (path, text) in pack.files {
            let path = self.directory.join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text)?;
        }
        say(format_args!("{} files in {}", pack.files.len(), self.directory.display()));
        Ok(Exit::Ok)
    }
}
