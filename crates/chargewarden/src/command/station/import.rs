//! `chargewarden station import`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use chargewarden_admin::control::{Control, Declined, IMPORT_BYTES_MAX, ImportRequest};
use clap::Args;

use super::show;
use crate::{
    Exit,
    command::{
        control::{Errand, Which},
        say,
    },
    operations::Intent,
};

/// Options of `station import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: TOML, `[[station]]` entries, as `inventory.file`.
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Also remove the stations that were added by command and that the file does not name.
    #[arg(long)]
    prune: bool,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let path = std::path::absolute(&self.file).context("the path")?;
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        // Written as JSON it gets longer: line ends and quotes take two bytes.
        ensure!(
            text.len() < IMPORT_BYTES_MAX / 2,
            "`{}` is longer than {} bytes",
            path.display(),
            IMPORT_BYTES_MAX / 2
        );
        let path = path.to_string_lossy().into_owned();
        let request = ImportRequest { path, text, prune: self.prune, dry_run: self.dry_run };
        if request.dry_run { self.which.have(Rehearsal(request)) } else { self.which.have(request) }
    }
}

impl Errand for ImportRequest {
    const INTENT: Intent = Intent::Change;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        let imported = control.import(by, self).await?;
        if json {
            return show::print_json(&imported);
        }
        for change in &imported.changes {
            let sign = match change.what.as_str() {
                "add" => '+',
                "remove" => '-',
                _ => '~',
            };
            say(format_args!("{sign} {:<24} {}", change.id, change.fields.join("; ")).to_string().trim_end());
        }
        let done = if imported.done { "done" } else { "nothing was changed (--dry-run)" };
        eprintln!("{} change(s), {} unchanged; {done}", imported.changes.len(), imported.unchanged);
        Ok(Exit::Ok)
    }
}

/// The same, without doing it.
struct Rehearsal(ImportRequest);

impl Errand for Rehearsal {
    const INTENT: Intent = Intent::Look;

    async fn run<C: Control>(self, control: &C, by: String, json: bool) -> Result<Exit, Declined> {
        self.0.run(control, by, json).await
    }
}
