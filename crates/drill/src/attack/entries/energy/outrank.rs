//! C19: a network provider's profile in the place of the owner's, and limits of others forged.

use serde_json::json;

use crate::attack::Play;
use crate::attack::line::{Lines, Sight, order};
use crate::wire::profile::{Profile, Purpose, Schedule, Unit, priority, update};
use crate::world::standard::{OWNER, PROVIDER};

/// Id of the owner's limit of the station.
pub(super) const OWNERS_MAX: i64 = 900;
/// Id of the owner's limit of every session.
pub(super) const OWNERS_DEFAULT: i64 = 901;
/// Stack level of both.
const OWNERS_LEVEL: i64 = 5;

/// The owner limits the station, and every session, to three fifths.
pub(super) fn owner_protects(play: &mut Play<'_>, place: usize) {
    play.world.switch(place, OWNER);
    if let Some(sight) = play.spot(place).map(|spot| Sight::of(&spot)) {
        let v = sight.version;
        let station = Schedule::watts(&[(0, (sight.station_w * 0.6).round())]).starting(sight.time(-60));
        let max = Profile::absolute(Purpose::Max, station).id(OWNERS_MAX).stack(OWNERS_LEVEL);
        let every = Schedule::watts(&[(0, (sight.evse_w * 0.6).round())]);
        let default = Profile::relative(Purpose::Default, every).at(0).id(OWNERS_DEFAULT).stack(OWNERS_LEVEL);
        for profile in [max, default] {
            play.prepare(place, &order(profile.set(v)));
        }
    }
    play.world.switch(place, PROVIDER);
    play.wait_s(60);
}

/// More than the owner allows, in every way round it.
pub(super) fn attacks(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let all = || Schedule::watts(&[(0, sight.evse_w)]);
    let whole = || Schedule::watts(&[(0, sight.station_w)]).starting(sight.time(0));
    let mut lines = Lines::default();
    lines.add("the station's limit, a level above", {
        Profile::absolute(Purpose::Max, whole()).id(1).stack(OWNERS_LEVEL + 1).set(v)
    });
    lines.add("the station's limit, by the owner's id", {
        Profile::absolute(Purpose::Max, whole()).id(OWNERS_MAX).stack(1).set(v)
    });
    lines.add("the station's limit, at the owner's level", {
        Profile::absolute(Purpose::Max, whole()).id(2).stack(OWNERS_LEVEL).set(v)
    });
    lines.add("every session, a level above", {
        Profile::relative(Purpose::Default, all()).at(0).id(3).stack(OWNERS_LEVEL + 1).set(v)
    });
    lines.add("every session, as high as a level can be", {
        Profile::relative(Purpose::Default, all()).at(0).id(4).stack(99).set(v)
    });
    lines.add("sessions of one EVSE, a level above", {
        Profile::relative(Purpose::Default, all()).at(tx.evse).id(5).stack(OWNERS_LEVEL + 1).set(v)
    });
    lines.add("every session, by the owner's id", {
        Profile::relative(Purpose::Default, all()).at(0).id(OWNERS_DEFAULT).stack(0).set(v)
    });
    lines.add("every session, at the owner's level", {
        Profile::relative(Purpose::Default, all()).at(0).id(6).stack(OWNERS_LEVEL).set(v)
    });
    lines.add("the session itself, whose limit comes before every default", {
        Profile::relative(Purpose::Tx, all()).of(tx).id(7).set(v)
    });
    lines.add("a session that begins with a limit of its own", {
        Profile::relative(Purpose::Tx, all()).at(sight.free).id(8).with_start(v, "04C19A7E")
    });
    lines.add("every session, from midnight on", {
        let start = sight.time(12 * 3_600);
        Profile::absolute(Purpose::Default, all().starting(start)).at(0).id(9).stack(8).set(v)
    });
    lines.add("every session, valid from next week on", {
        let start = sight.time(7 * 86_400);
        Profile::relative(Purpose::Default, all()).at(0).id(10).stack(8).from(start).set(v)
    });
    lines.add("an empty shell in the place of the owner's, which ends at once", {
        let schedule = whole().lasting(1);
        let shell = Profile::absolute(Purpose::Max, schedule).id(OWNERS_MAX).stack(OWNERS_LEVEL);
        shell.to(sight.time(2)).set(v)
    });
    let v2x = !sight.is_v16();
    lines.add_if(v2x, "as if the site's own controller had said it", || {
        Profile::absolute(Purpose::External, whole()).id(11).stack(0).set(v)
    });
    lines.add_if(v2x, "the same, low enough to hurt", || {
        let schedule = Schedule::watts(&[(0, 4_140.0)]).starting(sight.time(0));
        Profile::absolute(Purpose::External, schedule).id(12).stack(9).set(v)
    });
    lines.add_if(sight.is_v21(), "sessions with priority", || {
        Profile::relative(Purpose::Priority, all()).at(0).id(13).stack(9).set(v)
    });
    lines.add_if(sight.is_v21(), "generation that is not there", || {
        Profile::absolute(Purpose::LocalGeneration, whole()).id(14).set(v)
    });
    lines.add_if(sight.is_v21(), "the owner's limit, updated", || {
        update(OWNERS_MAX, json!({ "limit": sight.station_w }))
    });
    lines.add_if(sight.is_v21(), "priority switched on", || priority(&tx.transaction, true));
    lines.add_if(sight.is_v21(), "a set-point above the owner's limit", || {
        let period =
            json!({ "startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": sight.evse_w });
        Profile::dynamic(Purpose::Tx, Schedule::of(Unit::W, vec![period])).of(tx).id(15).set(v)
    });
    lines
}

/// Profiles of the provider that stay under the owner's.
pub(super) fn twins(sight: &Sight) -> Lines {
    let v = sight.version;
    let tx = &sight.session;
    let mut lines = Lines::default();
    lines.add("the session, below the owner's limit", {
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.5).round())]);
        Profile::relative(Purpose::Tx, schedule).of(tx).id(41).set(v)
    });
    lines.add("the session, exactly at the owner's limit", {
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.6).round())]);
        Profile::relative(Purpose::Tx, schedule).of(tx).id(42).set(v)
    });
    lines.add("every session, a level below", {
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.4).round())]);
        Profile::relative(Purpose::Default, schedule).at(tx.evse).id(43).stack(2).set(v)
    });
    lines.add("a session that begins with less", {
        let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.4).round())]);
        Profile::relative(Purpose::Tx, schedule).at(sight.free).id(44).with_start(v, "04A9B8C7")
    });
    lines
}
