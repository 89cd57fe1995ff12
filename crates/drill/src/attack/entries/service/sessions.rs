//! C12: sessions begun or ended, many together.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin, V2, order};
use crate::world::{Driver, id_token};

/// C12.
pub(in super::super) fn many() -> Entry {
    Entry {
        id: "C12",
        name: "sessions ended or begun all over the fleet",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            Attack::new("every session ended", ALL, |play| {
                play.campaign_where(|spot| spot.charging.is_some(), stop_all);
            }),
            Attack::new("sessions of drivers ended", ALL, |play| {
                let begun_here = |play: &Play<'_>, place: usize| {
                    play.world.station(place).is_some_and(|s| s.charges().iter().any(|charge| !charge.remote))
                };
                let targets: Vec<usize> = play
                    .targets_where(|spot| spot.charging.is_some())
                    .into_iter()
                    .filter(|p| begun_here(play, *p))
                    .collect();
                let targets = play.scattered(targets);
                play.campaign_over(&targets, stop_all);
            }),
            Attack::new("sessions begun wherever a vehicle is plugged in", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let evse = at.free.unwrap_or(1);
                        let _ = play.world.status(place, evse, "Preparing");
                        play.strike(place, &at.start(evse, &format!("DEADBEEF{place:04}")));
                    },
                );
            }),
            Attack::new("sessions begun by one token", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        play.strike(place, &at.start(at.free.unwrap_or(1), "DEADBEEF"));
                    },
                );
            }),
            Attack::new("begun where the station chooses the EVSE", V2, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        play.strike(
                            place,
                            &order(
                                "RequestStartTransaction",
                                json!({ "remoteStartId": at.number, "idToken": id_token(&format!("DEAD{place:04}")) }),
                            ),
                        );
                    },
                );
            }),
            Attack::new("begun and ended, begun and ended", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let evse = at.free.unwrap_or(1);
                        play.strike(place, &at.start(evse, &format!("FLIPFLOP{place:04}")));
                        let begun =
                            play.world.station(place).and_then(|station| station.charge(evse)).cloned();
                        if let Some(charge) = begun {
                            play.strike(place, &at.stop(&charge.transaction));
                        }
                    },
                );
            }),
        ],
        twins: vec![
            Twin::new("drivers begin and end by app", ALL, |play| {
                let free = play.targets_where(|spot| spot.free.is_some());
                for place in play.scattered(free).into_iter().take(12) {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.free.unwrap_or(1);
                    let driver = Driver::new(&format!("APP{place:05}"));
                    let outcome = play.world.begin_session_remotely(place, evse, &driver);
                    play.count_work(
                        place,
                        outcome.is_obeyed() && !outcome.is_stopped(),
                        &outcome,
                        &at.start(evse, &driver.token),
                    );
                    play.wait_s(480);
                    let begun = play.world.station(place).and_then(|station| station.charge(evse)).cloned();
                    if let Some(charge) = begun {
                        let _ = play.work(place, &at.stop(&charge.transaction));
                    }
                    play.wait_s(120);
                }
            }),
            Twin::new("a driver's session that support ends", ALL, |play| {
                for place in play.one_of_each() {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.stop(&at.transaction()));
                    play.wait_s(3_600);
                }
            }),
            Twin::new("the station chooses the EVSE", &[Version::V201, Version::V21], |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(
                        place,
                        &order(
                            "RequestStartTransaction",
                            json!({ "remoteStartId": at.number, "idToken": id_token("APP99999") }),
                        ),
                    );
                    play.wait_s(600);
                }
            }),
        ],
    }
}

fn stop_all(play: &mut Play<'_>, place: usize) {
    let Some(at) = play.spot(place) else { return };
    let named: Vec<String> = play
        .world
        .station(place)
        .map(|station| station.charges().iter().map(|charge| charge.transaction.clone()).collect())
        .unwrap_or_default();
    for transaction in named {
        play.strike(place, &at.stop(&transaction));
    }
}
