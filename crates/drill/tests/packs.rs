//! The shipped packs say what their tests say, and nothing in them that stops a message is without a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;

use chargewarden_drill::trial;
use chargewarden_policy::{Bundle, pack};

#[test]
fn every_pack_says_what_its_tests_say() {
    let mut wrong = String::new();
    for pack in pack::all() {
        let source = pack.adopted_by(pack.party().unwrap().parse().unwrap());
        for ended in trial::run(&source, &|_| true).unwrap() {
            let Some(differs) = ended.differs else { continue };
            let _ = writeln!(wrong, "{}/{}: {} ({})", pack.name, ended.file, ended.name, ended.version);
            for (mark, line) in differs.lines {
                let _ = writeln!(wrong, "  {mark} {line}");
            }
            wrong += &differs.explained;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is tested where certificates are made: they expire, and none stands in a repository.
const WITH_CERTIFICATES: [&str; 6] = [
    "certificate-request-name",
    "certificate-request-organisation",
    "certificate-request-weak",
    "certificate-requests-too-many",
    "station-certificate-name",
    "station-certificate-unfit",
];
const CERTIFICATE_TESTS: &str = include_str!("../../policy/tests/cso_baseline.rs");

#[test]
fn whatever_stops_a_message_has_a_test() {
    for pack in pack::all() {
        let source = pack.adopted_by(pack.party().unwrap().parse().unwrap());
        let bundle = Bundle::compile(&source).unwrap();
        let mentioned = bundle.trials().mentioned();
        let elsewhere = |id: &str| WITH_CERTIFICATES.contains(&id) && CERTIFICATE_TESTS.contains(id);
        let untested: Vec<&str> =
            bundle.ids_to_test().filter(|id| !mentioned.contains(id) && !elsewhere(id)).collect();
        assert!(untested.is_empty(), "{}: no test expects {untested:?}", pack.name);
    }
}
