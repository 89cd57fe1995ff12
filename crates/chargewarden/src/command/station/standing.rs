//! `chargewarden station remove`, `quarantine`, `release` and `forgive`.

use chargewarden_admin::control::{Control, Declined, QuarantineRequest};
use clap::Args;

use super::show;
use crate::{
    Exit,
    command::control::{Errand, Which},
    operations::Intent,
};

/// Options of `station remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
}

impl Remove {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Removal(self.id))
    }
}

struct Removal(String);

impl Errand for Removal {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        control.remove(by, self.0.clone()).await?;
        if json {
            return show::print_json(&serde_json::json!({ "removed": self.0 }));
        }
        eprintln!("removed `{}`", self.0);
        Ok(Exit::Ok)
    }
}

/// Options of `station quarantine`.
#[derive(Debug, Args)]
pub(crate) struct Quarantine {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
    /// Why, for the people who will look at it.
    #[arg(long)]
    reason: String,
}

impl Quarantine {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Apart { id: self.id, reason: Some(self.reason) })
    }
}

/// Options of `station release`.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
}

impl Release {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Apart { id: self.id, reason: None })
    }
}

struct Apart {
    id: String,
    reason: Option<String>,
}

impl Errand for Apart {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let station = match self.reason {
            Some(reason) => control.quarantine(by, self.id, QuarantineRequest { reason }).await?,
            None => control.release(by, self.id).await?,
        };
        show::print(&station, json)
    }
}

/// Options of `station forgive`.
#[derive(Debug, Args)]
pub(crate) struct Forgive {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
}

impl Forgive {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(Forgiveness(self.id))
    }
}

struct Forgiveness(String);

impl Errand for Forgiveness {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let station = control.forgive(by, self.0).await?;
        eprintln!(
            "`{}` may come with less security than it has had; its next admission sets the marks anew",
            station.id
        );
        show::print(&station, json)
    }
}
