//! 2.x `TransactionEvent`.

use chargewarden_ocpp::Obj;
use chargewarden_policy::{Doubt, Doubts};

use super::begin::doubt_time;
use super::owner::{Beginner, Beginning, is_foreign};
use super::reading::{Reading, readings};
use super::scene::Scene;
use super::time::{is_before, ms};
use super::transaction::{End, Flow, Transaction};
use super::{Learned, Sessions};
use crate::facts::Mark;

/// What an event says.
struct Told<'a> {
    id: String,
    info: Obj<'a>,
    phase: Phase,
    at_ms: i64,
    seq: i64,
    offline: bool,
    evse: Option<i64>,
    connector: Option<i64>,
    token: Option<Mark>,
    trigger: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Begins,
    GoesOn,
    Ends,
}

impl<'a> Told<'a> {
    fn of(scene: &Scene<'a>) -> Option<Self> {
        let root = scene.root;
        let info = root.obj("transactionInfo")?;
        let evse = root.obj("evse");
        Some(Self {
            id: info.text("transactionId")?.into_owned(),
            info,
            phase: match root.text("eventType")?.as_ref() {
                "Started" => Phase::Begins,
                "Ended" => Phase::Ends,
                _ => Phase::GoesOn,
            },
            at_ms: ms(root.time("timestamp")?),
            seq: root.int("seqNo")?,
            offline: root.flag("offline").unwrap_or(false),
            evse: evse.and_then(|evse| evse.int("id")).filter(|evse| *evse > 0),
            connector: evse.and_then(|evse| evse.int("connectorId")),
            token: scene.id_token(root, "idToken"),
            trigger: root.text("triggerReason").map(std::borrow::Cow::into_owned).unwrap_or_default(),
        })
    }

    /// Whether it is this one once more.
    fn repeats(&self, known: &Transaction) -> bool {
        known.seq == Some(self.seq) && known.event_ms == self.at_ms
    }
}

/// Reasons for which a session is over before the cable is out.
const STOPS: [&str; 9] = [
    "CostLimitReached",
    "Deauthorized",
    "EnergyLimitReached",
    "RemoteStop",
    "SoCLimitReached",
    "StopAuthorized",
    "TimeLimitReached",
    "UnlockCommand",
    "AbnormalCondition",
];

impl Sessions {
    pub(super) fn transaction_event(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let Some(told) = Told::of(scene) else { return Learned::Nothing };
        if let Some(known) = self.find(&told.id)
            && told.repeats(known)
        {
            return Learned::Nothing;
        }
        doubt_time(self, told.at_ms, told.offline, scene, out);
        let at = match self.place(&told.id) {
            Some(at) => {
                out.add_if(told.phase == Phase::Begins, Doubt::TransactionReused);
                at
            }
            None => match self.enter(&told, scene, out) {
                Some(at) => at,
                None => return Learned::Nothing,
            },
        };
        self.follow(at, &told, scene, out);
        let values: Vec<Reading> = readings(scene.version, scene.root, "meterValue").collect();
        self.take(Some(at), told.evse, &values, scene, out);
        if told.phase == Phase::Ends {
            let reason = told.info.text("stoppedReason");
            self.sign_end(at, &values, reason.as_deref(), out);
            let mwh = self.finish(at, out);
            let end =
                End { at_ms: told.at_ms, heard_ms: scene.now_ms, seq: Some(told.seq), mwh, lost: false };
            self.end(at, end, scene);
        }
        if told.phase == Phase::GoesOn && told.trigger.starts_with("MeterValue") {
            Learned::Later
        } else {
            Learned::Now
        }
    }

    /// The event of a transaction that does not run, as far as is known.
    fn enter(&mut self, told: &Told<'_>, scene: &Scene<'_>, out: &mut Doubts) -> Option<usize> {
        let ended = self.ended(scene.mark(&told.id)).copied();
        if let Some(ended) = ended.filter(|ended| !ended.lost) {
            let again = match told.phase {
                Phase::Begins => ended.begun_ms == Some(told.at_ms),
                Phase::GoesOn => {
                    ended.seq.is_some_and(|seq| told.seq < seq) && !is_before(ended.ended_ms, told.at_ms)
                }
                Phase::Ends => ended.seq == Some(told.seq) && ended.ended_ms == told.at_ms,
            };
            out.add_if(!again, Doubt::TransactionReused);
            return None;
        }
        if told.phase == Phase::Begins {
            self.begin(told, scene, out);
        } else {
            if ended.is_none() && self.is_complete(scene) {
                out.add(Doubt::NoSuchTransaction);
                return None;
            }
            self.meet(&told.id, told.evse, scene);
        }
        self.place(&told.id)
    }

    fn begin(&mut self, told: &Told<'_>, scene: &Scene<'_>, out: &mut Doubts) {
        self.doubt_overlap(told.evse, told.at_ms, scene, out);
        self.replace_others(told.evse, scene);
        let transaction = Transaction {
            id: told.id.clone(),
            evse: told.evse,
            connector: told.connector,
            begun_ms: Some(told.at_ms),
            ..Transaction::default()
        };
        self.run(transaction, scene);
    }

    /// What an event says of its transaction, but for the meter.
    fn follow(&mut self, at: usize, told: &Told<'_>, scene: &Scene<'_>, out: &mut Doubts) {
        let Some(known) = self.running.get(at) else { return };
        let behind = known.seq.is_some_and(|seq| told.seq <= seq);
        let before = is_before(told.at_ms, known.event_ms.max(known.begun_ms.unwrap_or(0)));
        out.add_if(behind || before, Doubt::Misdated);
        if told.phase == Phase::Ends {
            self.doubt_span(at, told.at_ms, out);
        }
        self.doubt_token(at, told, out);
        let freed = known_freed(self.running.get(at), told) && self.frees_first;
        out.add_if(freed, Doubt::FreeWhileCharging);
        let beginner = self.beginner(at, told, scene);
        let group = told.token.map(|token| self.tokens.group(token));
        let new_place = self.running.get(at).is_some_and(|known| known.evse.is_none()) && told.evse.is_some();
        let Some(known) = self.running.get_mut(at) else { return };
        known.evse = known.evse.or(told.evse);
        known.connector = known.connector.or(told.connector);
        if known.owner.is_none() && told.token.is_some() {
            known.owner = told.token;
            known.group = group.unwrap_or_default();
        }
        if let Some(beginner) = beginner {
            known.beginner = beginner;
        }
        if let Some(state) = told.info.text("chargingState") {
            known.flow = Flow::parse(&state);
            known.meter.flows(known.flow == Flow::Yes, told.at_ms);
        }
        if STOPS.contains(&told.trigger.as_str()) {
            known.stopped = true;
        } else if known.flow == Flow::Yes {
            known.stopped = false;
        }
        known.heard_ms = scene.now_ms;
        known.event_ms = known.event_ms.max(told.at_ms);
        known.seq = known.seq.max(Some(told.seq));
        let place = known.evse.filter(|_| new_place);
        if let Some(evse) = place.and_then(|evse| self.evse_mut(evse)) {
            evse.clear = true;
        }
    }

    /// Who began it: told with the token, which may come later than the cable.
    fn beginner(&mut self, at: usize, told: &Told<'_>, scene: &Scene<'_>) -> Option<Beginner> {
        let known = self.running.get(at)?;
        let remote = told.info.int("remoteStartId");
        let decided =
            known.begun_ms.is_none() || known.beginner != Beginner::Unknown || known.owner.is_some();
        if decided || (told.token.is_none() && remote.is_none()) {
            return None;
        }
        let evse = told.evse.or(known.evse);
        let beginning = Beginning { token: told.token, evse, remote, now_ms: scene.now_ms };
        if let Some(beginner) = self.tokens.beginner(&beginning) {
            return Some(beginner);
        }
        // It names a command that is not known here.
        let claims = remote.is_some() || told.trigger == "RemoteStart";
        Some(if claims { Beginner::Unknown } else { self.not_by_command(scene.now_ms) })
    }

    /// Whether a token that ends the session may.
    fn doubt_token(&self, at: usize, told: &Told<'_>, out: &mut Doubts) {
        let ends = told.phase == Phase::Ends || told.trigger == "StopAuthorized";
        let Some(known) = self.running.get(at).filter(|_| ends) else { return };
        if let (Some(owner), Some(token)) = (known.owner, told.token) {
            let master = told.info.text("stoppedReason").is_some_and(|reason| reason == "MasterPass");
            let group = self.tokens.group(token);
            out.add_if(is_foreign((owner, known.group), (token, group), master), Doubt::ForeignToken);
        }
    }

    /// The last register against all that was measured.
    fn finish(&self, at: usize, out: &mut Doubts) -> Option<i64> {
        let meter = self.running.get(at)?.meter;
        if let Some(stand) = meter.final_stand() {
            meter.settle(stand, out);
        }
        meter.last.map(|last| last.mwh)
    }
}

/// Whether energy flows where the connector was said to be free.
fn known_freed(known: Option<&Transaction>, told: &Told<'_>) -> bool {
    let flows = told.info.text("chargingState").is_some_and(|state| state == "Charging");
    flows && told.phase == Phase::GoesOn && known.is_some_and(|known| known.freed_ms.is_some())
}
