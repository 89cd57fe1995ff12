//! Attacks and work are valid OCPP: what stops an attack is what it would do, never how it is spelled.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chargewarden_drill::attack::{Stage, entries};
use chargewarden_drill::{Drill, Intensity};
use chargewarden_ocpp::Version;
use chargewarden_policy::{Bundle, BundleSource};

#[test]
fn attacks_and_work_are_valid_ocpp() {
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        ("policies.cedar".to_owned(), r#"@id("all") permit (principal, action, resource);"#.to_owned()),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }).unwrap();
    let drill = Drill::new(vec![Arc::new(bundle)], &Version::ALL, &[Intensity::Burst]);
    let mut faulty = Vec::new();
    // The others are about what is no valid OCPP.
    let valid = |id: &str| ["C16", "X01"].iter().any(|first| id >= *first) || id.starts_with('S');
    for entry in entries::all().iter().filter(|entry| valid(entry.id)) {
        drill.play(entry, &mut |stage| {
            let (name, faults) = match stage {
                Stage::Attack(row) => (row.attack, row.tally.faults),
                Stage::Twin(row) => (row.twin, row.tally.faults),
            };
            if !faults.is_empty() {
                faulty.push(format!("{} {name}: {faults:?}", entry.id));
            }
        });
    }
    assert_eq!(faulty, Vec::<String>::new());
}
