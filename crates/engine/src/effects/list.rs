//! A list of effects that is never empty.

use std::ops::Deref;

use chargewarden_ocpp::Action;
use chargewarden_policy::effect::{Effect, Unknown};

/// What one message would do. Never empty: a message without a known effect has an unknown one.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects(Vec<Effect>);

impl Effects {
    pub(super) fn of(mut effects: Vec<Effect>, action: Action) -> Self {
        if effects.is_empty() {
            effects.push(Unknown { action: action.name().to_owned() }.into());
        }
        Self(effects)
    }

    /// The effects, to keep.
    pub fn into_vec(self) -> Vec<Effect> {
        self.0
    }
}

impl Deref for Effects {
    type Target = [Effect];

    fn deref(&self) -> &[Effect] {
        &self.0
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = std::slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
