//! `chargewarden doctor`: what is wrong with a deployment, seen from outside and from its files. See `docs/doctor.md`.

pub(super) mod bypass;
mod clock;
mod finding;
mod inspection;
mod lifetime;
mod permissions;
pub(super) mod probe;
mod report;
mod settings;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use chargewarden_ocpp::Timestamp;
use chargewarden_proxy::{
    Secret,
    upstream::{CertificateFacts, UpstreamTls},
};
use clap::Args;
use http::Uri;

use self::{
    bypass::{Target, Verdict},
    finding::{Code, Finding},
    lifetime::Role,
    probe::{Outcome, Seen},
    report::{Probed, Report},
};
use super::say;
use crate::{
    Exit,
    config::{self, Settings, Sources},
    gateway::stamp,
};

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Doctor {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", required_unless_present = "url")]
    config: Option<PathBuf>,
    /// Only probe this management system (ws:// or wss://, without the station's id). Needs no configuration: for a machine
    /// elsewhere.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<Uri>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Also try the id of this station. Where the newest connection wins, that throws its living session out.
    #[arg(long, value_name = "ID")]
    station: Option<String>,
    /// File with the password that was in force before, to see that it no longer works.
    #[arg(long, value_name = "FILE", requires = "config")]
    old_password_file: Option<PathBuf>,
    /// How many seconds each connection, handshake and answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    timeout: u64,
}

const AFTER: &str = "Each management system is dialled directly, as a stranger would: with an id that nobody has, \
without and with a wrong password, and without TLS. No OCPP message is sent, and a connection that is accepted is closed at once. \
Run it on the machine of the service, and again (with --url) from a network where strangers are.\n\n\
Exit codes: 0 nothing above notice · 1 something found · 3 wrong configuration · 4 no management system could be reached";

impl Doctor {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let examined = runtime.block_on(self.examine())?;
        let Some(report) = examined else { return Ok(Exit::Configuration) };
        if self.json {
            say(serde_json::to_string_pretty(&report.json())?);
        } else {
            say(report.text());
        }
        Ok(report.exit())
    }

    /// None when the configuration is wrong; that was said.
    async fn examine(&self) -> anyhow::Result<Option<Report>> {
        let mut report = Report::default();
        if let Some(url) = &self.url {
            self.examine_url(url, &mut report).await?;
            return Ok(Some(report));
        }
        let path = self.config.clone().unwrap_or_default();
        let read = config::read_file(&path)
            .and_then(|sources| Ok((config::resolve(&sources.config, &sources.base)?, sources)));
        let (settings, sources) = match read {
            Ok(read) => read,
            Err(problems) => {
                eprintln!("{}: {} problem(s)\n{problems}", path.display(), problems.0.len());
                return Ok(None);
            }
        };
        self.examine_settings(&settings, &sources, &path, &mut report).await?;
        Ok(Some(report))
    }

    async fn examine_settings(
        &self,
        settings: &Settings,
        sources: &Sources,
        path: &std::path::Path,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let now = Timestamp::from_millis(stamp().as_millis());
        let station = match &self.station {
            None => None,
            Some(id) => match settings.stations.iter().find(|station| station.id.as_str() == id) {
                None => bail!("the inventory has no station `{id}`"),
                found => found,
            },
        };
        let old = self.old_password()?;
        let nonsense = nonsense()?;
        let canary = canary()?;
        for csms in settings.around.csms.values() {
            let station = station.filter(|station| station.csms.name == csms.name);
            let target = Target::of(csms, station, old.as_ref(), (&canary, &nonsense));
            self.probe(&csms.name, &target, now, report).await;
        }
        report.add(settings::look(settings, now));
        report.add(inspection::certificates(settings, sources, now));
        report.add(inspection::files(settings, sources, path));
        Ok(())
    }

    async fn examine_url(&self, url: &Uri, report: &mut Report) -> anyhow::Result<()> {
        if !matches!(url.scheme_str(), Some("ws" | "wss")) || url.host().is_none() {
            bail!("`{url}` does not begin with `ws://` or `wss://` and a host");
        }
        let now = Timestamp::from_millis(stamp().as_millis());
        let (canary, nonsense) = (canary()?, nonsense()?);
        let target = Target {
            url,
            tls: None,
            credentials: None,
            station: self.station.as_deref(),
            identity: None,
            old: None,
            canary: &canary,
            nonsense: &nonsense,
        };
        self.probe(url.host().unwrap_or_default(), &target, now, report).await;
        Ok(())
    }

    fn old_password(&self) -> anyhow::Result<Option<Secret>> {
        let Some(path) = &self.old_password_file else { return Ok(None) };
        let bytes = zeroize::Zeroizing::new(
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?,
        );
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let password = bytes.get(..end).unwrap_or_default();
        if password.is_empty() {
            bail!("`{}` is empty", path.display());
        }
        Ok(Some(Secret::new(password.to_vec())))
    }

    /// Makes the attempts at one CSMS and judges what came of them.
    async fn probe(&self, name: &str, target: &Target<'_>, now: Timestamp, report: &mut Report) {
        let wait = Duration::from_secs(self.timeout);
        let mut first: Option<Seen> = None;
        for attempt in target.attempts() {
            let seen = attempt.probe.run(wait).await;
            let unreachable = matches!(seen.outcome, Outcome::Unreachable(_));
            let mut probed = Probed {
                csms: name.to_owned(),
                url: attempt.probe.url.to_string(),
                attempt: attempt.name(),
                closed: None,
                code: None,
            };
            match bypass::judge(name, &attempt, &seen.outcome) {
                Verdict::Closed(how) => probed.closed = Some(how),
                Verdict::Found(finding) => {
                    probed.code = Some(finding.code);
                    report.add([*finding]);
                }
            }
            report.probes.push(probed);
            if first.is_none() {
                first = Some(seen);
                // It will not answer the other questions either.
                if unreachable {
                    return;
                }
            }
        }
        let Some(seen) = first else { return };
        report.add(vantage(name, target, &seen));
        report.add(presented(name, target.tls, &seen, now));
        let date = seen.head.as_ref().map(|head| head.date.as_deref());
        report.add(date.and_then(|date| clock::judge(name, date, seen.asked, seen.answered)));
    }
}

/// From where it was looked, and what was not tried.
fn vantage(name: &str, target: &Target<'_>, seen: &Seen) -> Vec<Finding> {
    let place = format!("csms {name}");
    let from = seen.from.map(|from| from.ip().to_string()).unwrap_or_default();
    let mut found = vec![Finding::new(
        Code::Vantage,
        &place,
        format!(
            "{} was probed from {from}; a CSMS that looks at addresses may answer others differently",
            target.url
        ),
        format!("probe it from a network where strangers are, too: chargewarden doctor --url {}", target.url),
    )];
    if target.station.is_none() {
        found.push(Finding::new(
            Code::StationNotTried,
            place,
            "only an id that nobody has was tried; a CSMS that knows its stations may let them in where it refuses others",
            "try a station's id with --station ID, at a time when its session may be thrown out",
        ));
    }
    found
}

/// The certificates it presented.
fn presented(name: &str, tls: Option<&UpstreamTls>, seen: &Seen, now: Timestamp) -> Vec<Finding> {
    let place = format!("csms {name}");
    if let (Some(refused), Some(_)) = (&seen.refused, tls) {
        return vec![Finding::new(
            Code::CsmsCertificateRefused,
            place,
            refused.to_string(),
            "find out why before you change an anchor: a wrong certificate is what an attacker in the middle looks like",
        )];
    }
    let facts = seen.chain.iter().filter_map(|der| CertificateFacts::read(der));
    facts.filter_map(|facts| lifetime::certificate(&place, Role::Theirs, &facts, now)).collect()
}

/// An id that nobody has, and that tells whoever finds it in a log where it came from.
fn canary() -> anyhow::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(format!("chargewarden-canary-{:08x}", u32::from_be_bytes(bytes)))
}

/// A password that nobody has, as long as OCPP wants it.
fn nonsense() -> anyhow::Result<Secret> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(Secret::new(bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()))
}
