//! A payload of one action: the first bytes pick version, action and direction, the rest is the payload, or,
//! if there is hardly any, the seed of one. Refusals and acknowledgements of what is accepted must be valid.
#![no_main]

use chargewarden_fuzz::assert_unambiguous;
use chargewarden_ocpp::refusal::{RefusalStyle, Refused, acknowledge, refuse};
use chargewarden_ocpp::{Action, ActionSpec, Frame, Header, Limits, Payload, Version, sample};
use libfuzzer_sys::fuzz_target;

/// Bytes up to which the rest is a seed.
const SEED_BYTES: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let [version, action, answer, rest @ ..] = bytes else { return };
    let version = Version::ALL[usize::from(*version) % Version::ALL.len()];
    let Some(spec) = Action::ALL[usize::from(*action) % Action::ALL.len()].spec(version) else { return };
    let shape = match spec.response {
        Some(response) if answer % 2 == 1 => response,
        _ => spec.request,
    };
    let seeded;
    let text = if rest.len() <= SEED_BYTES {
        seeded = sample::arbitrary(shape, rest.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)));
        &seeded
    } else {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        text
    };
    let payload = match Payload::parse(text, shape, &Limits::default()) {
        Ok(payload) => payload,
        Err(violation) => {
            assert!(rest.len() > SEED_BYTES, "{violation}: {text}");
            let _ = (violation.to_string(), violation.code(version).spelled(version));
            return;
        }
    };
    assert_unambiguous(text.as_bytes(), &payload);
    if std::ptr::eq(shape, spec.request) {
        assert_answers(version, spec, &payload);
    }
});

fn assert_answers(version: Version, spec: &ActionSpec, request: &Payload<'_>) {
    let why = Refused { code: "policy", text: "refused \"here\"" };
    let refusal = refuse(spec, version, "1", request, &why, RefusalStyle::OwnStatus);
    let acknowledgement = acknowledge(spec, version, "1", request, 1);
    for answer in [refusal, acknowledgement].into_iter().flatten() {
        // A request of many items may be answered by more bytes than a peer may send us.
        let limits = Limits { frame_bytes: usize::MAX, tokens: usize::MAX, ..Limits::default() };
        let frame = Frame::open(answer.as_bytes(), version, &limits).expect("our own frame");
        let read = match (frame.header(), spec.response) {
            (Header::Result { .. }, Some(response)) => frame.read(response),
            _ => frame.read_any(),
        };
        if let Err(violation) = read {
            panic!("{violation}: {answer}");
        }
    }
}
