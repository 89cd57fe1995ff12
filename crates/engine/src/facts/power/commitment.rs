//! What a station may draw by its profiles, whoever comes and goes: what counts for its site.
//!
//! At an EVSE it is the most that holds with the session that runs there, or with any that could begin. An EVSE without a
//! limit is not counted: nobody has said what it may draw. Of what is ahead 8 days are looked at, and after that the
//! highest of them counts, so that what recurs counts for ever.

use chargewarden_policy::Envelope;

use super::super::sessions::Running;
use super::Power;
use super::composite::Place;
use super::profile::Installed;

/// How far ahead it is looked, in ms: a week and a day, so that each turn of what recurs is seen.
const AHEAD_MS: i64 = 8 * 86_400_000;

/// Steps that are kept: a week in periods of 40 min. Of more, neighbours count as one, with the higher limit.
pub(crate) const STEPS_MAX: usize = 256;

/// Moments that are looked at; after the last, the highest counts.
const MOMENTS_MAX: usize = 2_048;

/// EVSEs that are looked at.
const EVSES_MAX: i64 = 64;

/// How long ago a session could have begun, in ms: each beginning after which a relative profile is in another period.
const AGES_MAX: usize = 64;

/// A limit over time: from each moment on, in ms since the Unix epoch, in W.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Commitment(Vec<(i64, i64)>);

impl Commitment {
    /// What a station may draw from now on; none where nothing limits it.
    pub(super) fn of(
        power: &Power,
        running: &[Running<'_>],
        envelope: &Envelope,
        now_ms: i64,
    ) -> Option<Self> {
        if power.installed().is_empty() {
            return None;
        }
        let until = now_ms.saturating_add(AHEAD_MS);
        let mut times = vec![now_ms];
        let began = running.iter().map(|session| session.began.as_millis()).chain([now_ms]);
        for began_ms in began {
            times.extend(power.breaks(now_ms, until, began_ms).into_iter().take(MOMENTS_MAX));
        }
        times.sort_unstable();
        times.dedup();
        let cut = times.len() > MOMENTS_MAX;
        times.truncate(MOMENTS_MAX);
        let ages = power.ages();
        let limits = times.iter().map(|t| (*t, power.may_draw(running, envelope, &ages, *t)));
        let limits: Vec<(i64, Option<i64>)> = limits.collect();
        let highest = limits.iter().filter_map(|(_, limit)| *limit).max()?;
        let mut steps: Vec<(i64, i64)> =
            limits.into_iter().map(|(t, limit)| (t, limit.unwrap_or(0))).collect();
        let recurs = power.installed().iter().any(|profile| profile.every_s.is_some());
        if recurs || cut {
            steps.push((if recurs && !cut { until } else { steps.last()?.0.saturating_add(1) }, highest));
        }
        let mut commitment = Self(steps);
        commitment.shorten();
        Some(commitment)
    }

    /// What holds at a moment.
    pub(crate) fn at(&self, t_ms: i64) -> i64 {
        let begun = self.0.partition_point(|(from, _)| *from <= t_ms);
        begun.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0, |(_, watts)| *watts)
    }

    /// Its steps.
    pub(crate) fn steps(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// The higher of both at each moment.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut times: Vec<i64> = self.0.iter().chain(&other.0).map(|(t, _)| *t).collect();
        times.sort_unstable();
        times.dedup();
        let steps = times.into_iter().map(|t| (t, self.at(t).max(other.at(t))));
        let mut both = Self(steps.collect());
        both.shorten();
        both
    }

    fn shorten(&mut self) {
        self.0.dedup_by(|later, earlier| later.1 == earlier.1);
        let each = self.0.len().div_ceil(STEPS_MAX);
        if each < 2 {
            return;
        }
        let merged = self.0.chunks(each).filter_map(|chunk| {
            let highest = chunk.iter().map(|(_, watts)| *watts).max()?;
            chunk.first().map(|(t, _)| (*t, highest))
        });
        self.0 = merged.collect();
    }
}

impl Power {
    /// What the station may draw at a moment, in W.
    fn may_draw(&self, running: &[Running<'_>], envelope: &Envelope, ages: &[i64], t_ms: i64) -> Option<i64> {
        let named = self.installed().iter().map(|profile| profile.evse);
        let taken = running.iter().filter_map(|session| session.evse);
        let evses = envelope.evses.unwrap_or_else(|| named.chain(taken).max().unwrap_or(1));
        let limits: Vec<Option<i64>> = (1..=evses.clamp(1, EVSES_MAX))
            .map(|evse| {
                let limit = self.may_draw_at(evse, running, ages, t_ms)?;
                Some(envelope.evse_w.map_or(limit, |most| limit.min(most)))
            })
            .collect();
        let sum = limits.iter().flatten().fold(0_i64, |sum, limit| sum.saturating_add(*limit));
        let cap = self.at_station(t_ms).most.map(|most| most.max(0));
        let limited = if limits.iter().all(Option::is_some) {
            Some(cap.map_or(sum, |cap| sum.min(cap)))
        } else {
            cap.or_else(|| limits.iter().any(Option::is_some).then_some(sum))
        };
        limited.map(|limited| envelope.station_w.map_or(limited, |most| limited.min(most)))
    }

    /// The same at one EVSE.
    fn may_draw_at(&self, evse: i64, running: &[Running<'_>], ages: &[i64], t_ms: i64) -> Option<i64> {
        let at = |transaction, began_ms| {
            self.at_evse(&Place { evse, transaction, began_ms }, t_ms).most.map(|most| most.max(0))
        };
        let idle = ages.iter().filter_map(|age| at(None, t_ms.saturating_sub(*age))).max();
        let here = running.iter().filter(|session| session.evse == Some(evse));
        let now = here.filter_map(|session| at(Some(session.transaction), session.began.as_millis())).max();
        idle.max(now)
    }

    /// After how many ms of a session something else can hold.
    fn ages(&self) -> Vec<i64> {
        let mut ages = vec![0];
        self.installed().iter().for_each(|profile: &Installed| profile.ages(&mut ages));
        ages.sort_unstable();
        ages.dedup();
        ages.truncate(AGES_MAX);
        ages
    }
}
