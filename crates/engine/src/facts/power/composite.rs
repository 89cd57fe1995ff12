//! The limit that charging profiles give together.
//!
//! Of each purpose the profile with the highest stack level holds that is valid at the moment and has a period then. Of
//! what holds in a session, a profile of the session comes before the default, and while it has priority a priority
//! profile before both. Limits of the site and of the station hold beside it, so the lowest counts. What is generated at
//! the site may be drawn on top, but never beyond the limit of the station.

use super::Power;
use super::held::Held;
use super::profile::{Installed, Purpose};

/// Where, and in which session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// EVSE (2.x) or connector (1.6); 0 where it is not known.
    pub(super) evse: i64,
    /// The session there; none where nobody charges.
    pub(super) transaction: Option<&'a str>,
    /// When it began, in ms since the Unix epoch; where nobody charges, when somebody could.
    pub(super) began_ms: i64,
}

impl Power {
    /// What holds at an EVSE at a moment.
    pub(super) fn at_evse(&self, place: &Place<'_>, t_ms: i64) -> Held {
        let within = |purpose: Purpose, evse: i64| {
            self.top(t_ms, place.began_ms, move |profile| profile.purpose == purpose && profile.evse == evse)
        };
        let either = |purpose: Purpose| {
            self.top(t_ms, place.began_ms, move |profile| {
                profile.purpose == purpose && [0, place.evse].contains(&profile.evse)
            })
        };
        let session = self
            .priority_at(place, t_ms)
            .or_else(|| self.top(t_ms, place.began_ms, |profile| profile.is_of(place)))
            .or_else(|| either(Purpose::Default))
            .unwrap_or_default();
        let here = (place.evse != 0).then(|| within(Purpose::External, place.evse)).flatten();
        let held = [within(Purpose::External, 0), here].into_iter().flatten().fold(session, Held::both);
        let held = held.plus(either(Purpose::LocalGeneration));
        either(Purpose::Max).map_or(held, |max| held.both(max))
    }

    /// What holds for the station as a whole at a moment.
    pub(super) fn at_station(&self, t_ms: i64) -> Held {
        let top =
            |purpose| self.top(t_ms, t_ms, move |profile| profile.purpose == purpose && profile.evse == 0);
        let held = top(Purpose::External).unwrap_or_default().plus(top(Purpose::LocalGeneration));
        top(Purpose::Max).map_or(held, |max| held.both(max))
    }

    /// The moments in `(after_ms, until_ms]` at which what holds at a place can change, in order.
    pub(super) fn breaks(&self, after_ms: i64, until_ms: i64, began_ms: i64) -> Vec<i64> {
        let mut out = Vec::new();
        self.profiles.iter().for_each(|profile| profile.breaks(after_ms, until_ms, began_ms, &mut out));
        out.sort_unstable();
        out.dedup();
        out
    }

    fn priority_at(&self, place: &Place<'_>, t_ms: i64) -> Option<Held> {
        let transaction = place.transaction?;
        if !self.priority.iter().any(|known| known == transaction) {
            return None;
        }
        self.top(t_ms, place.began_ms, |profile| {
            profile.purpose == Purpose::Priority && [0, place.evse].contains(&profile.evse)
        })
    }

    /// What the highest of those that hold then allows. Among equals the one of the EVSE comes before the station's, and
    /// the younger before the older.
    fn top(&self, t_ms: i64, began_ms: i64, of: impl Fn(&Installed) -> bool) -> Option<Held> {
        let holding = self.profiles.iter().filter(|profile| of(profile));
        let holding = holding.filter_map(|profile| Some((profile.rank(), profile.at(t_ms, began_ms)?)));
        holding.max_by_key(|(rank, _)| *rank).map(|(_, held)| held)
    }
}

impl Installed {
    /// What decides between profiles of one purpose.
    pub(super) fn rank(&self) -> (i64, bool, i64) {
        (self.stack, self.evse != 0, self.at_ms)
    }

    /// Whether it is a profile of the session.
    fn is_of(&self, place: &Place<'_>) -> bool {
        let Some(transaction) = place.transaction else { return false };
        self.purpose == Purpose::Tx
            && match &self.transaction {
                Some(named) => named == transaction,
                None => self.evse == place.evse,
            }
    }
}
