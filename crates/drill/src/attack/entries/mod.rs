//! The entries, by what they are after.

mod drivers;
mod energy;
mod parties;
mod payload;
mod service;
mod stations;
mod takeover;
mod wire;

use super::Entry;

/// Every entry that is played in the simulated world, in the order of the catalogue.
pub fn all() -> Vec<Entry> {
    let groups = [
        wire::entries(),
        payload::entries(),
        takeover::entries(),
        service::entries(),
        energy::entries(),
        drivers::entries(),
        parties::entries(),
        stations::entries(),
    ];
    groups.into_iter().flatten().collect()
}
