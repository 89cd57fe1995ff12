//! Every action of every version, in both directions, in every kind of message.

use chargewarden_ocpp::{Action, Limits, Payload, Side, Version, sample};
use chargewarden_policy::effect::EffectKind;
use proptest::prelude::*;

use super::super::{Message, MessageKind, RequestMemo, translate};
use super::now;

/// Arbitrary payloads tried of each request and response, beside the least one.
const SAMPLES: u64 = 12;

#[test]
fn the_translation_is_total() {
    let mut messages = 0;
    for version in Version::ALL {
        for action in Action::ALL {
            for seed in 0..SAMPLES {
                messages += exercise(version, action, seed);
            }
        }
    }
    assert!(messages > 2000, "{messages}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn arbitrary_payloads_never_panic(seed: u64, version in prop::sample::select(&Version::ALL[..])) {
        for action in Action::ALL {
            exercise(version, action, seed);
        }
    }
}

/// Translates everything that can be said with an action, and checks it. How many messages that was.
fn exercise(version: Version, action: Action, seed: u64) -> usize {
    let Some(spec) = action.spec(version) else { return 0 };
    let make = |shape| if seed == 0 { sample::minimal(shape) } else { sample::arbitrary(shape, seed) };
    let mut messages = 0;
    for side in [Side::Station, Side::Csms].into_iter().filter(|side| spec.sender.includes(*side)) {
        let text = make(spec.request);
        let payload = Payload::parse(&text, spec.request, &Limits::default()).unwrap();
        let kind = if spec.response.is_some() { MessageKind::Call } else { MessageKind::Send };
        let call = Message {
            version,
            from: side,
            action,
            kind,
            payload: &payload,
            error: None,
            description: None,
            request: None,
            now: now(),
        };
        allowed(&call);
        messages += 1;
        let memo = RequestMemo::of(&call);
        let Some(shape) = spec.response else { continue };
        let text = make(shape);
        let response = Payload::parse(&text, shape, &Limits::default()).unwrap();
        let from = side.other();
        let answer =
            Message { from, payload: &response, kind: MessageKind::Result, request: Some(&memo), ..call };
        allowed(&answer);
        allowed(&Message { request: None, ..answer });
        allowed(&Message { kind: MessageKind::Error, error: Some("GenericError"), ..answer });
        messages += 3;
    }
    messages
}

/// Whether the effects are ones that this side can cause, and known.
fn allowed(message: &Message<'_>) {
    let effects = translate(message);
    assert!(!effects.is_empty());
    for effect in &effects {
        let kind = effect.kind();
        let Message { version, from, action, .. } = message;
        assert_ne!(kind, EffectKind::Unknown, "{version} {from} {action} {:?}", message.kind);
        let source = kind.source();
        let can = match from {
            Side::Csms => source.csms(),
            Side::Station => source.station(),
        };
        assert!(can, "{version} {from} {action} {:?} causes {kind}", message.kind);
    }
}

#[test]
fn an_action_in_the_wrong_direction_is_unknown() {
    for version in Version::ALL {
        for action in Action::ALL {
            let Some(spec) = action.spec(version) else { continue };
            let text = sample::minimal(spec.request);
            let payload = Payload::parse(&text, spec.request, &Limits::default()).unwrap();
            for from in [Side::Station, Side::Csms].into_iter().filter(|side| !spec.sender.includes(*side)) {
                let kind = MessageKind::Call;
                let effects = translate(&Message {
                    version,
                    from,
                    action,
                    kind,
                    payload: &payload,
                    error: None,
                    description: None,
                    request: None,
                    now: now(),
                });
                let kinds: Vec<_> = effects.iter().map(|effect| effect.kind()).collect();
                assert_eq!(kinds, [EffectKind::Unknown], "{version} {from} {action}");
            }
        }
    }
}
