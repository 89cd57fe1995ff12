//! `chargewarden reload` and `chargewarden status`.

use chargewarden_admin::control::{Control, Declined};
use clap::Args;

use super::{
    control::{Errand, Which},
    say,
    station::print_json,
};
use crate::{Exit, operations::Intent};

/// Options of `reload`.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    #[command(flatten)]
    which: Which,
}

impl Reload {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Reloading)
    }
}

struct Reloading;

impl Errand for Reloading {
    const INTENT: Intent = Intent::Change;
    const ALONE: bool = false;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let reloaded = control.reload(by).await?;
        if json {
            return print_json(&reloaded);
        }
        for line in &reloaded.applied {
            say(line);
        }
        for needed in &reloaded.restart {
            say(format_args!("{}: needs a restart ({})", needed.key, needed.why));
        }
        for warning in &reloaded.warnings {
            say(format_args!("warning: {warning}"));
        }
        if reloaded.applied.is_empty() && reloaded.restart.is_empty() {
            eprintln!("nothing changed");
        }
        Ok(Exit::Ok)
    }
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    which: Which,
}

impl Status {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Asking)
    }
}

struct Asking;

impl Errand for Asking {
    const INTENT: Intent = Intent::Look;
    const ALONE: bool = false;

    async fn run<C: Control>(self, control: &C, _: String, json: bool) -> Result<Exit, Declined> {
        let status = control.status().await?;
        if json {
            return print_json(&status);
        }
        let line = |name: &str, value: String| say(format_args!("{name:<14} {value}"));
        line("version", status.version);
        line("process", status.pid.map(|pid| pid.to_string()).unwrap_or_default());
        line("since", status.since.unwrap_or_default());
        line("stations at", status.stations_at.join(" "));
        line("admin at", status.admin_at.unwrap_or_default());
        line("stations", format!("{} ({} connected)", status.stations, status.connected));
        if status.unusable > 0 {
            line("unusable", format!("{} (station list --standing unusable)", status.unusable));
        }
        line("evidence", if status.evidence { "available" } else { "cannot be written" }.to_owned());
        line("configuration", status.configuration);
        line("reloaded", status.reloaded.unwrap_or_else(|| "not since the start".to_owned()));
        for problem in status.reload_problems {
            line("not in force", problem);
        }
        Ok(Exit::Ok)
    }
}
