//! `chargewarden schema`.

use clap::Args;

use super::say;
use crate::{Exit, config::Config};

/// Options of `schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        say(text()?);
        Ok(Exit::Ok)
    }
}

fn text() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&schemars::schema_for!(Config))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo xtask generate` writes it anew.
    #[test]
    fn the_committed_schema_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/config.schema.json");
        let now = text().unwrap() + "\n";
        if std::env::var_os("CHARGEWARDEN_GENERATE").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == now, "docs/reference/config.schema.json is stale: `cargo xtask generate`");
    }
}
