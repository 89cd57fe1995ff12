//! `chargewarden check`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::say;
use crate::{
    Exit,
    config::{self, Effective, Problems, Settings},
};

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let (effective, checked) = match config::read_file(&self.config) {
            Ok(sources) => (sources.effective(), config::resolve(&sources.config, &sources.base)),
            Err(problems) => (Vec::new(), Err(problems)),
        };
        if self.json {
            self.print_json(&effective, &checked)?
        } else {
            self.print(&effective, &checked)
        }
        Ok(if checked.is_ok() { Exit::Ok } else { Exit::Configuration })
    }

    fn print(&self, effective: &[Effective], checked: &Result<Settings, Problems>) {
        for Effective { key, value, origin } in effective {
            say(format_args!("{key} = {value}    # {origin}"));
        }
        match checked {
            Ok(settings) => {
                for bundle in &settings.bundles {
                    say(format_args!(
                        "bundle {} of {} version {}: {} policies, sha256 {}",
                        bundle.name(),
                        bundle.party(),
                        bundle.version(),
                        bundle.policies().len(),
                        chargewarden_evidence::Hash(bundle.digest())
                    ));
                }
                for key in &settings.dangers {
                    say(format_args!("warning: {key} weakens security"));
                }
                say(format_args!("ok: {} stations", settings.stations.len()));
            }
            Err(problems) => {
                say(format_args!("{}: {} problem(s)\n{problems}", self.config.display(), problems.0.len()));
            }
        }
    }

    fn print_json(
        &self,
        effective: &[Effective],
        checked: &Result<Settings, Problems>,
    ) -> anyhow::Result<()> {
        let settings: Vec<_> = effective
            .iter()
            .map(|setting| {
                json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() })
            })
            .collect();
        let report = match checked {
            Ok(checked) => {
                let bundles: Vec<_> = checked
                    .bundles
                    .iter()
                    .map(|bundle| {
                        json!({
                            "party": bundle.party(), "name": bundle.name(), "version": bundle.version(),
                            "policies": bundle.policies().len(),
                            "digest": chargewarden_evidence::Hash(bundle.digest()).to_string(),
                        })
                    })
                    .collect();
                json!({
                    "ok": true, "problems": [], "settings": settings, "bundles": bundles,
                    "stations": checked.stations.len(), "dangers": checked.dangers,
                })
            }
            Err(problems) => json!({ "ok": false, "problems": problems, "settings": settings }),
        };
        say(serde_json::to_string_pretty(&report)?);
        Ok(())
    }
}
