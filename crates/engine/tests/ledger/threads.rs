//! Many sessions at once.

use std::sync::Mutex;

use chargewarden_engine::{Claim, Ledger, Outcome};
use chargewarden_ocpp::{Side, Timestamp};

use crate::scene::{BEGIN, about, fleet, policies, restart};

#[test]
fn the_last_place_is_taken_once() {
    let policies = policies(&[
        r#"count: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { count = 100 }"#,
        r#"stations: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { stations = 40 }"#,
        r#"site: effects = ["restart"]; scope = "site"; window = "1h"; by = "effect"; max = { count = 5 }"#,
    ]);
    let ledger = Ledger::default();
    ledger.set_fleet(&fleet(200));
    let granted: Mutex<Vec<usize>> = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..8_usize {
            let (policies, ledger, granted) = (&policies, &ledger, &granted);
            scope.spawn(move || {
                for turn in 0..500_usize {
                    let station = (turn * 7 + thread * 31) % 200;
                    let about = about(station, thread % 3);
                    let now = Timestamp::from_millis(BEGIN + turn as i64);
                    let effects = [restart()];
                    let claim = Claim {
                        now,
                        about: &about,
                        policies,
                        from: Side::Csms,
                        effects: &effects,
                        doubts: Default::default(),
                        power: &[],
                    };
                    let Ok(places) = ledger.claim(&claim) else { continue };
                    // Every third is turned down.
                    if turn % 3 == 0 {
                        ledger.settle(places, Outcome::NotDone, now);
                    } else {
                        granted.lock().unwrap().push(station);
                        ledger.settle(places, Outcome::Done, now);
                    }
                }
            });
        }
    });
    let granted = granted.into_inner().unwrap();
    let mut stations = granted.clone();
    stations.sort_unstable();
    stations.dedup();
    assert!(granted.len() <= 100 && stations.len() <= 40, "{} {}", granted.len(), stations.len());
    assert!(
        granted.len() == 100 || stations.len() == 40,
        "there was room: {} {}",
        granted.len(),
        stations.len()
    );
    for site in 0..100 {
        let at_site = granted.iter().filter(|number| **number % 5 != 4 && **number / 2 == site).count();
        assert!(at_site <= 5, "site {site}: {at_site}");
    }
}
