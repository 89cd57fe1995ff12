//! Reservations: who keeps which EVSE for whom until when.

use chargewarden_ocpp::{Action, Side, Timestamp, Version};
use chargewarden_policy::effect::{CancelReservation, Effect, Reserve, StartCharging, Token};
use chargewarden_policy::{Doubt, Doubts, PartyId};
use serde::{Deserialize, Serialize};

use super::maker::{Made, Maker, keep};
use crate::facts::{Heard, Mark};

/// Reservations remembered of one party: a running one and two that are over for each of 20 EVSEs. Of more its oldest
/// are forgotten.
const RESERVATIONS_MAX: usize = 60;

/// How long a reservation that is over counts: renewed within this time it goes on.
const RENEWAL_MS: i64 = 3_600_000;

/// Reservations of one EVSE in a row, for whomever, that nobody uses: the next one keeps it from being used.
const UNUSED_IN_A_ROW: usize = 2;

/// The reservations of one station, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Reservations(Vec<Reservation>);

/// One reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    maker: Maker,
    /// None where a web payment keeps the EVSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    /// None where the station chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evse: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Mark>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    with_group: bool,
    /// In ms since the Unix epoch.
    ends_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<Over>,
}

/// How a reservation ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Over {
    /// In ms since the Unix epoch.
    at_ms: i64,
    /// Whether somebody came and charged.
    used: bool,
}

/// A reservation that runs, as the ledger needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// None where a web payment keeps the EVSE.
    pub(crate) id: Option<i64>,
    /// None where the station chooses.
    pub(crate) evse: Option<i64>,
    /// Whom it is kept for; none where a web payment keeps it.
    pub(crate) token: Option<Mark>,
    /// Until when, in ms since the Unix epoch.
    pub(crate) ends_ms: i64,
}

impl Made for Reservation {
    fn party(&self) -> Option<&PartyId> {
        Some(&self.maker.party)
    }
}

impl Reservation {
    fn runs(&self, now_ms: i64) -> bool {
        self.over.is_none() && self.ends_ms > now_ms
    }

    /// Whether nobody used it, and it runs or was over so lately that another one continues it.
    fn is_idle(&self, now_ms: i64) -> bool {
        match self.over {
            Some(over) => !over.used && now_ms.saturating_sub(over.at_ms) < RENEWAL_MS,
            None => now_ms.saturating_sub(self.ends_ms) < RENEWAL_MS,
        }
    }

    /// Whether the two may keep the same EVSE; one that leaves the choice to the station may keep any.
    fn may_meet(&self, evse: Option<i64>) -> bool {
        self.evse.is_none() || evse.is_none() || self.evse == evse
    }
}

impl Reservations {
    /// Those that run.
    pub(super) fn running(&self, now: Timestamp) -> impl Iterator<Item = Running> {
        let now_ms = now.as_millis();
        self.0.iter().filter(move |one| one.runs(now_ms)).map(|one| Running {
            id: one.id,
            evse: one.evse,
            token: one.token,
            ends_ms: one.ends_ms,
        })
    }

    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        for effect in heard.effects {
            if let Effect::Reserve(reserve) = effect {
                self.doubt_reserving(heard, reserve, out);
            }
            if let Effect::CancelReservation(CancelReservation { reservation }) = effect {
                let known = self.0.iter().rev().find(|one| one.id == Some(*reservation));
                out.add_if(known.is_none_or(|one| one.maker.is_other(heard)), Doubt::ReservationOfOther);
            }
            if let Effect::StartCharging(StartCharging {
                evse: Some(evse),
                token: Some(token),
                with_group,
                ..
            }) = effect
            {
                let token = heard.token(token.expose());
                // Whom a group makes equal is not known here.
                let kept = |one: &Reservation| !one.with_group && !with_group && one.token != Some(token);
                out.add_if(self.keeps(*evse, heard, kept), Doubt::EvseTaken);
            }
        }
    }

    fn doubt_reserving(&self, heard: &Heard<'_>, reserve: &Reserve, out: &mut Doubts) {
        let now_ms = heard.message.now.as_millis();
        let id = reserve.reservation;
        let same_id = |one: &Reservation| id.is_some() && one.id == id;
        let replaced = self.0.iter().rev().find(|one| same_id(one) && one.runs(now_ms));
        out.add_if(replaced.is_some_and(|one| one.maker.is_other(heard)), Doubt::ReservationOfOther);
        let Some(token) = reserve.token.as_ref().map(|token: &Token| heard.token(token.expose())) else {
            return;
        };
        let other = |one: &Reservation| one.token == Some(token) && one.runs(now_ms) && !same_id(one);
        out.add_if(self.0.iter().any(other), Doubt::TokenReservesOther);
        if let Some(evse) = reserve.evse {
            let kept = |one: &Reservation| one.token != Some(token) && !same_id(one);
            out.add_if(self.keeps(evse, heard, kept), Doubt::EvseTaken);
        }
        let ends_ms = reserve.ends_at.map_or(i64::MAX, Timestamp::as_millis);
        // The same once more, because its answer was lost, or ending sooner, renews nothing.
        let repeats = |one: &Reservation| same_id(one) && one.runs(now_ms) && ends_ms <= one.ends_ms;
        let idle = |one: &&Reservation| one.is_idle(now_ms) && !repeats(one);
        let renewed = |one: &Reservation| one.token == Some(token) && one.may_meet(reserve.evse);
        let in_a_row =
            |one: &&Reservation| reserve.evse.is_some() && one.evse == reserve.evse && !one.runs(now_ms);
        let again = self.0.iter().filter(idle).any(renewed)
            || self.0.iter().filter(idle).filter(in_a_row).count() >= UNUSED_IN_A_ROW;
        out.add_if(again, Doubt::ReservedAgain);
    }

    /// Whether a running reservation that `matters` keeps this EVSE.
    fn keeps(&self, evse: i64, heard: &Heard<'_>, matters: impl Fn(&Reservation) -> bool) -> bool {
        let now_ms = heard.message.now.as_millis();
        self.0.iter().any(|one| one.evse == Some(evse) && one.runs(now_ms) && matters(one))
    }

    /// The station did as it was told.
    pub(super) fn done(&mut self, heard: &Heard<'_>, done: &[Effect]) -> bool {
        let mut learned = false;
        for effect in done {
            if let Effect::Reserve(reserve) = effect {
                self.reserve(heard, reserve);
                learned = true;
            }
            if let Effect::CancelReservation(CancelReservation { reservation }) = effect {
                learned |= self.end(heard, false, |one| one.id == Some(*reservation));
            }
        }
        learned
    }

    fn reserve(&mut self, heard: &Heard<'_>, reserve: &Reserve) {
        let &Reserve { evse, ref token, ends_at, reservation: id, with_group } = reserve;
        if id.is_some() {
            self.end(heard, false, |one| one.id == id);
        }
        let token = token.as_ref().map(|token| heard.token(token.expose()));
        // The schema demands an end. One that cannot be read ends when it is forgotten.
        let ends_ms = ends_at.unwrap_or(heard.message.now).as_millis();
        let one = Reservation { maker: Maker::of(heard), id, evse, token, with_group, ends_ms, over: None };
        keep(&mut self.0, one, RESERVATIONS_MAX);
    }

    /// The station tells of a reservation, or of a session that uses one.
    pub(super) fn reported(&mut self, heard: &Heard<'_>) -> bool {
        if heard.message.from != Side::Station || self.0.is_empty() {
            return false;
        }
        let root = heard.message.payload.root();
        if heard.message.action == Action::ReservationStatusUpdate {
            let id = root.int("reservationId");
            return self.end(heard, false, |one| id.is_some() && one.id == id);
        }
        let begins = heard.message.action == Action::StartTransaction;
        if !begins && heard.message.action != Action::TransactionEvent {
            return false;
        }
        let id = root.int("reservationId");
        let (token, evse) = match heard.message.version {
            Version::V16 => (root.text("idTag"), root.int("connectorId")),
            Version::V201 | Version::V21 => (
                root.obj("idToken").and_then(|token| token.text("idToken")),
                root.obj("evse").and_then(|evse| evse.int("id")),
            ),
        };
        let token = token.map(|token| heard.token(&token));
        self.end(heard, true, |one| {
            let named = id.is_some() && one.id == id;
            named || (one.token.is_some() && one.token == token && evse.is_some() && one.may_meet(evse))
        })
    }

    /// Running ones that match are over.
    fn end(&mut self, heard: &Heard<'_>, used: bool, matches: impl Fn(&Reservation) -> bool) -> bool {
        let at_ms = heard.message.now.as_millis();
        let mut ended = false;
        for one in self.0.iter_mut().filter(|one| one.runs(at_ms) && matches(one)) {
            one.over = Some(Over { at_ms, used });
            ended = true;
        }
        ended
    }

    /// Forgets what is over and counts no more. What was forgotten need not be stored at once.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let now_ms = now.as_millis();
        self.0.retain(|one| {
            let over_ms = one.over.map_or(one.ends_ms, |over| over.at_ms);
            now_ms.saturating_sub(over_ms) < RENEWAL_MS
        });
    }
}
