//! Security events of a session: what its station reports, and what we see.

use chargewarden_evidence::{Durability, Event, OwnEvent, Record, Security};
use chargewarden_ocpp::{Action, Payload};

use super::{Session, Work};
use crate::events;
use crate::step::Step;
use crate::verdict::stamp;

impl Session {
    /// What a station reports of security is on disk before anything else becomes of it: whether its moment is right, its
    /// CSMS wants to hear it or a policy lets it pass comes after. A station that repeats a report is recorded again.
    pub(super) fn overhear(&self, work: &mut Work<'_>, action: Action, payload: &Payload<'_>) {
        for event in events::reported(action, payload, self.who.fields()) {
            let contradiction = events::contradiction(&event, &self.state, work.now.wall);
            let durability = work.durability(true);
            record(work, event, durability);
            if let Some(detail) = contradiction {
                self.alarm(work, OwnEvent::ContradictedReport, detail);
            }
        }
    }

    /// Raises an event of ours about this session.
    pub(super) fn alarm(&self, work: &mut Work<'_>, event: OwnEvent, detail: String) {
        let event = Security { detail, ..events::about(event, self.who.fields()) };
        let durability = work.durability(event.critical);
        record(work, event, durability);
    }
}

fn record(work: &mut Work<'_>, event: Security, durability: Durability) {
    let record = Record { at: stamp(work.now), event: Event::Security(event) };
    work.steps.push(Step::Record(Box::new(record), durability));
}
