use std::sync::Arc;

use serde_json::json;

use super::settings::Name;
use super::{ALL, NONE, Scene};
use crate::ledger::Ledger;
use chargewarden_ocpp::Version;

const PASSWORD: Name = ("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword");

fn two(version: Version, evses: Option<i64>) -> (Scene, Scene) {
    let ledger = Arc::default();
    (Scene::beside(version, &ledger, "a", evses), Scene::beside(version, &ledger, "b", evses))
}

#[test]
fn a_token_holds_one_reservation_in_all_the_fleet() {
    for version in ALL {
        let (mut a, mut b) = two(version, None);
        assert_eq!(a.reserve(1, 1, "driver", 30), NONE);
        assert_eq!(b.reserve(1, 1, "other", 30), NONE);
        assert_eq!(b.reserve(2, 2, "DRIVER", 30), ["token_reserves_other"]);
        b.cancel(2);
        a.cancel(1);
        assert_eq!(b.reserve(3, 3, "driver", 30), NONE, "it was given up");
        b.cancel(3);
        assert_eq!(a.reserve(4, 4, "driver", 30), NONE);
        b.pass_min(31);
        assert_eq!(b.reserve(5, 5, "driver", 30), NONE, "it has ended");
    }
}

#[test]
fn more_than_half_of_a_site_stays_free() {
    for version in ALL {
        let (mut a, mut b) = two(version, Some(2));
        assert_eq!(a.reserve(1, 1, "A", 30), NONE);
        assert_eq!(a.reserve(2, 2, "B", 30), NONE, "half of it");
        assert_eq!(b.reserve(3, 1, "C", 30), ["site_reserved"]);
        b.cancel(3);
        // The same once more keeps nothing more.
        assert_eq!(a.reserve(2, 2, "B", 30), NONE);
        a.cancel(1);
        assert_eq!(b.reserve(4, 2, "D", 30), NONE);
    }
}

#[test]
fn of_a_site_that_is_not_known_nothing_is_said() {
    for version in ALL {
        let (mut a, _b) = two(version, None);
        assert_eq!(a.reserve(1, 1, "A", 30), NONE);
        assert_eq!(a.reserve(2, 2, "B", 30), NONE);
        let mut only = Scene::beside(version, &Arc::default(), "a", Some(1));
        assert_eq!(only.reserve(1, 1, "A", 30), NONE, "there is only one");
    }
}

#[test]
fn two_stations_have_two_passwords() {
    for version in ALL {
        let (mut a, mut b) = two(version, None);
        let one = "9f3b61d20c7e4a58b1aa";
        assert_eq!(a.sets_to(PASSWORD, one), NONE);
        assert_eq!(a.sets_to(PASSWORD, one), NONE, "its own");
        assert_eq!(b.sets_to(PASSWORD, "9f3b61d20c7e4a58b1ab"), NONE);
        assert_eq!(b.write(PASSWORD, one, "Rejected"), ["secret_shared"]);
        for number in 10..12 {
            a.sets_to(PASSWORD, &format!("9f3b61d20c7e4a58b1{number}"));
            b.sets_to(PASSWORD, &format!("8f3b61d20c7e4a58b1{number}"));
        }
        assert_eq!(b.sets_to(PASSWORD, one), NONE, "nobody has it any more");
    }
}

#[test]
fn what_others_hold_is_known_again_after_a_restart() {
    for version in ALL {
        let (mut a, mut b) = two(version, Some(2));
        a.reserve(1, 1, "A", 30);
        a.reserve(2, 2, "B", 30);
        a.sets_to(PASSWORD, "9f3b61d20c7e4a58b1aa");
        let again: Arc<Ledger> = Arc::default();
        (a.ledger, b.ledger) = (Arc::clone(&again), again);
        b.begins();
        let shared = json!({ "key": PASSWORD.0, "value": "9f3b61d20c7e4a58b1aa" });
        if version == Version::V16 {
            assert_eq!(b.doubts("ChangeConfiguration", &shared), NONE, "the other was not seen");
        }
        a.begins();
        assert_eq!(b.reserve(1, 1, "A", 30), ["token_reserves_other", "site_reserved"]);
        assert_eq!(b.sets_to(PASSWORD, "9f3b61d20c7e4a58b1aa"), ["secret_shared"]);
    }
}
