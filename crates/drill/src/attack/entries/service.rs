//! C10 to C15: charging denied.

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    Vec::new()
}
