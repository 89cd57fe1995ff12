//! Local sessions: a station that nobody but we may hear.
//!
//! A station in **quarantine**, or one that still has the password its maker gave it (**factory**, A00.FR.805 and
//! A00.FR.806), has no CSMS. Nothing that it sends is forwarded.
//!
//! | From the station | |
//! |---|---|
//! | `BootNotification` | `Pending`, to be tried again in a minute |
//! | any other call | CALLERROR `SecurityError`, and what the station would queue (transactions, security events) is kept in evidence: it repeats them until its boot is accepted, and if it gives up, nothing is lost |
//! | a SEND | recorded |
//!
//! | To the station | |
//! |---|---|
//! | quarantine | `TriggerMessage` for a `BootNotification`, `GetVariables`, `GetConfiguration` |
//! | factory | these, a password of its own, and a restart if it needs one to use that |

use chargewarden_evidence::MessageType;
use chargewarden_ocpp::{Action, ActionSpec, ErrorCode, Frame, Payload, Version, refusal};
use chargewarden_policy::{Doubts, ReasonCode};

use super::gate::triggers_boot;
use super::misstep::Misstep;
use super::own::OWN_CALLS_MAX;
use super::recent::Fate;
use super::refuse::{OWN_STATUS, Told, explain};
use super::substitute::registration;
use super::{Arrival, Said, Session, Work};
use crate::effects;
use crate::facts::Boot;
use crate::rotation::RotationOutcome;
use crate::step::Step;
use crate::verdict::{self, Denied};
use crate::world::EvidenceHealth;

/// Why a session has no CSMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Local {
    Quarantine,
    Factory,
}

/// WebSocket close code for a service restart (IANA registry): the station comes back by itself.
const COME_BACK: u16 = 1012;

/// What the station reads: no more than that it has to wait.
const WAIT: &str = "the station's boot notification has not been accepted yet";

impl Local {
    pub(super) fn code(self) -> ReasonCode {
        match self {
            Self::Quarantine => ReasonCode::Quarantined,
            Self::Factory => ReasonCode::FactoryCredential,
        }
    }

    /// Whether we may ask this of the station.
    pub(super) fn allows(self, action: Action, request: &Payload<'_>) -> bool {
        let trigger = matches!(action, Action::TriggerMessage | Action::ExtendedTriggerMessage);
        (trigger && triggers_boot(request))
            || matches!(action, Action::GetVariables | Action::GetConfiguration)
            || (self == Self::Factory && action == Action::Reset)
    }
}

impl Session {
    /// A call of a station that has no CSMS.
    pub(super) fn local_call(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        frame: &Frame<'_>,
        (id, spec): (&str, &'static ActionSpec),
        local: Local,
    ) {
        let read = frame.read(spec.request);
        let boots = spec.action == Action::BootNotification;
        let payload = match read {
            Ok(payload) => Some(payload),
            Err(violation) if boots => {
                return self.reject(work, arrival, Misstep::Wire(violation), id, spec.action);
            }
            // `SecurityError` comes before any other.
            Err(_) => None,
        };
        let denied = Denied::by_rule(local.code(), WAIT);
        let ticket = self.ticket();
        let (fate, told) = if boots {
            let text = refusal::result(id, &registration("Pending", work.now.wall));
            (Fate::Done, Told { text, how: OWN_STATUS, code: "Pending" })
        } else {
            // Not the message is wrong but its moment: it may come again under its id.
            (Fate::GivenUp(spec.action), self.error(id, ErrorCode::SecurityError, &explain(&denied, &ticket)))
        };
        self.station.lane.recent.remember(id, fate);

        let said = Said { kind: MessageType::Call, action: spec.action, id, error: None };
        let effects = payload.as_ref().map_or_else(Vec::new, |payload| {
            effects::translate(&self.message(work, arrival, said, payload, None)).into_vec()
        });
        let key = &work.world.content_key;
        let queued = spec.kept || spec.action == Action::SecurityEventNotification;
        let kept = payload.as_ref().filter(|_| queued).map(|payload| verdict::keep(payload, key));
        let durability = work.durability(queued || boots);
        let case = self.case(work.now, arrival, said, &effects, Doubts::NONE);
        let answered = told.noted(&ticket, key);
        work.steps.extend(denied.record(&case, key, Some(answered), kept, durability));
        work.steps.push(Step::Answer { to: arrival.from, text: told.text });
        if boots {
            self.booted(Boot::Pending, work.now.wall);
            self.provision(work, local);
        } else {
            self.ask_boot(work);
        }
    }

    /// Asks for a password of the station's own, if it is time for one.
    fn provision(&mut self, work: &mut Work<'_>, local: Local) {
        let limits = &work.world.limits;
        let due =
            self.state.may_provision(work.now.wall, limits.provision_retry_ms, limits.provision_retry_max_ms);
        let ready = work.world.evidence == EvidenceHealth::Available && !self.rotation_open();
        if local == Local::Factory && due && ready {
            work.steps.push(Step::Provision);
        }
    }

    /// What comes of the station's own password.
    pub(super) fn provision_settled(&mut self, work: &mut Work<'_>, outcome: RotationOutcome) {
        match outcome {
            RotationOutcome::Accepted => {
                self.learned |= self.state.provisioned();
                self.come_back(work, "connect again with the new password");
            }
            RotationOutcome::Deferred => {
                if self.own.len() < OWN_CALLS_MAX && !self.ended {
                    let kind = match self.version {
                        Version::V16 => r#"{"type":"Soft"}"#,
                        Version::V201 | Version::V21 => r#"{"type":"OnIdle"}"#,
                    };
                    self.queue(Action::Reset, kind, "use-password");
                }
            }
            RotationOutcome::Rejected => {
                self.state.provision_failed(work.now.wall);
                self.learned = true;
            }
            // It shows which one it has when it connects.
            RotationOutcome::Unknown => {
                self.state.provision_failed(work.now.wall);
                self.learned = true;
                self.come_back(work, "connect again");
            }
        }
    }

    fn come_back(&mut self, work: &mut Work<'_>, reason: &'static str) {
        if !self.ended {
            self.ended = true;
            work.steps.push(Step::Close { blame: chargewarden_ocpp::Side::Station, code: COME_BACK, reason });
        }
    }
}
