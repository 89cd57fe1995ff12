//! Refusals, in OCPP's own words.

use chargewarden_evidence::{Answered, ContentKey, MessageType};
use chargewarden_ocpp::refusal::{self, RefusalStyle, Refused};
use chargewarden_ocpp::{Action, ActionSpec, ErrorCode, Payload, Refusal, Side};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubts, ReasonCode};

use super::substitute::registration;
use super::transaction::{self, Mention, Phase};
use super::{Arrival, Said, Session, Work};
use crate::facts::Boot;
use crate::hold::{Hold, Ticket};
use crate::step::Step;
use crate::verdict::{self, Denied};
use crate::world::EvidenceHealth;

/// Characters of a refusal's text: what fits `statusInfo.additionalInfo` of 2.x beside a ticket.
const TEXT_CHARS_MAX: usize = 160;

/// What the sender is told instead.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) how: &'static str,
    pub(super) code: &'static str,
}

/// A call that is refused.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) spec: &'static ActionSpec,
    pub(super) id: &'a str,
    /// None where it was not even read.
    pub(super) payload: Option<&'a Payload<'a>>,
    pub(super) effects: &'a [Effect],
    pub(super) doubts: Doubts,
}

impl Session {
    /// A call is not delivered: recorded, answered, and held if people can lift it.
    pub(super) fn refuse_call(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        request: Request<'_>,
        denied: Denied,
    ) {
        let Request { spec, id, payload, effects, doubts } = request;
        let ticket = self.ticket();
        let told = match arrival.from {
            Side::Csms => self.refuse_command(request, &denied, &ticket),
            Side::Station => self.refuse_report(work, request, &denied, &ticket),
        };
        let key = &work.world.content_key;
        let acknowledged = told.how == ACKNOWLEDGED;
        let kept = payload.filter(|_| acknowledged).map(|payload| verdict::keep(payload, key));
        // Reports cannot be held: the station has forgotten them by the time somebody approves.
        let lifted = denied.requirement.clone().filter(|_| arrival.from == Side::Csms);
        let hold = lifted.zip(payload).map(|(requirement, payload)| Hold {
            ticket: ticket.clone(),
            at: work.now.wall,
            from: arrival.from,
            action: spec.action,
            payload: key.frame(payload.bytes()),
            effects: effects.to_vec(),
            requirement,
        });
        // What was asked for must be known before whoever asked is told that it failed; what a station hands over
        // must be kept before it forgets it. Where nothing can be durable, a refusal need not be.
        let weighty = arrival.from == Side::Csms
            || acknowledged
            || denied.is_critical()
            || verdict::consequential(effects);
        let durability = work.durability(weighty);
        let said = Said { kind: MessageType::Call, action: spec.action, id, error: None };
        let case = self.case(work.now, arrival, said, effects, doubts);
        let answered = told.noted(&ticket, key);
        work.steps.extend(denied.record(&case, key, Some(answered), kept, durability));
        work.steps.push(Step::Answer { to: arrival.from, text: told.text });
        work.steps.extend(hold.map(|hold| Step::OpenHold(Box::new(hold))));
    }

    fn refuse_command(&self, request: Request<'_>, denied: &Denied, ticket: &Ticket) -> Told {
        let Request { spec, id, payload, .. } = request;
        let text = explain(denied, ticket);
        let why = Refused { code: &denied.status, text: &text };
        let answer =
            payload.and_then(|payload| refusal::refuse(spec, self.version, id, payload, &why, self.style));
        let status = match (self.style, spec.refusal) {
            (RefusalStyle::OwnStatus, Refusal::Status { value, .. } | Refusal::Each { value, .. }) => {
                Some(value)
            }
            (RefusalStyle::OwnStatus, Refusal::Error | Refusal::Silence) | (RefusalStyle::CallError, _) => {
                None
            }
        };
        match (answer, status) {
            (Some(answer), Some(code)) => Told { text: answer, how: OWN_STATUS, code },
            (Some(_), None) | (None, _) => self.error(id, ErrorCode::SecurityError, &text),
        }
    }

    /// A station repeats a message about a transaction until it is answered, so a deliberate refusal acknowledges it,
    /// and evidence keeps it. Where we are the ones who fail, the station keeps it and tries again later.
    fn refuse_report(
        &mut self,
        work: &Work<'_>,
        request: Request<'_>,
        denied: &Denied,
        ticket: &Ticket,
    ) -> Told {
        let Request { spec, id, payload, .. } = request;
        let text = explain(denied, ticket);
        if denied.code == ReasonCode::NotBooted {
            return self.error(id, ErrorCode::SecurityError, &text);
        }
        if !denied.is_deliberate() {
            return self.error(id, ErrorCode::InternalError, &text);
        }
        if spec.action == Action::BootNotification {
            // Who is set apart waits for people, as it will in the local session that follows.
            let (boot, code) =
                if denied.apart { (Boot::Pending, "Pending") } else { (Boot::Rejected, "Rejected") };
            self.booted(boot, work.now.wall);
            let payload = registration(code, work.now.wall);
            return Told { text: refusal::result(id, &payload), how: OWN_STATUS, code };
        }
        if let (Refusal::Status { value, .. }, Some(payload)) = (spec.refusal, payload) {
            let why = Refused { code: &denied.status, text: &text };
            let style = RefusalStyle::OwnStatus;
            if let Some(text) = refusal::refuse(spec, self.version, id, payload, &why, style) {
                return Told { text, how: OWN_STATUS, code: value };
            }
        }
        let Some(payload) = payload.filter(|_| spec.kept) else {
            return self.error(id, ErrorCode::SecurityError, &text);
        };
        if work.world.evidence != EvidenceHealth::Available {
            return self.error(id, ErrorCode::InternalError, &text);
        }
        let number = transaction::number(&self.id, self.tickets);
        let Some(answer) = refusal::acknowledge(spec, self.version, id, payload, number) else {
            return self.error(id, ErrorCode::SecurityError, &text);
        };
        if let Some(Mention::Named { id, phase }) = transaction::mentioned(spec.action, payload) {
            self.learned |= match phase {
                Phase::Begins => self.state.refuse_transaction(&id),
                Phase::GoesOn => false,
                Phase::Ends => self.state.end_transaction(&id),
            };
        }
        Told { text: answer, how: ACKNOWLEDGED, code: "" }
    }

    pub(super) fn error(&self, id: &str, code: ErrorCode, text: &str) -> Told {
        Told {
            text: refusal::call_error(self.version, id, code, text),
            how: CALL_ERROR,
            code: code.spelled(self.version),
        }
    }
}

impl Told {
    /// As a record has it.
    pub(super) fn noted(&self, ticket: &Ticket, key: &ContentKey) -> Answered {
        Answered {
            how: self.how.into(),
            code: self.code.into(),
            mac: key.frame(self.text.as_bytes()),
            ticket: ticket.as_str().to_owned(),
        }
    }
}

pub(super) const ACKNOWLEDGED: &str = "acknowledged";
pub(super) const OWN_STATUS: &str = "own-status";
pub(super) const CALL_ERROR: &str = "call-error";

/// What the person refused reads: the reason, and what to ask about.
pub(super) fn explain(denied: &Denied, ticket: &Ticket) -> String {
    let reason: String = denied.text.chars().take(TEXT_CHARS_MAX).collect();
    let held = match &denied.requirement {
        Some(requirement) => format!(", needs approval by {requirement}"),
        None => String::new(),
    };
    format!("{reason}{held} (ticket {ticket})")
}
