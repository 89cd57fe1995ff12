//! X01 to X04: who may do what.

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    Vec::new()
}
