use std::cmp::Ordering;

use super::SettingClass;
use super::consequence::{Row, compare};
use super::generic::GENERIC;
use super::keys::KEYS;
use super::variables::COMPONENTS;

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
