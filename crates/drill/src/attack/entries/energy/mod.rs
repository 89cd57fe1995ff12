//! C16 to C24: limits, loads and feeding back.

mod bomb;
mod feedback;
mod grid;
mod lift;
mod malformed;
mod outrank;
mod overload;
mod starve;
mod swing;

use chargewarden_ocpp::Version;

use crate::attack::line::{Sight, attacks, attacks_after, is_half_taken, order, twins, twins_after};
use crate::attack::{ALL, Attack, Entry, Kind, Twin, V2, V21};
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::setting;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        starvation(),
        starvation_of_all(),
        hard("C17", "a limit above what the hardware carries", ALL, overload::attacks, overload::twins),
        hard("C18", "a profile that no station can follow", ALL, malformed::attacks, malformed::twins),
        Entry {
            id: "C19",
            name: "a profile in the place of the owner's",
            versions: ALL,
            kind: Kind::Hard,
            attacks: attacks_after(outrank::owner_protects, outrank::attacks),
            twins: twins_after(outrank::owner_protects, outrank::twins),
        },
        lifting(),
        Entry {
            id: "C21",
            name: "load that swings",
            versions: ALL,
            kind: Kind::Hard,
            attacks: swing::hard(),
            twins: swing::twins(),
        },
        Entry {
            id: "C21",
            name: "load of the fleet switched at once",
            versions: ALL,
            kind: Kind::Cumulative,
            attacks: swing::fleet(),
            twins: vec![],
        },
        Entry {
            id: "C22",
            name: "commands that all act at one moment",
            versions: ALL,
            kind: Kind::Cumulative,
            attacks: bomb::attacks(),
            twins: bomb::twins(),
        },
        Entry {
            id: "C23",
            name: "feeding back, and set-points that turn round fast",
            versions: &[Version::V21],
            kind: Kind::Hard,
            attacks: feedback::attacks(),
            twins: feedback::twins(),
        },
        Entry {
            id: "C24",
            name: "grid support set wrongly",
            versions: &[Version::V21],
            kind: Kind::Hard,
            attacks: attacks(grid::attacks),
            twins: vec![Twin::order("reading what is set", V21, |at| {
                crate::attack::order("GetDERControl", serde_json::json!({ "requestId": at.number }))
            })],
        },
    ]
}

fn hard(
    id: &'static str,
    name: &'static str,
    versions: &'static [Version],
    attack: fn(&Sight) -> crate::attack::line::Lines,
    twin: fn(&Sight) -> crate::attack::line::Lines,
) -> Entry {
    Entry { id, name, versions, kind: Kind::Hard, attacks: attacks(attack), twins: twins(twin) }
}

fn starvation() -> Entry {
    let mut entry = hard("C16", "a limit that denies the charge", ALL, starve::attacks, starve::twins);
    entry.attacks.push(Attack::new("short pauses, one after the other", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            for turn in 0..6 {
                let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                let schedule = Schedule::watts(&[(0, 0.0)]).starting(sight.time(0)).lasting(14 * 60);
                let pause = Profile::absolute(Purpose::Tx, schedule).of(&sight.session).id(7);
                let pause = order(pause.set(sight.version));
                // The first is a pause.
                if turn == 0 {
                    play.prepare(place, &pause);
                } else {
                    play.strike(place, &pause);
                }
                play.wait_s(13 * 60);
            }
        });
    }));
    entry.attacks.push(Attack::new("a limit in the answer to a session's beginning", V21, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
            let at = sight.time(0);
            let event = crate::wire::report::Event {
                kind: "Updated",
                trigger: "ChargingStateChanged",
                transaction: &sight.session.transaction,
                number: 7,
                at: &at,
                charging: Some("Charging"),
            };
            let report = order(event.with(serde_json::json!({})));
            let answer = serde_json::json!({ "transactionLimit": { "maxEnergy": 1.0, "maxTime": 1 } });
            play.strike_answer(place, &report, &answer);
        });
    }));
    entry
}

/// A pause is what anybody may order; on many stations it is not a pause any more.
fn starvation_of_all() -> Entry {
    let pause = |name, write: fn(&Sight) -> Profile| {
        Attack::new(name, ALL, move |play: &mut crate::attack::Play<'_>| {
            play.campaign_where(
                |spot| spot.charging.is_some(),
                move |play, place| {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
                    play.strike(place, &order(write(&sight).set(sight.version)));
                },
            );
        })
    };
    Entry {
        id: "C16",
        name: "a pause for the whole fleet",
        versions: ALL,
        kind: Kind::Cumulative,
        attacks: vec![
            pause("every session, ten minutes", |sight| {
                let schedule = Schedule::watts(&[(0, 0.0)]).starting(sight.time(0)).lasting(600);
                Profile::absolute(Purpose::Tx, schedule).of(&sight.session).id(7)
            }),
            pause("every station, ten minutes", |sight| {
                let schedule = Schedule::amps(&[(0, 0.0)]).starting(sight.time(0)).lasting(600);
                Profile::absolute(Purpose::Max, schedule).id(8)
            }),
            pause("every session, the least a vehicle can use, without end", |sight| {
                let schedule = Schedule::amps(&[(0, 6.0)]).phases(1);
                Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(7)
            }),
            pause("every default, the least a vehicle can use, for a week", |sight| {
                let schedule = Schedule::amps(&[(0, 6.0)]).phases(1).starting(sight.time(0));
                Profile::absolute(Purpose::Default, schedule.lasting(604_800)).at(0).id(9).stack(3)
            }),
        ],
        twins: vec![],
    }
}

fn lifting() -> Entry {
    let mut entry = Entry {
        id: "C20",
        name: "the owner's limits taken away",
        versions: ALL,
        kind: Kind::Hard,
        attacks: attacks_after(lift::both_limit, lift::attacks),
        twins: twins_after(lift::both_limit, lift::twins),
    };
    entry.twins.push(Twin::new("the owner takes the owner's limits back", ALL, |play| {
        for place in play.one_of_each_where(is_half_taken) {
            lift::owner_releases(play, place);
        }
    }));
    entry.attacks.push(Attack::new("every id from nought on", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            lift::both_limit(play, place);
            let Some(version) = play.world.version(place) else { return };
            // Those of the provider's own are no leak.
            for id in (890..910).filter(|id| *id != 0) {
                let selection = crate::wire::profile::Selection { id: Some(id), ..Default::default() };
                let clear = order(crate::wire::profile::clear(version, selection));
                if [lift_ids::MAX, lift_ids::DEFAULT].contains(&id) {
                    play.strike(place, &clear);
                } else {
                    play.prepare(place, &clear);
                }
            }
        });
    }));
    entry.attacks.push(Attack::new("a variable that lifts limits, among harmless ones", V2, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            lift::both_limit(play, place);
            let several = setting::variables(&[
                (setting::Variable::new("OCPPCommCtrlr", "HeartbeatInterval"), "300"),
                (setting::Variable::new("SmartChargingCtrlr", "Enabled"), "false"),
                (setting::Variable::new("SampledDataCtrlr", "TxUpdatedInterval"), "60"),
            ]);
            play.strike(place, &order(several));
        });
    }));
    entry
}

/// Ids of the owner's profiles.
mod lift_ids {
    pub(super) const MAX: i64 = super::outrank::OWNERS_MAX;
    pub(super) const DEFAULT: i64 = super::outrank::OWNERS_DEFAULT;
}
