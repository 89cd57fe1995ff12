//! Calls and SENDs of either side.

use chargewarden_evidence::{Durability, MessageType};
use chargewarden_ocpp::{Action, ActionSpec, Frame, Payload, Side};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubts, ReasonCode};

use super::gate::{Passage, triggers_boot};
use super::lane::{Asked, Deferred, Open, Origin, Turn};
use super::misstep::Misstep;
use super::own::OWN_CALLS_MAX;
use super::recent::Fate;
use super::refuse::Request;
use super::rotation::Carriage;
use super::transaction::{self, Mention, Phase};
use super::{Arrival, Decision, Said, Session, Work};
use crate::effects::{self, RequestMemo};
use crate::events;
use crate::facts::{self, Boot};
use crate::ledger::{Outcome, Places};
use crate::verdict::{Allowed, Denied, Judgement};

impl Session {
    pub(super) fn call_arrived(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        frame: &Frame<'_>,
        id: &str,
        action: Action,
    ) {
        let from = arrival.from;
        let Some(spec) = action.spec(self.version).filter(|spec| spec.sender.includes(from)) else {
            return self.reject(work, arrival, Misstep::WrongDirection, id, action);
        };
        let overheard =
            (from == Side::Station && events::is_report(action)).then(|| frame.read(spec.request));
        if let Some(Ok(payload)) = &overheard {
            self.overhear(work, action, payload);
        }
        if self.ids.has(id) {
            return self.reject(work, arrival, Misstep::ReservedId, id, action);
        }
        let turn = match self.peer(from).lane.admit(id, action, work.now.mono_ms, &work.world.limits) {
            Ok(turn) => turn,
            Err(misstep) => return self.reject(work, arrival, misstep, id, action),
        };
        if let Some(local) = self.local {
            return self.local_call(work, arrival, frame, (id, spec), local);
        }
        let passage = self.gate.passage(self.state.boot, from, action);
        if passage == Passage::Shut && from == Side::Station {
            // Also where the payload is wrong: B01.FR.10 and its like ask for `SecurityError` first.
            return self.not_booted(work, arrival, spec, id, None);
        }
        let payload = match overheard.unwrap_or_else(|| frame.read(spec.request)) {
            Ok(payload) => payload,
            Err(violation) => return self.reject(work, arrival, Misstep::Wire(violation), id, action),
        };
        let shut = match passage {
            Passage::Open => false,
            Passage::ToTriggerBoot => !triggers_boot(&payload),
            Passage::Shut => true,
        };
        if shut {
            return self.not_booted(work, arrival, spec, id, Some(&payload));
        }
        if turn == Turn::Later {
            let deferred = Deferred { id: id.to_owned(), bytes: arrival.bytes.clone() };
            self.peer_mut(from).lane.deferred = Some(deferred);
            return;
        }
        if from == Side::Station && self.belongs_to_refused(action, &payload) {
            self.peer_mut(from).lane.recent.remember(id, Fate::Done);
            let denied = Denied::by_rule(ReasonCode::TransactionRefused, "the transaction was refused");
            let request = Request { spec, id, payload: Some(&payload), effects: &[], doubts: Doubts::NONE };
            return self.refuse_call(work, arrival, request, denied);
        }
        let said = Said { kind: MessageType::Call, action, id, error: None };
        let message = self.message(work, arrival, said, &payload, None);
        let Decision { effects, doubts, judgement } = self.decide(work, arrival, &message, None);
        let judgement = match judgement {
            Judgement::Allowed(mut allowed) => {
                match self.carriage(work, arrival, (id, action), &payload, &effects) {
                    Carriage::Free => Judgement::Allowed(allowed),
                    // It comes again, and asks again.
                    Carriage::Parked => return self.give_back(work, &mut allowed),
                    Carriage::Denied(denied) => {
                        self.give_back(work, &mut allowed);
                        Judgement::Denied(denied)
                    }
                }
            }
            Judgement::Denied(denied) => Judgement::Denied(denied),
        };
        match judgement {
            Judgement::Allowed(mut allowed) => {
                let places = allowed.take_places();
                let case = self.case(work.now, arrival, said, &effects, doubts);
                work.steps.extend(allowed.deliver(&case, &work.world.content_key));
                self.delivered(work, arrival, id, &message, &effects, places);
            }
            Judgement::Denied(denied) => {
                self.peer_mut(from).lane.recent.remember(id, Fate::Done);
                let request = Request { spec, id, payload: Some(&payload), effects: &effects, doubts };
                self.refuse_call(work, arrival, request, denied);
            }
        }
    }

    /// SEND (2.1): decided like a call, and never answered.
    pub(super) fn send_arrived(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        frame: &Frame<'_>,
        id: &str,
        action: Action,
    ) {
        let from = arrival.from;
        let Some(spec) = action.spec(self.version).filter(|spec| spec.sender.includes(from)) else {
            return self.blame(work, arrival, Misstep::WrongDirection, Some((id, action)), None);
        };
        let lane = &mut self.peer_mut(from).lane;
        let used = lane.recent.fate(id).is_some() || lane.open.as_ref().is_some_and(|open| open.id == id);
        if used || self.ids.has(id) {
            return self.blame(work, arrival, Misstep::UsedId, Some((id, action)), None);
        }
        self.peer_mut(from).lane.recent.remember(id, Fate::Done);
        let said = Said { kind: MessageType::Send, action, id, error: None };
        let key = &work.world.content_key;
        if self.gate.passage(self.state.boot, from, action) != Passage::Open {
            let code = self.local.map_or(ReasonCode::NotBooted, super::local::Local::code);
            let denied = Denied::by_rule(code, NOT_BOOTED);
            let case = self.case(work.now, arrival, said, &[], Doubts::NONE);
            work.steps.extend(denied.record(&case, key, None, None, Durability::Soon));
            return self.ask_boot(work);
        }
        let payload = match frame.read(spec.request) {
            Ok(payload) => payload,
            Err(violation) => {
                return self.blame(work, arrival, Misstep::Wire(violation), Some((id, action)), None);
            }
        };
        let message = self.message(work, arrival, said, &payload, None);
        let Decision { effects, doubts, judgement } = self.decide(work, arrival, &message, None);
        let case = self.case(work.now, arrival, said, &effects, doubts);
        match judgement {
            Judgement::Allowed(allowed) => {
                work.steps.extend(allowed.deliver(&case, key));
                self.learn(work, &message, &effects, None);
                self.heard(work, arrival);
            }
            Judgement::Denied(denied) => {
                work.steps.extend(denied.record(&case, key, None, None, Durability::Soon))
            }
        }
    }

    /// A message that has places is not delivered.
    fn give_back(&self, work: &Work<'_>, allowed: &mut Allowed) {
        work.world.ledger.settle(allowed.take_places(), Outcome::NotDone, work.now.wall);
        self.commit(work);
    }

    /// A call went out: remembers what its answer will be about.
    fn delivered(
        &mut self,
        work: &Work<'_>,
        arrival: &Arrival<'_>,
        id: &str,
        message: &effects::Message<'_>,
        effects: &[Effect],
        places: Places,
    ) {
        let boot = effects.iter().find_map(|effect| {
            if let Effect::Boot(boot) = effect { Some(Box::new(boot.clone())) } else { None }
        });
        let certificate_use = effects.iter().find_map(certificate_use).map(Box::from);
        self.learned |= self.state.certificates.learn(effects, work.now.wall);
        self.learn(work, message, effects, None);
        let call = facts::wants_call(message.action).then(|| arrival.bytes.clone());
        let memo = RequestMemo::of(message);
        if let Some(Mention::Named { id, phase: Phase::Begins }) =
            transaction::mentioned(message.action, message.payload)
        {
            // It was refused before, and now it is not.
            self.learned |= self.state.end_transaction(&id);
        }
        if arrival.from == Side::Csms {
            self.learned |= self.state.command(effects, work.now.wall);
        }
        if arrival.from == Side::Csms && self.state.boot == Boot::Pending {
            self.gate.ask(message.action, message.payload);
        }
        self.peer_mut(arrival.from).lane.deliver(Open {
            id: id.to_owned(),
            action: message.action,
            since_ms: work.now.mono_ms,
            origin: Origin::Peer(Asked { memo, boot, certificate_use, call, places }),
        });
        self.heard(work, arrival);
    }

    /// Notes that a station is there, when something of it was accepted.
    pub(super) fn heard(&mut self, work: &Work<'_>, arrival: &Arrival<'_>) {
        if arrival.from == Side::Station {
            self.learned |= self.state.seen(work.now.wall);
        }
    }

    fn belongs_to_refused(&self, action: Action, payload: &Payload<'_>) -> bool {
        match transaction::mentioned(action, payload) {
            Some(Mention::Reserved) => true,
            // A new beginning is judged anew.
            Some(Mention::Named { phase: Phase::Begins, .. }) | None => false,
            Some(Mention::Named { id, phase: Phase::GoesOn | Phase::Ends }) => {
                self.state.refuses_transaction(&id)
            }
        }
    }

    /// Said before the boot was accepted.
    fn not_booted(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        spec: &'static ActionSpec,
        id: &str,
        payload: Option<&Payload<'_>>,
    ) {
        // Not the message is wrong but its moment: it may come again under its id.
        self.peer_mut(arrival.from).lane.recent.remember(id, Fate::GivenUp(spec.action));
        let denied = Denied::by_rule(ReasonCode::NotBooted, NOT_BOOTED);
        let request = Request { spec, id, payload, effects: &[], doubts: Doubts::NONE };
        self.refuse_call(work, arrival, request, denied);
        if arrival.from == Side::Station {
            self.ask_boot(work);
        }
    }

    /// Asks a station to announce itself, so that nobody has to cut its power. A station that was told in this
    /// session how it stands knows when to do so.
    pub(super) fn ask_boot(&mut self, work: &Work<'_>) {
        let now_ms = work.now.mono_ms;
        let lately = self
            .boot_asked_ms
            .is_some_and(|at| now_ms.saturating_sub(at) < work.world.limits.boot_trigger_ms);
        if self.boot_answered || lately || self.own.len() >= OWN_CALLS_MAX {
            return;
        }
        self.boot_asked_ms = Some(now_ms);
        self.queue(Action::TriggerMessage, r#"{"requestedMessage":"BootNotification"}"#, "learn-boot-state");
    }
}

/// Which use a certificate has that is asked for, or handed over.
fn certificate_use(effect: &Effect) -> Option<&str> {
    if let Effect::RequestCertificate(request) = effect {
        return request.signing.then_some(request.certificate_use.as_str());
    }
    if let Effect::ReplaceStationCertificate(issued) = effect {
        return Some(&issued.certificate_use);
    }
    None
}

const NOT_BOOTED: &str = "the station's boot notification has not been accepted yet";
