//! X01 to X04: who may do what.

mod authority;
mod conflict;
mod sweep;

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    let mut entries = authority::entries();
    entries.push(conflict::entry());
    entries.push(sweep::entry());
    entries
}
