//! `chargewarden events`: the security events of a log, beside a running service or on a copy.
//!
//! Each line begins with the entry's number, which is the cursor: `--after` continues behind it, so whoever ships events and
//! notes the last number loses none and may see some twice.

use std::{
    io::{BufWriter, Write, stdout},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use chargewarden_evidence::{Event, Origin, Record, Security};
use chargewarden_store::{StoredEntry, audit::SecurityEvents};
use clap::Args;

use crate::{Exit, config};

/// How often a followed log is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

/// Options of `events`.
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The configuration file, which says where the log is.
    #[arg(short, long, value_name = "FILE", required_unless_present = "path")]
    config: Option<PathBuf>,
    /// The data directory, or the database in it: for a copy.
    #[arg(conflicts_with = "config")]
    path: Option<PathBuf>,
    /// Go on as events come.
    #[arg(short, long)]
    follow: bool,
    /// Begin behind the entry with this number.
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// Only what somebody should hear of at once.
    #[arg(long)]
    critical: bool,
    /// Only what is about this station.
    #[arg(long, value_name = "ID")]
    station: Option<String>,
    /// Only what stations report, or what the service sees.
    #[arg(long, value_name = "ORIGIN", value_parser = ["station", "service"])]
    origin: Option<String>,
    /// Print lines of JSON: the entry's number and the record.
    #[arg(long)]
    json: bool,
}

impl Events {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let Some(place) = self.place()? else { return Ok(Exit::Configuration) };
        let log = SecurityEvents::open(&place)?;
        let mut after = self.after;
        loop {
            let entries = log.behind(after)?;
            after = entries.last().map(|entry| entry.seq).or(after);
            let mut out = BufWriter::new(stdout().lock());
            for entry in &entries {
                // Whoever reads has gone (`| head`): done.
                if self.print(&mut out, entry).is_err() {
                    return Ok(Exit::Ok);
                }
            }
            if out.flush().is_err() {
                return Ok(Exit::Ok);
            }
            drop(out);
            match (entries.is_empty(), self.follow) {
                (false, _) => {}
                (true, false) => return Ok(Exit::Ok),
                (true, true) => std::thread::sleep(FOLLOW_INTERVAL),
            }
        }
    }

    /// Where the log is; nothing where the configuration is wrong, which was said.
    fn place(&self) -> anyhow::Result<Option<PathBuf>> {
        match (&self.config, &self.path) {
            (_, Some(path)) => Ok(Some(path.clone())),
            (Some(file), None) => {
                let read =
                    config::read_file(file).and_then(|found| config::resolve(&found.config, &found.base));
                match read {
                    Ok(settings) => Ok(Some(settings.store)),
                    Err(problems) => {
                        eprintln!("{problems}");
                        Ok(None)
                    }
                }
            }
            (None, None) => bail!("neither a configuration nor a directory"),
        }
    }

    fn print(&self, out: &mut dyn Write, entry: &StoredEntry) -> anyhow::Result<()> {
        let record = Record::parse(&entry.record).context("the record")?;
        let Event::Security(event) = &record.event else { return Ok(()) };
        if !self.wants(event) {
            return Ok(());
        }
        if self.json {
            write!(out, "{{\"seq\":{},\"record\":", entry.seq)?;
            out.write_all(&entry.record)?;
            return Ok(out.write_all(b"}\n")?);
        }
        Ok(writeln!(out, "{} {} {}", entry.seq, record.at, line(event))?)
    }

    fn wants(&self, event: &Security) -> bool {
        (!self.critical || event.critical)
            && self.station.as_ref().is_none_or(|station| *station == event.station)
            && self.origin.as_ref().is_none_or(|origin| origin == event.origin.word())
    }
}

/// An event for people. What a peer wrote cannot move the cursor.
fn line(event: &Security) -> String {
    let mark = if event.critical { "!" } else { "-" };
    let mut line = format!("{mark} {}", event.kind.escape_debug());
    if event.unknown {
        line.push_str(" (unknown)");
    }
    for (name, value) in [("station", &event.station), ("csms", &event.csms), ("peer", &event.peer)] {
        if !value.is_empty() {
            line.push_str(&format!(" {name}={}", value.escape_debug()));
        }
    }
    if event.origin == Origin::Station {
        line.push_str(" reported");
    }
    if let Some(stated) = event.stated {
        line.push_str(&format!(" stated={stated}"));
    }
    if let Some(repeats) = event.repeats {
        line.push_str(&format!(" times={} since={}", repeats.count, repeats.since));
    }
    if !event.detail.is_empty() {
        line.push_str(&format!(": {}", event.detail.escape_debug()));
    }
    line
}
