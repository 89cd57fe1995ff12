//! C13: sessions begun for the wrong token.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::attack::{ALL, Attack, Entry, Kind, Order, Sketch, Spot, Twin, V2, order};
use crate::world::id_token;

/// C13.
pub(in super::super) fn substituted() -> Entry {
    Entry {
        id: "C13",
        name: "a session begun at the cost of somebody else, or of nobody",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::orders("for nobody", V2, |at: &Spot| {
                ["NoAuthorization", "noauthorization", "NOAUTHORIZATION", " NoAuthorization"]
                    .iter()
                    .map(|kind| start_as(at, json!({ "idToken": "", "type": kind })))
                    .chain([start_as(at, json!({ "idToken": "x", "type": "NoAuthorization" }))])
                    .collect()
            }),
            Attack::new("with a token that charges elsewhere", ALL, |play| {
                let victims: Vec<String> = play
                    .world
                    .stations()
                    .iter()
                    .flat_map(|station| station.charges())
                    .map(|charge| charge.token.clone())
                    .collect();
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let here = at.charging.as_ref().map(|(_, _, token)| token.clone());
                        let victim =
                            victims.iter().skip(place % 40).find(|token| Some(*token) != here.as_ref());
                        let Some(victim) = victim else { return };
                        for spelled in [victim.clone(), victim.to_lowercase()] {
                            play.strike(place, &at.start(at.free.unwrap_or(1), &spelled));
                        }
                    },
                );
            }),
            Attack::new("with a token that was just refused", ALL, |play| {
                play.campaign_where(
                    |spot| spot.free.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        let token = format!("BLOCKED{place:04}");
                        let (asked, answer) = refusal(at.version, &token);
                        let _ = play.world.report_answered(place, "Authorize", &asked, answer);
                        play.pause();
                        play.strike(place, &at.start(at.free.unwrap_or(1), &token));
                    },
                );
            }),
            Attack::new("where somebody else charges", ALL, |play| {
                play.campaign_where(
                    |spot| spot.charging.is_some(),
                    |play, place| {
                        let Some(at) = play.spot(place) else { return };
                        play.strike(place, &at.start(at.evse(), "INTRUDER01"));
                    },
                );
            }),
            Attack::orders("with a profile that no charger can follow", ALL, |at: &Spot| {
                let evse = at.free.unwrap_or(1);
                let with = |sketch: Sketch| {
                    let mut order = at.start(evse, &format!("FRESH{:05}", at.number));
                    if let Some(payload) = order.payload.as_object_mut() {
                        payload.insert("chargingProfile".to_owned(), sketch.write(at));
                    }
                    order
                };
                let own = || Sketch {
                    purpose: "TxProfile",
                    kind: "Relative",
                    starts_s: None,
                    more: Value::Null,
                    ..Sketch::default()
                };
                vec![
                    with(Sketch { periods: vec![(0, -5.0)], ..own() }),
                    with(Sketch { periods: vec![(0, 9.0e9)], ..own() }),
                    with(Sketch { periods: vec![(60, 11_000.0)], ..own() }),
                    with(Sketch { periods: vec![(0, 11_000.0), (0, 7_000.0)], ..own() }),
                    with(Sketch { periods: vec![(0, 0.0), (1, 11_000.0), (2, 0.0), (3, 11_000.0)], ..own() }),
                    with(Sketch { purpose: "ChargingStationMaxProfile", ..own() }),
                    with(Sketch { purpose: "TxDefaultProfile", ..own() }),
                    with(Sketch { kind: "Recurring", ..own() }),
                ]
            }),
            Attack::orders("at an EVSE that is not there", ALL, |at: &Spot| {
                vec![at.start(99, "FRESH00001"), at.start(at.evses + 1, "FRESH00002")]
            }),
        ],
        twins: vec![
            Twin::new("a driver's own token at a free EVSE", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let _ = play.work(place, &at.start(at.free.unwrap_or(1), &format!("OWN{place:05}")));
                    play.wait_s(600);
                }
            }),
            Twin::new("the same token again, elsewhere, later", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let evse = at.free.unwrap_or(1);
                    let _ = play.work(place, &at.start(evse, "TRAVELLER1"));
                    play.wait_s(1_800);
                    let _ = play.world.end_session(place, evse, "EVDisconnected");
                    play.wait_s(3_600);
                }
            }),
            Twin::new("with a modest profile", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.free.is_some()) {
                    let Some(at) = play.spot(place) else { continue };
                    let sketch = Sketch {
                        purpose: "TxProfile",
                        kind: "Relative",
                        starts_s: None,
                        duration_s: None,
                        periods: vec![(0, 7_400.0)],
                        ..Sketch::default()
                    };
                    let mut order = at.start(at.free.unwrap_or(1), &format!("SLOW{place:05}"));
                    let mut profile = sketch.write(&Spot { charging: None, ..at.clone() });
                    if let Some(profile) = profile.as_object_mut() {
                        profile.remove("transactionId");
                    }
                    if let Some(payload) = order.payload.as_object_mut() {
                        payload.insert("chargingProfile".to_owned(), profile);
                    }
                    let _ = play.work(place, &order);
                    play.wait_s(600);
                }
            }),
        ],
    }
}

fn start_as(at: &Spot, token: Value) -> Order {
    order(
        "RequestStartTransaction",
        json!({ "evseId": at.free.unwrap_or(1), "remoteStartId": at.number, "idToken": token }),
    )
}

/// A token is shown, and turned down.
fn refusal(version: Version, token: &str) -> (Value, Value) {
    match version {
        Version::V16 => (json!({ "idTag": token }), json!({ "idTagInfo": { "status": "Blocked" } })),
        Version::V201 | Version::V21 => {
            (json!({ "idToken": id_token(token) }), json!({ "idTokenInfo": { "status": "Blocked" } }))
        }
    }
}
