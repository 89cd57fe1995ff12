//! The generated pages are fresh. `CHARGEWARDEN_GENERATE=1` writes them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, reason = "tests")]

use std::path::Path;

use chargewarden_engine::effects::settings_reference;
use chargewarden_engine::events_reference;

fn fresh(name: &str, expected: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("CHARGEWARDEN_GENERATE").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, expected).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/reference/{name} is stale: run `cargo xtask generate`");
}

#[test]
fn the_page_of_settings_is_fresh() {
    fresh("settings.md", &settings_reference());
}

#[test]
fn the_page_of_security_events_is_fresh() {
    fresh("security-events.md", &events_reference());
}
