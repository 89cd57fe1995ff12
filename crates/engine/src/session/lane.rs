//! The calls of one side: one open at a time, and what became of the last ones.

use bytes::Bytes;
use chargewarden_ocpp::Action;
use chargewarden_policy::effect::Boot;

use super::misstep::Misstep;
use super::recent::{Fate, Recent};
use crate::effects::RequestMemo;
use crate::ledger::Places;
use crate::world::SessionLimits;

/// A call that was delivered and is not answered yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) since_ms: u64,
    pub(super) origin: Origin,
}

/// Who made a call.
#[derive(Debug)]
pub(super) enum Origin {
    /// The side whose lane it is.
    Peer(Asked),
    /// We, in its name.
    Own {
        /// What for.
        purpose: &'static str,
    },
}

/// What is needed of a request when its answer comes.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) memo: RequestMemo,
    /// What a booting station said of itself.
    pub(super) boot: Option<Box<Boot>>,
    /// Which use a certificate has that was asked for, or handed over.
    pub(super) certificate_use: Option<Box<str>>,
    /// The call itself, where something is learned from its answer.
    pub(super) call: Option<Bytes>,
    /// Its places under limits.
    pub(super) places: Places,
}

/// A call of the peer that waits until ours is answered.
#[derive(Debug)]
pub(super) struct Deferred {
    pub(super) id: String,
    pub(super) bytes: Bytes,
}

/// Whether a call can be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now.
    Now,
    /// When our own call is answered.
    Later,
}

/// Calls in one direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) open: Option<Open>,
    pub(super) deferred: Option<Deferred>,
    pub(super) recent: Recent,
}

/// What an answer with this id would be.
#[derive(Debug)]
pub(super) enum Match<'a> {
    /// The answer to the open call.
    Open(&'a Open),
    /// Wrong.
    Wrong(Misstep),
}

impl Lane {
    pub(super) fn new(seed: u64) -> Self {
        Self { open: None, deferred: None, recent: Recent::new(seed) }
    }

    /// Whether a call with this id may come now. Changes nothing.
    pub(super) fn admit(
        &self,
        id: &str,
        action: Action,
        now_ms: u64,
        limits: &SessionLimits,
    ) -> Result<Turn, Misstep> {
        match self.recent.fate(id) {
            // A call that was not answered may be repeated under its id.
            None => {}
            Some(Fate::GivenUp(before)) if before == action => {}
            Some(Fate::GivenUp(_) | Fate::Answered(_) | Fate::Done) => return Err(Misstep::UsedId),
        }
        if let Some(deferred) = &self.deferred {
            // It waits no longer than our own call, which is less than any caller's patience.
            return Err(if deferred.id == id { Misstep::OpenId } else { Misstep::CallOutstanding });
        }
        let Some(open) = &self.open else { return Ok(Turn::Now) };
        let patient = now_ms.saturating_sub(open.since_ms) < limits.patience_ms;
        match &open.origin {
            Origin::Own { .. } => Ok(Turn::Later),
            Origin::Peer(_) if open.id == id && (patient || open.action != action) => Err(Misstep::OpenId),
            Origin::Peer(_) if patient => Err(Misstep::CallOutstanding),
            // The caller has waited long enough to have given up on the first.
            Origin::Peer(_) => Ok(Turn::Now),
        }
    }

    /// Whether a call with this id is open, or waits.
    pub(super) fn is_open(&self, id: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.id == id)
            || self.deferred.as_ref().is_some_and(|deferred| deferred.id == id)
    }

    /// A call was delivered. One that was open before was given up by its caller.
    pub(super) fn deliver(&mut self, open: Open) {
        self.give_up();
        self.open = Some(open);
    }

    /// Forgets the open call. Its answer, should it come, is late.
    pub(super) fn give_up(&mut self) -> Option<Open> {
        let open = self.open.take()?;
        self.recent.remember(&open.id, Fate::GivenUp(open.action));
        Some(open)
    }

    /// What an answer with this id would be.
    pub(super) fn answering(&self, id: &str) -> Match<'_> {
        match (&self.open, self.recent.fate(id)) {
            (Some(open), _) if open.id == id => Match::Open(open),
            (_, None) => Match::Wrong(Misstep::Unsolicited),
            (_, Some(Fate::Answered(_) | Fate::Done)) => Match::Wrong(Misstep::Replayed),
            (_, Some(Fate::GivenUp(_))) => Match::Wrong(Misstep::Late),
        }
    }

    /// The open call is answered.
    pub(super) fn close(&mut self, fate: Fate) -> Option<Open> {
        let open = self.open.take()?;
        self.recent.remember(&open.id, fate);
        Some(open)
    }

    /// When the open call counts as unanswered, on the monotonic clock.
    pub(super) fn deadline(&self, limits: &SessionLimits) -> Option<u64> {
        let open = self.open.as_ref()?;
        let wait = match open.origin {
            Origin::Peer(_) => limits.answer_ms,
            Origin::Own { .. } => limits.own_answer_ms,
        };
        Some(open.since_ms.saturating_add(wait))
    }
}
