//! T05 and T10 to T14, as far as the core itself sees them: what happens at the sockets is played against a running gateway.

mod identity;
mod injected;
mod parsers;
mod replayed;
mod role;

use crate::attack::Entry;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        identity::cloned(),
        injected::answers(),
        replayed::calls(),
        role::confused(),
        role::flooded(),
        parsers::differ(),
    ]
}
