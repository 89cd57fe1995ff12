//! `chargewarden evidence`: works on the files alone, beside a running service or on a copy.

use std::path::PathBuf;

use anyhow::Context;
use chargewarden_evidence::{NoteKey, Record};
use chargewarden_store::audit::{export, show, verify_log};
use clap::{Args, Subcommand};
use serde_json::json;

use super::say;
use crate::Exit;

/// Commands about the evidence log.
#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// Find any changed, dropped or reordered record. Needs public keys only.
    Verify(Verify),
    /// Show one entry.
    Show(Show),
    /// Write entries as lines of JSON.
    Export(Export),
}

/// Options of `evidence verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The data directory, or the database in it.
    path: PathBuf,
    /// The public key you hold (the text of `evidence.pub`); without it the log's own is used, and the report says so.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint kept elsewhere: shows when the log was cut off.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `evidence show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The data directory, or the database in it.
    path: PathBuf,
    /// The entry's number.
    seq: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `evidence export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The data directory, or the database in it.
    path: PathBuf,
    /// The first entry.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

impl Evidence {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Evidence::Verify(verify) => verify.run(),
            Evidence::Show(show) => show.run(),
            Evidence::Export(export) => export.run(),
        }
    }
}

impl Verify {
    fn run(self) -> anyhow::Result<Exit> {
        let key = self.key.as_deref().map(|text| NoteKey::parse(text.trim())).transpose().context("--key")?;
        let report = verify_log(&self.path, key.as_ref(), self.checkpoint.as_deref())?;
        let verification = &report.verification;
        if self.json {
            let findings: Vec<String> = verification.findings.iter().map(ToString::to_string).collect();
            say(serde_json::to_string_pretty(&json!({
                "clean": report.is_clean(), "log": report.origin, "entries": verification.entries,
                "root": verification.frontier.root().to_string(), "key": report.key.to_string(),
                "key_is_given": report.key_is_given, "checkpoints": report.checkpoints,
                "checkpoints_confirmed": verification.confirmed, "signed_for": verification.confirmed_size,
                "findings": findings, "more_findings": verification.more_findings,
            }))?);
        } else {
            say(&report);
        }
        Ok(if report.is_clean() { Exit::Ok } else { Exit::Finding })
    }
}

impl Show {
    fn run(self) -> anyhow::Result<Exit> {
        let Some(entry) = show(&self.path, self.seq)? else {
            eprintln!("there is no entry {}", self.seq);
            return Ok(Exit::Finding);
        };
        let record: serde_json::Value = serde_json::from_slice(&entry.record).context("the record")?;
        let whole = json!({
            "seq": entry.seq, "prev": entry.prev.to_string(), "hash": entry.hash.to_string(), "record": record,
        });
        if self.json {
            say(whole);
            return Ok(Exit::Ok);
        }
        say(serde_json::to_string_pretty(&whole)?);
        if let Err(problem) = Record::parse(&entry.record) {
            eprintln!("warning: {problem}");
        }
        Ok(Exit::Ok)
    }
}

impl Export {
    fn run(self) -> anyhow::Result<Exit> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let count = export(&self.path, self.from, &mut out)?;
        std::io::Write::flush(&mut out).context("standard output")?;
        eprintln!("{count} entries; not verified (see `chargewarden evidence verify`)");
        Ok(Exit::Ok)
    }
}
