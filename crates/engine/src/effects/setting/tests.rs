use std::cmp::Ordering;
use std::path::PathBuf;

use super::consequence::{Row, compare};
use super::keys::KEYS;
use super::variables::{COMPONENTS, GENERIC};
use super::{SettingClass, settings_reference};

fn is_sorted<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    names.is_sorted_by(|one, other| compare(one, other) == Ordering::Less)
}

fn names(rows: &[Row]) -> impl Iterator<Item = &str> {
    rows.iter().map(|row| row.name)
}

/// They are looked up by halves.
#[test]
fn tables_are_sorted_and_name_nothing_twice() {
    assert!(is_sorted(names(KEYS)));
    assert!(is_sorted(names(GENERIC)));
    assert!(is_sorted(COMPONENTS.iter().map(|component| component.name)));
    for component in COMPONENTS {
        assert!(is_sorted(names(component.variables)), "{}", component.name);
    }
}

#[test]
fn classes_have_names_of_their_own() {
    let mut names: Vec<_> = SettingClass::ALL.iter().map(|class| class.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SettingClass::ALL.len());
}

#[test]
fn no_standard_setting_is_of_unknown_class() {
    let variables = COMPONENTS.iter().flat_map(|component| component.variables);
    for row in KEYS.iter().chain(GENERIC).chain(variables) {
        assert_ne!(row.class, SettingClass::Unknown, "{}", row.name);
    }
}

/// `UPDATE_DOCS=1 cargo test -p chargewarden-engine` writes the page.
#[test]
fn the_reference_page_is_fresh() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/settings.md");
    let expected = settings_reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(page.parent().unwrap()).unwrap();
        std::fs::write(&page, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/reference/settings.md is stale: run with UPDATE_DOCS=1");
}
