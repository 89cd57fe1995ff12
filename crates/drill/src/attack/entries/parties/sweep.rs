//! X04: a console in the wrong hands goes over the fleet, one valid command at a time.

use crate::attack::line::{Sight, order};
use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Twin};
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::session::{reset_later, serve, unlock};
use crate::wire::setting;

/// The entry.
pub(super) fn entry() -> Entry {
    Entry {
        id: "X04",
        name: "a console in the wrong hands goes over the fleet",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            sweep("stations out of service, in the order of their names", in_order, |sight| {
                vec![disable(sight)]
            }),
            sweep("stations out of service, in no order", shuffled, |sight| vec![disable(sight)]),
            sweep("a site out of service, then the next", by_site, |sight| vec![disable(sight)]),
            sweep("one EVSE of each station out of service", shuffled, |sight| {
                vec![order(serve(sight.version, sight.free, false))]
            }),
            sweep("restarts, in no order", shuffled, |sight| vec![order(reset_later(sight.version))]),
            sweep("less for every session, in no order", shuffled, |sight| vec![less(sight)]),
            sweep("cables released, in no order", shuffled, |sight| {
                vec![order(unlock(sight.version, sight.free))]
            }),
            sweep("settings, each of which anybody may change", shuffled, |sight| vec![tune(sight)]),
            sweep("something else on each", shuffled, |sight| vec![something(sight)]),
            sweep("something else on each, in the order of their names", in_order, |sight| {
                vec![something(sight)]
            }),
            sweep("looking around first, then settings, then out of service", shuffled, |sight| {
                vec![look(sight), tune(sight), disable(sight)]
            }),
            Attack::new("only at night, a few stations each, for a week", ALL, |play| {
                let places = shuffled(&play.targets());
                let mut left = places.into_iter();
                for _ in 0..7 {
                    // At 10 in the morning it begins; the night is 16 h away.
                    play.wait_s(16 * 3_600);
                    for place in left.by_ref().take(30) {
                        let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                        play.strike(place, &something(&sight));
                        play.wait_s(480);
                    }
                    play.wait_s(4 * 3_600);
                }
            }),
        ],
        twins: vec![
            Twin::new("a day of a support desk", ALL, |play| {
                let places: Vec<usize> = shuffled(&play.targets()).into_iter().take(6).collect();
                for (turn, place) in places.into_iter().enumerate() {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    let next = match turn % 3 {
                        0 => order(reset_later(sight.version)),
                        1 => order(unlock(sight.version, sight.free)),
                        _ => tune(&sight),
                    };
                    play.work(place, &next);
                    play.wait_s(4_500);
                }
            }),
            Twin::new("maintenance of two stations, one after the other", ALL, |play| {
                for place in play.targets().into_iter().step_by(61).take(2) {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    play.work(place, &order(serve(sight.version, sight.free, false)));
                    play.wait_s(3_600);
                    play.work(place, &order(reset_later(sight.version)));
                    play.wait_s(1_800);
                    play.work(place, &order(serve(sight.version, sight.free, true)));
                    play.wait_s(3_600);
                }
            }),
        ],
    }
}

/// The stations in another order.
type Route = fn(&[usize]) -> Vec<usize>;

fn in_order(places: &[usize]) -> Vec<usize> {
    places.to_vec()
}

/// A stride that visits all of them, and no neighbours after each other.
fn shuffled(places: &[usize]) -> Vec<usize> {
    let count = places.len();
    let stride = [77, 79, 83, 89].into_iter().find(|stride| !count.is_multiple_of(*stride)).unwrap_or(1);
    (0..count).filter_map(|turn| places.get(turn * stride % count).copied()).collect()
}

fn by_site(places: &[usize]) -> Vec<usize> {
    let mut places = places.to_vec();
    places.sort_by_key(|place| (place / crate::world::standard::SITE_STATIONS * 7 % 10, *place));
    places
}

/// The last command of each station is the one that does it.
fn sweep(name: &'static str, route: Route, write: fn(&Sight) -> Vec<Order>) -> Attack {
    Attack::new(name, ALL, move |play: &mut Play<'_>| {
        for place in route(&play.targets()) {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
            let orders = write(&sight);
            let Some((last, before)) = orders.split_last() else { continue };
            for order in before {
                play.prepare(place, order);
                play.pause();
            }
            play.strike(place, last);
            play.pause();
        }
    })
}

fn disable(sight: &Sight) -> Order {
    order(serve(sight.version, 0, false))
}

fn less(sight: &Sight) -> Order {
    let schedule = Schedule::amps(&[(0, 6.0)]).phases(3).starting(sight.time(0)).lasting(86_400);
    order(Profile::absolute(Purpose::Default, schedule).at(0).id(5).stack(1).set(sight.version))
}

fn tune(sight: &Sight) -> Order {
    order(if sight.is_v16() {
        setting::key("WebSocketPingInterval", "900")
    } else {
        setting::variable("OCPPCommCtrlr", "WebSocketPingInterval", "900")
    })
}

fn look(sight: &Sight) -> Order {
    order(if sight.is_v16() { setting::read_keys(&[]) } else { setting::base_report("FullInventory") })
}

fn something(sight: &Sight) -> Order {
    match sight.place % 5 {
        0 => order(reset_later(sight.version)),
        1 => disable(sight),
        2 => less(sight),
        3 => order(unlock(sight.version, sight.free)),
        _ => tune(sight),
    }
}
