//! C29: somebody looks around on many stations.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::line::order;
use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Spot, Twin, V2};
use crate::wire::service::installed_certificates;
use crate::wire::setting::{base_report, read_keys, read_variables};
use crate::wire::{is_v16, message};

/// The entry.
pub(super) fn entry() -> Entry {
    let schedule = |at: &Spot| {
        let payload = if is_v16(at.version) {
            json!({ "connectorId": 1, "duration": 86_400 })
        } else {
            json!({ "evseId": 1, "duration": 86_400 })
        };
        order(message("GetCompositeSchedule", payload))
    };
    Entry {
        id: "C29",
        name: "somebody looks around on many stations",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            sweep("all settings of every station", ALL, all),
            sweep("all settings, as a list of keys", &[Version::V16], |_| {
                order(read_keys(&[
                    "AuthorizationKey",
                    "CpoName",
                    "SecurityProfile",
                    "CentralSystemURL",
                    "AllowOfflineTxForUnknownId",
                    "LocalPreAuthorize",
                    "WebSocketPingInterval",
                    "SupportedFeatureProfiles",
                ]))
            }),
            sweep("what is set, and nothing else", V2, |_| order(base_report("ConfigurationInventory"))),
            sweep("what has a problem", V2, |_| order(base_report("SummaryInventory"))),
            sweep("everything that is available", V2, |_| {
                order(message("GetReport", json!({ "requestId": 81, "componentCriteria": ["Available"] })))
            }),
            sweep("all security settings, by component", V2, |_| {
                let wanted = json!([
                    { "component": { "name": "SecurityCtrlr" } }, { "component": { "name": "OCPPCommCtrlr" } },
                    { "component": { "name": "AuthCtrlr" } },
                ]);
                order(message("GetReport", json!({ "requestId": 81, "componentVariable": wanted })))
            }),
            sweep("security settings, one by one", V2, |_| {
                order(read_variables(&[
                    ("SecurityCtrlr", "SecurityProfile"),
                    ("SecurityCtrlr", "OrganizationName"),
                    ("OCPPCommCtrlr", "NetworkConfigurationPriority"),
                    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
                ]))
            }),
            sweep("all monitors", V2, |_| order(message("GetMonitoringReport", json!({ "requestId": 81 })))),
            sweep("certificates", ALL, |at| order(installed_certificates(at.version))),
            sweep("the version of the list", ALL, |_| order(message("GetLocalListVersion", json!({})))),
            sweep("the load of the day", ALL, schedule),
            sweep("something else on each", ALL, move |at| match at.place % 4 {
                0 => all(at),
                1 => order(installed_certificates(at.version)),
                2 => order(message("GetLocalListVersion", json!({}))),
                _ => schedule(at),
            }),
            Attack::new("everything, not in the order of names", ALL, |play| {
                let places = play.targets();
                for turn in 0..places.len() {
                    let Some(spot) = places.get(turn * 77 % places.len()).and_then(|place| play.spot(*place))
                    else {
                        continue;
                    };
                    ask(play, spot.place, &all(&spot));
                    play.pause();
                }
            }),
        ],
        twins: vec![
            Twin::order("a new station, looked through", ALL, all),
            Twin::order("one setting", ALL, |at| {
                order(if is_v16(at.version) {
                    read_keys(&["HeartbeatInterval"])
                } else {
                    read_variables(&[("OCPPCommCtrlr", "HeartbeatInterval")])
                })
            }),
            Twin::order("the load of the next hours", ALL, |at| {
                let evse = i64::from(at.evse());
                let payload = if is_v16(at.version) {
                    json!({ "connectorId": evse, "duration": 10_800 })
                } else {
                    json!({ "evseId": evse, "duration": 10_800 })
                };
                order(message("GetCompositeSchedule", payload))
            }),
            Twin::new("commissioning: everything of one station, twice", ALL, |play| {
                for place in play.one_of_each() {
                    for _ in 0..2 {
                        let Some(spot) = play.spot(place) else { continue };
                        play.work(place, &all(&spot));
                        play.work(place, &order(installed_certificates(spot.version)));
                        play.work(place, &order(message("GetLocalListVersion", json!({}))));
                        play.wait_s(900);
                    }
                }
            }),
        ],
    }
}

/// One question to each station. An answer that there is nothing is an answer, too.
fn sweep(
    name: &'static str,
    versions: &'static [Version],
    write: impl Fn(&Spot) -> Order + Send + Sync + 'static,
) -> Attack {
    Attack::new(name, versions, move |play| {
        play.campaign(|play, place| {
            if let Some(spot) = play.spot(place) {
                ask(play, place, &write(&spot));
            }
        });
    })
}

fn ask(play: &mut Play<'_>, place: usize, question: &Order) {
    let outcome = play.world.command(place, &question.action, &question.payload);
    play.count(place, outcome.delivered, &outcome, question);
}

fn all(at: &Spot) -> Order {
    order(if is_v16(at.version) { read_keys(&[]) } else { base_report("FullInventory") })
}
