//! Refusals, in OCPP's own words.

use chargewarden_evidence::{Answered, Durability, MessageType};
use chargewarden_ocpp::refusal::{self, RefusalStyle, Refused};
use chargewarden_ocpp::{Action, ActionSpec, ErrorCode, Payload, Refusal, Side};
use chargewarden_policy::effect::Effect;

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

impl Session {
    /// A call is not delivered: recorded, answered, and held if people can lift it.
    #[expect(clippy::too_many_arguments, reason = "a call and what was found about it")]
    pub(super) fn refuse_call(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        spec: &'static ActionSpec,
        id: &str,
        payload: Option<&Payload<'_>>,
        effects: &[Effect],
        denied: Denied,
    ) {
        let ticket = self.ticket();
        let told = match arrival.from {
            Side::Csms => self.refuse_command(spec, id, payload, &denied, &ticket),
            Side::Station => self.refuse_report(work, spec, id, payload, &denied, &ticket),
        };
        let key = &work.world.content_key;
        let answered =
            Answered { how: told.how.into(), code: told.code.into(), mac: key.frame(told.text.as_bytes()) };
        let hold = self.hold(work, arrival, spec.action, payload, effects, &denied, ticket);
        // What was asked for must be known before whoever asked is told that it failed; what a station hands over
        // must be kept before it forgets it.
        let durability = match arrival.from {
            Side::Csms => Durability::Before,
            Side::Station if told.how == ACKNOWLEDGED || verdict::consequential(effects) => {
                Durability::Before
            }
            Side::Station => Durability::Soon,
        };
        let said = Said { kind: MessageType::Call, action: spec.action, id, error: None };
        let case = self.case(work.now, arrival, said, effects);
        work.steps.push(denied.record(&case, key, Some(answered), durability));
        work.steps.push(Step::Answer { to: arrival.from, text: told.text });
        work.steps.extend(hold.map(|hold| Step::OpenHold(Box::new(hold))));
    }

    fn refuse_command(
        &self,
        spec: &'static ActionSpec,
        id: &str,
        payload: Option<&Payload<'_>>,
        denied: &Denied,
        ticket: &Ticket,
    ) -> Told {
        let text = explain(denied, ticket);
        let why = Refused { code: &denied.status, text: &text };
        let own =
            payload.and_then(|payload| refusal::refuse(spec, self.version, id, payload, &why, self.style));
        let Some(answer) = own else { return self.error(id, ErrorCode::SecurityError, &text) };
        let status = match (self.style, spec.refusal) {
            (RefusalStyle::OwnStatus, Refusal::Status { value, .. } | Refusal::Each { value, .. }) => {
                Some(value)
            }
            (RefusalStyle::OwnStatus, Refusal::Error | Refusal::Silence) | (RefusalStyle::CallError, _) => {
                None
            }
        };
        match status {
            Some(code) => Told { text: answer, how: OWN_STATUS, code },
            None => {
                Told { text: answer, how: CALL_ERROR, code: ErrorCode::SecurityError.spelled(self.version) }
            }
        }
    }

    /// A station repeats a message about a transaction until it is answered, so a deliberate refusal acknowledges it
    /// (and evidence keeps it). Where we are the ones who fail, the station keeps it and tries again later.
    fn refuse_report(
        &mut self,
        work: &Work<'_>,
        spec: &'static ActionSpec,
        id: &str,
        payload: Option<&Payload<'_>>,
        denied: &Denied,
        ticket: &Ticket,
    ) -> Told {
        let text = explain(denied, ticket);
        let Some(payload) = payload else { return self.error(id, ErrorCode::SecurityError, &text) };
        if spec.action == Action::BootNotification && denied.is_deliberate() {
            self.booted(Boot::Rejected);
            let payload = registration("Rejected", work.now.wall);
            return Told { text: refusal::result(id, &payload), how: OWN_STATUS, code: "Rejected" };
        }
        if !spec.kept {
            return self.error(id, ErrorCode::SecurityError, &text);
        }
        if !denied.is_deliberate() || work.world.evidence != EvidenceHealth::Available {
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

    #[expect(clippy::too_many_arguments, reason = "a call and what was found about it")]
    fn hold(
        &self,
        work: &Work<'_>,
        arrival: &Arrival<'_>,
        action: Action,
        payload: Option<&Payload<'_>>,
        effects: &[Effect],
        denied: &Denied,
        ticket: Ticket,
    ) -> Option<Hold> {
        // Reports cannot be held: the station has forgotten them by the time somebody approves.
        let requirement = denied.requirement.clone().filter(|_| arrival.from == Side::Csms)?;
        Some(Hold {
            ticket,
            at: work.now.wall,
            from: arrival.from,
            action,
            payload: work.world.content_key.frame(payload?.bytes()),
            effects: effects.to_vec(),
            requirement,
        })
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
