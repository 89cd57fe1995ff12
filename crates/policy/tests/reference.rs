//! The committed reference documentation is what the code generates.
//!
//! `CHARGEWARDEN_GENERATE=1 cargo test -p chargewarden-policy --test reference` writes it anew.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, reason = "tests")]

use std::path::Path;

#[test]
fn the_reference_is_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, text) in chargewarden_policy::reference::files() {
        let path = folder.join(name);
        if std::env::var_os("CHARGEWARDEN_GENERATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "docs/reference/{name} is stale: run this test with CHARGEWARDEN_GENERATE=1"
        );
    }
}
