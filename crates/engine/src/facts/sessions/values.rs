//! Meter values, in a session or not, and the end of a 1.6 session.

use chargewarden_ocpp::Version;
use chargewarden_policy::{Doubt, Doubts};

use super::begin::doubt_time;
use super::book::place_name;
use super::evse::contexts;
use super::owner::is_foreign;
use super::reading::{Context, Reading, readings};
use super::scene::Scene;
use super::time::{SKEW_MS, is_before, is_misdated, ms};
use super::transaction::End;
use super::{Learned, Sessions};

/// How long a new limit has to be in force before a vehicle has to keep it: it follows within seconds, the station's
/// meter within a sample.
const LIMIT_MS: i64 = 2 * SKEW_MS;

impl Sessions {
    /// `MeterValues`.
    pub(super) fn meter_values(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let root = scene.root;
        let evse = root.int(place_name(scene.version)).filter(|evse| *evse > 0);
        let values: Vec<Reading> = readings(scene.version, root, "meterValue").collect();
        let newest_ms = values.iter().map(|reading| reading.at_ms).max();
        if let Some(newest_ms) = newest_ms {
            doubt_time(self, newest_ms, false, scene, out);
        }
        let named = match scene.version {
            // Stations that do not know the number yet say 0 or -1.
            Version::V16 => root.int("transactionId").filter(|id| *id > 0).map(|id| id.to_string()),
            Version::V201 | Version::V21 => None,
        };
        let mut at = named.as_deref().and_then(|id| self.place(id));
        if let Some(id) = named.as_deref()
            && at.is_none()
        {
            if let Some(ended) = self.ended(scene.mark(id)).copied() {
                let after = newest_ms.is_some_and(|at_ms| is_before(ended.ended_ms, at_ms));
                out.add_if(after && !ended.lost, Doubt::TransactionReused);
                if !ended.lost {
                    return Learned::Nothing;
                }
            } else if self.is_complete(scene) {
                out.add(Doubt::NoSuchTransaction);
                return Learned::Nothing;
            }
            self.meet(id, evse, scene);
            at = self.place(id);
        }
        let at = at.or_else(|| if named.is_none() { self.place_at(evse?) } else { None });
        if let (Some(at), Some(newest_ms)) = (at, newest_ms) {
            self.doubt_order(at, newest_ms, out);
        }
        self.take(at, evse, &values, scene, out);
        if at.is_some() || evse.is_some() { Learned::Later } else { Learned::Nothing }
    }

    /// A transaction that began before our time, or was taken for lost.
    pub(super) fn meet(&mut self, id: &str, evse: Option<i64>, scene: &Scene<'_>) {
        let mark = scene.mark(id);
        let known = self.ended(mark).copied();
        self.ended.retain(|ended| ended.mark != mark);
        let transaction = super::transaction::Transaction {
            id: id.to_owned(),
            evse: evse.or(known.and_then(|known| known.evse)),
            begun_ms: known.and_then(|known| known.begun_ms),
            heard_ms: scene.now_ms,
            seq: known.and_then(|known| known.seq),
            ..Default::default()
        };
        self.run(transaction, scene);
    }

    /// Whether what a report says comes after what was said before.
    fn doubt_order(&self, at: usize, newest_ms: i64, out: &mut Doubts) {
        let Some(known) = self.running.get(at) else { return };
        let last_ms = known.meter.at_ms.into_iter().chain(known.begun_ms).max();
        out.add_if(last_ms.is_some_and(|last_ms| is_before(newest_ms, last_ms)), Doubt::Misdated);
    }

    /// Takes in meter values of a transaction, of an EVSE, or of the station.
    pub(super) fn take(
        &mut self,
        at: Option<usize>,
        evse: Option<i64>,
        values: &[Reading],
        scene: &Scene<'_>,
        out: &mut Doubts,
    ) {
        let evse = at.and_then(|at| self.running.get(at)?.evse).or(evse);
        if let Some(evse) = evse.and_then(|evse| self.evse_mut(evse)) {
            let (counted, signed) = contexts(values);
            evse.sign(counted, signed, out);
        }
        for reading in values {
            out.add_if(is_misdated(reading.at_ms, scene.now_ms), Doubt::Misdated);
            out.add_if(!reading.consistent, Doubt::PowerInconsistent);
            doubt_power(evse, reading, scene, out);
            if let Some(at) = at {
                self.take_in_session(at, evse, reading, scene, out);
            }
            if let Some(evse) = evse {
                self.count_register(evse, reading);
            }
        }
    }

    fn take_in_session(
        &mut self,
        at: usize,
        evse: Option<i64>,
        reading: &Reading,
        scene: &Scene<'_>,
        out: &mut Doubts,
    ) {
        let Some(known) = self.running.get(at) else { return };
        // The register with which it began, where the beginning itself had none.
        let first = known.meter.begin.is_none() && known.begun_ms.is_some() && reading.register.is_some();
        let freed = known.freed_ms.is_some() && self.frees_first && reading.import_w.is_some_and(|w| w > 0);
        out.add_if(freed, Doubt::FreeWhileCharging);
        if let (true, Some(evse)) = (first, evse) {
            self.begin_register(evse, reading, out);
        }
        if let Some(known) = self.running.get_mut(at) {
            known.heard_ms = scene.now_ms;
            known.event_ms = known.event_ms.max(reading.at_ms);
            known.meter.take(reading, scene.rules(), out);
        }
    }

    /// 1.6 `StopTransaction`.
    pub(super) fn stop_transaction(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let root = scene.root;
        let (Some(number), Some(at_ms)) = (root.int("transactionId"), root.time("timestamp").map(ms)) else {
            return Learned::Nothing;
        };
        doubt_time(self, at_ms, false, scene, out);
        if number <= 0 {
            // A station that never got a number says so (1.6 errata).
            return Learned::Nothing;
        }
        let id = number.to_string();
        let stop = Reading::register(at_ms, root.int("meterStop").unwrap_or(0), Context::End);
        let mwh = stop.register.map(|register| register.mwh);
        if self.place(&id).is_none() {
            if let Some(ended) = self.ended(scene.mark(&id)) {
                let again = ended.ended_ms == at_ms && ended.mwh == mwh;
                out.add_if(!again && !ended.lost, Doubt::TransactionReused);
                if !ended.lost {
                    return Learned::Nothing;
                }
            } else if self.is_complete(scene) {
                out.add(Doubt::NoSuchTransaction);
                return Learned::Nothing;
            }
            self.meet(&id, None, scene);
        }
        let Some(at) = self.place(&id) else { return Learned::Nothing };
        let Some(known) = self.running.get(at) else { return Learned::Nothing };
        if let (Some(owner), Some(token)) = (known.owner, scene.tag(root, "idTag")) {
            let group = self.tokens.group(token);
            out.add_if(is_foreign((owner, known.group), (token, group), false), Doubt::ForeignToken);
        }
        self.doubt_end(at, at_ms, out);
        let values: Vec<Reading> = readings(scene.version, root, "transactionData").collect();
        self.take(Some(at), None, &values, scene, out);
        let reason = root.text("reason");
        self.sign_end(at, &values, reason.as_deref(), out);
        if let (Some(known), Some(register)) = (self.running.get_mut(at), stop.register) {
            known.meter.close(at_ms, register.into(), scene.rules(), out);
        }
        if let Some(evse) = self.running.get(at).and_then(|known| known.evse) {
            self.count_register(evse, &stop);
        }
        self.end(at, End { at_ms, heard_ms: scene.now_ms, seq: None, mwh, lost: false }, scene);
        Learned::Now
    }

    /// Whether a session can end then.
    pub(super) fn doubt_end(&self, at: usize, at_ms: i64, out: &mut Doubts) {
        let Some(known) = self.running.get(at) else { return };
        out.add_if(is_before(at_ms, known.event_ms), Doubt::Misdated);
        self.doubt_span(at, at_ms, out);
    }

    /// Whether the end of a session comes unsigned where ends came signed. One that was cut off has no reading.
    pub(super) fn sign_end(&mut self, at: usize, values: &[Reading], reason: Option<&str>, out: &mut Doubts) {
        let cut_off = reason.is_some_and(|reason| {
            matches!(reason, "PowerLoss" | "Reboot" | "HardReset" | "ImmediateReset" | "EmergencyStop")
        });
        let signed = values.iter().any(|reading| reading.signed);
        let Some(evse) = self.running.get(at).and_then(|known| known.evse) else { return };
        if let Some(evse) = self.evse_mut(evse).filter(|_| !cut_off || signed) {
            let bit = super::evse::AT_END;
            evse.sign(bit, if signed { bit } else { 0 }, out);
        }
    }

    /// A transaction is over.
    pub(super) fn end(&mut self, at: usize, end: End, scene: &Scene<'_>) {
        let freed_ms = self.running.get(at).and_then(|known| known.freed_ms);
        if freed_ms.is_some_and(|freed_ms| scene.now_ms.saturating_sub(freed_ms) <= 2 * SKEW_MS) {
            self.frees_first = true;
        }
        self.close(at, end, scene);
    }
}

/// Whether the EVSE can carry the power, and may.
fn doubt_power(evse: Option<i64>, reading: &Reading, scene: &Scene<'_>, out: &mut Doubts) {
    let Some(import_w) = reading.import_w else { return };
    let rating_w = if evse.is_some() { scene.rating_w() } else { scene.envelope().station_w };
    let above = |most_w: i64, percent: i64| import_w.saturating_mul(100) > most_w.saturating_mul(percent);
    out.add_if(rating_w.is_some_and(|rating_w| above(rating_w, 105)), Doubt::PowerAboveRating);
    let Some(limit) = scene.limit.filter(|_| evse.is_some()) else { return };
    // The highest of late: a vehicle needs a moment to follow.
    let lately = [0, LIMIT_MS / 2, LIMIT_MS].map(|ago_ms| limit(evse, reading.at_ms.saturating_sub(ago_ms)));
    let highest = lately.iter().copied().collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().max());
    out.add_if(highest.is_some_and(|limit_w| above(limit_w, 110)), Doubt::PowerAboveLimit);
}
