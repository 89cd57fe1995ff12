//! Everything the simulators say is valid in the version they say it in.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chargewarden_ocpp::{Action, Frame, Limits, Object, Sender, Version, sample};
use chargewarden_testkit::answers::{csms_answer, station_answer};
use chargewarden_testkit::payload::v2x::Stage;
use chargewarden_testkit::payload::{Message, Nameplate, Reading, v2x, v16};
use chargewarden_testkit::{Envelope, Reply};
use serde_json::Value;

/// Different requests each answer is tried with.
const SEEDS: u64 = 20;

fn check(version: Version, shape: &'static Object, text: &str) {
    let frame = Frame::open(text.as_bytes(), version, &Limits::default());
    if let Err(violation) = frame.and_then(|frame| frame.read(shape).map(drop)) {
        panic!("{version}: {violation}\n{text}");
    }
}

fn check_request(version: Version, message: Message) {
    let Message { action, payload } = message;
    let spec = Action::parse(version, action).and_then(|action| action.spec(version)).unwrap();
    let call = Envelope::Call { id: "1".to_owned(), action: action.to_owned(), payload };
    check(version, spec.request, &call.to_text());
}

#[test]
fn messages_of_1_6_are_valid() {
    let reading = Reading { energy_wh: 120_000, power_w: 11_000 };
    for message in [
        v16::boot(&Nameplate::default()),
        v16::heartbeat(),
        v16::authorize("04A2B3C4"),
        v16::status(1, "Charging"),
        v16::start_transaction(1, "04A2B3C4", 120_000),
        v16::meter_values(1, 7, reading),
        v16::stop_transaction(7, "04A2B3C4", 130_000, "EVDisconnected"),
        v16::data_transfer("com.example", "a", "b"),
        v16::remote_start(1, "04A2B3C4"),
        v16::remote_stop(7),
        v16::reset("Hard"),
        v16::change_availability(0, "Inoperative"),
        v16::unlock(1),
        v16::limit_power(1, 3, 7_400.0),
        v16::clear_profile(3),
        v16::get_configuration(&["HeartbeatInterval"]),
        v16::change_configuration("HeartbeatInterval", "300"),
        v16::trigger("Heartbeat"),
        v16::clear_cache(),
        v16::update_firmware("https://firmware.example.com/4"),
        v16::get_diagnostics("https://logs.example.com/4"),
        v16::install_certificate("a certificate"),
    ] {
        check_request(Version::V16, message);
    }
}

#[test]
fn messages_of_2_x_are_valid_in_both() {
    let reading = Reading { energy_wh: 120_000, power_w: 11_000 };
    let event = |stage| v2x::transaction_event(stage, 3, "tx-1", 1, "04A2B3C4", reading);
    for message in [
        v2x::boot(&Nameplate::default()),
        v2x::heartbeat(),
        v2x::authorize("04A2B3C4"),
        v2x::status(1, "Occupied"),
        event(Stage::Started),
        event(Stage::Updated),
        event(Stage::Ended),
        v2x::data_transfer("com.example", "a", "b"),
        v2x::request_start(1, 21, "04A2B3C4"),
        v2x::request_stop("tx-1"),
        v2x::reset("Immediate"),
        v2x::change_availability("Inoperative"),
        v2x::unlock(1),
        v2x::limit_power(1, 3, 7_400.0),
        v2x::clear_profile(3),
        v2x::get_variables(&[("OCPPCommCtrlr", "HeartbeatInterval")]),
        v2x::set_variable("OCPPCommCtrlr", "HeartbeatInterval", "300"),
        v2x::trigger("Heartbeat"),
        v2x::clear_cache(),
        v2x::update_firmware(4, "https://firmware.example.com/4"),
        v2x::get_log(5, "https://logs.example.com/4"),
        v2x::set_network_profile(2, "wss://elsewhere.example.net", 1),
        v2x::install_certificate("a certificate"),
    ] {
        check_request(Version::V201, message.clone());
        check_request(Version::V21, message);
    }
}

#[test]
fn every_action_has_a_valid_answer() {
    for version in [Version::V16, Version::V201, Version::V21] {
        for spec in Action::ALL.iter().filter_map(|action| action.spec(version)) {
            let Some(response) = spec.response else { continue };
            let action = spec.action.name();
            for seed in 0..SEEDS {
                let request = sample::arbitrary(spec.request, seed);
                let request: Value = serde_json::from_str(&request).unwrap();
                let replies = match spec.sender {
                    Sender::Station => vec![csms_answer(version, action, &request, 7)],
                    Sender::Csms => vec![station_answer(version, action, &request)],
                    Sender::Either => vec![
                        csms_answer(version, action, &request, 7),
                        station_answer(version, action, &request),
                    ],
                };
                for reply in replies {
                    let Reply::Result(payload) = reply else {
                        panic!("{version}: no answer to {action}: {reply:?}")
                    };
                    let result = Envelope::Result { id: "1".to_owned(), payload };
                    check(version, response, &result.to_text());
                }
            }
        }
    }
}
