//! S01 to S11: stations that lie.

mod event;
mod foreign;
mod identity;
mod meter;
mod offline;
mod poison;
mod request;
mod status;
mod tokens;
mod vehicle;

use serde_json::{Value, json};

use crate::attack::line::order;
use crate::attack::{Attack, Entry, Order, Play, Spot, Twin};
use crate::wire::is_v16;
use crate::wire::report::{Event, Sample, meter, reading};
use crate::world::World;
use chargewarden_ocpp::Version;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let mut entries = vec![foreign::entry()];
    entries.extend(meter::entries());
    entries.extend([
        status::entry(),
        tokens::entry(),
        identity::entry(),
        event::entry(),
        request::entry(),
        poison::entry(),
        vehicle::entry(),
        offline::entry(),
    ]);
    entries
}

/// Somebody charges there.
fn charges(spot: &Spot) -> bool {
    spot.charging.is_some()
}

/// Somebody charges there, and an EVSE is free.
fn half(spot: &Spot) -> bool {
    crate::attack::line::is_half_taken(spot)
}

/// The same at each station that is tried.
fn lie(
    name: &'static str,
    versions: &'static [Version],
    fits: fn(&Spot) -> bool,
    each: fn(&mut Play<'_>, &Spot),
) -> Attack {
    Attack::new(name, versions, move |play| {
        play.campaign_where(fits, |play, place| {
            if let Some(spot) = play.spot(place) {
                each(play, &spot);
            }
        });
    })
}

/// The truth, at one station of each version.
fn truth(
    name: &'static str,
    versions: &'static [Version],
    fits: fn(&Spot) -> bool,
    each: fn(&mut Play<'_>, &Spot),
) -> Twin {
    Twin::new(name, versions, move |play| {
        for place in play.one_of_each_where(fits) {
            if let Some(spot) = play.spot(place) {
                each(play, &spot);
            }
        }
    })
}

/// The transaction as the version writes it.
fn transaction(spot: &Spot) -> Value {
    name_of(spot.version, &spot.transaction())
}

fn name_of(version: Version, transaction: &str) -> Value {
    if is_v16(version) { json!(transaction.parse::<i64>().unwrap_or(0)) } else { json!(transaction) }
}

/// Samples of the session there, at a time so many seconds from now.
fn samples_at(play: &Play<'_>, spot: &Spot, ahead_s: i64, samples: &[Sample]) -> Order {
    let at = play.world.time(ahead_s);
    let readings = [reading(spot.version, &at, "Sample.Periodic", samples)];
    let name = transaction(spot);
    if is_v16(spot.version) {
        return order(meter(spot.version, i64::from(spot.evse()), Some(&name), &readings));
    }
    let event = Event {
        kind: "Updated",
        trigger: "MeterValuePeriodic",
        transaction: &name,
        number: next_number(play.world, spot),
        at: &at,
        charging: Some("Charging"),
    };
    order(event.with(json!({ "meterValue": readings })))
}

/// Samples of the session there, now.
fn samples(play: &Play<'_>, spot: &Spot, samples: &[Sample]) -> Order {
    samples_at(play, spot, 0, samples)
}

fn next_number(world: &World, spot: &Spot) -> i64 {
    let sequence = world.station(spot.place).and_then(|station| station.charge(spot.evse()));
    // A gap is left by messages that were lost; going back is odd.
    i64::from(sequence.map_or(1, |charge| charge.sequence)) + 1 + world.now().as_millis() / 1_000 % 1_000_000
}

/// What the session draws, in W.
fn power(play: &Play<'_>, spot: &Spot) -> f64 {
    let charge = play.world.station(spot.place).and_then(|station| station.charge(spot.evse()));
    charge.map_or(0.0, |charge| f64::from(i32::try_from(charge.power_w).unwrap_or(0)))
}

/// What the meter says, in Wh, after the session was metered honestly.
fn register(play: &mut Play<'_>, spot: &Spot) -> f64 {
    play.world.meter(spot.place, spot.evse());
    play.world.station(spot.place).map_or(0.0, |station| station.register_wh(spot.evse()))
}
