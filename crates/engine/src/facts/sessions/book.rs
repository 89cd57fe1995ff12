//! What is looked up in what is known of a station's sessions.

use chargewarden_ocpp::Version;
use chargewarden_policy::Envelope;

use super::evse::{Connector, Evse};
use super::scene::Scene;
use super::status::Status;
use super::time::MINUTE_MS;
use super::transaction::{End, Ended, Transaction};
use super::{CONNECTORS_MAX, ENDED_MAX, RUNNING_MAX, Sessions};
use crate::facts::Mark;

/// How long after it was taken in a station has told all of its connectors.
pub(super) const INTRODUCTION_MS: i64 = MINUTE_MS;
/// For how long a command may name a transaction that has just ended: the two pass each other on the way.
const JUST_ENDED_MS: i64 = 5 * MINUTE_MS;

impl Sessions {
    /// How many EVSEs the station has, where that is known.
    fn evse_count(&self, envelope: &Envelope) -> Option<i64> {
        envelope.evses.or(self.stated)
    }

    /// Whether every connector was told, or with an unknown number of them, any.
    pub(super) fn is_told(&self) -> bool {
        let told = |evse: i64| self.connectors.iter().any(|connector| connector.evse == evse);
        match self.stated {
            Some(count) => (1..=count).take(CONNECTORS_MAX + 1).all(told),
            None => !self.connectors.is_empty(),
        }
    }

    /// Whether every session that runs is known: each EVSE was seen without one, or seen to begin one.
    pub(super) fn is_complete(&self, scene: &Scene<'_>) -> bool {
        if self.spilled || self.line.since_ms().is_none() {
            return false;
        }
        let clear = |id: i64| self.evses.iter().any(|evse| evse.id == id && evse.clear);
        match self.evse_count(scene.envelope()) {
            Some(count) => (1..=count).take(CONNECTORS_MAX + 1).all(clear),
            None => self.is_introduced(scene.now_ms) && self.evses.iter().all(|evse| evse.clear),
        }
    }

    /// Whether the station has told of its connectors when it was taken in, and has had the time to tell of all.
    fn is_introduced(&self, now_ms: i64) -> bool {
        let booted_ms = self.line.booted_ms();
        self.introduced && booted_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) > INTRODUCTION_MS)
    }

    /// Whether the station has no such EVSE (2.x) or connector (1.6).
    pub(super) fn lacks(&self, evse: i64, scene: &Scene<'_>) -> bool {
        match self.evse_count(scene.envelope()) {
            _ if evse == 0 => false,
            Some(count) => !(1..=count).contains(&evse),
            None => {
                let full = self.evses.len() >= CONNECTORS_MAX;
                !full && self.is_introduced(scene.now_ms) && self.evses.iter().all(|known| known.id != evse)
            }
        }
    }

    pub(super) fn evse_mut(&mut self, id: i64) -> Option<&mut Evse> {
        if let Some(at) = self.evses.iter().position(|evse| evse.id == id) {
            return self.evses.get_mut(at);
        }
        if id <= 0 || self.evses.len() >= CONNECTORS_MAX {
            return None;
        }
        self.evses.push(Evse::new(id));
        self.evses.last_mut()
    }

    /// Notes how a connector stands; the status before it.
    pub(super) fn stand(&mut self, next: Connector) -> Option<Connector> {
        let is_same = |known: &&mut Connector| (known.evse, known.connector) == (next.evse, next.connector);
        if let Some(known) = self.connectors.iter_mut().find(is_same) {
            return Some(std::mem::replace(known, next));
        }
        if self.connectors.len() < CONNECTORS_MAX {
            self.connectors.push(next);
        }
        None
    }

    /// How an EVSE stands: as that of its connectors that is in use.
    pub(super) fn status(&self, evse: i64) -> Option<Status> {
        let mut of_evse = self.connectors.iter().filter(|connector| connector.evse == evse);
        let busy = of_evse.clone().find(|connector| !connector.status.is_clear());
        busy.or_else(|| of_evse.next()).map(|connector| connector.status)
    }

    /// Whether a transaction was not told of since the station came back: it may have ended, and its end is still on
    /// the way.
    pub(super) fn is_uncertain(&self, transaction: &Transaction) -> bool {
        transaction.heard_ms < self.line.steady_ms()
    }

    /// Whether somebody charges by it.
    pub(super) fn is_running(&self, transaction: &Transaction) -> bool {
        let status = transaction.evse.and_then(|evse| self.status(evse));
        let left = self.is_uncertain(transaction) && status.is_some_and(Status::is_free);
        transaction.is_active() && !left
    }

    pub(super) fn find(&self, id: &str) -> Option<&Transaction> {
        self.running.iter().find(|transaction| transaction.id == id)
    }

    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.running.iter().position(|transaction| transaction.id == id)
    }

    /// The transaction at an EVSE, the latest first.
    pub(super) fn place_at(&self, evse: i64) -> Option<usize> {
        self.running.iter().rposition(|transaction| transaction.evse == Some(evse))
    }

    pub(super) fn ended(&self, mark: Mark) -> Option<&Ended> {
        self.ended.iter().rfind(|ended| ended.mark == mark)
    }

    /// Whether a command names a transaction that the station does not have.
    pub(super) fn is_unknown(&self, id: &str, scene: &Scene<'_>) -> bool {
        let just_ended =
            |ended: &Ended| ended.lost || scene.now_ms.saturating_sub(ended.heard_ms) < JUST_ENDED_MS;
        self.is_complete(scene)
            && self.find(id).is_none()
            && !self.ended(scene.mark(id)).is_some_and(just_ended)
    }

    /// A transaction runs. Where there are too many, the one that was not heard of for longest is lost.
    pub(super) fn run(&mut self, transaction: Transaction, scene: &Scene<'_>) {
        if self.running.len() >= RUNNING_MAX {
            let oldest = self.running.iter().enumerate().min_by_key(|(_, known)| known.heard_ms);
            if let Some(at) = oldest.map(|(at, _)| at) {
                self.lose(at, scene);
                self.spilled = true;
            }
        }
        if let Some(evse) = transaction.evse.and_then(|evse| self.evse_mut(evse)) {
            evse.clear = true;
        }
        self.running.push(transaction);
    }

    /// A transaction is over.
    pub(super) fn close(&mut self, at: usize, end: End, scene: &Scene<'_>) {
        if at >= self.running.len() {
            return;
        }
        let transaction = self.running.remove(at);
        let over = transaction.over(scene.mark(&transaction.id), end);
        self.ended.retain(|ended| ended.mark != over.mark);
        if self.ended.len() >= ENDED_MAX {
            self.ended.remove(0);
        }
        self.ended.push(over);
    }

    /// A transaction must be over, and nobody told.
    pub(super) fn lose(&mut self, at: usize, scene: &Scene<'_>) {
        let Some(transaction) = self.running.get(at) else { return };
        let end = End {
            at_ms: transaction.event_ms,
            heard_ms: scene.now_ms,
            seq: transaction.seq,
            mwh: transaction.meter.last.map(|last| last.mwh),
            lost: true,
        };
        self.close(at, end, scene);
    }
}

/// Name of the member that says where: the EVSE is the connector in 1.6.
pub(super) fn place_name(version: Version) -> &'static str {
    match version {
        Version::V16 => "connectorId",
        Version::V201 | Version::V21 => "evseId",
    }
}
