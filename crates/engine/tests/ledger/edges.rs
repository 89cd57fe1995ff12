//! Windows to the millisecond.

use std::collections::BTreeMap;

use chargewarden_engine::{Ledger, Outcome};
use chargewarden_ocpp::Timestamp;
use chargewarden_policy::Doubt;

use crate::scene::{
    BEGIN, DAY, Desk, HOUR, MINUTE, SECOND, change, disable, fleet, policies, profile, restart,
};

#[test]
fn a_place_is_free_when_it_is_a_window_old() {
    let mut desk = Desk::new(&[
        r#"twice: effects = ["disruptive"]; scope = "station"; window = "1h"; max = { count = 2 }"#,
    ]);
    desk.command(0, restart()).unwrap();
    desk.now += MINUTE;
    desk.command(0, disable()).unwrap();
    desk.now = BEGIN + HOUR - 1;
    assert_eq!(desk.command(0, restart()).unwrap_err(), "twice: 3 of 2 in 1 h");
    desk.command(1, restart()).unwrap();
    desk.now = BEGIN + HOUR;
    desk.command(0, restart()).unwrap();
    assert_eq!(desk.command(0, restart()).unwrap_err(), "twice: 3 of 2 in 1 h");
}

#[test]
fn what_was_not_done_gives_its_place_back_and_what_is_not_answered_keeps_it() {
    let mut desk =
        Desk::new(&[r#"once: effects = ["restart"]; scope = "station"; window = "1h"; max = { count = 1 }"#]);
    let places = desk.command(0, restart()).unwrap();
    desk.settle(places, Outcome::NotDone);
    let places = desk.command(0, restart()).unwrap();
    desk.settle(places, Outcome::Done);
    assert!(desk.command(0, restart()).is_err());
    let _unanswered = desk.command(1, restart()).unwrap();
    desk.now += HOUR - 1;
    assert!(desk.command(1, restart()).is_err());
    assert_eq!(desk.ledger.figures().given_back, 1);
}

#[test]
fn scopes_doubts_and_systems_are_counted_apart() {
    let desk = Desk::new(&[
        r#"site: effects = ["restart"]; scope = "site"; window = "1h"; max = { stations = 1 }"#,
        r#"area: effects = ["restart"]; scope = "area"; window = "1h"; max = { stations = 3 }"#,
        r#"odd: effects = ["disable"]; when = ["session_running"]; scope = "fleet"; window = "1h"; max = { count = 1 }; over = "hold cso:1""#,
        r#"each: effects = ["set-power"]; each = "csms"; scope = "fleet"; window = "1h"; max = { count = 1 }"#,
    ]);
    desk.command(0, restart()).unwrap();
    desk.command(0, restart()).unwrap();
    assert_eq!(desk.command(1, restart()).unwrap_err(), "site: 2 of 1 stations in 1 h");
    desk.command(2, restart()).unwrap();
    // 4 and 9 have no site and no area: sites of their own, one area.
    desk.command(4, restart()).unwrap();
    desk.command(9, restart()).unwrap();
    desk.command(14, restart()).unwrap();
    assert_eq!(desk.command(19, restart()).unwrap_err(), "area: 4 of 3 stations in 1 h");

    desk.command(0, disable()).unwrap();
    desk.doubted(1, disable(), Doubt::SessionRunning).unwrap();
    assert_eq!(desk.doubted(2, disable(), Doubt::SessionRunning).unwrap_err(), "odd: 2 of 1 in 1 h");
    desk.doubted(2, disable(), Doubt::EvseTaken).unwrap();

    let ask = |station, csms| {
        let about = crate::scene::about(station, csms);
        desk.ask(&about, &[profile(None, None, None)], Default::default(), &[]).is_ok()
    };
    assert!(ask(0, 0) && ask(1, 1) && !ask(2, 0) && !ask(2, 1) && ask(2, 2));
}

#[test]
fn a_message_gets_all_its_places_or_none() {
    let desk = Desk::new(&[
        r#"many: effects = ["disruptive"]; scope = "fleet"; window = "1h"; max = { count = 5 }"#,
        r#"few: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { count = 1 }"#,
    ]);
    let ask = |effects: &[_]| {
        let asked = desk.ask(&crate::scene::about(0, 0), effects, Default::default(), &[]);
        asked.map_err(|excesses| crate::scene::said(&excesses))
    };
    assert_eq!(ask(&[restart(), restart()]).unwrap_err(), "few: 2 of 1 in 1 h");
    ask(&[disable(), disable(), disable(), restart()]).unwrap();
    assert_eq!(ask(&[disable(), restart()]).unwrap_err(), "many: 6 of 5 in 1 h\nfew: 2 of 1 in 1 h");
    assert_eq!(ask(&[disable(), disable()]).unwrap_err(), "many: 6 of 5 in 1 h");
    ask(&[disable()]).unwrap();
}

#[test]
fn percentages_are_of_the_fleet_that_there_is() {
    let desk = Desk::new(&[
        r#"share: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { stations_percent = 5 }"#,
    ]);
    desk.ledger.set_fleet(&fleet(59));
    desk.command(0, restart()).unwrap();
    desk.command(1, restart()).unwrap();
    desk.command(1, restart()).unwrap();
    assert_eq!(desk.command(2, restart()).unwrap_err(), "share: 3 of 2 stations in 1 h");
    desk.ledger.set_fleet(&fleet(60));
    desk.command(2, restart()).unwrap();
    assert_eq!(desk.command(3, restart()).unwrap_err(), "share: 4 of 3 stations in 1 h");
}

#[test]
fn power_is_summed_up_and_down_apart() {
    let mut desk = Desk::new(&[
        r#"ramp: effects = ["set-power"]; scope = "fleet"; window = "60s"; by = "effect"; max = { kw = 100 }"#,
    ]);
    let at = |offset: i64, delta_w| change(BEGIN + offset, delta_w, None, None);
    let set = |desk: &Desk, power: &[_]| desk.power(0, profile(None, None, None), power).map(drop);
    set(&desk, &[at(0, 60_000), at(0, -100_000)]).unwrap();
    assert_eq!(set(&desk, &[at(0, 40_001)]).unwrap_err(), "ramp: 100 of 100 kW more acting within 1 min");
    assert_eq!(set(&desk, &[at(0, -1)]).unwrap_err(), "ramp: 100 of 100 kW less acting within 1 min");
    set(&desk, &[at(0, 40_000)]).unwrap();
    // It moves no power: it takes no place.
    set(&desk, &[]).unwrap();
    assert!(set(&desk, &[at(MINUTE - 1, 1)]).is_err());
    set(&desk, &[at(MINUTE, 100_000)]).unwrap();
    assert!(set(&desk, &[at(2 * MINUTE - 1, 1)]).is_err());
    desk.now += MINUTE - 1;
    assert!(set(&desk, &[at(0, 1)]).is_err());
}

#[test]
fn what_acts_at_once_is_counted_at_once_however_slowly_it_is_sent() {
    let mut desk = Desk::new(&[
        r#"instant: effects = ["energy"]; scope = "fleet"; window = "60s"; by = "effect"; max = { stations = 3 }"#,
    ]);
    let bomb = BEGIN + 7 * DAY;
    for (station, shift) in [(0, 0), (1, -20 * SECOND), (2, 39 * SECOND)] {
        desk.command(station, profile(Some(bomb + shift), None, None)).unwrap();
        desk.now += 20 * MINUTE;
    }
    let refused = desk.command(3, profile(Some(bomb + 10 * SECOND), None, None)).unwrap_err();
    assert_eq!(refused, "instant: 4 of 3 stations acting within 1 min");
    // The same station again takes no further place, and beside the window there is room.
    desk.command(2, profile(Some(bomb), None, None)).unwrap();
    desk.command(3, profile(Some(bomb + 41 * SECOND), None, None)).unwrap();
    desk.command(4, profile(None, None, None)).unwrap();
    desk.now = bomb + 41 * SECOND + MINUTE;
    desk.command(4, profile(None, None, None)).unwrap();
    assert_eq!(desk.ledger.figures().deeds, 1);
}

#[test]
fn what_recurs_is_counted_on_every_day() {
    let desk = Desk::new(&[
        r#"instant: effects = ["energy"]; scope = "fleet"; window = "60s"; by = "effect"; max = { stations = 2 }"#,
    ]);
    let day = |days: i64, shift: i64| Some(BEGIN + days * DAY + shift);
    desk.command(0, profile(day(1, HOUR), Some(DAY), None)).unwrap();
    // Another day, the same time of day.
    let mut later = Desk { now: BEGIN + 2 * MINUTE, ..desk };
    later.command(1, profile(day(3, HOUR + 30 * SECOND), Some(DAY), None)).unwrap();
    later.now += 2 * MINUTE;
    let refused = later.command(2, profile(day(5, HOUR), Some(7 * DAY), None)).unwrap_err();
    assert_eq!(refused, "instant: 3 of 2 stations acting within 1 min");
    assert!(later.command(2, profile(day(400, HOUR), None, None)).is_err());
    later.command(2, profile(day(400, HOUR + 2 * MINUTE), None, None)).unwrap();
    assert!(later.command(3, profile(day(6, HOUR + 90 * SECOND), Some(DAY), None)).is_ok());
    assert!(later.command(4, profile(day(400, HOUR + 100 * SECOND), None, None)).is_err());
}

#[test]
fn the_clock_may_be_put_back() {
    let mut desk =
        Desk::new(&[r#"once: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { count = 1 }"#]);
    desk.command(0, restart()).unwrap();
    // Nothing is forgotten early: an hour from now on, although the clock says less.
    desk.now -= DAY;
    assert!(desk.command(0, restart()).is_err());
    desk.now += HOUR - 1;
    assert!(desk.command(0, restart()).is_err());
    // And nothing is counted for ever.
    desk.now += 1;
    desk.command(0, restart()).unwrap();
    assert_eq!(desk.ledger.figures().clock_steps, 1);
    // A step that is smaller than a decision may take is none.
    desk.now -= 10 * SECOND;
    assert!(desk.command(0, restart()).is_err());
    assert_eq!(desk.ledger.figures().clock_steps, 1);
}

#[test]
fn books_are_made_anew_from_what_was_stored() {
    let limits = [
        r#"once: effects = ["restart"]; scope = "station"; window = "1h"; max = { count = 1 }"#,
        r#"ramp: effects = ["energy"]; scope = "area"; window = "60s"; by = "effect"; max = { kw = 10 }"#,
    ];
    let mut desk = Desk::new(&limits);
    let mut disk: BTreeMap<u64, String> = BTreeMap::new();
    let store = |desk: &Desk, disk: &mut BTreeMap<u64, String>| {
        for stored in desk.ledger.unstored() {
            match stored.deed {
                Some(deed) => drop(disk.insert(stored.id, deed)),
                None => drop(disk.remove(&stored.id)),
            }
        }
    };
    desk.command(0, restart()).unwrap();
    let turned_down = desk.command(1, restart()).unwrap();
    desk.power(2, profile(None, Some(DAY), None), &[change(BEGIN, 10_000, Some(DAY), None)]).unwrap();
    store(&desk, &mut disk);
    assert_eq!(disk.len(), 3);
    desk.settle(turned_down, Outcome::NotDone);
    store(&desk, &mut disk);
    assert_eq!(disk.len(), 2);
    assert!(desk.ledger.unstored().is_empty());

    desk.ledger = Ledger::default();
    assert_eq!(desk.ledger.restore(disk.clone().into_iter().chain([(9, "{".to_owned())])), 1);
    assert!(desk.command(0, restart()).is_err());
    desk.command(1, restart()).unwrap();
    let ramp = |at| [change(BEGIN + at, 1, None, None)];
    assert!(desk.power(3, profile(None, None, None), &ramp(9 * DAY)).is_err());
    assert!(desk.power(3, profile(None, None, None), &ramp(9 * DAY + MINUTE)).is_ok());

    // Other limits count what is still there; what nobody counts is forgotten.
    desk.policies =
        policies(&[r#"first: effects = ["restart"]; scope = "fleet"; window = "1h"; max = { count = 2 }"#]);
    assert!(desk.command(5, restart()).is_err());
    desk.now += 2 * MINUTE;
    assert!(desk.command(5, restart()).is_err());
    assert_eq!(desk.ledger.figures().deeds, 2);
    store(&desk, &mut disk);
    assert_eq!(disk.len(), 2);
}

#[test]
fn a_station_that_is_commanded_again_and_again_fills_nothing() {
    let mut desk = Desk::new(&[
        r#"sent: effects = ["restart"]; scope = "fleet"; window = "7d"; max = { stations = 10 }"#,
        r#"acts: effects = ["set-power"]; scope = "fleet"; window = "1d"; by = "effect"; max = { stations = 10 }"#,
    ]);
    for _ in 0..1_000 {
        let places = desk.command(0, restart()).unwrap();
        desk.settle(places, Outcome::Done);
        let places = desk.command(0, profile(None, None, None)).unwrap();
        desk.settle(places, Outcome::Done);
        let places = desk.command(0, profile(Some(BEGIN + 5 * DAY), None, None)).unwrap();
        desk.settle(places, Outcome::Done);
        desk.now += SECOND;
    }
    let figures = desk.ledger.figures();
    assert!(figures.deeds <= 6, "{figures:?}");
    let budgets = desk.ledger.budgets(Timestamp::from_millis(desk.now));
    let used: Vec<String> =
        budgets.iter().map(|b| format!("{} {}: {}", b.limit, b.instance, b.used)).collect();
    assert_eq!(
        used,
        ["sent fleet: 1 of 10 stations in 7 d", "acts fleet: 1 of 10 stations acting within 1 d"]
    );
}
