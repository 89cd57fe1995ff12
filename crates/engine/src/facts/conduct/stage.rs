//! Messages for tests, from one line of text.

use chargewarden_ocpp::{Action, Limits, Object, Payload, Side, Timestamp, Version};
use chargewarden_policy::{Doubt, Doubts};

use crate::effects::{Message, MessageKind};

/// 2026-01-01T00:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// What `judge` finds odd about `version side Action {payload}`; with ` => {answer}` about the answer to it.
pub(super) fn doubts_of(text: &str, judge: impl Fn(&Message<'_>, &mut Doubts)) -> String {
    let mut words = text.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("too short: {text}"));
    let version: Version = word().parse().unwrap();
    let from = if word() == "csms" { Side::Csms } else { Side::Station };
    let action = Action::parse(version, word()).unwrap_or_else(|| panic!("{text}"));
    let spec = action.spec(version).unwrap();
    let rest = word();
    let (from, kind, shape, json): (_, _, &'static Object, _) = match rest.split_once(" => ") {
        Some((_, answer)) => (from.other(), MessageKind::Result, spec.response.unwrap(), answer),
        None => (from, MessageKind::Call, spec.request, rest),
    };
    let payload = Payload::parse(json, shape, &Limits::default()).unwrap_or_else(|e| panic!("{json}: {e}"));
    let message = Message {
        version,
        from,
        action,
        kind,
        payload: &payload,
        error: None,
        description: None,
        request: None,
        now: NOW,
    };
    let mut out = Doubts::NONE;
    judge(&message, &mut out);
    out.iter().map(Doubt::name).collect::<Vec<_>>().join(" ")
}
