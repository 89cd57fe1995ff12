//! Which way the power was steered last, and when it was turned round.

use serde::{Deserialize, Serialize};

use super::Power;
use super::order::Order;

/// Places whose last turn is kept: the station and 8 EVSEs. Of more the oldest is forgotten.
const PLACES_MAX: usize = 9;

/// Turns nearer to each other than this are too near, in ms: with 60 s the load swings at 1/120 Hz at most, well below the
/// slowest oscillation of a grid (0.1 Hz).
pub(super) const TURN_MS: i64 = 60_000;

/// Smallest part of the larger of two set-points that counts as a change.
const SETPOINT_PART: (i64, i64) = (1, 10);

/// The same of limits: load is balanced between sessions by changing limits, seldom by more than half.
const LIMIT_PART: (i64, i64) = (1, 2);

/// Where the power was turned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Turns(Vec<Turn>);

/// The last turn at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    /// EVSE, 0 for the station.
    evse: i64,
    /// What is aimed at now, in W.
    level_w: i64,
    /// Whether it rose when it changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rising: Option<bool>,
    /// When it turned, in ms since the Unix epoch; at first, when it was set.
    turned_ms: i64,
}

/// What an order aims at, at once.
#[derive(Clone, Copy, Debug)]
struct Aim {
    watts: i64,
    is_setpoint: bool,
}

impl Turns {
    /// Whether none is known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an order turns the power round too soon after the last turn there.
    pub(super) fn is_too_soon(&self, evse: Option<i64>, order: &Order, now_ms: i64) -> bool {
        let Some((evse, aim)) = evse.zip(Aim::of(order, now_ms)) else { return false };
        let last = self.0.iter().find(|turn| turn.evse == evse);
        last.is_some_and(|turn| {
            turn.is_turned_by(aim) && (0..TURN_MS).contains(&now_ms.saturating_sub(turn.turned_ms))
        })
    }

    /// Takes in an order that was obeyed.
    pub(super) fn note(&mut self, evse: Option<i64>, order: &Order, now_ms: i64) {
        let Some((evse, aim)) = evse.zip(Aim::of(order, now_ms)) else { return };
        let before = self.0.iter().position(|turn| turn.evse == evse).map(|at| self.0.remove(at));
        let mut turn = before.unwrap_or(Turn { evse, level_w: aim.watts, rising: None, turned_ms: now_ms });
        if turn.is_turned_by(aim) {
            turn.turned_ms = now_ms;
        }
        if let Some(rises) = turn.rises(aim) {
            turn.rising = Some(rises);
            turn.level_w = aim.watts;
        }
        if self.0.len() >= PLACES_MAX {
            self.0.remove(0);
        }
        self.0.push(turn);
    }
}

impl Turn {
    /// Whether it turns round what was.
    fn is_turned_by(&self, aim: Aim) -> bool {
        let across = self.level_w.signum() * aim.watts.signum() < 0;
        across || self.rising.zip(self.rises(aim)).is_some_and(|(before, now)| before != now)
    }

    /// Which way the change goes, where it is one that counts.
    fn rises(&self, aim: Aim) -> Option<bool> {
        let change = aim.watts.saturating_sub(self.level_w);
        let span = aim.watts.unsigned_abs().max(self.level_w.unsigned_abs());
        let (part, of) = if aim.is_setpoint { SETPOINT_PART } else { LIMIT_PART };
        let counts = change.unsigned_abs().saturating_mul(of.unsigned_abs())
            > span.saturating_mul(part.unsigned_abs());
        counts.then_some(change > 0)
    }
}

impl Aim {
    fn of(order: &Order, now_ms: i64) -> Option<Self> {
        let held = match order {
            Order::Install(profile) => profile.at(now_ms, now_ms)?,
            Order::Update { period, .. } => period.held(),
            Order::Clear(_) | Order::Priority { .. } => return None,
        };
        let is_setpoint = held.aim.is_some();
        held.aim.or(held.most).map(|watts| Self { watts, is_setpoint })
    }
}

impl Power {
    /// The place at which an order steers the power.
    pub(super) fn target(&self, order: &Order) -> Option<i64> {
        match order {
            Order::Install(profile) => Some(profile.evse),
            Order::Update { id, .. } => {
                self.profiles.iter().find(|profile| profile.id == *id).map(|profile| profile.evse)
            }
            Order::Clear(_) | Order::Priority { .. } => None,
        }
    }
}
