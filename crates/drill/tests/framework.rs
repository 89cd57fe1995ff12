//! The framework tells leaks from what is stopped, and work that passes from work that is hindered.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chargewarden_drill::attack::{ALL, Attack, Entry, Kind, Spot, Stage, Twin};
use chargewarden_drill::{Drill, Intensity};
use chargewarden_ocpp::Version;
use chargewarden_policy::{Bundle, BundleSource};

fn drill() -> Drill {
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        (
            "policies.cedar".to_owned(),
            r#"@id("all") permit (principal, action, resource);
               @id("no-restart") @reason("not now") forbid (principal, action == Action::"restart", resource)
               when { context.immediate };"#
                .to_owned(),
        ),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }).unwrap();
    Drill::new(vec![Arc::new(bundle)], &Version::ALL, &[Intensity::Burst, Intensity::LowAndSlow])
}

fn entry(kind: Kind) -> Entry {
    Entry {
        id: "Z01",
        name: "a restart",
        versions: ALL,
        kind,
        attacks: vec![
            Attack::order("cutting off", ALL, |at: &Spot| at.reset(true)),
            Attack::order("in order", ALL, |at: &Spot| at.reset(false)),
        ],
        twins: vec![
            Twin::order("in order", ALL, |at: &Spot| at.reset(false)),
            Twin::order("cutting off", ALL, |at: &Spot| at.reset(true)),
        ],
    }
}

#[test]
fn the_standard_fleet_charges() {
    let drill = drill();
    let fleet = drill.fleet();
    let sessions: Vec<_> = fleet.stations().iter().flat_map(|station| station.charges()).collect();
    assert_eq!(fleet.stations().len(), 200);
    assert!((120..=170).contains(&sessions.len()), "{} sessions", sessions.len());
    assert!(sessions.iter().any(|charge| charge.remote) && sessions.iter().any(|charge| !charge.remote));
    for version in Version::ALL {
        let charging = fleet.stations().iter().filter(|station| station.version() == version);
        assert!(charging.filter(|station| station.power_w() > 0).count() > 20, "{version}");
    }
}

#[test]
fn leaks_are_told_from_what_is_stopped() {
    let drill = drill();
    let mut rows = Vec::new();
    drill.play(&entry(Kind::Hard), &mut |stage| rows.push(stage));
    let mut held = Vec::new();
    let mut passed = Vec::new();
    for stage in &rows {
        match stage {
            Stage::Attack(row) => held.push((row.attack, row.held(), row.tally.total().reached)),
            Stage::Twin(row) => passed.push((row.twin, row.passed())),
        }
    }
    assert_eq!(
        held,
        [("cutting off", true, 0), ("cutting off", true, 0), ("in order", false, 12), ("in order", false, 6)]
    );
    assert_eq!(passed, [("in order", true), ("cutting off", false)]);
}

#[test]
fn what_a_campaign_reaches_is_counted_in_stations() {
    let drill = drill();
    let mut rows = Vec::new();
    let mut entry = entry(Kind::Cumulative);
    entry.twins.clear();
    drill.play(&entry, &mut |stage| rows.push(stage));
    let shares: Vec<f64> = rows
        .iter()
        .filter_map(|stage| if let Stage::Attack(row) = stage { Some(row.percent()) } else { None })
        .collect();
    // One in 20 min, for two days: 144 of 200.
    assert_eq!(shares, [0.0, 0.0, 100.0, 72.0]);
}

#[test]
fn a_fork_does_not_touch_what_it_comes_from() {
    let drill = drill();
    let sessions = |world: &chargewarden_drill::World| -> usize {
        world.stations().iter().map(|station| station.charges().len()).sum()
    };
    let before = sessions(drill.fleet());
    let mut fork = drill.fleet().fork();
    for place in 0..fork.stations().len() {
        let order = serde_json::json!({ "type": if fork.version(place) == Some(Version::V16) { "Soft" } else { "OnIdle" } });
        assert!(fork.command(place, "Reset", &order).is_obeyed(), "{place}");
    }
    assert_eq!((sessions(&fork), sessions(drill.fleet())), (0, before));
}
