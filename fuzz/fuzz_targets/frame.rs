//! Any bytes as a frame of each version: never a panic, and what is accepted reads the same elsewhere.
#![no_main]

use chargewarden_fuzz::assert_unambiguous;
use chargewarden_ocpp::{Action, Frame, Header, Limits, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for version in Version::ALL {
        let frame = match Frame::open(bytes, version, &Limits::default()) {
            Ok(frame) => frame,
            Err(violation) => {
                // What is wrong can always be said.
                let _ = (violation.to_string(), violation.code(version).spelled(version));
                continue;
            }
        };
        match frame.header() {
            Header::Call { action, .. } | Header::Send { action, .. } => {
                let spec = action.spec(version).expect("actions are parsed for the version");
                if let Ok(payload) = frame.read(spec.request) {
                    assert_unambiguous(bytes, &payload);
                }
            }
            Header::Result { .. } => {
                // Whatever was asked.
                for spec in Action::ALL.into_iter().filter_map(|action| action.spec(version)) {
                    if let Some(Ok(payload)) = spec.response.map(|shape| frame.read(shape)) {
                        assert_unambiguous(bytes, &payload);
                    }
                }
            }
            Header::Error { .. } | Header::ResultError { .. } => {
                if let Ok(payload) = frame.read_any() {
                    assert_unambiguous(bytes, &payload);
                }
            }
        }
    }
});
