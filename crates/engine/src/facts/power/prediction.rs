//! How a command would change the power that a station draws, and when.

use std::collections::BTreeMap;

use chargewarden_ocpp::{Action, Side, Timestamp, Version};
use chargewarden_policy::effect::Effect;

use super::super::Heard;
use super::super::sessions::Running;
use super::Power;
use super::composite::Place;
use super::order::Order;
use super::profile::{Installed, Purpose};
use super::scene::{Load, Scene};
use crate::ledger::PowerChange;

/// Changes that are told of one command: the largest, and the first. A day in periods of 45 min.
pub(super) const CHANGES_MAX: usize = 32;

/// Moments that one command is looked at: three schedules of 500 periods, and those of other profiles. The earliest count.
const MOMENTS_MAX: usize = 2_048;

/// What a command would change.
#[derive(Clone, Debug)]
pub(super) struct Outlook<'a> {
    pub(super) before: Scene<'a>,
    pub(super) after: Scene<'a>,
    /// When profiles change what they allow, from now on; and after how many ms again, until when.
    pub(super) moments: BTreeMap<i64, Option<Turn>>,
    /// A place where the order acts and nobody charges.
    idle: Option<Load>,
    now_ms: i64,
}

/// How a change recurs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    every_ms: i64,
    until_ms: Option<i64>,
}

/// Predicts.
pub(super) fn changes(power: &Power, running: &[Running<'_>], heard: &Heard<'_>) -> Vec<PowerChange> {
    if heard.message.from == Side::Station {
        return Vec::new();
    }
    let now = heard.message.now;
    let order = Order::heard(running, heard);
    if order.is_none() && !heard.effects.iter().any(acts) {
        return Vec::new();
    }
    let ordered = order.is_some();
    let mut outlook =
        Outlook::new(Scene::of(power, running, &heard.about.envelope, now.as_millis()), heard, order);
    let mut told = Told { now_ms: now.as_millis(), changes: BTreeMap::new() };
    for effect in heard.effects {
        outlook.follow(effect, heard, ordered, &mut told);
    }
    outlook.compare(&mut told);
    told.largest()
}

/// The profiles after a command; none where it changes none.
pub(super) fn obeyed(power: &Power, running: &[Running<'_>], heard: &Heard<'_>) -> Option<Power> {
    let mut order = Order::heard(running, heard)?;
    if let Order::Install(profile) = &mut order
        && profile.awaits.take().is_some()
    {
        // Whoever comes, it is as if it were the default.
        profile.purpose = Purpose::Default;
    }
    let mut after = power.clone();
    after.apply(order, heard.message.version, heard.message.now.as_millis());
    Some(after)
}

/// Whether an effect acts on what is drawn, or has a time of its own.
fn acts(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::SetPower(_)
            | Effect::LiftPowerLimit(_)
            | Effect::Discharge(_)
            | Effect::StartCharging(_)
            | Effect::StopCharging(_)
            | Effect::Restart(_)
            | Effect::Disable(_)
            | Effect::Enable(_)
            | Effect::UnlockCable(_)
            | Effect::InstallFirmware(_)
            | Effect::SetDerControl(_)
            | Effect::SwapBattery(_)
            | Effect::Reserve(_)
    )
}

impl<'a> Outlook<'a> {
    /// The station as it is, and as it would be.
    pub(super) fn new(before: Scene<'a>, heard: &Heard<'_>, order: Option<Order>) -> Self {
        let now_ms = heard.message.now.as_millis();
        let mut after = before.clone();
        let mut idle = None;
        if let Some(mut order) = order {
            if let Order::Install(profile) = &mut order {
                // As if the session that it waits for were there.
                profile.awaits = None;
                idle = Load::idle_under(profile, &before, now_ms);
            }
            after.power.to_mut().apply(order, heard.message.version, now_ms);
        }
        let mut outlook = Self { before, after, moments: BTreeMap::new(), idle, now_ms };
        if outlook.before.power.profiles != outlook.after.power.profiles {
            outlook.look_ahead();
        }
        outlook
    }

    fn look_ahead(&mut self) {
        let (before, after) = (&*self.before.power, &*self.after.power);
        let mut began: Vec<i64> = self.places().map(|place| place.began_ms).collect();
        began.push(self.now_ms);
        began.sort_unstable();
        began.dedup();
        let gone = before.profiles.iter().filter(|profile| !after.profiles.contains(profile));
        let mut times = Vec::new();
        let mut moments = BTreeMap::new();
        for profile in after.profiles.iter().chain(gone) {
            let turn = profile.every_ms().map(|every_ms| Turn { every_ms, until_ms: profile.to_ms });
            for began_ms in &began {
                let until = profile.last_break(self.now_ms, *began_ms);
                profile.breaks(self.now_ms, until, *began_ms, &mut times);
            }
            for t in times.drain(..) {
                let known = moments.entry(t).or_insert(turn);
                *known = known.or(turn);
            }
            while moments.len() > MOMENTS_MAX {
                moments.pop_last();
            }
        }
        self.moments = moments;
    }

    /// The places where something holds, or could.
    pub(super) fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.after.loads.iter().chain(&self.idle).map(Load::place)
    }

    /// What an effect does beside what profiles do.
    fn follow(&mut self, effect: &Effect, heard: &Heard<'_>, ordered: bool, told: &mut Told) {
        let now = heard.message.now;
        #[expect(clippy::wildcard_enum_match_arm, reason = "few effects are about power")]
        match effect {
            Effect::StartCharging(start) => {
                told.add(now, 0);
                let evse = start.evse.unwrap_or(0);
                let taken = start.evse.is_some() && self.after.loads.iter().any(|load| load.evse == evse);
                if !taken {
                    self.after.begin(evse, &heard.about.envelope);
                }
            }
            Effect::StopCharging(stop) => {
                told.add(now, 0);
                self.after.loads.retain(|load| load.transaction.as_ref() != Some(&stop.transaction));
            }
            Effect::Restart(restart) => {
                told.add(now, 0);
                // 1.6 ends sessions before a soft reset, too.
                if restart.immediate || heard.message.version == Version::V16 {
                    self.cut(restart.evse);
                }
            }
            Effect::UnlockCable(unlock) => {
                told.add(now, 0);
                self.cut(unlock.evse);
            }
            // Where somebody charges they wait until nobody does.
            Effect::Disable(_) | Effect::Enable(_) | Effect::SwapBattery(_) => told.add(now, 0),
            Effect::InstallFirmware(install) => {
                let at = install.install_at.or(install.retrieve_at).map_or(now, |at| at.max(now));
                told.add(at, self.before.drawn_w().saturating_neg());
            }
            Effect::SetPower(set) if set.purpose == "regulation" => {
                let at = set.effective_at.map_or(now, |at| at.max(now));
                told.add(at, self.regulated_w(heard));
            }
            Effect::SetPower(set) if !ordered => told.add(set.effective_at.map_or(now, |at| at.max(now)), 0),
            Effect::Discharge(discharge) if !ordered => {
                told.add(discharge.effective_at.map_or(now, |at| at.max(now)), 0);
            }
            Effect::SetDerControl(control) => {
                told.add(control.effective_at.map_or(now, |at| at.max(now)), 0);
            }
            // What it lifts may be there although nobody has told us.
            Effect::LiftPowerLimit(lift) if lift.purpose != Some("priority") && self.lifts_unknown() => {
                told.add(now, 0);
            }
            Effect::Reserve(reserve) => {
                if let Some(at) = reserve.ends_at {
                    told.add(at.max(now), 0);
                }
            }
            _ => {}
        }
    }

    fn lifts_unknown(&self) -> bool {
        self.before.power.profiles == self.after.power.profiles
    }

    fn cut(&mut self, evse: Option<i64>) {
        self.after.loads.retain(|load| evse.is_some_and(|evse| evse != load.evse));
    }

    /// The most that sessions that follow a regulation signal (2.1) can change: their curve is not looked at.
    fn regulated_w(&self, heard: &Heard<'_>) -> i64 {
        if heard.message.action != Action::AFRRSignal {
            return 0;
        }
        let down = heard.message.payload.root().int("signal").unwrap_or(0) < 0;
        let swing = self.before.loads.iter().map(|load| {
            let held = self.before.power.at_evse(&load.place(), self.now_ms);
            if held.deepest >= 0 && held.aim.is_none() {
                return 0;
            }
            let up = held.most.unwrap_or(load.drawn_w).saturating_sub(load.drawn_w);
            let deep = held.deepest.saturating_sub(load.drawn_w).saturating_neg();
            up.max(deep).max(0)
        });
        let swing: i64 = swing.sum();
        if down { -swing } else { swing }
    }

    /// What differs between after and before, at each moment.
    fn compare(&self, told: &mut Told) {
        let difference = |t: i64| self.after.draws_w(t).saturating_sub(self.before.draws_w(t));
        let at_first = difference(self.now_ms);
        if at_first != 0 || self.differs(self.now_ms) {
            told.add(Timestamp::from_millis(self.now_ms), at_first);
        }
        for (t, turn) in &self.moments {
            let earlier = t.saturating_sub(1).max(self.now_ms);
            let delta = difference(*t).saturating_sub(difference(earlier));
            if delta != 0 || self.turns_at(earlier, *t) {
                told.add_turning(*t, delta, *turn);
            }
        }
    }

    /// Whether something else holds than before, anywhere.
    fn differs(&self, t_ms: i64) -> bool {
        self.places()
            .any(|place| self.before.power.at_evse(&place, t_ms) != self.after.power.at_evse(&place, t_ms))
    }

    /// Whether what is new changes between two moments.
    fn turns_at(&self, earlier: i64, later: i64) -> bool {
        let (one, two) = (self.differs(earlier), self.differs(later));
        one != two
            || two
                && self.places().any(|place| {
                    self.after.power.at_evse(&place, earlier) != self.after.power.at_evse(&place, later)
                })
    }
}

impl Load {
    /// A place where a profile would hold, if nobody charges there.
    fn idle_under(profile: &Installed, before: &Scene<'_>, now_ms: i64) -> Option<Self> {
        let met = before.loads.iter().any(|load| {
            let here = profile.evse == 0 || profile.evse == load.evse;
            here && (profile.purpose != Purpose::Tx
                || profile.transaction.is_none()
                || profile.transaction == load.transaction)
        });
        (!met).then(|| Self::idle(profile.transaction.clone(), profile.evse, now_ms))
    }
}

impl Power {
    /// The profiles, as they are installed.
    pub(super) fn installed(&self) -> &[Installed] {
        &self.profiles
    }
}

/// Changes by their time.
struct Told {
    now_ms: i64,
    changes: BTreeMap<i64, (i64, Option<Turn>)>,
}

impl Told {
    fn add(&mut self, at: Timestamp, delta_w: i64) {
        self.add_turning(at.as_millis().max(self.now_ms), delta_w, None);
    }

    fn add_turning(&mut self, at_ms: i64, delta_w: i64, turn: Option<Turn>) {
        let (sum, known) = self.changes.entry(at_ms).or_default();
        *sum = sum.saturating_add(delta_w);
        *known = known.or(turn);
    }

    /// The first, and the largest, in the order of their times.
    fn largest(self) -> Vec<PowerChange> {
        let change = |(at_ms, (delta_w, turn)): (i64, (i64, Option<Turn>))| PowerChange {
            at: Timestamp::from_millis(at_ms),
            delta_w,
            every_ms: turn.map(|turn| turn.every_ms),
            until: turn.and_then(|turn| turn.until_ms).map(Timestamp::from_millis),
        };
        let mut changes: Vec<PowerChange> = self.changes.into_iter().map(change).collect();
        if changes.len() > CHANGES_MAX
            && let Some((_, rest)) = changes.split_first_mut()
        {
            rest.sort_by_key(|change| std::cmp::Reverse(change.delta_w.unsigned_abs()));
            changes.truncate(CHANGES_MAX);
            changes.sort_by_key(|change| change.at);
        }
        changes
    }
}
