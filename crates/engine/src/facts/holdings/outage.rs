//! What was taken out of service by command, and which party did it.

use chargewarden_policy::effect::{Disable, Effect, Enable, StartCharging, UnlockCable};
use chargewarden_policy::{Doubt, Doubts, PartyId};
use serde::{Deserialize, Serialize};

use super::maker::{Made, keep};
use crate::facts::Heard;

/// Outages remembered of one party: the station and each of 20 EVSEs with its connectors. Of more its oldest are forgotten.
const OUTAGES_MAX: usize = 42;

/// How long others leave alone what a party has taken out of service, in ms: 24 h.
const HOLD_MS: i64 = 86_400_000;

/// What is out of service, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Outages(Vec<Outage>);

/// Something that is out of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outage {
    party: PartyId,
    #[serde(flatten)]
    place: Place,
    /// In ms since the Unix epoch.
    at_ms: i64,
    /// Whether a part of it was put back into service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// A part of the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// None for the whole station.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evse: Option<i64>,
    /// None for all of the EVSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connector: Option<i64>,
}

impl Place {
    /// Whether `other` is in it.
    fn has(self, other: Self) -> bool {
        self.evse.is_none()
            || (self.evse == other.evse && (self.connector.is_none() || self.connector == other.connector))
    }

    fn meets(self, other: Self) -> bool {
        self.has(other) || other.has(self)
    }
}

impl Made for Outage {
    fn party(&self) -> Option<&PartyId> {
        Some(&self.party)
    }
}

impl Outages {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        let now_ms = heard.message.now.as_millis();
        let holds = |outage: &&Outage| {
            outage.party != heard.about.csms_party && now_ms.saturating_sub(outage.at_ms) < HOLD_MS
        };
        let mut others = self.0.iter().filter(holds);
        let undone = others.any(|outage| {
            let undoes = |effect: &Effect| {
                enabled(effect).is_some_and(|place| outage.place.meets(place))
                    || used(effect).is_some_and(|place| outage.place.has(place))
            };
            heard.effects.iter().any(undoes)
        });
        out.add_if(undone, Doubt::UndoesOther);
    }

    /// The station did as it was told.
    pub(super) fn done(&mut self, heard: &Heard<'_>, done: &[Effect]) -> bool {
        let mut learned = false;
        for effect in done {
            if let Some(place) = enabled(effect) {
                self.enable(place);
                learned = true;
            }
            if let &Effect::Disable(Disable { evse, connector }) = effect {
                self.disable(heard, Place { evse, connector });
                learned = true;
            }
        }
        learned
    }

    fn enable(&mut self, place: Place) {
        self.0.retain(|outage| !place.has(outage.place));
        for outage in self.0.iter_mut().filter(|outage| outage.place.has(place)) {
            outage.partial = true;
        }
    }

    fn disable(&mut self, heard: &Heard<'_>, place: Place) {
        let party = heard.about.csms_party.clone();
        // What another party took out stays its own; what this one did before is the same again.
        self.0.retain(|outage| outage.party != party || outage.place != place);
        let at_ms = heard.message.now.as_millis();
        keep(&mut self.0, Outage { party, place, at_ms, partial: false }, OUTAGES_MAX);
    }

    /// Whether all of the station is out of service.
    pub(super) fn is_whole(&self) -> bool {
        self.0.iter().any(|outage| outage.place.evse.is_none() && !outage.partial)
    }
}

/// What a command has charge, or move: who works on it has taken it out of service.
fn used(effect: &Effect) -> Option<Place> {
    if let &Effect::StartCharging(StartCharging { evse, .. }) = effect {
        return Some(Place { evse, connector: None });
    }
    let &Effect::UnlockCable(UnlockCable { evse, connector }) = effect else { return None };
    Some(Place { evse, connector })
}

fn enabled(effect: &Effect) -> Option<Place> {
    if let &Effect::Enable(Enable { evse, connector }) = effect {
        Some(Place { evse, connector })
    } else {
        None
    }
}
