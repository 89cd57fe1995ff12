//! C16 to C24: limits, loads and feeding back.

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    Vec::new()
}
