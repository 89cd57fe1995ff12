//! What breaks the rules of the wire or of the conversation: recorded, answered, counted, and never passed on.

use std::sync::Arc;

use bytes::Bytes;
use chargewarden_evidence::{self as evidence, Answered, Durability, Event, OwnEvent, Record};
use chargewarden_ocpp::refusal::call_error;
use chargewarden_ocpp::{Action, ErrorCode, MessageType, Rule, Side, Version, Violation};

use super::misstep::Misstep;
use super::recent::Fate;
use super::{Arrival, Session, Work};
use crate::step::Step;
use crate::verdict::{self, stamp};

/// The id of an answer to what has no readable one (OCPP-J 2.0.1 part 4, 4.2.3).
const UNREADABLE_ID: &str = "-1";

/// WebSocket close code for a breach of policy (RFC 6455, 7.4.1).
const POLICY_VIOLATION: u16 = 1008;

impl Session {
    /// The frame could not be opened.
    pub(super) fn malformed(&mut self, work: &mut Work<'_>, arrival: &Arrival<'_>, violation: Violation) {
        let id = violation.id.clone();
        match (violation.message, id.as_deref()) {
            (Some(MessageType::Result | MessageType::Error), Some(id)) => {
                self.unusable(work, arrival, Misstep::Wire(violation), id);
            }
            (
                Some(MessageType::Result | MessageType::Error | MessageType::ResultError | MessageType::Send),
                _,
            ) => {
                self.blame(work, arrival, Misstep::Wire(violation), None, None);
            }
            (Some(MessageType::Call) | None, id) => {
                let misstep = Misstep::Wire(violation);
                let lane = &mut self.peer_mut(arrival.from).lane;
                let open = id.is_some_and(|id| lane.is_open(id));
                if let Some(id) = id.filter(|_| !open) {
                    lane.recent.remember(id, Fate::Done);
                }
                let reply = self.reply_to_unreadable(&misstep, id).filter(|_| !open);
                self.blame(work, arrival, misstep, None, reply);
            }
        }
    }

    pub(super) fn binary(&mut self, work: &mut Work<'_>, from: Side, bytes: &Bytes) {
        let arrival = Arrival { from, bytes, mac: work.world.content_key.frame(bytes) };
        let reply = self.reply_to_unreadable(&Misstep::Binary, None);
        self.blame(work, &arrival, Misstep::Binary, None, reply);
    }

    /// What is said to a call, or to what may have been one.
    fn reply_to_unreadable(&self, misstep: &Misstep, id: Option<&str>) -> Option<Reply> {
        // OCPP-J 1.6, 4.1.3: a message type that does not exist is ignored.
        let ignored = self.version == Version::V16
            && matches!(misstep, Misstep::Wire(violation) if violation.rule == Rule::MessageType);
        match (id, self.version) {
            _ if ignored => None,
            (Some(id), _) => Some(self.reply(id, misstep.code(self.version), &misstep.text())),
            (None, Version::V16) => None,
            (None, Version::V201 | Version::V21) => {
                Some(self.reply(UNREADABLE_ID, ErrorCode::RpcFrameworkError, &misstep.text()))
            }
        }
    }

    /// A call that must not go on. Nothing is said under the id of a call that is still open: its caller would take
    /// that for the answer.
    pub(super) fn reject(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        misstep: Misstep,
        id: &str,
        action: Action,
    ) {
        let lane = &mut self.peer_mut(arrival.from).lane;
        if lane.is_open(id) {
            return self.blame(work, arrival, misstep, Some((id, action)), None);
        }
        // Where not the message is wrong but its moment, it may come again under its id.
        let again = misstep == Misstep::CallOutstanding;
        lane.recent.remember(id, if again { Fate::GivenUp(action) } else { Fate::Done });
        let reply = self.reply(id, misstep.code(self.version), &misstep.text());
        self.blame(work, arrival, misstep, Some((id, action)), Some(reply));
    }

    /// An answer came that cannot be used. Whoever waits for it is told so.
    pub(super) fn unusable(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        misstep: Misstep,
        id: &str,
    ) {
        let caller = arrival.from.other();
        let lane = &mut self.peer_mut(caller).lane;
        if lane.open.as_ref().is_none_or(|open| open.id != id) {
            return self.blame(work, arrival, misstep, None, None);
        }
        let Some(open) = lane.close(Fate::Done) else { return };
        let own = matches!(open.origin, super::lane::Origin::Own { .. });
        let complaint = (self.version == Version::V21).then(|| {
            let text = call_error(self.version, id, misstep.code(self.version), &misstep.text());
            // CALLRESULTERROR has the elements of CALLERROR.
            Reply { text: text.replacen("[4,", "[5,", 1), code: misstep.code(self.version) }
        });
        self.blame(work, arrival, misstep, Some((id, open.action)), complaint);
        if !own {
            let text = call_error(self.version, id, ErrorCode::InternalError, "the answer was not valid");
            work.steps.push(Step::Answer { to: caller, text });
        }
    }

    /// Records what a peer did wrong, tells it, and ends the session when it was too much.
    pub(super) fn blame(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        misstep: Misstep,
        about: Option<(&str, Action)>,
        reply: Option<Reply>,
    ) {
        let counts = misstep.counts();
        if let Some(event) = misstep.event() {
            let action = about.map_or("a message", |(_, action)| action.name());
            let side = verdict::side(arrival.from).word();
            let detail = format!("{action} of the {side}: {} ({})", misstep.text(), misstep.rule());
            self.alarm(work, event, detail);
        }
        let key = &work.world.content_key;
        let rule = misstep.rule().into();
        let text = misstep.text();
        let (path, detail, readable) = misstep.wire().map_or_else(
            || (String::new(), text, None),
            |violation| (violation.path, violation.detail, violation.id),
        );
        let violation = evidence::Violation {
            who: Arc::clone(&self.who),
            blame: verdict::side(arrival.from),
            rule,
            path,
            detail,
            action: about.map(|(_, action)| action.name().into()),
            id: about.map(|(id, _)| id.to_owned()).or(readable),
            bytes: arrival.bytes.len() as u64,
            mac: arrival.mac,
            answered: reply.as_ref().map(|reply| Answered {
                how: "call-error".into(),
                code: reply.code.spelled(self.version).into(),
                mac: key.frame(reply.text.as_bytes()),
                ticket: String::new(),
            }),
        };
        let record = Record { at: stamp(work.now), event: Event::Violation(violation) };
        // Not worth waiting for: a peer that sends rubbish must not slow the disk down for the others.
        work.steps.push(Step::Record(Box::new(record), Durability::Soon));
        if let Some(reply) = reply {
            work.steps.push(Step::Answer { to: arrival.from, text: reply.text });
        }
        let limits = &work.world.limits;
        let budget = &mut self.peer_mut(arrival.from).budget;
        if counts && !budget.spend(work.now.mono_ms, limits.violations, limits.violation_forgiven_ms) {
            self.ended = true;
            let side = verdict::side(arrival.from).word();
            self.alarm(
                work,
                OwnEvent::RateLimitExceeded,
                format!("too many protocol violations of the {side}"),
            );
            work.steps.push(Step::Close {
                blame: arrival.from,
                code: POLICY_VIOLATION,
                reason: "too many protocol violations",
            });
        }
    }

    fn reply(&self, id: &str, code: ErrorCode, text: &str) -> Reply {
        Reply { text: call_error(self.version, id, code, text), code }
    }
}

/// An error we answer with.
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) code: ErrorCode,
}
