//! C10: stations restarted, or made to talk, all together or again and again.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Intensity, Kind, Play, Spot, Twin, V2, order, vendor_data};
use crate::world::standard::SITE_STATIONS;

use super::super::takeover::vendor_setting;

const V16: &[Version] = &[Version::V16];
/// So many restarts of one station, where one an hour is enough.
const AGAIN: usize = 4;
/// So many messages asked of one station at once; more than a person needs in a minute.
const TRIGGERS: u32 = 12;
/// So many of them may be work.
const TRIGGERS_MEANT: u32 = 6;

/// C10.
pub(in super::super) fn resets() -> Entry {
    Entry {
        id: "C10",
        name: "restarts and requests for messages by storm",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            Attack::order("every station, cutting sessions off", ALL, |at: &Spot| at.reset(true)),
            Attack::order("every station, in order", ALL, |at: &Spot| at.reset(false)),
            Attack::new("scattered over the sites, in turn at once and in order", ALL, |play| {
                let targets = play.scattered(play.targets());
                play.campaign_over(&targets, |play, place| {
                    if let Some(at) = play.spot(place) {
                        play.strike(place, &at.reset(place % 2 == 0));
                    }
                });
            }),
            Attack::new("only where nobody charges", ALL, |play| {
                play.campaign_where(
                    |spot| spot.charging.is_none(),
                    |play, place| {
                        if let Some(at) = play.spot(place) {
                            play.strike(place, &at.reset(true));
                        }
                    },
                );
            }),
            Attack::order("EVSE by EVSE", V2, |at: &Spot| {
                order("Reset", json!({ "type": "Immediate", "evseId": at.evse() }))
            }),
            Attack::new("a whole site", ALL, |play| {
                play.bound(20.0, SITE_STATIONS);
                let site = play.targets_where(|spot| spot.site == "site-3");
                play.campaign_over(&site, |play, place| {
                    if let Some(at) = play.spot(place) {
                        play.strike(place, &at.reset(true));
                    }
                });
            })
            .only(&[Intensity::Burst]),
            Attack::new("while somebody charges", ALL, |play| {
                play.campaign_where(
                    |spot| spot.charging.is_some(),
                    |play, place| {
                        if let Some(at) = play.spot(place) {
                            play.strike(place, &at.reset(true));
                        }
                    },
                );
            })
            .judged(Kind::Hard),
            Attack::new("one station again and again", ALL, |play| {
                let idle = play.targets_where(|spot| spot.charging.is_none());
                for place in idle {
                    let Some(at) = play.spot(place) else { continue };
                    // The first may be somebody's work.
                    let _ = play.prepare(place, &at.reset(true));
                    for time in 0..AGAIN.min(2) {
                        play.pause();
                        play.strike(place, &at.reset(time % 2 == 0));
                    }
                }
            })
            .judged(Kind::Hard),
            Attack::orders("in a vendor's words", ALL, |at: &Spot| {
                vec![
                    vendor_setting(at, "Reboot", "true"),
                    vendor_setting(at, "RestartNow", "1"),
                    vendor_setting(at, "factory_reset", "yes"),
                    vendor_data("Acme", "reboot", ""),
                ]
            })
            .judged(Kind::Hard),
            Attack::order("inside vendor data", ALL, |at: &Spot| {
                vendor_data("com.example.listed", "Reset", &at.reset(true).payload.to_string())
            }),
            Attack::new("asked to talk, hundreds of times a minute", ALL, |play| {
                talk(play, |at, turn| {
                    let wanted = ["MeterValues", "StatusNotification", "Heartbeat"];
                    at.trigger(wanted.get(turn as usize % wanted.len()).copied().unwrap_or("Heartbeat"))
                });
            })
            .only(&[Intensity::Burst]),
            Attack::new("asked to talk, by the security extension", V16, |play| {
                talk(play, |_, _| {
                    order("ExtendedTriggerMessage", json!({ "requestedMessage": "MeterValues" }))
                });
            })
            .only(&[Intensity::Burst]),
        ],
        twins: vec![
            Twin::new("a faulty station without a session", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.world.status(place, 1, "Faulted");
                    play.wait_s(300);
                    let _ = play.work(place, &at.reset(true));
                    play.wait_s(3_600);
                }
            }),
            Twin::new("a restart in order, one station a shift", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.reset(false));
                    play.wait_s(8 * 3_600);
                }
            }),
            Twin::new("fresh readings of ten stations", ALL, |play| {
                let places = play.targets();
                for place in places.into_iter().step_by(19).take(10) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.trigger("MeterValues"));
                    let _ = play.work(place, &at.trigger("StatusNotification"));
                    play.wait_s(20);
                }
            }),
        ],
    }
}

/// Many requests to each station; those beyond what a person needs count.
fn talk(play: &mut Play<'_>, write: impl Fn(&Spot, u32) -> crate::attack::Order) {
    play.campaign(|play, place| {
        let Some(at) = play.spot(place) else { return };
        let mut heard = 0;
        for turn in 0..TRIGGERS {
            let order = write(&at, turn);
            let outcome = play.world.command(place, &order.action, &order.payload);
            heard += u32::from(outcome.delivered);
            if turn >= TRIGGERS_MEANT {
                play.count(place, outcome.delivered && heard > TRIGGERS_MEANT, &outcome, &order);
            }
        }
    });
}
