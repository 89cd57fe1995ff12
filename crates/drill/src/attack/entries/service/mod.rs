//! C10 to C15: charging denied, cut off or given to somebody else.

mod availability;
mod reservations;
mod sessions;
mod storms;
mod tokens;
mod unlock;

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        storms::resets(),
        availability::taken_out(),
        sessions::many(),
        tokens::substituted(),
        unlock::in_use(),
        reservations::denied(),
    ]
}
