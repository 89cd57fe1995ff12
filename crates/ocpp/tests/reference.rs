//! `docs/reference/actions.md` is what the catalogue says. `cargo xtask generate` writes it anew.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::path::Path;

use chargewarden_ocpp::catalogue;

#[test]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/actions.md");
    let text = catalogue::render_markdown();
    if std::env::var_os("CHARGEWARDEN_GENERATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/reference/actions.md is stale: run `cargo xtask generate`");
}
