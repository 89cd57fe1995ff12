//! Answers: to calls of either side, and to our own.

use chargewarden_evidence::{Durability, MessageType, OwnCallPhase};
use chargewarden_ocpp::{Action, ErrorCode, Frame, Payload, Side, Timestamp, Version};
use chargewarden_policy::Doubts;
use chargewarden_policy::effect::Effect;

use super::lane::{Asked, Match, Origin};
use super::misstep::Misstep;
use super::recent::Fate;
use super::refuse::explain;
use super::{Arrival, Decision, Said, Session, Work, transaction};
use crate::effects;
use crate::facts::Boot;
use crate::ledger::Outcome;
use crate::step::Step;
use crate::verdict::{self, Denied, Judgement};

impl Session {
    /// A CALLRESULT, or with an error code a CALLERROR.
    pub(super) fn answer_arrived(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        frame: &Frame<'_>,
        id: &str,
        error: Option<&str>,
    ) {
        let caller = arrival.from.other();
        let action = match self.peer(caller).lane.answering(id) {
            Match::Open(open) => open.action,
            Match::Wrong(misstep) => {
                if misstep == Misstep::Late {
                    self.rotation_answered_late(work, frame, id, error.is_some());
                }
                return self.blame(work, arrival, misstep, None, None);
            }
        };
        let response = action.spec(self.version).and_then(|spec| spec.response);
        let read = match (error, response) {
            (None, Some(response)) => frame.read(response),
            (None, None) | (Some(_), _) => frame.read_any(),
        };
        let payload = match read {
            Ok(payload) => payload,
            Err(violation) => return self.unusable(work, arrival, Misstep::Wire(violation), id),
        };
        if error.is_none() && assigns_reserved(action, &payload) {
            return self.unusable(work, arrival, Misstep::ReservedTransaction, id);
        }
        let Some(open) = self.peer_mut(caller).lane.close(Fate::Done) else { return };
        self.rotation_answered(work, id, error.is_none().then_some(&payload));
        let mut asked = match open.origin {
            Origin::Own { purpose } => {
                return self.record_own(work, OwnCallPhase::Answered, action, id, arrival.bytes, purpose);
            }
            Origin::Peer(asked) => asked,
        };
        let kind = if error.is_some() { MessageType::Error } else { MessageType::Result };
        let said = Said { kind, action, id, error };
        let message = self.message(work, arrival, said, &payload, Some(&asked.memo));
        let message = effects::Message { description: frame.header().description(), ..message };
        let frame = asked
            .call
            .as_ref()
            .and_then(|call| Frame::open(call, self.version, &work.world.limits.wire).ok());
        let request = frame
            .as_ref()
            .zip(action.spec(self.version))
            .and_then(|(frame, spec)| frame.read(spec.request).ok());
        let call = request.as_ref().map(|payload| effects::Message {
            version: self.version,
            from: caller,
            action,
            kind: effects::MessageKind::Call,
            payload,
            error: None,
            description: None,
            request: None,
            now: work.now.wall,
        });
        let Decision { effects, doubts, judgement } = self.decide(work, arrival, &message, call.as_ref());
        if caller == Side::Csms {
            // The station has spoken, whatever its management system hears of it.
            let outcome = if is_done(&effects) { Outcome::Done } else { Outcome::NotDone };
            work.world.ledger.settle(std::mem::take(&mut asked.places), outcome, work.now.wall);
        }
        match judgement {
            Judgement::Allowed(allowed) => {
                let case = self.case(work.now, arrival, said, &effects, doubts);
                work.steps.extend(allowed.deliver(&case, &work.world.content_key));
                self.learn(work, &message, &effects, call.as_ref());
                if self.version == Version::V21 && error.is_none() {
                    self.peer_mut(caller).lane.recent.remember(id, Fate::Answered(action));
                }
                self.learn_certificate(arrival.from, &asked, &effects);
                self.learn_boot(action, asked, &effects, work.now.wall);
                self.heard(work, arrival);
            }
            Judgement::Denied(denied) => {
                self.refuse_answer(work, arrival, said, &asked, &payload, (&effects, doubts), denied)
            }
        }
    }

    /// CALLRESULTERROR (2.1): a caller cannot use the answer it got.
    pub(super) fn complaint_arrived(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        frame: &Frame<'_>,
        id: &str,
        code: &str,
    ) {
        let lane = &mut self.peer_mut(arrival.from).lane;
        let Some(Fate::Answered(action)) = lane.recent.fate(id) else {
            return self.blame(work, arrival, Misstep::Unsolicited, None, None);
        };
        // One complaint an answer.
        lane.recent.remember(id, Fate::Done);
        let payload = match frame.read_any() {
            Ok(payload) => payload,
            Err(violation) => {
                return self.blame(work, arrival, Misstep::Wire(violation), Some((id, action)), None);
            }
        };
        let said = Said { kind: MessageType::ResultError, action, id, error: Some(code) };
        let message = self.message(work, arrival, said, &payload, None);
        let message = effects::Message { description: frame.header().description(), ..message };
        let Decision { effects, doubts, judgement } = self.decide(work, arrival, &message, None);
        let case = self.case(work.now, arrival, said, &effects, doubts);
        let key = &work.world.content_key;
        match judgement {
            Judgement::Allowed(allowed) => work.steps.extend(allowed.deliver(&case, key)),
            Judgement::Denied(denied) => {
                work.steps.extend(denied.record(&case, key, None, None, Durability::Soon))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "an answer and what was found about it")]
    fn refuse_answer(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        said: Said<'_>,
        asked: &Asked,
        payload: &Payload<'_>,
        (effects, doubts): (&[Effect], Doubts),
        denied: Denied,
    ) {
        let ticket = self.ticket();
        let text = explain(&denied, &ticket);
        let result = (said.kind == MessageType::Result).then_some(payload);
        let told = match arrival.from {
            Side::Csms => self.substitute(said, asked, result, work.now.wall, &denied, &text),
            Side::Station => self.error(said.id, ErrorCode::SecurityError, &text),
        };
        let key = &work.world.content_key;
        let durability = work.durability(verdict::consequential(effects));
        let case = self.case(work.now, arrival, said, effects, doubts);
        work.steps.extend(denied.record(&case, key, Some(told.noted(&ticket, key)), None, durability));
        work.steps.push(Step::Answer { to: arrival.from.other(), text: told.text });
        if said.action == Action::BootNotification
            && arrival.from == Side::Csms
            && told.how == super::refuse::OWN_STATUS
        {
            self.booted(Boot::Pending, work.now.wall);
        }
    }

    /// The station was told how it stands.
    fn learn_boot(&mut self, action: Action, asked: Asked, effects: &[Effect], now: Timestamp) {
        if action != Action::BootNotification {
            return;
        }
        let admission = effects.iter().find_map(|effect| {
            let Effect::AdmitStation(admission) = effect else { return None };
            Boot::from_status(&admission.status)
        });
        let Some(boot) = admission else { return };
        if let Some(said) = asked.boot
            && (boot == Boot::Accepted || self.state.is_stranger())
        {
            self.learned |= self.state.introduce(&said);
        }
        self.booted(boot, now);
    }

    /// A request for a certificate is over when it is turned down, or when the station has taken the certificate.
    fn learn_certificate(&mut self, from: Side, asked: &Asked, effects: &[Effect]) {
        let Some(certificate_use) = &asked.certificate_use else { return };
        let over = match from {
            Side::Csms => effects.iter().any(|effect| {
                matches!(effect, Effect::SignCertificate(answer) if answer.status != "Accepted")
                    || matches!(effect, Effect::Decline(_))
            }),
            Side::Station => {
                let outcome = |taken| move |effect: &Effect| matches!(effect, Effect::ReportOutcome(outcome) if outcome.accepted == taken);
                effects.iter().any(outcome(true)) && !effects.iter().any(outcome(false))
            }
        };
        if over {
            self.learned |= self.state.certificates.close(certificate_use);
        }
    }
}

/// Whether a station says that it did, or will do, what it was told.
fn is_done(effects: &[Effect]) -> bool {
    !effects.iter().any(|effect| matches!(effect, Effect::ReportOutcome(outcome) if !outcome.accepted))
}

/// Whether a CSMS gives a transaction a number from the space of refused ones.
fn assigns_reserved(action: Action, answer: &Payload<'_>) -> bool {
    action == Action::StartTransaction
        && answer.root().int("transactionId").is_some_and(transaction::is_reserved)
}
