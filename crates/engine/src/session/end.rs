//! What ends without an answer: calls after their time, and the session.

use chargewarden_evidence::{Durability, MessageType, OwnCallPhase};
use chargewarden_ocpp::{Frame, Header, Side};
use chargewarden_policy::{Doubts, ReasonCode};

use super::lane::Origin;
use super::misstep::Misstep;
use super::{Arrival, Said, Session, Work};
use crate::verdict::Denied;

impl Session {
    /// Gives up calls that were not answered in time.
    pub(super) fn expire(&mut self, work: &mut Work<'_>) {
        for caller in [Side::Station, Side::Csms] {
            let lane = &mut self.peer_mut(caller).lane;
            let due = lane.deadline(&work.world.limits).is_some_and(|at| at <= work.now.mono_ms);
            let Some(open) = due.then(|| lane.give_up()).flatten() else { continue };
            match open.origin {
                Origin::Own { purpose } => {
                    self.record_own(work, OwnCallPhase::Unanswered, open.action, &open.id, &[], purpose);
                }
                Origin::Peer(_) => {
                    let bytes = bytes::Bytes::new();
                    let mac = work.world.content_key.frame(&bytes);
                    let arrival = Arrival { from: caller.other(), bytes: &bytes, mac };
                    self.blame(work, &arrival, Misstep::Unanswered, Some((&open.id, open.action)), None);
                }
            }
        }
    }

    /// The session is over: what still waited to be delivered is recorded as refused.
    pub(super) fn gone(&mut self, work: &mut Work<'_>) {
        self.ended = true;
        if let Some(open) = self.csms.lane.give_up()
            && let Origin::Own { purpose } = open.origin
        {
            self.record_own(work, OwnCallPhase::Unanswered, open.action, &open.id, &[], purpose);
        }
        let Some(deferred) = self.csms.lane.deferred.take() else { return };
        let bytes = deferred.bytes;
        let Ok(frame) = Frame::open(&bytes, self.version, &work.world.limits.wire) else { return };
        let Header::Call { id, action } = frame.header() else { return };
        let arrival = Arrival { from: Side::Csms, bytes: &bytes, mac: work.world.content_key.frame(&bytes) };
        let said = Said { kind: MessageType::Call, action, id, error: None };
        let case = self.case(work.now, &arrival, said, &[], Doubts::NONE);
        let denied = Denied::by_rule(ReasonCode::StationUnavailable, "the session ended first");
        work.steps.extend(denied.record(&case, &work.world.content_key, None, None, Durability::Soon));
    }
}
