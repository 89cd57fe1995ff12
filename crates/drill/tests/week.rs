//! A week's ordinary work is not hindered by the shipped packs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use chargewarden_drill::week::{Report, Week};
use chargewarden_ocpp::Version;
use chargewarden_policy::{Bundle, pack};

fn play(week: Week, versions: &[Version]) -> Report {
    let bundle = pack::cso_baseline("cso".parse().unwrap());
    week.play(vec![Arc::new(Bundle::compile(&bundle).unwrap())], versions)
}

#[test]
fn three_days_are_not_hindered() {
    let report = play(Week { days: 3, seed: 1 }, &[Version::V16, Version::V201, Version::V21]);
    println!("{report}");
    assert!(report.sessions > 500, "nobody came: {report}");
    assert!(report.is_good(), "{report}");
}
