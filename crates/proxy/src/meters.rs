//! Metrics of the proxy. Names and labels are documented in `docs/reference/metrics.md`; a station id is never a label.

use chargewarden_evidence::{Event, Message, Origin, OwnEvent, Record, Security, Verdict};
use chargewarden_ocpp::{SecurityEvent, Side};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::refusal::Reason;

/// Handles that the path of every message uses, looked up once.
pub(crate) struct Meters {
    forwarded: [Counter; 2],
    bytes: [Counter; 2],
    pub(crate) sessions: Gauge,
    pub(crate) handshakes: Gauge,
    pub(crate) relay_seconds: Histogram,
    pub(crate) durable_seconds: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Meters {
        let side = |name: &'static str, side: Side| counter!(name, "side" => side_word(side));
        for reason in Reason::ALL {
            // Registered at zero, so that an alert on the rate of one works from the first time.
            counter!("chargewarden_connections_refused_total", "reason" => reason.code()).increment(0);
        }
        for (outcome, origin) in ROTATIONS {
            counter!("chargewarden_rotations_total", "outcome" => outcome, "origin" => origin).increment(0);
        }
        for event in OwnEvent::ALL {
            counter!("chargewarden_security_events_total", "origin" => Origin::Service.word(), "event" => event.name())
                .increment(0);
        }
        Meters {
            forwarded: [Side::Station, Side::Csms]
                .map(|from| counter!("chargewarden_messages_total", "side" => side_word(from), "verdict" => "forward")),
            bytes: [Side::Station, Side::Csms].map(|from| side("chargewarden_received_bytes_total", from)),
            sessions: gauge!("chargewarden_sessions"),
            handshakes: gauge!("chargewarden_handshakes"),
            relay_seconds: histogram!("chargewarden_relay_seconds"),
            durable_seconds: histogram!("chargewarden_durable_wait_seconds"),
        }
    }

    pub(crate) fn received(&self, from: Side, bytes: usize) {
        let [station, csms] = &self.bytes;
        let counter = match from {
            Side::Station => station,
            Side::Csms => csms,
        };
        counter.increment(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Counts what a record says. Forwarded messages take the short way.
    pub(crate) fn recorded(&self, record: &Record) {
        match &record.event {
            Event::Message(message) => match &message.verdict {
                Verdict::Forward => self.forwarded(message),
                Verdict::Refuse { .. } | Verdict::Hold { .. } => refused(message),
            },
            Event::Violation(violation) => {
                counter!("chargewarden_violations_total",
                    "side" => violation.blame.word(), "rule" => violation.rule.to_string())
                .increment(1);
            }
            Event::Tolerance(_)
            | Event::OwnCall(_)
            | Event::Security(_)
            | Event::Connection(_)
            | Event::Lifecycle(_)
            | Event::Bundle(_)
            | Event::Inventory(_)
            | Event::Gap(_) => {}
        }
    }

    fn forwarded(&self, message: &Message) {
        let [station, csms] = &self.forwarded;
        match message.from {
            chargewarden_evidence::Side::Station => station.increment(1),
            chargewarden_evidence::Side::Csms => csms.increment(1),
        }
    }
}

fn refused(message: &Message) {
    let (side, verdict) = (message.from.word(), message.verdict.word());
    counter!("chargewarden_messages_total", "side" => side, "verdict" => verdict).increment(1);
    // Actions and effects come from closed sets; a hostile name is a violation and never gets here.
    let effect =
        message.causes.iter().map(|cause| cause.effect.to_string()).find(|effect| !effect.is_empty());
    counter!("chargewarden_refusals_total",
        "side" => side, "action" => message.action.to_string(), "verdict" => verdict,
        "effect" => effect.unwrap_or_default(), "reason" => message.verdict.reason().to_string())
    .increment(1);
}

pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Station => "station",
        Side::Csms => "csms",
    }
}

pub(crate) fn connection_refused(reason: Reason) {
    counter!("chargewarden_connections_refused_total", "reason" => reason.code()).increment(1);
}

/// A security event, recorded on its own or not. What only one vendor's stations call by that name is `other`: a station
/// cannot invent labels.
pub(crate) fn security_event(event: &Security) {
    let name = match event.origin {
        Origin::Service => event.kind.to_string(),
        Origin::Station => {
            SecurityEvent::find(&event.kind).map_or_else(|| "other".to_owned(), |event| event.name.to_owned())
        }
    };
    counter!("chargewarden_security_events_total", "origin" => event.origin.word(), "event" => name)
        .increment(event.count());
}

/// What can become of a password that was to be replaced, and who replaced it.
const ROTATIONS: [(&str, &str); 10] = [
    ("accepted", "csms"),
    ("deferred", "csms"),
    ("rejected", "csms"),
    ("unknown", "csms"),
    ("accepted", "service"),
    ("deferred", "service"),
    ("rejected", "service"),
    ("unknown", "service"),
    ("accepted", "station"),
    ("rejected", "station"),
];

/// A password was replaced, or was to be. `outcome` is that of the core's; `origin` is who replaced it, or `station` where the
/// station settled it by what it used.
pub(crate) fn rotation(outcome: &'static str, origin: &'static str) {
    counter!("chargewarden_rotations_total", "outcome" => outcome, "origin" => origin).increment(1);
}

pub(crate) fn session_ended(reason: &'static str) {
    counter!("chargewarden_sessions_ended_total", "reason" => reason).increment(1);
}

/// A named bound was reached.
pub(crate) fn bound_hit(bound: &'static str) {
    counter!("chargewarden_bounds_hit_total", "bound" => bound).increment(1);
}
