//! X02: one management system undoes what the other has done.

use serde_json::json;

use crate::attack::line::{Lines, Sight, attacks_after, is_half_taken, order};
use crate::attack::{ALL, Attack, Entry, Kind, Play, Twin};
use crate::wire::profile::{Profile, Purpose, Schedule, Selection, clear};
use crate::wire::session::{cancel_reservation, reserve, serve, start, unlock};
use crate::wire::setting::{Variable, variables};
use crate::wire::{Message, message};
use crate::world::standard::{OWNER, PROVIDER};

/// The owner's reservation.
const RESERVATION: i64 = 8_811;

/// The entry.
pub(super) fn entry() -> Entry {
    let mut attacks = attacks_after(locked_out, undo);
    attacks.push(Attack::new("a limit that the grid operator has asked for, outranked", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            curtailed(play, place);
            let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
            let schedule = Schedule::watts(&[(0, sight.evse_w)]);
            let full = Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(3).stack(9);
            play.strike(place, &order(full.set(sight.version)));
        });
    }));
    attacks.push(Attack::new("a limit that the grid operator has asked for, cleared", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            curtailed(play, place);
            let Some(version) = play.world.version(place) else { return };
            let defaults = Selection { purpose: Some(Purpose::Default), ..Selection::default() };
            play.strike(place, &order(clear(version, defaults)));
        });
    }));
    attacks.push(Attack::new("the owner's reservation, given up", ALL, |play| {
        play.campaign_where(is_half_taken, |play, place| {
            reserved(play, place);
            play.strike(place, &order(cancel_reservation(RESERVATION)));
        });
    }));
    Entry {
        id: "X02",
        name: "one management system undoes what the other has done",
        versions: ALL,
        kind: Kind::Hard,
        attacks,
        twins: vec![
            Twin::new("the owner ends the owner's lock-out", ALL, |play| {
                for place in play.one_of_each_where(is_half_taken) {
                    locked_out(play, place);
                    play.world.switch(place, OWNER);
                    let Some(version) = play.world.version(place) else { continue };
                    play.work(place, &order(serve(version, 0, true)));
                    play.world.switch(place, PROVIDER);
                }
            }),
            Twin::new("the provider puts back what the provider has taken out", ALL, |play| {
                for place in play.one_of_each_where(is_half_taken) {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    play.work(place, &order(serve(sight.version, sight.free, false)));
                    play.wait_s(3_600);
                    play.work(place, &order(serve(sight.version, sight.free, true)));
                }
            }),
            Twin::new("the provider gives up the provider's reservation", ALL, |play| {
                for place in play.one_of_each_where(is_half_taken) {
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    let until = sight.time(1_800);
                    let order_it = order(reserve(sight.version, 12, sight.free, "04A1B2C3", &until));
                    play.work(place, &order_it);
                    play.wait_s(300);
                    play.work(place, &order(cancel_reservation(12)));
                }
            }),
            Twin::new("the provider limits a session further than the owner", ALL, |play| {
                for place in play.one_of_each_where(is_half_taken) {
                    curtailed(play, place);
                    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { continue };
                    let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.3).round())]);
                    let less = Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(3);
                    play.work(place, &order(less.set(sight.version)));
                }
            }),
        ],
    }
}

/// The owner has taken the station out of service: somebody works on it.
fn locked_out(play: &mut Play<'_>, place: usize) {
    by_owner(play, place, |sight| serve(sight.version, 0, false));
}

/// The owner has limited every session: the grid operator has asked for it.
fn curtailed(play: &mut Play<'_>, place: usize) {
    by_owner(play, place, |sight| {
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.4).round())]);
        let profile = Profile::absolute(Purpose::Default, schedule.starting(sight.time(0)).lasting(7_200));
        profile.at(0).id(911).stack(7).set(sight.version)
    });
}

/// The owner keeps an EVSE.
fn reserved(play: &mut Play<'_>, place: usize) {
    by_owner(play, place, |sight| {
        reserve(sight.version, RESERVATION, sight.free, "04C5010001", &sight.time(3_600))
    });
}

fn by_owner(play: &mut Play<'_>, place: usize, write: fn(&Sight) -> Message) {
    play.world.switch(place, OWNER);
    if let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) {
        play.prepare(place, &order(write(&sight)));
    }
    play.world.switch(place, PROVIDER);
    play.wait_s(600);
}

fn undo(sight: &Sight) -> Lines {
    let v = sight.version;
    let mut lines = Lines::default();
    lines.add("the station put back", serve(v, 0, true));
    lines.add("its free EVSE put back", serve(v, sight.free, true));
    lines.add("its other EVSE put back", serve(v, sight.session.evse, true));
    lines.add("a session started on it", start(v, Some(sight.free), "04F02A7E"));
    lines.add("a session started anywhere on it", start(v, None, "04F02A7E"));
    lines.add("its cable released", unlock(v, sight.session.evse));
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "its connector put back", || {
        let evse = json!({ "id": sight.free, "connectorId": 1 });
        message("ChangeAvailability", json!({ "operationalStatus": "Operative", "evse": evse }))
    });
    lines.add_if(v2x, "put back by a variable", || {
        let state = Variable { evse: Some(sight.free), ..Variable::new("EVSE", "Available") };
        variables(&[(state, "true")])
    });
    lines.add_if(v2x, "put back by another variable", || {
        variables(&[(Variable::new("ChargingStation", "AvailabilityState"), "Available")])
    });
    lines
}
