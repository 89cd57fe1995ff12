//! `chargewarden standing`: who is watched or set apart, and why.

use chargewarden_admin::control::{Control, Declined, PlaceRequest, PlacedView, ReleaseRequest};
use clap::{Args, Subcommand};

use super::control::{Errand, Which};
use crate::{Exit, command::say, operations::Intent};

/// What `standing` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Standing {
    /// List whoever does not stand as usual.
    List(List),
    /// Watch somebody: policies can ask for more of whoever is watched.
    Watch(Place),
    /// Set somebody apart: a station is told to wait, a management system may only read, an address is not listened to.
    Quarantine(Place),
    /// Let somebody stand as usual again.
    Release(Release),
}

/// Options of `standing list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,
}

/// Options of `standing watch` and `standing quarantine`.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// `station:ID`, `csms:NAME` or `source:ADDRESS`.
    whom: String,
    /// Why, for the people who will look at it.
    #[arg(long)]
    reason: String,
    /// For how many hours; otherwise until somebody ends it.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(1..=8760))]
    hours: Option<u64>,
    #[command(flatten)]
    which: Which,
}

/// Options of `standing release`.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// `station:ID`, `csms:NAME` or `source:ADDRESS`.
    whom: String,
    #[command(flatten)]
    which: Which,
}

impl Standing {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::List(list) => list.which.have(Listing),
            Self::Watch(place) => place.run("watched"),
            Self::Quarantine(place) => place.run("quarantined"),
            Self::Release(release) => release.which.have(Ending(release.whom)),
        }
    }
}

impl Place {
    fn run(self, standing: &str) -> anyhow::Result<Exit> {
        let Self { whom, reason, hours, which } = self;
        let for_s = hours.map(|hours| hours.saturating_mul(3600));
        which.have(Placing(PlaceRequest { whom, standing: standing.to_owned(), reason, for_s }))
    }
}

struct Listing;

impl Errand for Listing {
    const INTENT: Intent = Intent::Look;

    async fn run<C: Control>(self, control: &C, _by: String, json: bool) -> Result<Exit, Declined> {
        print(&control.placed().await?, json);
        Ok(Exit::Ok)
    }
}

struct Placing(PlaceRequest);

impl Errand for Placing {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        control.place(by, self.0).await?;
        print(&control.placed().await?, json);
        Ok(Exit::Ok)
    }
}

struct Ending(String);

impl Errand for Ending {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        control.release_placed(by, ReleaseRequest { whom: self.0 }).await?;
        print(&control.placed().await?, json);
        Ok(Exit::Ok)
    }
}

fn print(placed: &[PlacedView], json: bool) {
    if json {
        if let Ok(text) = serde_json::to_string_pretty(placed) {
            say(text);
        }
        return;
    }
    if placed.is_empty() {
        eprintln!("everybody stands as usual");
    }
    for PlacedView { whom, standing, until, why, by, .. } in placed {
        let until =
            until.as_deref().map_or_else(|| "until released".to_owned(), |until| format!("until {until}"));
        let by = if by.is_empty() { String::new() } else { format!(" [{by}]") };
        say(format_args!("{whom:<32} {standing:<12} {until:<34} {why}{by}"));
    }
}
