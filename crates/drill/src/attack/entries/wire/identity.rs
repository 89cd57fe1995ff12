//! T05: the credential of a station, used by something else.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::attack::{ALL, Attack, Entry, Kind, Order, Play, Twin, order};
use crate::world::StationPlan;

/// What a station says of itself when it starts.
fn boot(plan: &StationPlan, reason: &str) -> Order {
    let payload = match plan.version {
        Version::V16 => json!({
            "chargePointVendor": plan.vendor, "chargePointModel": plan.model,
            "chargePointSerialNumber": plan.serial, "firmwareVersion": plan.firmware,
        }),
        Version::V201 | Version::V21 => json!({
            "reason": reason,
            "chargingStation": { "vendorName": plan.vendor, "model": plan.model, "serialNumber": plan.serial,
                "firmwareVersion": plan.firmware },
        }),
    };
    order("BootNotification", payload)
}

/// What a clone gets wrong.
type Change = fn(&mut StationPlan);

/// T05.
pub(super) fn cloned() -> Entry {
    let changes: [(&'static str, Change); 5] = [
        ("another serial number", |plan| plan.serial = "SN999999".to_owned()),
        ("another model", |plan| plan.model = "Totally-Other".to_owned()),
        ("another vendor", |plan| plan.vendor = "Evil".to_owned()),
        ("older software that nobody has ordered", |plan| plan.firmware = "1.2.0".to_owned()),
        ("other software that nobody has ordered", |plan| plan.firmware = "9.9.9-custom".to_owned()),
    ];
    let attacks = changes.into_iter().map(|(name, change)| {
        Attack::new(name, ALL, move |play: &mut Play<'_>| {
            play.campaign(|play, place| {
                let Some(mut plan) = play.world.station(place).map(|station| station.plan.clone()) else {
                    return;
                };
                change(&mut plan);
                play.world.hang_up(place);
                let _ = play.strike_report(place, &boot(&plan, "PowerUp"));
            });
        })
        .judged(Kind::Report)
    });
    Entry {
        id: "T05",
        name: "a station's credential used by something else",
        versions: ALL,
        kind: Kind::Report,
        attacks: attacks.collect(),
        twins: vec![
            Twin::new("the station itself comes back", ALL, |play| {
                for place in play.one_of_each() {
                    let Some(plan) = play.world.station(place).map(|station| station.plan.clone()) else {
                        continue;
                    };
                    play.world.hang_up(place);
                    play.wait_s(120);
                    let _ = play.work_report(place, &boot(&plan, "PowerUp"));
                }
            }),
            Twin::new("after software that was ordered", ALL, |play| {
                for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                    let Some(at) = play.spot(place) else { continue };
                    let papers = crate::attack::Papers::get();
                    let update = at.firmware(
                        "https://firmware.example.com/acme/twin/1.9.0.bin",
                        Some((&papers.signer, "c2lnbmF0dXJl")),
                    );
                    let ordered = play.world.command(place, &update.action, &update.payload);
                    if !ordered.delivered {
                        // It waits for people; what follows would be the attack.
                        let _ = play.work_report(place, &order("Heartbeat", json!({})));
                        continue;
                    }
                    play.wait_s(1_800);
                    let Some(mut plan) = play.world.station(place).map(|station| station.plan.clone()) else {
                        continue;
                    };
                    plan.firmware = "1.9.0".to_owned();
                    play.world.hang_up(place);
                    let _ = play.work_report(place, &boot(&plan, "FirmwareUpdate"));
                }
            }),
        ],
    }
}
