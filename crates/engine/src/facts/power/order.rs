//! What a message does to the charging profiles of a station.

use chargewarden_ocpp::{Action, Obj, Version};
use chargewarden_policy::About;

use super::super::sessions::Running;
use super::super::{Heard, Mark};
use super::Power;
use super::profile::{Awaited, Installed, Kind, Period, Purpose};
use crate::effects::{Message, RequestMemo, Schedule};

/// Profiles that are kept of one party at one station: more than any station takes. Of more its own oldest are forgotten,
/// and those that protect the station last.
pub(super) const PROFILES_OF_PARTY_MAX: usize = 32;

/// Periods that are kept of one party at one station: those of the largest profile there can be.
pub(super) const PERIODS_OF_PARTY_MAX: usize = super::profile::PERIODS_OF_PROFILE_MAX;

/// Sessions whose priority is remembered: one for each of 8 EVSEs.
const PRIORITIES_MAX: usize = 8;

/// How long a profile waits for the session that it was sent with, in ms: stations wait a few minutes for the cable.
const AWAITS_MS: i64 = 900_000;

/// A change of what is installed.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// A profile is added, in the place of those that it replaces.
    Install(Box<Installed>),
    /// Profiles are removed.
    Clear(Selection),
    /// A dynamic profile gets other values.
    Update {
        /// Its id.
        id: i64,
        /// The values.
        period: Period,
    },
    /// A session gets priority, or loses it.
    Priority {
        /// The session.
        transaction: String,
        /// Whether it gets it.
        on: bool,
    },
}

/// Which profiles are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// One, by its id; then nothing else counts.
    pub(super) id: Option<i64>,
    /// Those of an EVSE, of the station where 0.
    pub(super) evse: Option<i64>,
    /// Those of a purpose.
    pub(super) purpose: Option<Purpose>,
    /// Those of a stack level.
    pub(super) stack: Option<i64>,
}

impl Order {
    /// What a call of a management system would change, if the station obeys.
    pub(super) fn of(
        running: &[Running<'_>],
        call: &Message<'_>,
        about: &About,
        token: impl Fn(&str) -> Mark,
    ) -> Option<Self> {
        let (version, root) = (call.version, call.payload.root());
        let v16 = version == Version::V16;
        let install = |evse: &str, name: &str| {
            let evse = root.int(evse).unwrap_or(0);
            let mut profile = Installed::read(version, evse, root.obj(name)?, call.now.as_millis())?;
            about.csms_party.as_str().clone_into(&mut profile.party);
            about.csms.clone_into(&mut profile.csms);
            Some(Box::new(profile))
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "few messages are about profiles")]
        match call.action {
            Action::SetChargingProfile => {
                let names =
                    if v16 { ("connectorId", "csChargingProfiles") } else { ("evseId", "chargingProfile") };
                let mut profile = install(names.0, names.1)?;
                if profile.purpose == Purpose::Tx && profile.transaction.is_none() {
                    // 1.6 takes the session that runs there.
                    let here = running.iter().find(|session| session.evse == Some(profile.evse));
                    profile.transaction =
                        here.map(|session| session.transaction.to_owned()).filter(|id| !id.is_empty());
                }
                Some(Self::Install(profile))
            }
            Action::RemoteStartTransaction | Action::RequestStartTransaction => {
                let mut profile = install(if v16 { "connectorId" } else { "evseId" }, "chargingProfile")?;
                let stated = if v16 {
                    root.text("idTag")
                } else {
                    root.obj("idToken").and_then(|token| token.text("idToken"))
                };
                profile.transaction = None;
                profile.awaits = Some(Awaited {
                    token: stated.map(|stated| token(&stated)),
                    start: if v16 { None } else { root.int("remoteStartId") },
                });
                Some(Self::Install(profile))
            }
            Action::ClearChargingProfile => Selection::read(version, root).map(Self::Clear),
            Action::UpdateDynamicSchedule => {
                let update = root.obj("scheduleUpdate")?;
                Some(Self::Update { id: root.int("chargingProfileId")?, period: update_of(update)? })
            }
            Action::UsePriorityCharging => {
                let transaction = root.text("transactionId")?.into_owned();
                Some(Self::Priority { transaction, on: root.flag("activate")? })
            }
            _ => None,
        }
    }

    /// What a message of a management system that is being decided would change.
    pub(super) fn heard(running: &[Running<'_>], heard: &Heard<'_>) -> Option<Self> {
        if heard.message.action == Action::PullDynamicScheduleUpdate {
            return Self::of_pull(heard.message);
        }
        Self::of(running, heard.message, heard.about, |token| heard.token(token))
    }

    /// The answer to a station that asks for new values.
    pub(super) fn of_pull(answer: &Message<'_>) -> Option<Self> {
        let Some(RequestMemo::Profile(id)) = answer.request else { return None };
        let update = answer.payload.root().obj("scheduleUpdate")?;
        Some(Self::Update { id: *id, period: update_of(update)? })
    }
}

fn update_of(update: Obj<'_>) -> Option<Period> {
    Schedule::of_update(update).periods.first().map(Period::of)
}

impl Selection {
    fn read(version: Version, root: Obj<'_>) -> Option<Self> {
        let v16 = version == Version::V16;
        let criteria = if v16 { Some(root) } else { root.obj("chargingProfileCriteria") };
        let stated = criteria.and_then(|criteria| criteria.text("chargingProfilePurpose"));
        Some(Self {
            id: root.int(if v16 { "id" } else { "chargingProfileId" }),
            evse: criteria.and_then(|criteria| criteria.int(if v16 { "connectorId" } else { "evseId" })),
            purpose: match stated {
                // A purpose that we do not know selects what we do not know.
                Some(stated) => Some(Purpose::parse(&stated)?),
                None => None,
            },
            stack: criteria.and_then(|criteria| criteria.int("stackLevel")),
        })
    }

    /// Whether it selects the profile.
    pub(super) fn includes(&self, profile: &Installed) -> bool {
        if let Some(id) = self.id {
            return id == profile.id;
        }
        self.evse.is_none_or(|evse| evse == profile.evse)
            && self.purpose.is_none_or(|purpose| purpose == profile.purpose)
            && self.stack.is_none_or(|stack| stack == profile.stack)
    }

    /// Whether it selects whatever there is.
    pub(super) fn is_all(&self) -> bool {
        *self == Self { id: None, evse: None, purpose: None, stack: None }
    }

    /// Whether it could select a limit of the whole station, of which it does not name the id.
    pub(super) fn may_lift(&self) -> bool {
        self.id.is_none()
            && self.purpose.is_none_or(Purpose::is_protective)
            && self.evse.is_none_or(|evse| evse == 0 || self.purpose == Some(Purpose::External))
    }
}

impl Installed {
    /// Whether the station gives up the other for it. By id; and what has the same place: in 2.x not where they are valid
    /// at different times.
    pub(super) fn replaces(&self, other: &Self, version: Version) -> bool {
        if self.id == other.id {
            return true;
        }
        let place = |profile: &Self| (profile.purpose, profile.stack, profile.evse);
        let session = match (&self.transaction, &other.transaction) {
            (Some(one), Some(two)) => one == two,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let together = match version {
            Version::V16 => true,
            Version::V201 | Version::V21 => self.overlaps(other),
        };
        place(self) == place(other) && session && together && self.awaits.is_some() == other.awaits.is_some()
    }
}

impl Power {
    /// Carries an order out; true when something changed.
    pub(super) fn apply(&mut self, order: Order, version: Version, now_ms: i64) -> bool {
        match order {
            Order::Install(profile) => {
                self.profiles.retain(|other| !profile.replaces(other, version) && !other.is_stale(now_ms));
                self.make_room(&profile);
                self.profiles.push(*profile);
                true
            }
            Order::Clear(selection) => {
                let before = self.profiles.len();
                self.profiles.retain(|profile| !selection.includes(profile));
                before != self.profiles.len()
            }
            Order::Update { id, period } => {
                let Some(profile) = self.dynamic(id) else { return false };
                profile.at_ms = now_ms;
                if let Some(plan) = profile.schedules.first_mut() {
                    plan.periods = vec![period.or(plan.periods.first())];
                }
                true
            }
            Order::Priority { transaction, on } => self.give_priority(transaction, on),
        }
    }

    fn dynamic(&mut self, id: i64) -> Option<&mut Installed> {
        self.profiles.iter_mut().find(|profile| profile.id == id && profile.kind == Kind::Dynamic)
    }

    fn give_priority(&mut self, transaction: String, on: bool) -> bool {
        let has = self.priority.contains(&transaction);
        if has == on {
            return false;
        }
        if !on {
            self.priority.retain(|known| *known != transaction);
            return true;
        }
        if self.priority.len() >= PRIORITIES_MAX {
            self.priority.remove(0);
        }
        self.priority.push(transaction);
        true
    }

    /// Whether the party can have this one in addition without losing one from sight.
    pub(super) fn has_room(&self, profile: &Installed, version: Version) -> bool {
        let others = self.profiles.iter().filter(|other| other.party == profile.party);
        let others = others.filter(|other| !profile.replaces(other, version));
        let (count, periods) =
            others.fold((0, 0), |(count, periods), other| (count + 1, periods + other.periods()));
        count < PROFILES_OF_PARTY_MAX && periods + profile.periods() <= PERIODS_OF_PARTY_MAX
    }

    /// Forgets the party's own oldest until there is room.
    fn make_room(&mut self, profile: &Installed) {
        loop {
            let own = || self.profiles.iter().enumerate().filter(|(_, other)| other.party == profile.party);
            let count = own().count();
            let periods: usize = own().map(|(_, other)| other.periods()).sum();
            if count < PROFILES_OF_PARTY_MAX && periods + profile.periods() <= PERIODS_OF_PARTY_MAX {
                return;
            }
            let oldest = own().min_by_key(|(_, other)| (other.purpose.is_protective(), other.at_ms));
            let Some((oldest, _)) = oldest else { return };
            self.profiles.remove(oldest);
        }
    }

    /// A session began: profiles that were sent with it are its own, and those of the one before it are gone.
    pub(super) fn begin(
        &mut self,
        transaction: &str,
        evse: Option<i64>,
        awaited: &Awaited,
        now_ms: i64,
    ) -> bool {
        let before = self.profiles.len();
        self.profiles.retain(|profile| {
            let other = profile.transaction.as_ref().is_some_and(|known| known != transaction);
            !(profile.is_stale(now_ms) || other && evse == Some(profile.evse))
        });
        let mut changed = before != self.profiles.len();
        for profile in &mut self.profiles {
            let here = profile.evse == 0 || evse.is_none_or(|evse| evse == profile.evse);
            let meant = profile.awaits.as_ref().is_some_and(|waits| waits.fits(awaited));
            if here && meant {
                profile.awaits = None;
                profile.evse = evse.unwrap_or(profile.evse);
                profile.transaction = Some(transaction.to_owned());
                changed = true;
            }
        }
        changed
    }

    /// A session ended, and its profiles with it.
    pub(super) fn end(&mut self, transaction: &str) -> bool {
        let before = (self.profiles.len(), self.priority.len());
        self.profiles.retain(|profile| profile.transaction.as_deref() != Some(transaction));
        self.priority.retain(|known| known != transaction);
        before != (self.profiles.len(), self.priority.len())
    }
}

impl Awaited {
    /// Whether it is this session that was waited for: by number where both have one, else by token.
    fn fits(&self, begun: &Self) -> bool {
        match (self.start, begun.start) {
            (Some(one), Some(two)) => one == two,
            (Some(_) | None, _) => self.token.zip(begun.token).is_none_or(|(one, two)| one == two),
        }
    }
}

impl Installed {
    /// Whether it has waited for its session for too long.
    fn is_stale(&self, now_ms: i64) -> bool {
        self.awaits.is_some() && now_ms.saturating_sub(self.at_ms) > AWAITS_MS
    }
}
