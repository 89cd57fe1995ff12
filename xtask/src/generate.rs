//! `cargo xtask generate`: writes anew what is generated and committed.
//!
//! Each generated file has a test, in the crate that generates it, which fails when the file is
//! stale. The same tests write the files when asked to.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs every freshness test with leave to write.
pub(crate) fn run() -> Result<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--workspace", "--quiet", "--test", "reference"])
        .env("CHARGEWARDEN_GENERATE", "1")
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "a generator failed");
    // The configuration's form is private to the program, so its schema is written by a test in there.
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--package", "chargewarden", "--lib", "--quiet", "the_committed_schema_is_fresh"])
        .env("CHARGEWARDEN_GENERATE", "1")
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the schema of the configuration cannot be written");
    Ok(())
}
