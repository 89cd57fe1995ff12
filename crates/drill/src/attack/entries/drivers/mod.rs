//! C25 to C33: tokens, telemetry, customers, prices and answers.

mod answer;
mod blind;
mod customer;
mod display;
mod price;
mod recon;
mod tokens;
mod vendor;
mod weaken;

use crate::attack::line::{attacks, twins};
use crate::attack::{ALL, Entry, Kind};

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let weakened = Entry {
        id: "C26",
        name: "who may charge, decided by a setting",
        versions: ALL,
        kind: Kind::Hard,
        attacks: attacks(weaken::attacks),
        twins: twins(weaken::twins),
    };
    let mut entries = tokens::entries();
    entries.extend([weakened, blind::entry()]);
    entries.extend(vendor::entries());
    entries.push(recon::entry());
    entries.extend(customer::entries());
    entries.extend(display::entries());
    entries.extend(price::entries());
    entries.extend(answer::entries());
    entries
}
