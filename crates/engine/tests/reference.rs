//! The generated page of settings is fresh. `CHARGEWARDEN_GENERATE=1` writes it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, reason = "tests")]

use std::path::Path;

use chargewarden_engine::effects::settings_reference;

#[test]
fn the_page_of_settings_is_fresh() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/settings.md");
    let expected = settings_reference();
    if std::env::var_os("CHARGEWARDEN_GENERATE").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/reference/settings.md is stale: run `cargo xtask generate`");
}
