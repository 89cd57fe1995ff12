//! A station before or after a command: its profiles, and what draws power under them.

use chargewarden_policy::Envelope;

use super::super::StationState;
use super::super::sessions::{self, Running};
use super::Power;
use super::composite::Place;
use super::held::Held;

/// What an EVSE is taken to carry where its rating is not configured, in W: 32 A in three phases, the most of alternating
/// current. Whoever has more has to configure it.
pub(super) const NOMINAL_W: i64 = 22_000;

/// From this part of the limit on, it is the limit that holds the power down and not the vehicle.
const HELD_DOWN: (i64, i64) = (9, 10);

/// Profiles and sessions at one moment.
#[derive(Clone, Debug)]
pub(super) struct Scene<'a> {
    pub(super) power: std::borrow::Cow<'a, Power>,
    pub(super) loads: Vec<Load>,
    /// Most that the station carries.
    station_w: Option<i64>,
    now_ms: i64,
}

/// A session that draws power.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) transaction: Option<String>,
    /// EVSE or connector; 0 where it is not known.
    pub(super) evse: i64,
    pub(super) began_ms: i64,
    /// What it draws now, in W.
    pub(super) drawn_w: i64,
    /// Under which limit it draws that; none where it takes what it wants.
    held_w: Option<i64>,
    /// What it would take without a limit.
    wish_w: i64,
}

impl<'a> Scene<'a> {
    /// The station as it is.
    pub(super) fn of(power: &'a Power, running: &[Running<'_>], envelope: &Envelope, now_ms: i64) -> Self {
        let rating = envelope.evse_w.or(envelope.station_w);
        let mut loads: Vec<(Load, Option<i64>)> = running
            .iter()
            .map(|session| {
                let mut load = Load {
                    transaction: Some(session.transaction.to_owned()).filter(|id| !id.is_empty()),
                    evse: session.evse.unwrap_or(0),
                    began_ms: session.began.as_millis(),
                    drawn_w: session.power_w.unwrap_or(0),
                    held_w: None,
                    wish_w: rating.unwrap_or(NOMINAL_W).max(session.power_w.unwrap_or(0)),
                };
                if let Some(wish) = session.wish_w {
                    load.wish_w = load.wish_w.min(wish).max(load.drawn_w);
                }
                let limit = power.at_evse(&load.place(), now_ms).most;
                if session.power_w.is_none() {
                    load.drawn_w = limit.map_or(load.wish_w, |limit| limit.min(load.wish_w));
                }
                (load, limit)
            })
            .collect();
        let station = power.at_station(now_ms).most;
        let total: i64 = loads.iter().map(|(load, _)| load.drawn_w).sum();
        let all_held = is_held_down(total, station);
        for (load, limit) in &mut loads {
            if all_held || is_held_down(load.drawn_w, *limit) {
                load.held_w = Some(limit.unwrap_or(load.drawn_w).max(load.drawn_w));
            }
        }
        Self {
            power: std::borrow::Cow::Borrowed(power),
            loads: loads.into_iter().map(|(load, _)| load).collect(),
            station_w: envelope.station_w,
            now_ms,
        }
    }

    /// A session that begins now.
    pub(super) fn begin(&mut self, evse: i64, envelope: &Envelope) {
        let wish_w = envelope.evse_w.or(envelope.station_w).unwrap_or(NOMINAL_W);
        self.loads.push(Load {
            held_w: Some(0),
            wish_w,
            ..Load::idle(Some(String::new()), evse, self.now_ms)
        });
    }

    /// What the station draws now, in W.
    pub(super) fn drawn_w(&self) -> i64 {
        self.loads.iter().map(|load| load.drawn_w).sum()
    }

    /// What it is going to draw at a moment, in W, if the sessions go on.
    pub(super) fn draws_w(&self, t_ms: i64) -> i64 {
        let draws = self.loads.iter().map(|load| load.draws(self.power.at_evse(&load.place(), t_ms)));
        let sum: i64 = draws.sum();
        let most = [self.power.at_station(t_ms).most, self.station_w].into_iter().flatten().min();
        most.map_or(sum, |most| sum.min(most))
    }
}

impl Load {
    /// A place where nobody charges, or nobody that we know of.
    pub(super) fn idle(transaction: Option<String>, evse: i64, now_ms: i64) -> Self {
        Self { transaction, evse, began_ms: now_ms, drawn_w: 0, held_w: None, wish_w: 0 }
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place<'_> {
        Place { evse: self.evse, transaction: self.transaction.as_deref(), began_ms: self.began_ms }
    }

    /// What it draws under a limit.
    fn draws(&self, held: Held) -> i64 {
        let wish = self.wish_w.max(0);
        if let Some(aim) = held.aim {
            return aim.clamp(-wish, wish);
        }
        let Some(most) = held.most.map(|most| most.max(0)) else {
            return if self.held_w.is_some() { wish } else { self.drawn_w };
        };
        match self.held_w {
            Some(before) if most > before => most.min(wish),
            Some(_) | None => most.min(self.drawn_w),
        }
    }
}

fn is_held_down(drawn_w: i64, limit_w: Option<i64>) -> bool {
    let (part, of) = HELD_DOWN;
    limit_w.is_some_and(|limit| drawn_w.saturating_mul(of) >= limit.saturating_mul(part))
}

/// The limit at an EVSE, or of the station as a whole, in W.
pub(super) fn limit_at(state: &StationState, evse: Option<i64>, t_ms: i64) -> Option<i64> {
    let Some(evse) = evse else { return state.power.at_station(t_ms).most };
    let session = sessions::running(state).find(|session| session.evse == Some(evse));
    let place = Place {
        evse,
        transaction: session.map(|session| session.transaction).filter(|id| !id.is_empty()),
        began_ms: session.map_or(t_ms, |session| session.began.as_millis()),
    };
    state.power.at_evse(&place, t_ms).most
}
