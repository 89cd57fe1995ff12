//! Tests that bundles bring are run, and a difference is told so that one sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chargewarden_drill::trial;
use chargewarden_policy::BundleSource;

const POLICIES: &str = r#"
@id("all") permit (principal, action, resource);
@id("no-restart") @reason("not now") @hold("cso:1") @alert("high")
forbid (principal, action == Action::"restart", resource) when { context.doubts.session_running };
@id("link") @reason("no links") @code("InvalidURL")
forbid (principal, action == Action::"show-message", resource) when { context.has_link };
@id("clock-off") @alert("medium")
permit (principal, action == Action::"set-clock", resource) when { context.skew_s > 30 };
"#;

const LIMITS: &str = r#"
[[limit]]
id = "restart-fleet"
reason = "too many stations restart"
effects = ["restart"]
scope = "fleet"
window = "1h"
max = { stations = 2 }
over = "hold cso:1"
"#;

fn bundle(tests: &str) -> BundleSource {
    let manifest = "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n";
    let files = [
        ("bundle.toml", manifest),
        ("rules.cedar", POLICIES),
        ("limits.toml", LIMITS),
        ("tests/all.toml", tests),
    ];
    let files: BTreeMap<_, _> =
        files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    BundleSource { party: "cso".parse().unwrap(), files }
}

/// What `policy test` would tell.
fn told(tests: &str) -> String {
    let mut out = String::new();
    for ended in trial::run(&bundle(tests), &|_| true).unwrap() {
        let _ = writeln!(out, "{} ({})", ended.name, ended.version);
        let Some(differs) = ended.differs else { continue };
        for (mark, line) in differs.lines {
            let _ = writeln!(out, "  {mark} {line}");
        }
    }
    out
}

#[test]
fn what_comes_as_expected_says_nothing() {
    let tests = r#"
        [state]
        csms_party = "cso"

        [[case]]
        name = "a restart while somebody charges"
        version = ["1.6", "2.0.1"]
        from = "csms"
        frame = '[2,"1","ClearCache",{}]'
        expect = "forward"

        [[case]]
        name = "a link"
        version = "2.1"
        from = "csms"
        action = "SetDisplayMessage"
        payload = { message = { id = 1, priority = "InFront", message = { format = "UTF8", content = "https://a.example" } } }
        expect = "refuse"
        by = "link"
        code = "InvalidURL"

        [[case]]
        name = "a restart while somebody charges, in words"
        version = "1.6"
        from = "csms"
        action = "Reset"
        payload = '{"type":"Hard"}'
        doubts = ["session_running"]
        expect = "hold cso:1"
        by = ["no-restart"]
        alert = "high"

        [[case]]
        name = "a clock an hour ahead"
        version = "1.6"
        from = "csms"
        action = "Heartbeat"
        answer = { currentTime = "2026-03-02T11:00:00Z" }
        state = { now = "2026-03-02T10:00:00Z" }
        expect = "forward"
        by = "clock-off"
        alert = "medium"

        [[sequence]]
        name = "two restarts"
        version = ["1.6"]
        fleet = { stations = 4 }
        expect = "forward"

        [[sequence.step]]
        action = "Reset"
        payload = { type = "Soft" }
        stations = "1-2"
        every = "1s"
    "#;
    assert_eq!(
        told(tests),
        "a restart while somebody charges (1.6)\na restart while somebody charges (2.0.1)\na link (2.1)\n\
         a restart while somebody charges, in words (1.6)\na clock an hour ahead (1.6)\ntwo restarts (1.6)\n"
    );
}

#[test]
fn what_comes_otherwise_is_told_line_by_line() {
    let tests = r#"
        [[case]]
        name = "a restart"
        version = "1.6"
        from = "csms"
        action = "Reset"
        payload = '{"type":"Hard"}'
        expect = "refuse"
        by = "no-restart"

        [[case]]
        name = "a late clock"
        version = "1.6"
        from = "csms"
        action = "Heartbeat"
        answer = { currentTime = "2026-03-02T11:00:00Z" }
        state = { now = "2026-03-02T10:00:00Z" }
        expect = "forward"

        [[case]]
        name = "not OCPP"
        version = "1.6"
        from = "csms"
        action = "Reset"
        payload = '{"type":"Gently"}'
        expect = "forward"
    "#;
    let told = told(tests);
    for expected in [
        "a restart (1.6)\n  - verdict refuse\n  + verdict forward\n  - by no-restart\n  + by all\n",
        "a late clock (1.6)\n    verdict forward\n  - no alert\n  + alert medium\n",
        "not OCPP (1.6)\n  + the frame is not valid OCPP: ",
    ] {
        assert!(told.contains(expected), "{expected}\nis not in\n{told}");
    }
}
