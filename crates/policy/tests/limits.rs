//! `limits.toml`: what is read, and what is said about what is wrong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use chargewarden_policy::effect::EffectKind;
use chargewarden_policy::limit::{By, Limit, Maximum, Over, Scope};
use chargewarden_policy::{Alert, Bundle, BundleSource, Doubt};

const GUIDE: &str = include_str!("../../../docs/limits.md");

fn compile(limits: &str) -> Result<Arc<Bundle>, String> {
    let manifest = "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n";
    let cedar = "@id(\"all\") permit (principal, action, resource);";
    let files = [("bundle.toml", manifest), ("limits.toml", limits), ("rules.cedar", cedar)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let source = BundleSource { party: "cso".parse().unwrap(), files };
    Bundle::compile(&source).map(Arc::new).map_err(|problems| problems.to_string())
}

#[test]
fn every_field_is_read() {
    let bundle = compile(
        r#"
        [[limit]]
        id = "a"
        reason = "enough"
        effects = ["disruptive", "set-power"]
        when = ["session_running"]
        scope = "site"
        each = "csms"
        window = "10min"
        by = "effect"
        max = { count = 3, stations = 1, stations_percent = 20, kw = 1.5, power_percent = 10.0 }
        over = "hold cso:1,cnp:1"
        alert = "high"
        quarantine = true

        [[limit]]
        id = "b"
        reason = "enough"
        effects = ["restart"]
        scope = "fleet"
        window = "7d"
        max.count = 0x10
        over = "refuse"
        "#,
    )
    .unwrap();
    let [a, b] = bundle.limits() else { panic!() };
    let disruptive =
        EffectKind::ALL.iter().filter(|effect| effect.groups().iter().any(|g| g.name() == "disruptive"));
    assert_eq!(
        *a,
        Limit {
            id: "a".into(),
            reason: "enough".into(),
            effects: disruptive.copied().chain([EffectKind::SetPower]).collect(),
            when: [Doubt::SessionRunning].into_iter().collect(),
            scope: Scope::Site,
            each_csms: true,
            window_ms: 600_000,
            by: By::Acting,
            max: Maximum {
                count: Some(3),
                stations: Some(1),
                stations_percent: Some(20.0),
                kw: Some(1.5),
                power_percent: Some(10.0),
            },
            over: Over::Hold("cso:1,cnp:1".parse().unwrap()),
            alert: Some(Alert::High),
            quarantine: true,
        }
    );
    assert_eq!((b.scope, b.by, b.each_csms, b.window_ms), (Scope::Fleet, By::Sent, false, 604_800_000));
    assert_eq!((b.max.count, &b.over, b.alert, b.quarantine), (Some(16), &Over::Refuse, None, false));
    assert!(compile("").unwrap().limits().is_empty());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let said = compile(
        r#"[[limit]]
id = "One"
reason = ""
effects = ["restrat", "disruptiv", "restart"]
when = ["session_runing", "meter_back"]
scope = "flet"
each = "cmss"
window = "10m"
by = "acting"
max = { station = 1, count = 0 }
over = "hold cso"
alert = "hihg"
quarantine = "yes"
colour = "red"

[[limit]]
id = "all"
reason = "a policy has that name"
effects = ["restart"]
when = ["meter_back"]
scope = "station"
window = "1h"
max = { stations = 1 }
over = "refuze"

[[limit]]
id = "two"
reason = "counts nothing"
effects = []
scope = "fleet"
window = "32d"
max = {}
over = "refuse"

[[limit]]
id = "two"
reason = "reports change no power"
effects = ["report-meter"]
scope = "fleet"
window = "1h"
max = { kw = "10", power_percent = 2000, stations_percent = 101 }
over = "refuse"

[[limit]]
id = "all"
reason = "ok"
effects = ["report-meter"]
scope = "fleet"
window = "1h"
max = { kw = 10 }
over = "refuse"

[[limits]]
"#,
    )
    .unwrap_err();
    insta::assert_snapshot!(said);
    let said = compile("[limit]\nid = 1").unwrap_err();
    assert!(said.contains("limits.toml:1:2: limits are written `[[limit]]`"), "{said}");
    let said = compile("[[limit]]\nid = ").unwrap_err();
    assert!(said.contains("limits.toml:2:"), "{said}");
    let said = compile(&"[[limit]]\n".repeat(257)).unwrap_err();
    assert!(said.contains("257 limits, more than 256") && said.contains("the limit has no `id`"), "{said}");
}

#[test]
fn the_digest_covers_limits() {
    let limit = |count: u32| {
        let text = format!(
            "[[limit]]\nid = \"a\"\nreason = \"enough\"\neffects = [\"restart\"]\nscope = \"station\"\n\
             window = \"1h\"\nmax = {{ count = {count} }}\nover = \"refuse\"\n"
        );
        compile(&text).unwrap().digest()
    };
    assert_ne!(limit(1), limit(2));
    assert_eq!(limit(1), limit(1));
}

#[test]
fn every_limit_shown_compiles() {
    let shown: Vec<&str> =
        GUIDE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!shown.is_empty());
    for limits in shown {
        let bundle = compile(limits).unwrap_or_else(|problems| panic!("{problems}\n{limits}"));
        assert!(!bundle.limits().is_empty());
    }
}
