//! X01: commands of somebody who has no say in it.

use serde_json::json;

use crate::attack::line::{Lines, Sight, attacks as each, is_half_taken, order};
use crate::attack::{ALL, Entry, Kind, Order, Play, Twin};
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::service::{delete_certificate, firmware, install_root, network_profile, signed_firmware};
use crate::wire::session::{reset_later, serve};
use crate::wire::setting;
use crate::world::standard::{OWNER, PROVIDER};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![Entry {
        id: "X01",
        name: "the network provider does what only the owner may",
        versions: ALL,
        kind: Kind::Hard,
        attacks: each(reserved),
        twins: vec![
            by_owner("the owner takes a station out of service", |sight| {
                order(serve(sight.version, 0, false))
            }),
            by_owner("the owner limits a station", |sight| {
                let schedule =
                    Schedule::watts(&[(0, (sight.station_w * 0.7).round())]).starting(sight.time(0));
                order(Profile::absolute(Purpose::Max, schedule).id(71).set(sight.version))
            }),
            by_owner("the owner restarts a station", |sight| order(reset_later(sight.version))),
            by_owner("the owner tunes a setting", |sight| {
                order(if sight.is_v16() {
                    setting::key("MaxEnergyOnInvalidId", "0")
                } else {
                    setting::variable("TxCtrlr", "MaxEnergyOnInvalidId", "0")
                })
            }),
            Twin::new("the owner's software, on the owner's approval", ALL, |play| {
                for place in play.one_of_each_where(is_half_taken) {
                    play.world.switch(place, OWNER);
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    let update = order(firmware(
                        sight.version,
                        "https://firmware.example.com/acme/2.0.0.bin",
                        &sight.time(36_000),
                        None,
                    ));
                    play.work_or_ask(place, &update);
                    play.world.switch(place, PROVIDER);
                }
            }),
        ],
    }]
}

fn by_owner(name: &'static str, write: fn(&Sight) -> Order) -> Twin {
    Twin::new(name, ALL, move |play: &mut Play<'_>| {
        for place in play.one_of_each_where(is_half_taken) {
            play.world.switch(place, OWNER);
            if let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) {
                play.work(place, &write(&sight));
            }
            play.world.switch(place, PROVIDER);
            play.wait_s(3_600);
        }
    })
}

fn reserved(sight: &Sight) -> Lines {
    let v = sight.version;
    let mut lines = Lines::default();
    let soon = sight.time(600);
    lines.add("software of the provider's own", firmware(v, "https://cnp.example/fw.bin", &soon, None));
    lines.add("software from where the owner's comes from, unsigned", {
        firmware(v, "https://firmware.example.com/acme/2.0.0.bin", &soon, None)
    });
    lines.add("software from where the owner's comes from, signed by somebody", {
        signed_firmware(v, "https://firmware.example.com/acme/2.0.0.bin", &soon, None, "certificate")
    });
    lines.add("an anchor", install_root(v, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"));
    lines.add("an anchor removed", delete_certificate("4711"));
    let v2x = !sight.is_v16();
    lines.add_if(sight.is_v16(), "energy for invalid tokens", || {
        setting::key("MaxEnergyOnInvalidId", "999999")
    });
    lines.add_if(sight.is_v16(), "the name of the owner", || setting::key("CpoName", "Provider Ltd"));
    lines.add_if(sight.is_v16(), "the security profile", || setting::key("SecurityProfile", "3"));
    lines.add_if(v2x, "the name of the owner", || {
        setting::variable("SecurityCtrlr", "OrganizationName", "Provider Ltd")
    });
    lines.add_if(v2x, "the order of connections", || {
        setting::variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1")
    });
    lines.add_if(v2x, "a connection", || network_profile(v, 2, "wss://cnp.example/ocpp", 2));
    lines.add_if(v2x, "a limit of the site", || {
        let schedule = Schedule::watts(&[(0, sight.station_w)]).starting(sight.time(0));
        Profile::absolute(Purpose::External, schedule).id(9).set(v)
    });
    lines.add_if(sight.is_v21(), "how the station supports the grid", || {
        crate::wire::profile::der(
            "d1",
            "FixedVar",
            true,
            json!({ "fixedVar": {
            "priority": 0, "setpoint": 10.0, "unit": "PctMaxVar",
        } }),
        )
    });
    lines
}
