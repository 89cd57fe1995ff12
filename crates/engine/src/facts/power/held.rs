//! What holds at one moment.

/// What profiles allow at one moment, in W.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// The most; none where nothing limits it.
    pub(super) most: Option<i64>,
    /// What is aimed at (2.1); negative is feeding back.
    pub(super) aim: Option<i64>,
    /// How much may be fed back, at most 0.
    pub(super) deepest: i64,
    /// Whether a vehicle gets nothing, or less than it can use.
    pub(super) thin: bool,
}

impl Held {
    /// Of two that the vehicle may choose from: the more.
    pub(super) fn either(self, other: Self) -> Self {
        Self {
            most: self.most.zip(other.most).map(|(one, two)| one.max(two)),
            aim: None,
            deepest: self.deepest.min(other.deepest),
            thin: self.thin && other.thin,
        }
    }

    /// Of two that both hold: the less.
    pub(super) fn both(self, other: Self) -> Self {
        let most = match (self.most, other.most) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self {
            most,
            aim: self.aim.or(other.aim).map(|aim| most.map_or(aim, |most| aim.min(most))),
            deepest: self.deepest.min(other.deepest),
            thin: self.thin || other.thin,
        }
    }

    /// With what may be drawn in addition.
    pub(super) fn plus(self, more: Option<Self>) -> Self {
        let Some(more) = more else { return self };
        let most = self.most.map(|most| most.saturating_add(more.most.unwrap_or(0).max(0)));
        Self { most, thin: false, ..self }
    }
}
