//! C15: EVSEs kept from everybody, and reservations taken from whom they belong to.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Kind, Order, Spot, Twin, order};
use crate::world::standard::{OWNER, PROVIDER};

/// C15.
pub(in super::super) fn denied() -> Entry {
    Entry {
        id: "C15",
        name: "EVSEs reserved so that nobody can charge",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("for long", ALL, |at: &Spot| {
                let hours = [3, 13, 24, 24 * 7, 24 * 365, 24 * 365 * 50];
                hours
                    .iter()
                    .zip(1_i64..)
                    .map(|(hours, id)| {
                        at.reserve(at.free.unwrap_or(1), &format!("LONG{:05}", at.number), id, hours * 3_600)
                    })
                    .collect()
            }),
            Attack::orders("for long, the whole station", ALL, |at: &Spot| {
                let mut reserve = at.reserve(0, "LONG00000", 77, 5 * 3_600);
                if at.version != Version::V16
                    && let Some(payload) = reserve.payload.as_object_mut()
                {
                    payload.remove("evseId");
                }
                vec![reserve]
            }),
            Attack::new("one token keeps several", ALL, |play| {
                let token = "GREEDY0001";
                let mut first = true;
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        // Half an hour, renewed: it runs for as long as the campaign waits between two.
                        let order = at.reserve(at.free.unwrap_or(1), token, i64::from(at.number), 3_600);
                        if first {
                            let _ = play.prepare(place, &order);
                        } else {
                            play.strike(place, &order);
                        }
                        first = false;
                    },
                );
            }),
            Attack::new("one after the other", ALL, |play| {
                let idle = play.targets_where(|spot| spot.free.is_some());
                for place in idle {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.free.unwrap_or(1);
                    let _ = play.prepare(place, &at.reserve(evse, "RENEW00001", 1, 3_000));
                    for id in 2..4 {
                        play.world.pass(std::time::Duration::from_secs(3_120));
                        let Some(at) = play.spot(place) else { continue };
                        play.strike(place, &at.reserve(evse, "RENEW00001", id, 3_000));
                    }
                }
            }),
            Attack::new("cancelled by another management system", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let _ = play
                            .prepare(place, &at.reserve(at.free.unwrap_or(1), "VICTIM0001", 4_711, 3_000));
                        play.world.switch(place, OWNER);
                        for id in [4_711, 1, 0, -1, 99_999] {
                            play.strike(place, &cancel(id));
                        }
                        play.world.switch(place, PROVIDER);
                    },
                );
            }),
            Attack::new("more than half of a site", ALL, |play| {
                let evses: u32 = play
                    .world
                    .stations()
                    .iter()
                    .filter(|station| station.plan.site == "site-5")
                    .map(|station| station.plan.evses)
                    .sum();
                // Stations are counted, of which most have two EVSEs.
                let stations =
                    play.world.stations().iter().filter(|station| station.plan.site == "site-5").count();
                play.bound(50.0, stations);
                let site = play.targets_where(|spot| spot.site == "site-5");
                let mut number = i64::from(evses);
                play.campaign_over(&site, |play, place| {
                    let Some(at) = play.spot(place) else { return };
                    for evse in 1..=at.evses {
                        number += 1;
                        play.strike(place, &at.reserve(evse, &format!("CROWD{number:05}"), number, 6_000));
                    }
                });
            })
            .judged(Kind::Cumulative),
            Attack::new("all over the fleet, each with a token of its own", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let token = format!("MANY{place:05}");
                        play.strike(
                            place,
                            &at.reserve(at.free.unwrap_or(1), &token, i64::from(at.number), 3_000),
                        );
                    },
                );
            })
            .judged(Kind::Cumulative),
        ],
        twins: vec![
            Twin::new("one token, one EVSE, an hour", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let token = format!("HONEST{place:04}");
                    let _ = play.work(place, &at.reserve(at.free.unwrap_or(1), &token, 12, 3_600));
                    play.wait_s(1_200);
                }
            }),
            Twin::new("reserved, and given up", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let token = format!("HONEST{place:04}");
                    let _ = play.work(place, &at.reserve(at.free.unwrap_or(1), &token, 13, 1_800));
                    play.wait_s(300);
                    let _ = play.work(place, &cancel(13));
                    play.wait_s(3_600);
                }
            }),
        ],
    }
}

/// Spelled alike in every version.
fn cancel(reservation: i64) -> Order {
    order("CancelReservation", json!({ "reservationId": reservation }))
}
