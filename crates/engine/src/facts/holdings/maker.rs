//! Who made something that a station holds.

use chargewarden_policy::PartyId;
use serde::{Deserialize, Serialize};

use crate::facts::Heard;

/// The management system that had something done, and who runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Maker {
    pub(super) csms: Box<str>,
    pub(super) party: PartyId,
}

impl Maker {
    /// The management system of the session.
    pub(super) fn of(heard: &Heard<'_>) -> Self {
        Self { csms: heard.about.csms.as_str().into(), party: heard.about.csms_party.clone() }
    }

    /// Whether it is another management system than that of the session.
    pub(super) fn is_other(&self, heard: &Heard<'_>) -> bool {
        *self.csms != *heard.about.csms
    }
}

/// Something that a party answers for.
pub(super) trait Made {
    /// The party; none for what the station has of itself.
    fn party(&self) -> Option<&PartyId>;
}

/// Keeps one more. Of more than `most` of one party its oldest is forgotten, and never another's. Parties are few: they
/// stand in the configuration.
pub(super) fn keep<T: Made>(kept: &mut Vec<T>, one: T, most: usize) {
    let of_same = |other: &T| other.party() == one.party();
    if kept.iter().filter(|other| of_same(other)).count() >= most
        && let Some(oldest) = kept.iter().position(of_same)
    {
        kept.remove(oldest);
    }
    kept.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Thing(&'static str, u32, PartyId);

    impl Made for Thing {
        fn party(&self) -> Option<&PartyId> {
            Some(&self.2)
        }
    }

    #[test]
    fn whoever_makes_much_loses_its_own() {
        let thing = |party: &'static str, number| Thing(party, number, party.parse().unwrap());
        let mut kept = Vec::new();
        keep(&mut kept, thing("cso", 0), 3);
        for number in 0..100 {
            keep(&mut kept, thing("cnp", number), 3);
        }
        let left: Vec<_> = kept.iter().map(|thing| (thing.0, thing.1)).collect();
        assert_eq!(left, [("cso", 0), ("cnp", 97), ("cnp", 98), ("cnp", 99)]);
    }
}
