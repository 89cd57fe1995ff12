//! C01 to C09: software, trust, identity.

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    Vec::new()
}
