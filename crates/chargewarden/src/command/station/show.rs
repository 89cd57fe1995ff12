//! `chargewarden station list` and `show`.

use chargewarden_admin::control::{Connected, Control, Declined, Filter, Kind, Standing, StationView};
use clap::Args;
use serde::Serialize;

use crate::{
    Exit,
    command::{
        control::{Errand, Which},
        say,
    },
    config::kilowatts,
    operations::Intent,
};

/// Options of `station list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,
    /// Only those on this site.
    #[arg(long)]
    site: Option<String>,
    /// Only those of this group.
    #[arg(long)]
    group: Option<String>,
    /// Only those of this standing: active, factory, quarantined, unusable.
    #[arg(long, value_parser = standing)]
    standing: Option<Standing>,
    /// Only those of this security profile.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    profile: Option<u8>,
    /// Only those of this management system.
    #[arg(long)]
    csms: Option<String>,
}

fn standing(text: &str) -> Result<Standing, String> {
    Standing::ALL.into_iter().find(|standing| standing.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Standing::ALL.into_iter().map(Standing::name).collect();
        format!("there is {}", names.join(", "))
    })
}

/// Options of `station show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The station.
    id: String,
    #[command(flatten)]
    which: Which,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let List { which, site, group, standing, profile, csms } = self;
        which.have(Filter { site, group, standing, profile, csms })
    }
}

impl Errand for Filter {
    const INTENT: Intent = Intent::Look;

    async fn run<C: Control>(self, control: &C, _: String, json: bool) -> Result<Exit, Declined> {
        let stations = control.list(self).await?;
        if json {
            return print_json(&stations);
        }
        if !stations.is_empty() {
            say(format_args!(
                "{:<24} {:>7} {:<12} {:<9} {:<16} {:<16} VERSIONS",
                "ID", "PROFILE", "STANDING", "CONNECTED", "CSMS", "SITE"
            ));
        }
        for station in &stations {
            say(format_args!(
                "{:<24} {:>7} {:<12} {:<9} {:<16} {:<16} {}",
                station.id,
                station.profile,
                station.standing.name(),
                connected(station),
                station.csms.as_deref().unwrap_or("-"),
                station.site.as_deref().unwrap_or("-"),
                station.versions.join(","),
            ));
        }
        eprintln!("{} station(s)", stations.len());
        Ok(Exit::Ok)
    }
}

impl Show {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.which.have(One(self.id))
    }
}

struct One(String);

impl Errand for One {
    const INTENT: Intent = Intent::Look;

    async fn run<C: Control>(self, control: &C, _: String, json: bool) -> Result<Exit, Declined> {
        print(&control.show(self.0).await?, json)
    }
}

/// Prints a station.
pub(super) fn print(station: &StationView, json: bool) -> Result<Exit, Declined> {
    if json {
        return print_json(station);
    }
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            say(format_args!("{name:<22} {value}"));
        }
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    line("id", station.id.clone());
    line("standing", station.standing.name().to_owned());
    line("because", text(&station.because));
    line("connected", connected(station).to_owned());
    line("profile", station.profile.to_string());
    line("unauthenticated until", text(&station.unauthenticated_until));
    let secret = match (station.secret, station.secret_proposed) {
        (true, false) => "kept as a hash",
        (true, true) => "kept as a hash; another one was sent to the station, which has not yet used it",
        (false, _) => "none",
    };
    line("secret", secret.to_owned());
    line("certificate name", text(&station.certificate_name));
    line("versions", station.versions.join(" "));
    line("csms", text(&station.csms));
    line("site", text(&station.site));
    line("groups", station.groups.join(" "));
    line("area", text(&station.area));
    line("evses", station.evses.map_or_else(String::new, |evses| evses.to_string()));
    let power =
        |watts: Option<i64>| watts.map_or_else(String::new, |watts| format!("{} kW", kilowatts(watts)));
    line("each carries", power(station.evse_max_w));
    line("carries", power(station.max_w));
    line("owner", station.owner.clone());
    let parties = if station.parties.is_empty() { "all".to_owned() } else { station.parties.join(" ") };
    line("parties", parties);
    let sources = if station.sources.is_empty() { "any".to_owned() } else { station.sources.join(" ") };
    line("sources", sources);
    line("tolerances", station.tolerances.join(" "));
    line("from", station.source.clone());
    if let Some(upstream) = &station.upstream {
        line("upstream url", text(&upstream.url));
        line("upstream identity", text(&upstream.identity));
        line("upstream user", text(&upstream.user));
        line("upstream password", text(&upstream.password));
        line("upstream certificate", text(&upstream.certificate));
        line("upstream key", text(&upstream.key));
    }
    match &station.marks {
        None => line("admissions taught", "nothing yet".to_owned()),
        Some(marks) => {
            line("admissions taught", format!("last something new at {}", marks.at));
            line("last address", text(&marks.address));
            line("highest profile", marks.profile.to_string());
            line("highest TLS", text(&marks.tls));
            line("highest version", text(&marks.version));
        }
    }
    Ok(Exit::Ok)
}

fn connected(station: &StationView) -> &'static str {
    match station.connected {
        Some(Connected::Yes) => "yes",
        Some(Connected::No) => "no",
        None => "-",
    }
}

/// Prints JSON.
pub(in crate::command) fn print_json(value: &impl Serialize) -> Result<Exit, Declined> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Declined::new(Kind::Unavailable, "", error))?;
    say(text);
    Ok(Exit::Ok)
}
