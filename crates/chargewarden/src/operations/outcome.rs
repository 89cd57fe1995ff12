//! What went wrong with the inventory, in the words of the control API.

use chargewarden_admin::control::{Declined, Fault, Kind};
use chargewarden_proxy::RosterError;
use chargewarden_store::StoreError;

/// Of a change that was not made.
pub(super) fn declined(error: RosterError) -> Declined {
    match error {
        RosterError::Unknown(_) => Declined::new(Kind::NotFound, "", error),
        RosterError::Exists(_) | RosterError::Refused(_) => Declined::new(Kind::Conflict, "", error),
        RosterError::Unfit(problems) => Declined {
            kind: Kind::Invalid,
            problems: problems.into_iter().map(|(at, what)| Fault { at, what }).collect(),
        },
        RosterError::Evidence(_) | RosterError::Store(_) => Declined::new(Kind::Unavailable, "", error),
    }
}

/// Of something that could not be read.
pub(super) fn store(error: StoreError) -> Declined {
    Declined::new(Kind::Unavailable, "", error)
}
