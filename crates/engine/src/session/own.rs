//! Calls of our own: their ids, and the queue in which they wait for their turn.

use std::collections::VecDeque;

use chargewarden_ocpp::{Action, Violation};

/// Calls that may wait. They are few: a trigger after a start, a command after an approval.
pub(super) const OWN_CALLS_MAX: usize = 8;

/// What keeps a call of our own from being sent.
#[derive(Debug, thiserror::Error)]
pub enum OwnCallProblem {
    /// A management system cannot call that in the session's version.
    #[error("a management system cannot call `{0}` in this version of OCPP")]
    NoSuchAction(Action),
    /// The payload does not fit the action.
    #[error("the payload is not valid")]
    Invalid(#[from] Violation),
    /// The station's boot is not accepted.
    #[error("the station's boot notification has not been accepted yet")]
    NotBooted,
    /// As many wait already as may.
    #[error("{OWN_CALLS_MAX} calls wait already")]
    TooMany,
    /// The session is over.
    #[error("the session is over")]
    Ended,
}

/// Message ids that no peer can guess before it has seen one, and that no peer may use after.
#[derive(Debug)]
pub(super) struct IdSpace {
    prefix: String,
    next: u32,
}

impl IdSpace {
    /// Ids are `cw-` and 96 bits of nonce in hexadecimal, and a number: at most 36 characters in all.
    pub(super) fn new(nonce: [u8; 12]) -> Self {
        let digits: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { prefix: format!("cw-{digits}-"), next: 0 }
    }

    /// A new id.
    pub(super) fn next(&mut self) -> String {
        self.next = self.next.wrapping_add(1);
        format!("{}{:x}", self.prefix, self.next)
    }

    /// Whether it is one of ours, used or not.
    pub(super) fn has(&self, id: &str) -> bool {
        id.starts_with(&self.prefix)
    }
}

/// A call of our own that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) purpose: &'static str,
    pub(super) text: String,
}

/// Calls to one side, in order.
pub(super) type Queue = VecDeque<Waiting>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_and_differ() {
        let mut space = IdSpace::new([0xff; 12]);
        space.next = u32::MAX - 2;
        let (one, two) = (space.next(), space.next());
        assert!(one != two && one.len() <= 36 && space.has(&one) && space.has(&two));
        assert_eq!(space.next(), "cw-ffffffffffffffffffffffff-0");
        assert!(!space.has("cw-1"));
    }
}
