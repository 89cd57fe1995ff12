//! C14: cables released that somebody needs.

use chargewarden_ocpp::Version;

use super::super::takeover::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Kind, Spot, Twin, vendor_data};

/// C14.
pub(in super::super) fn in_use() -> Entry {
    Entry {
        id: "C14",
        name: "a cable released while somebody charges, or many of them",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("while somebody charges", ALL, |play| {
                play.campaign_where(
                    |spot| spot.charging.is_some(),
                    |play, place| {
                        if let Some(at) = play.spot(place) {
                            play.strike(place, &at.unlock(at.evse()));
                        }
                    },
                );
            }),
            Attack::new("while the vehicle has paused", ALL, |play| {
                play.campaign_where(
                    |spot| spot.charging.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let _ = play.world.status(place, at.evse(), "SuspendedEV");
                        play.strike(place, &at.unlock(at.evse()));
                        let _ = play.world.status(place, at.evse(), "SuspendedEVSE");
                        play.strike(place, &at.unlock(at.evse()));
                    },
                );
            }),
            Attack::new("again and again", ALL, |play| {
                let idle = play.targets_where(|spot| spot.charging.is_none());
                for place in idle {
                    let Some(at) = play.spot(place) else { continue };
                    // Two an hour are somebody's work.
                    let _ = play.prepare(place, &at.unlock(1));
                    let _ = play.prepare(place, &at.unlock(1));
                    for _ in 0..2 {
                        play.world.pass(std::time::Duration::from_secs(120));
                        play.strike(place, &at.unlock(1));
                    }
                }
            }),
            Attack::new("where nobody charges, all over the fleet", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        if let Some(at) = play.spot(place) {
                            play.strike(place, &at.unlock(at.free.unwrap_or(1)));
                        }
                    },
                );
            })
            .judged(Kind::Cumulative),
            Attack::orders("in a vendor's words", ALL, |at: &Spot| {
                let inner = at.unlock(at.evse()).payload.to_string();
                vec![
                    vendor_setting(at, "UnlockAll", "true"),
                    vendor_setting(at, "CableLock", "off"),
                    vendor_data("com.example.listed", "UnlockConnector", &inner),
                    vendor_data("Acme", "unlock", "1"),
                ]
            }),
        ],
        twins: vec![
            Twin::new("a driver cannot pull the cable after the session", ALL, |play| {
                for place in play.one_of_each() {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.evse();
                    let _ = play.world.end_session(place, evse, "Local");
                    if at.version == Version::V16 {
                        let _ = play.world.status(place, evse, "Finishing");
                    } else {
                        let _ = play.world.status(place, evse, "Occupied");
                    }
                    play.wait_s(240);
                    let _ = play.work(place, &at.unlock(evse));
                    play.wait_s(120);
                    let _ = play.work(place, &at.unlock(evse));
                    play.wait_s(3_600);
                }
            }),
            Twin::new("a faulty connector", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.free.unwrap_or(1);
                    let _ = play.world.status(place, evse, "Faulted");
                    let _ = play.work(place, &at.unlock(evse));
                    play.wait_s(3_600);
                }
            }),
        ],
    }
}
