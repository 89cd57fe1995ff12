//! C20: the owner's limits taken away.

use super::outrank::{OWNERS_DEFAULT, OWNERS_MAX};
use crate::attack::Play;
use crate::attack::line::{Lines, Sight, order};
use crate::wire::profile::{Profile, Purpose, Schedule, Selection, clear};
use crate::wire::setting;
use crate::world::standard::{OWNER, PROVIDER};

/// Id of a profile of the provider's own.
const OWN: i64 = 61;
/// Id of another.
const OWN_DEFAULT: i64 = 62;

/// The owner limits station and sessions; the provider has a limit on one session, and a default below the owner's.
pub(super) fn both_limit(play: &mut Play<'_>, place: usize) {
    super::outrank::owner_protects(play, place);
    let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) else { return };
    let schedule = || Schedule::watts(&[(0, (sight.evse_w * 0.5).round())]);
    let session = Profile::relative(Purpose::Tx, schedule()).of(&sight.session).id(OWN);
    let default =
        Profile::relative(Purpose::Default, schedule()).at(sight.session.evse).id(OWN_DEFAULT).stack(1);
    for profile in [session, default] {
        play.prepare(place, &order(profile.set(sight.version)));
    }
    play.wait_s(60);
}

/// Everything that takes one of the owner's with it.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let v = sight.version;
    let none = Selection::default();
    let mut lines = Lines::default();
    lines.add("everything", clear(v, none));
    lines.add("the owner's limit of the station, by its id", {
        clear(v, Selection { id: Some(OWNERS_MAX), ..none })
    });
    lines.add("the owner's limit of every session, by its id", {
        clear(v, Selection { id: Some(OWNERS_DEFAULT), ..none })
    });
    lines.add("all limits of the station", clear(v, Selection { purpose: Some(Purpose::Max), ..none }));
    lines.add("all limits of the station at the owner's level", {
        clear(v, Selection { purpose: Some(Purpose::Max), stack: Some(5), ..none })
    });
    lines.add("all defaults", clear(v, Selection { purpose: Some(Purpose::Default), ..none }));
    lines.add("all at the owner's level", clear(v, Selection { stack: Some(5), ..none }));
    lines.add("all of EVSE 0", clear(v, Selection { evse: Some(0), ..none }));
    lines.add("all defaults of EVSE 0", {
        clear(v, Selection { evse: Some(0), purpose: Some(Purpose::Default), ..none })
    });
    lines.add("an id that only looks like one of one's own", {
        clear(v, Selection { id: Some(OWNERS_MAX), evse: Some(sight.session.evse), ..none })
    });
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "what the site demands", || {
        clear(v, Selection { purpose: Some(Purpose::External), ..none })
    });
    lines.add_if(v2x, "smart charging switched off", || {
        setting::variable("SmartChargingCtrlr", "Enabled", "false")
    });
    lines.add_if(v2x, "smart charging switched off, in other letters", || {
        setting::variable("smartchargingctrlr", "ENABLED", "False")
    });
    lines.add_if(v2x, "signals from outside ignored", || {
        setting::variable("SmartChargingCtrlr", "ExternalControlSignalsEnabled", "false")
    });
    lines.add_if(sight.is_v16(), "a vendor's key for smart charging", || {
        setting::key("SmartChargingEnabled", "false")
    });
    lines.add_if(sight.is_v21(), "what is generated on site", || {
        clear(v, Selection { purpose: Some(Purpose::LocalGeneration), ..none })
    });
    lines
}

/// One's own taken back.
pub(super) fn twins(sight: &Sight) -> Lines {
    let v = sight.version;
    let none = Selection::default();
    let mut lines = Lines::default();
    lines.add("one's own limit of a session, by its id", clear(v, Selection { id: Some(OWN), ..none }));
    lines.add("one's own default, by its id", clear(v, Selection { id: Some(OWN_DEFAULT), ..none }));
    lines.add("limits of sessions on one EVSE", {
        clear(v, Selection { evse: Some(sight.session.evse), purpose: Some(Purpose::Tx), ..none })
    });
    lines
}

/// The owner takes back what the owner has set.
pub(super) fn owner_releases(play: &mut Play<'_>, place: usize) {
    both_limit(play, place);
    play.world.switch(place, OWNER);
    let Some(version) = play.world.version(place) else { return };
    for id in [OWNERS_MAX, OWNERS_DEFAULT] {
        play.work(place, &order(clear(version, Selection { id: Some(id), ..Selection::default() })));
    }
    play.world.switch(place, PROVIDER);
}
