//! C11: stations taken out of service.

use serde_json::json;

use super::super::takeover::vendor_setting;
use crate::attack::{ALL, Attack, Entry, Intensity, Kind, Play, Spot, Twin, V2, order, vendor_data};
use crate::world::standard::SITE_STATIONS;

/// C11.
pub(in super::super) fn taken_out() -> Entry {
    Entry {
        id: "C11",
        name: "stations taken out of service",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            Attack::order("every station", ALL, |at: &Spot| at.availability(0, false)),
            Attack::new("every EVSE by itself", ALL, |play| {
                play.campaign(|play, place| {
                    let Some(at) = play.spot(place) else { return };
                    for evse in 1..=at.evses {
                        play.strike(place, &at.availability(evse, false));
                    }
                });
            }),
            Attack::order("every connector", V2, |at: &Spot| {
                order(
                    "ChangeAvailability",
                    json!({ "operationalStatus": "Inoperative", "evse": { "id": at.evse(), "connectorId": 1 } }),
                )
            }),
            Attack::new("only where nobody charges, scattered", ALL, |play| {
                let targets = play.scattered(play.targets_where(|spot| spot.charging.is_none()));
                play.campaign_over(&targets, |play, place| {
                    if let Some(at) = play.spot(place) {
                        play.strike(place, &at.availability(0, false));
                    }
                });
            }),
            Attack::new("in turn with restarts, unlocking and new software", ALL, mixed),
            Attack::new("a whole site", ALL, |play| {
                play.bound(25.0, SITE_STATIONS);
                let site = play.targets_where(|spot| spot.site == "site-4");
                play.campaign_over(&site, |play, place| {
                    if let Some(at) = play.spot(place) {
                        play.strike(place, &at.availability(0, false));
                    }
                });
            })
            .only(&[Intensity::Burst, Intensity::Paced]),
            Attack::orders("in a vendor's words", ALL, |at: &Spot| {
                vec![
                    vendor_setting(at, "ChargePointEnabled", "false"),
                    vendor_setting(at, "OutOfService", "true"),
                    vendor_setting(at, "Connector1.Disabled", "1"),
                    vendor_setting(at, "OperationMode", "maintenance"),
                    vendor_data("Acme", "disable", "all"),
                    vendor_data(
                        "com.example.listed",
                        "ChangeAvailability",
                        &at.availability(0, false).payload.to_string(),
                    ),
                ]
            }),
        ],
        twins: vec![
            Twin::new("a station is serviced", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.availability(0, false));
                    play.wait_s(2 * 3_600);
                    let _ = play.work(place, &at.availability(0, true));
                    play.wait_s(6 * 3_600);
                }
            }),
            Twin::new("a broken connector", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.evses > 1 && spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.free.unwrap_or(1);
                    let _ = play.world.status(place, evse, "Faulted");
                    play.wait_s(600);
                    let _ = play.work(place, &at.availability(evse, false));
                    play.wait_s(6 * 3_600);
                }
            }),
        ],
    }
}

/// Each action alone stays under a bound of its own.
fn mixed(play: &mut Play<'_>) {
    let targets = play.scattered(play.targets_where(|spot| spot.charging.is_none()));
    let mut turn = 0;
    play.campaign_over(&targets, |play, place| {
        let Some(at) = play.spot(place) else { return };
        turn += 1;
        let order = match turn % 4 {
            0 => at.availability(0, false),
            1 => at.reset(true),
            2 => at.unlock(1),
            _ => at.availability(1, false),
        };
        play.strike(place, &order);
    });
}
