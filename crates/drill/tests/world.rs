//! The world works: stations boot, commands arrive, and what is refused does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chargewarden_drill::world::{CsmsPlan, Plan, StationPlan, World};
use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{Bundle, BundleSource, Envelope};
use serde_json::json;

fn world(version: Version) -> World {
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        (
            "policies.cedar".to_owned(),
            r#"@id("all") permit (principal, action, resource);
               @id("no-restart") @reason("not now") forbid (principal, action == Action::"restart", resource);"#
                .to_owned(),
        ),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }).unwrap();
    World::new(Plan {
        bundles: vec![Arc::new(bundle)],
        csmss: vec![CsmsPlan { name: "cnp".into(), party: "cnp".parse().unwrap() }],
        stations: vec![StationPlan {
            id: "CS-1".into(),
            version,
            owner: "cso".parse().unwrap(),
            csms: "cnp".into(),
            site: "site-1".into(),
            groups: vec![],
            area: None,
            envelope: Envelope::default(),
            evses: 2,
            vendor: "Acme".into(),
            model: "DC-150".into(),
            serial: "0042".into(),
            firmware: "1.8.33".into(),
        }],
        begins: Timestamp::from_millis(1_767_225_600_000),
    })
}

#[test]
fn messages_go_both_ways_and_what_is_refused_does_not() {
    for version in [Version::V16, Version::V201, Version::V21] {
        let mut world = world(version);
        let allowed = world.command(0, "ClearCache", &json!({}));
        assert!(allowed.delivered && !allowed.is_stopped(), "{version}: {allowed:?}");
        assert_eq!(world.stations()[0].obeyed["ClearCache"], 1);
        let reset = match version {
            Version::V16 => json!({"type": "Soft"}),
            Version::V201 | Version::V21 => json!({"type": "OnIdle"}),
        };
        let refused = world.command(0, "Reset", &reset);
        assert!(!refused.delivered && refused.is_stopped(), "{version}: {refused:?}");
        assert_eq!(refused.asked[0].causes, ["cso/no-restart"]);
        let beat = world.report(0, "Heartbeat", &json!({}));
        assert!(beat.delivered && !beat.is_stopped(), "{version}: {beat:?}");
    }
}
