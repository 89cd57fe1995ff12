//! A session begins.

use chargewarden_policy::{Doubt, Doubts};

use super::owner::{Beginner, Beginning};
use super::reading::{Context, Reading};
use super::scene::Scene;
use super::time::{SKEW_MS, is_before, is_late, is_misdated};
use super::transaction::Transaction;
use super::{Learned, Sessions};

/// What a session that begins may overlap with.
struct Span {
    from_ms: i64,
    /// None while it runs.
    to_ms: Option<i64>,
}

impl Sessions {
    /// 1.6 `StartTransaction`. The transaction is only learned with the number that the answer gives it.
    pub(super) fn start_transaction(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let root = scene.root;
        let Some(at_ms) = root.time("timestamp").map(super::time::ms) else { return Learned::Nothing };
        doubt_time(self, at_ms, false, scene, out);
        if self.started_1_6(scene).is_some() {
            // The same once more: the answer was lost.
            return Learned::Nothing;
        }
        let evse = root.int("connectorId");
        self.doubt_overlap(evse, at_ms, scene, out);
        if let (Some(evse), Some(meter)) = (evse, begin_reading(scene)) {
            self.begin_register(evse, &meter, out);
        }
        Learned::Nothing
    }

    /// The running transaction that a 1.6 `StartTransaction` has begun before, if it did.
    pub(super) fn started_1_6(&self, scene: &Scene<'_>) -> Option<usize> {
        let root = scene.root;
        let at_ms = root.time("timestamp").map(super::time::ms);
        let evse = root.int("connectorId");
        let owner = scene.tag(root, "idTag");
        let mwh = begin_reading(scene).and_then(|meter| meter.register).map(|register| register.mwh);
        self.running.iter().position(|known| {
            known.begun_ms == at_ms
                && known.evse == evse
                && known.owner == owner
                && known.meter.begin.map(|begin| begin.mwh) == mwh
        })
    }

    /// The transaction that a 1.6 `StartTransaction` begins.
    pub(super) fn begin_1_6(&mut self, id: String, scene: &Scene<'_>) {
        let root = scene.root;
        let Some(at_ms) = root.time("timestamp").map(super::time::ms) else { return };
        let (evse, owner) = (root.int("connectorId"), scene.tag(root, "idTag"));
        let beginning = Beginning { token: owner, evse, remote: None, now_ms: scene.now_ms };
        let by_command = self.tokens.beginner(&beginning);
        let mut transaction = Transaction {
            id,
            evse,
            owner,
            group: owner.map(|owner| self.tokens.group(owner)).unwrap_or_default(),
            beginner: by_command.unwrap_or_else(|| self.not_by_command(scene.now_ms)),
            begun_ms: Some(at_ms),
            heard_ms: scene.now_ms,
            event_ms: at_ms,
            ..Transaction::default()
        };
        let status = evse.and_then(|evse| self.connectors.iter().find(|known| known.evse == evse));
        if let Some(connector) = status {
            super::state_of_connector::flow(&mut transaction, connector.status, at_ms);
        }
        if let Some(reading) = begin_reading(scene) {
            transaction.meter.take(&reading, scene.rules(), &mut Doubts::default());
            if let Some(evse) = evse {
                self.begin_register(evse, &reading, &mut Doubts::default());
                self.count_register(evse, &reading);
            }
        }
        self.replace_others(evse, scene);
        self.run(transaction, scene);
    }

    /// Who began a session that no command explains.
    pub(super) fn not_by_command(&self, now_ms: i64) -> Beginner {
        let since_ms = self.line.since_ms().unwrap_or(now_ms);
        // A command from before our time may explain it.
        if now_ms.saturating_sub(since_ms) < super::owner::START_MS {
            Beginner::Unknown
        } else {
            Beginner::Driver
        }
    }

    /// One session at a time: what else is at this EVSE must be over.
    pub(super) fn replace_others(&mut self, evse: Option<i64>, scene: &Scene<'_>) {
        let Some(evse) = evse else { return };
        while let Some(at) = self.place_at(evse) {
            self.lose(at, scene);
        }
    }

    /// Whether a session that begins then overlaps another at the EVSE.
    pub(super) fn doubt_overlap(&self, evse: Option<i64>, at_ms: i64, scene: &Scene<'_>, out: &mut Doubts) {
        let Some(evse) = evse else { return };
        let running = self.running.iter().filter(|known| !self.is_uncertain(known) && !known.stopped);
        let running =
            running.map(|known| (known.evse, Span { from_ms: known.begun_ms.unwrap_or(0), to_ms: None }));
        let ended = self.ended.iter().filter(|known| !known.lost);
        let ended = ended.map(|known| {
            let from_ms = known.begun_ms.unwrap_or(known.ended_ms);
            (known.evse, Span { from_ms, to_ms: Some(known.ended_ms) })
        });
        let inside = |span: &Span| {
            at_ms >= span.from_ms && span.to_ms.is_none_or(|to_ms| at_ms < to_ms.saturating_sub(SKEW_MS))
        };
        // What runs is also overlapped by what is said to have begun before it and comes now.
        let overlaps = |span: &Span| span.to_ms.is_none() || inside(span);
        let mut here = running.chain(ended).filter(|(at, _)| *at == Some(evse)).map(|(_, span)| span);
        out.add_if(here.any(|span| overlaps(&span)), Doubt::Overlaps);
        let _ = scene;
    }

    /// Whether a session that ends overlaps another that ended before.
    pub(super) fn doubt_span(&self, at: usize, ended_ms: i64, out: &mut Doubts) {
        let Some(known) = self.running.get(at) else { return };
        let (Some(evse), Some(begun_ms)) = (known.evse, known.begun_ms) else { return };
        let overlaps =
            self.ended.iter().filter(|other| !other.lost && other.evse == Some(evse)).any(|other| {
                let from_ms = other.begun_ms.unwrap_or(other.ended_ms);
                is_before(begun_ms, other.ended_ms) && is_before(from_ms, ended_ms)
            });
        out.add_if(overlaps, Doubt::Overlaps);
    }

    /// The register with which a session begins.
    pub(super) fn begin_register(&mut self, evse: i64, reading: &Reading, out: &mut Doubts) {
        let booted_ms = self.line.booted_ms();
        if let (Some(register), Some(evse)) = (reading.register, self.evse_mut(evse)) {
            evse.begin(register.into(), reading.at_ms, booted_ms, out);
        }
    }

    pub(super) fn count_register(&mut self, evse: i64, reading: &Reading) {
        if let (Some(register), Some(evse)) = (reading.register, self.evse_mut(evse)) {
            evse.count(register.into(), reading.at_ms);
        }
    }
}

fn begin_reading(scene: &Scene<'_>) -> Option<Reading> {
    let at_ms = scene.root.time("timestamp")?.as_millis();
    Some(Reading::register(at_ms, scene.root.int("meterStart")?, Context::Begin))
}

/// Whether a report can be of that time. `offline`: whether it says that it waited for a connection.
pub(super) fn doubt_time(
    sessions: &Sessions,
    at_ms: i64,
    offline: bool,
    scene: &Scene<'_>,
    out: &mut Doubts,
) {
    out.add_if(is_misdated(at_ms, scene.now_ms), Doubt::Misdated);
    // Only what waited comes late.
    let waited = offline || is_late(at_ms, scene.now_ms);
    out.add_if(waited && sessions.line.was_online(at_ms), Doubt::OfflineWhileOnline);
}
