//! Transactions that were refused: a CSMS never hears of them, and the station is answered all the same.
//!
//! In 1.6 the number comes with the answer, so a refused transaction gets one from a space of its own and is known by
//! that for ever. In 2.x the station names it, and the name is kept until the transaction ends.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use chargewarden_ocpp::{Action, Payload};

/// First number of the space, the least of an OCPP integer as implementations store it (32 bits). A CSMS counts up
/// from one, and the few that draw numbers at random hit 1 number in 256.
const FIRST: i64 = i32::MIN as i64;
/// How many numbers the space has.
const SPACE: i64 = 1 << 24;

/// A number for a refused transaction.
pub(super) fn number(session: &str, ticket: u32) -> i64 {
    let mut hasher = DefaultHasher::new();
    (session, ticket).hash(&mut hasher);
    let place = i64::from(u32::try_from(hasher.finish() >> 40).unwrap_or(0));
    FIRST + place % SPACE
}

/// Whether the number is one of ours.
pub(super) fn is_reserved(number: i64) -> bool {
    (FIRST..FIRST + SPACE).contains(&number)
}

/// What a report says of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mention<'p> {
    /// It has a number from our space.
    Reserved,
    /// It is called so (2.x), and this report begins, continues or ends it.
    Named { id: Cow<'p, str>, phase: Phase },
}

/// Where in a transaction's life a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Begins,
    GoesOn,
    Ends,
}

/// Which transaction a station's report is about, where it can be a refused one.
pub(super) fn mentioned<'p>(action: Action, request: &'p Payload<'p>) -> Option<Mention<'p>> {
    let root = request.root();
    let reserved = || root.int("transactionId").filter(|id| is_reserved(*id)).map(|_| Mention::Reserved);
    if action == Action::StopTransaction {
        return reserved();
    }
    if action == Action::MeterValues {
        // Meter values of 2.x name no transaction: their shape has no such member.
        return root.shape()?.member("transactionId").and_then(|_| reserved());
    }
    if action == Action::TransactionEvent {
        let id = root.obj("transactionInfo")?.text("transactionId")?;
        let phase = match root.text("eventType")?.as_ref() {
            "Started" => Phase::Begins,
            "Ended" => Phase::Ends,
            _ => Phase::GoesOn,
        };
        return Some(Mention::Named { id, phase });
    }
    if matches!(action, Action::NotifySettlement | Action::NotifyPriorityCharging) {
        return Some(Mention::Named { id: root.text("transactionId")?, phase: Phase::GoesOn });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_space() {
        let numbers: Vec<i64> = (0..1000).map(|ticket| number("s1", ticket)).collect();
        assert!(numbers.iter().all(|number| is_reserved(*number) && i32::try_from(*number).is_ok()));
        assert!(numbers.iter().collect::<std::collections::HashSet<_>>().len() > 990);
        assert!([-1, 0, 1, i64::from(i32::MAX)].iter().all(|number| !is_reserved(*number)));
    }
}
