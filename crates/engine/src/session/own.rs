//! Calls of our own, and how they take turns with those of the CSMS.

use std::collections::VecDeque;
use std::sync::Arc;

use chargewarden_evidence::{self as evidence, Durability, Event, OwnCallPhase, Record};
use chargewarden_ocpp::{Action, Payload, Side, Violation, refusal};

use super::gate::{Passage, triggers_boot};
use super::lane::{Open, Origin};
use super::{Session, Work};
use crate::moment::Moment;
use crate::password::PasswordProblem;
use crate::step::{CallText, Step};
use crate::verdict::stamp;
use crate::world::{EvidenceHealth, World};

/// Calls that may wait. They are few: a trigger after a start, a command after an approval.
pub(super) const OWN_CALLS_MAX: usize = 8;

/// What keeps a call of our own from being sent.
#[derive(Debug, thiserror::Error)]
pub enum OwnCallProblem {
    /// A management system cannot call that in the session's version.
    #[error("a management system cannot call `{0}` in this version of OCPP")]
    NoSuchAction(Action),
    /// The payload does not fit the action.
    #[error("the payload is not valid")]
    Invalid(#[from] Violation),
    /// The station's boot is not accepted.
    #[error("the station's boot notification has not been accepted yet")]
    NotBooted,
    /// As many wait already as may.
    #[error("{OWN_CALLS_MAX} calls wait already")]
    TooMany,
    /// The station is in quarantine or has its maker's password: only its boot and its settings are asked for.
    #[error("the station may only be asked for its boot notification and its settings now")]
    Quarantined,
    /// The password is none that a station may be given.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// An earlier change of the password has no outcome yet.
    #[error("the outcome of the last change of the password is not known yet")]
    RotationOpen,
    /// Records cannot be kept.
    #[error("records cannot be kept now")]
    Evidence,
    /// The session is over.
    #[error("the session is over")]
    Ended,
}

/// A call of our own that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) action: Action,
    pub(super) purpose: &'static str,
    pub(super) text: CallText,
}

/// Calls to one side, in order.
pub(super) type Queue = VecDeque<Waiting>;

impl Session {
    /// Calls the station in our own name. The answer goes to evidence and no further.
    ///
    /// `payload` is JSON for `action` in the session's version. The call waits while another is open.
    ///
    /// # Errors
    ///
    /// What keeps it from being sent at all.
    pub fn call(
        &mut self,
        now: Moment,
        action: Action,
        payload: &str,
        purpose: &'static str,
        world: &World,
    ) -> Result<Vec<Step>, OwnCallProblem> {
        let spec = action
            .spec(self.version)
            .filter(|spec| spec.sender.includes(Side::Csms))
            .ok_or(OwnCallProblem::NoSuchAction(action))?;
        let read = Payload::parse(payload, spec.request, &world.limits.wire)?;
        let allowed = match self.gate.passage(self.state.boot, Side::Csms, action) {
            Passage::Open => true,
            Passage::ToTriggerBoot => triggers_boot(&read),
            Passage::Shut => false,
        };
        if self.ended {
            return Err(OwnCallProblem::Ended);
        }
        if self.local.is_some_and(|local| !local.allows(action, &read)) {
            return Err(OwnCallProblem::Quarantined);
        }
        if !allowed {
            return Err(OwnCallProblem::NotBooted);
        }
        if self.own.len() >= OWN_CALLS_MAX {
            return Err(OwnCallProblem::TooMany);
        }
        self.queue(action, payload, purpose);
        let mut work = Work { now, world, steps: Vec::new() };
        self.expire(&mut work);
        self.finish(&mut work);
        Ok(work.steps)
    }

    /// Queues a call, and says under which id.
    pub(super) fn queue(&mut self, action: Action, payload: &str, purpose: &'static str) -> String {
        let id = self.ids.next();
        let text = CallText::new(refusal::call(self.version, &id, action, payload));
        self.own.push_back(Waiting { id: id.clone(), action, purpose, text });
        id
    }

    /// Lets the next call to the station go, if none is open: one of the CSMS that waited first, then our own.
    pub(super) fn take_turns(&mut self, work: &mut Work<'_>) {
        while !self.ended && !self.is_parked() && self.csms.lane.open.is_none() {
            if let Some(deferred) = self.csms.lane.deferred.take() {
                self.text(work, Side::Csms, &deferred.bytes);
            } else if self.own.front().is_some_and(|waiting| may_go(work, waiting)) {
                let Some(waiting) = self.own.pop_front() else { return };
                self.send_own(work, waiting);
            } else {
                return;
            }
        }
    }

    fn send_own(&mut self, work: &mut Work<'_>, waiting: Waiting) {
        let Waiting { id, action, purpose, text } = waiting;
        self.record_own(work, OwnCallPhase::Sent, action, &id, text.as_str().as_bytes(), purpose);
        self.rotation_sent(&id);
        work.steps.push(Step::Call { to: Side::Station, text });
        let origin = Origin::Own { purpose };
        self.csms.lane.deliver(Open { id, action, since_ms: work.now.mono_ms, origin });
    }

    pub(super) fn record_own(
        &self,
        work: &mut Work<'_>,
        phase: OwnCallPhase,
        action: Action,
        id: &str,
        bytes: &[u8],
        purpose: &'static str,
    ) {
        let call = evidence::OwnCall {
            who: Arc::clone(&self.who),
            to: evidence::Side::Station,
            phase,
            action: action.name().into(),
            id: id.to_owned(),
            bytes: bytes.len() as u64,
            mac: work.world.content_key.frame(bytes),
            purpose: purpose.into(),
        };
        let durability = match phase {
            OwnCallPhase::Sent if is_weighty(action) => Durability::Before,
            OwnCallPhase::Sent | OwnCallPhase::Answered | OwnCallPhase::Unanswered => Durability::Soon,
        };
        let record = Record { at: stamp(work.now), event: Event::OwnCall(call) };
        work.steps.push(Step::Record(Box::new(record), durability));
    }
}

/// What we do ourselves is on record before it is done, but for a trigger, which changes nothing.
fn is_weighty(action: Action) -> bool {
    action != Action::TriggerMessage
}

/// Whether the record of one of our calls can be written as it has to be.
fn may_go(work: &Work<'_>, waiting: &Waiting) -> bool {
    work.world.evidence == EvidenceHealth::Available || !is_weighty(waiting.action)
}
