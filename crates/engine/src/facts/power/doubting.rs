//! What is odd about a command that steers power.

use chargewarden_ocpp::{Action, Obj, Side, Version};
use chargewarden_policy::effect::{Discharge, Effect, SetPower};
use chargewarden_policy::{Doubt, Doubts, Envelope};

use super::super::Heard;
use super::super::sessions::Running;
use super::Power;
use super::held::Held;
use super::order::{Order, Selection};
use super::prediction::Outlook;
use super::profile::{Installed, Kind, Purpose};
use super::scene::Scene;
use crate::effects::MessageKind;

/// Periods of a schedule from which on it is odd: a day and a half in periods of 5 min, where the station states no
/// other number.
const PERIODS_ODD: i64 = 500;

/// How long a vehicle may get nothing, in ms.
const STARVES_MS: i64 = 900_000;

/// How far ahead that is looked for, in ms: longer than vehicles stay.
const STARVES_WITHIN_MS: i64 = 86_400_000;

/// How soon a dynamic limit may be changed again, in ms.
const UPDATE_MS: i64 = 10_000;

/// What a rating is exceeded by where it is only rounded, in %: 32 A in three phases are 22,080 W and sold as 22 kW.
const ROUNDED_PERCENT: i64 = 2;

/// What an EVSE with a single phase carries at most, in W: 32 A, rounded up as above.
const SINGLE_PHASE_W: i64 = 7_548;

/// Raises them.
pub(super) fn doubts(power: &Power, running: &[Running<'_>], heard: &Heard<'_>, out: &mut Doubts) {
    if heard.message.from == Side::Station || heard.message.kind == MessageKind::Error {
        return;
    }
    for effect in heard.effects {
        #[expect(clippy::wildcard_enum_match_arm, reason = "few effects are about power")]
        match effect {
            Effect::SetPower(set) => {
                out.add_if(is_above_rating(set, heard), Doubt::AboveRating);
                let most = power.periods_max.unwrap_or(PERIODS_ODD);
                out.add_if(set.periods > most, Doubt::TooManyPeriods);
            }
            Effect::Discharge(discharge) => {
                out.add_if(is_above_export(discharge, &heard.about.envelope), Doubt::AboveExport);
            }
            _ => {}
        }
    }
    let Some(order) = Order::heard(running, heard) else { return };
    let now_ms = heard.message.now.as_millis();
    let party = heard.about.csms_party.as_str();
    out.add_if(power.touches(&order, party, heard.message.version), Doubt::TouchesOther);
    out.add_if(power.turns.is_too_soon(power.target(&order), &order, now_ms), Doubt::SwingsPower);
    match &order {
        Order::Install(profile) => {
            out.add_if(!power.has_room(profile, heard.message.version), Doubt::TooManyPeriods);
            let dynamic = profile.kind == Kind::Dynamic && power.is_fresh(profile.id, now_ms);
            out.add_if(dynamic, Doubt::UpdatedTooSoon);
        }
        Order::Clear(selection) => out.add_if(power.lifts_protective(selection), Doubt::LiftsProtective),
        Order::Update { id, .. } => {
            // Where a station asks for it, it is the station that sets the pace.
            let unasked = heard.message.kind == MessageKind::Call;
            out.add_if(unasked && power.is_fresh(*id, now_ms), Doubt::UpdatedTooSoon);
        }
        Order::Priority { .. } => {}
    }
    let id = match &order {
        Order::Install(profile) => Some(profile.id),
        Order::Update { id, .. } => Some(*id),
        Order::Clear(_) | Order::Priority { .. } => None,
    };
    let outlook = Outlook::new(Scene::of(power, running, &heard.about.envelope, now_ms), heard, Some(order));
    out.add_if(outlook.starves(now_ms), Doubt::StarvesSession);
    let new = id.and_then(|id| outlook.after.power.installed().iter().find(|profile| profile.id == id));
    out.add_if(new.is_some_and(|new| outlook.outranks(new, party, now_ms)), Doubt::OutranksOther);
}

/// Whether a limit is above what there is to carry it. Of what is not configured, nothing is assumed.
fn is_above_rating(set: &SetPower, heard: &Heard<'_>) -> bool {
    let Some(highest) = set.highest_w else { return false };
    let Envelope { evses, evse_w, station_w, site_w, export_w: _ } = heard.about.envelope;
    let station_w = station_w.or_else(|| Some(evses?.saturating_mul(evse_w?)));
    let rounded = |watts: i64| watts.saturating_add(watts.saturating_mul(ROUNDED_PERCENT) / 100);
    let above = |highest: i64, most: Option<i64>| most.is_some_and(|most| highest > rounded(most));
    let whole = above(highest, station_w) || site_w.is_some_and(|most| highest > most);
    match set.purpose {
        // What is generated at the site comes on top.
        "local-generation" => false,
        "max" | "external" => whole,
        _ => {
            let single = evse_w.is_some_and(|watts| watts <= SINGLE_PHASE_W) && leaves_phases_open(heard);
            let highest = if single { highest / 3 } else { highest };
            above(highest, evse_w) || (!single && whole)
        }
    }
}

/// Whether currents are stated without the number of phases, so that it is the EVSE's.
fn leaves_phases_open(heard: &Heard<'_>) -> bool {
    let v16 = heard.message.version == Version::V16;
    #[expect(clippy::wildcard_enum_match_arm, reason = "few messages carry a profile")]
    let name = match heard.message.action {
        Action::SetChargingProfile if v16 => "csChargingProfiles",
        Action::SetChargingProfile | Action::RemoteStartTransaction | Action::RequestStartTransaction => {
            "chargingProfile"
        }
        _ => return false,
    };
    let Some(profile) = heard.message.payload.root().obj(name) else { return false };
    let open = |schedule: Obj<'_>| {
        schedule.text("chargingRateUnit").is_some_and(|unit| unit == "A")
            && schedule.objs("chargingSchedulePeriod").all(|period| !period.has("numberPhases"))
    };
    if v16 {
        profile.obj("chargingSchedule").is_some_and(open)
    } else {
        profile.objs("chargingSchedule").all(open)
    }
}

/// Whether more would be fed back than may be. Central set-points say how much; other modes leave it to the vehicle.
fn is_above_export(discharge: &Discharge, envelope: &Envelope) -> bool {
    match (discharge.power_w, envelope.export_w.unwrap_or(0)) {
        (Some(watts), most) => watts > most,
        (None, 0) => discharge.mode != "CentralSetpoint",
        (None, _) => false,
    }
}

impl Power {
    /// Whether another party's profile would be replaced, changed or removed.
    fn touches(&self, order: &Order, party: &str, version: Version) -> bool {
        let mut others = self.installed().iter().filter(|profile| profile.is_of_other(party));
        match order {
            Order::Install(new) => others.any(|other| new.replaces(other, version)),
            Order::Clear(selection) => others.any(|other| selection.includes(other)),
            Order::Update { id, .. } => others.any(|other| other.id == *id),
            Order::Priority { .. } => false,
        }
    }

    /// Whether a limit of the station would be removed, or could be, since nobody has told which there are.
    fn lifts_protective(&self, selection: &Selection) -> bool {
        let mut protective = self.installed().iter().filter(|profile| profile.purpose.is_protective());
        protective.any(|profile| selection.includes(profile)) || (!self.told && selection.may_lift())
    }

    /// Whether a dynamic profile was changed a moment ago.
    fn is_fresh(&self, id: i64, now_ms: i64) -> bool {
        let mut known = self.installed().iter().filter(|profile| profile.kind == Kind::Dynamic);
        known
            .any(|profile| profile.id == id && (0..UPDATE_MS).contains(&now_ms.saturating_sub(profile.at_ms)))
    }
}

impl Outlook<'_> {
    /// Whether somebody who charges would get nothing for long, and did not before.
    fn starves(&self, now_ms: i64) -> bool {
        let end = now_ms.saturating_add(STARVES_WITHIN_MS);
        let moments = || self.moments.keys().copied().filter(|t| *t < end);
        self.before.loads.iter().any(|load| {
            let mut since = None;
            for t in std::iter::once(now_ms).chain(moments()) {
                let place = load.place();
                let (before, after) =
                    (self.before.power.at_evse(&place, t), self.after.power.at_evse(&place, t));
                if !is_nothing(after) || is_nothing(before) {
                    if since.is_some_and(|since| t.saturating_sub(since) > STARVES_MS) {
                        return true;
                    }
                    since = None;
                } else if since.is_none() {
                    since = Some(t);
                }
            }
            since.is_some_and(|since| end.saturating_sub(since) > STARVES_MS)
        })
    }

    /// Whether a profile would hold in the place of a lower limit that another party has set for the same purpose.
    fn outranks(&self, new: &Installed, party: &str, now_ms: i64) -> bool {
        if new.purpose == Purpose::LocalGeneration {
            return false;
        }
        let outranked = |other: &Installed, began_ms: i64| {
            std::iter::once(now_ms).chain(self.moments.keys().copied()).any(|t| {
                let Some((lower, higher)) = other.at(t, began_ms).zip(new.at(t, began_ms)) else {
                    return false;
                };
                lower.most.is_some_and(|lower| higher.most.is_none_or(|higher| higher > lower))
            })
        };
        let others = self.before.power.installed().iter().filter(|other| other.is_of_other(party));
        others
            .filter(|other| other.purpose == new.purpose && other.transaction == new.transaction)
            .filter(|other| other.evse == new.evse || other.evse == 0 || new.evse == 0)
            .filter(|other| new.rank() > other.rank() || !self.after.power.installed().contains(other))
            .any(|other| self.places().any(|place| outranked(other, place.began_ms)))
    }
}

/// Whether a vehicle gets nothing that it can use.
fn is_nothing(held: Held) -> bool {
    match held.aim {
        Some(aim) => aim == 0,
        None => held.thin || held.most.is_some_and(|most| most <= 0),
    }
}
