//! How stations behave, and how they are answered: what is odd, and the honest work beside it, in every version.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chargewarden_drill::world::{CsmsPlan, Outcome, Plan, StationPlan, World};
use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{Bundle, BundleSource, Envelope};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const V2: [Version; 2] = [Version::V201, Version::V21];

/// Three stations of one management system. Everything is permitted.
fn world(version: Version) -> World {
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        ("policies.cedar".to_owned(), "@id(\"all\") permit (principal, action, resource);".to_owned()),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }).unwrap();
    let station = |number: u32| StationPlan {
        id: format!("CS-{number}"),
        version,
        owner: "cso".parse().unwrap(),
        csms: "cnp".into(),
        site: "site-1".into(),
        groups: vec![],
        area: None,
        envelope: Envelope::default(),
        evses: 2,
        vendor: "Acme".into(),
        model: "DC-150".into(),
        serial: format!("004{number}"),
        firmware: "1.8.33".into(),
    };
    World::new(Plan {
        bundles: vec![Arc::new(bundle)],
        csmss: vec![CsmsPlan { name: "cnp".into(), party: "cnp".parse().unwrap() }],
        stations: (1..=3).map(station).collect(),
        begins: Timestamp::from_millis(1_767_225_600_000),
    })
}

/// Whether this was odd about the message itself.
fn odd(outcome: &Outcome, doubt: &str) -> bool {
    assert!(outcome.delivered, "{outcome:?}");
    outcome.asked.iter().any(|decided| decided.doubts.iter().any(|raised| raised == doubt))
}

/// Whether this was odd about the answer.
fn odd_answer(outcome: &Outcome, doubt: &str) -> bool {
    assert!(!outcome.answered.is_empty(), "{outcome:?}");
    outcome.answered.iter().any(|decided| decided.doubts.iter().any(|raised| raised == doubt))
}

fn boot_of(version: Version, model: &str, serial: &str, firmware: &str) -> Value {
    match version {
        Version::V16 => json!({ "chargePointVendor": "Acme", "chargePointModel": model,
            "chargePointSerialNumber": serial, "firmwareVersion": firmware }),
        Version::V201 | Version::V21 => json!({ "reason": "PowerUp", "chargingStation": {
            "vendorName": "Acme", "model": model, "serialNumber": serial, "firmwareVersion": firmware } }),
    }
}

fn boot(world: &mut World, version: Version, serial: &str, firmware: &str) -> Outcome {
    world.report(0, "BootNotification", &boot_of(version, "DC-150", serial, firmware))
}

fn reset(world: &mut World, version: Version) -> Outcome {
    let reset = match version {
        Version::V16 => json!({ "type": "Soft" }),
        Version::V201 | Version::V21 => json!({ "type": "OnIdle" }),
    };
    world.command_answered(0, "Reset", &reset, json!({ "status": "Accepted" }))
}

fn update_firmware(world: &mut World, version: Version) -> Outcome {
    let now = world.time(0);
    let location = "https://fw.example.com/acme-1.9.0.bin";
    match version {
        Version::V16 => {
            world.command(0, "UpdateFirmware", &json!({ "location": location, "retrieveDate": now }))
        }
        Version::V201 | Version::V21 => world.command(
            0,
            "UpdateFirmware",
            &json!({ "requestId": 1, "firmware": { "location": location, "retrieveDateTime": now } }),
        ),
    }
}

/// A token is presented without an EVSE, and answered so.
fn authorize(world: &mut World, place: usize, version: Version, token: &str, status: &str) -> Outcome {
    let (call, answer) = match version {
        Version::V16 => (json!({ "idTag": token }), json!({ "idTagInfo": { "status": status } })),
        Version::V201 | Version::V21 => (
            json!({ "idToken": { "idToken": token, "type": "ISO14443" } }),
            json!({ "idTokenInfo": { "status": status } }),
        ),
    };
    world.report_answered(place, "Authorize", &call, answer)
}

/// A session begins. In 1.6 the transaction is a number.
fn begin(
    world: &mut World,
    place: usize,
    version: Version,
    (evse, token, transaction): (i64, &str, i64),
    status: &str,
) -> Outcome {
    let now = world.time(0);
    match version {
        Version::V16 => world.report_answered(
            place,
            "StartTransaction",
            &json!({ "connectorId": evse, "idTag": token, "meterStart": 0, "timestamp": now }),
            json!({ "transactionId": transaction, "idTagInfo": { "status": status } }),
        ),
        Version::V201 | Version::V21 => world.report_answered(
            place,
            "TransactionEvent",
            &json!({ "eventType": "Started", "timestamp": now, "triggerReason": "Authorized", "seqNo": 0,
                "transactionInfo": { "transactionId": format!("t{transaction}") },
                "idToken": { "idToken": token, "type": "ISO14443" }, "evse": { "id": evse, "connectorId": 1 } }),
            json!({ "idTokenInfo": { "status": status } }),
        ),
    }
}

#[test]
fn a_station_that_says_to_be_another_one() {
    for version in Version::ALL {
        for (model, serial, expected) in
            [("DC-150", "0041", false), ("DC-150", "9999", true), ("DC-300", "0041", true)]
        {
            let mut world = world(version);
            let first = world.report(0, "BootNotification", &boot_of(version, model, serial, "1.8.33"));
            assert_eq!(odd(&first, "identity_changed"), expected, "{version} {model} {serial}");
            // Somebody let it pass: it is that one now.
            let again = world.report(0, "BootNotification", &boot_of(version, model, serial, "1.8.33"));
            assert!(!odd(&again, "identity_changed"), "{version} {model} {serial}");
        }
    }
}

#[test]
fn who_was_turned_away_does_not_change_the_record() {
    for version in Version::ALL {
        let mut world = world(version);
        let stranger = boot_of(version, "DC-150", "9999", "1.8.33");
        for status in ["Rejected", "Pending"] {
            let answer = json!({ "status": status, "currentTime": world.time(0), "interval": 300 });
            let outcome = world.report_answered(0, "BootNotification", &stranger, answer);
            assert!(odd(&outcome, "identity_changed"), "{version} {status}");
        }
        assert!(!odd(&boot(&mut world, version, "0041", "1.8.33"), "identity_changed"), "{version}");
    }
}

#[test]
fn firmware_that_nobody_ordered() {
    for version in Version::ALL {
        let mut changed = world(version);
        assert!(!odd(&boot(&mut changed, version, "0041", "1.8.33"), "firmware_unexplained"), "{version}");
        assert!(odd(&boot(&mut changed, version, "0041", "1.9.0"), "firmware_unexplained"), "{version}");
        let mut ordered = world(version);
        assert!(!update_firmware(&mut ordered, version).is_stopped());
        ordered.pass(20 * HOUR);
        assert!(!odd(&boot(&mut ordered, version, "0041", "1.9.0"), "firmware_unexplained"), "{version}");
        ordered.pass(31 * 24 * HOUR);
        assert!(odd(&boot(&mut ordered, version, "0041", "2.0.0"), "firmware_unexplained"), "{version}");
    }
}

#[test]
fn starts_in_a_row() {
    for version in Version::ALL {
        let mut world = world(version);
        // The first was when the world began.
        for _ in 0..2 {
            assert!(!odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}");
        }
        assert!(odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}");
        assert!(!reset(&mut world, version).is_stopped());
        assert!(!odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}: commanded");
        assert!(odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}: once");
        let trigger = json!({ "requestedMessage": "BootNotification" });
        world.command_answered(0, "TriggerMessage", &trigger, json!({ "status": "Accepted" }));
        assert!(!odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}: asked for");
        world.pass(HOUR);
        assert!(!odd(&boot(&mut world, version, "0041", "1.8.33"), "starts_often"), "{version}: an hour");
    }
}

#[test]
fn a_station_that_is_told_to_wait_starts_once() {
    for version in Version::ALL {
        let mut world = world(version);
        for _ in 0..20 {
            let answer = json!({ "status": "Pending", "currentTime": world.time(0), "interval": 60 });
            let boot = boot_of(version, "DC-150", "0041", "1.8.33");
            assert!(!odd(&world.report_answered(0, "BootNotification", &boot, answer), "starts_often"));
            world.pass(MINUTE);
        }
    }
}

#[test]
fn security_events_in_a_flood_or_against_the_record() {
    for version in Version::ALL {
        let mut world = world(version);
        let event = |world: &mut World, kind: &str| {
            let now = world.time(0);
            world.report(0, "SecurityEventNotification", &json!({ "type": kind, "timestamp": now }))
        };
        assert!(odd(&event(&mut world, "FirmwareUpdated"), "event_contradicted"), "{version}");
        update_firmware(&mut world, version);
        assert!(!odd(&event(&mut world, "FirmwareUpdated"), "event_contradicted"), "{version}");
        for _ in 0..18 {
            let outcome = event(&mut world, "InvalidMessages");
            assert!(!odd(&outcome, "event_flood") && !odd(&outcome, "event_contradicted"), "{version}");
        }
        let outcome = event(&mut world, "InvalidMessages");
        assert!(odd(&outcome, "event_flood"), "{version}");
        assert!(outcome.events.contains(&"InvalidMessages".to_owned()), "{version}: evidence has it");
        world.pass(HOUR);
        assert!(!odd(&event(&mut world, "InvalidMessages"), "event_flood"), "{version}");
    }
}

#[test]
fn tokens_that_are_refused_again_and_again() {
    for version in Version::ALL {
        let mut world = world(version);
        for token in ["A7F3", "19C2", "77E0", "B3D9", "052B"] {
            assert!(!odd(&authorize(&mut world, 0, version, token, "Invalid"), "tokens_tried"), "{version}");
        }
        assert!(odd(&authorize(&mut world, 0, version, "C4A8", "Accepted"), "tokens_tried"), "{version}");
        assert!(!odd(&authorize(&mut world, 1, version, "C4A8", "Accepted"), "tokens_tried"), "{version}");
        world.pass(10 * MINUTE);
        assert!(!odd(&authorize(&mut world, 0, version, "D5B9", "Accepted"), "tokens_tried"), "{version}");
    }
}

#[test]
fn a_driver_who_tries_his_own_card_again() {
    for version in Version::ALL {
        let mut world = world(version);
        for _ in 0..8 {
            let outcome = authorize(&mut world, 0, version, "A7F3", "Blocked");
            assert!(!odd(&outcome, "tokens_tried") && !odd(&outcome, "tokens_in_order"), "{version}");
            world.pass(MINUTE / 6);
        }
    }
}

#[test]
fn too_many_different_tokens_at_one_evse() {
    for version in Version::ALL {
        let mut world = world(version);
        for session in 0..11 {
            let token = format!("{:08X}", 2_654_435_761_u32.wrapping_mul(session + 1));
            let outcome = begin(&mut world, 0, version, (1, &token, i64::from(session) + 1), "Accepted");
            assert_eq!(odd(&outcome, "tokens_tried"), session >= 10, "{version} {session}");
        }
        // A busy day: two EVSEs, each with a new driver every 7 min.
        for session in 20..200 {
            world.pass(7 * MINUTE / 2);
            let token = format!("{:08X}", 2_654_435_761_u32.wrapping_mul(session));
            let evse = i64::from(session % 2) + 1;
            let _ = authorize(&mut world, 1, version, &token, "Accepted");
            let outcome = begin(&mut world, 1, version, (evse, &token, i64::from(session)), "Accepted");
            assert!(!odd(&outcome, "tokens_tried"), "{version} {session}");
        }
    }
}

#[test]
fn tokens_in_the_order_of_their_numbers() {
    for version in Version::ALL {
        for tokens in [["04A1FE", "04A1FF", "04A200"], ["CARD-0011", "CARD-0010", "CARD-0009"]] {
            let mut guessed = world(version);
            let found = tokens
                .map(|token| odd(&authorize(&mut guessed, 0, version, token, "Invalid"), "tokens_in_order"));
            assert_eq!(found, [false, false, true], "{version} {tokens:?}");
            // A depot: cards in the order of their numbers, and all of them good.
            let mut depot = world(version);
            let found = tokens
                .map(|token| odd(&authorize(&mut depot, 0, version, token, "Accepted"), "tokens_in_order"));
            assert_eq!(found, [false; 3], "{version} {tokens:?}");
        }
    }
}

#[test]
fn a_healthy_station_that_is_turned_away() {
    for version in Version::ALL {
        let answer = |world: &World, status: &str| json!({ "status": status, "currentTime": world.time(0), "interval": 300 });
        for (serial, firmware, status, expected) in [
            ("0041", "1.8.33", "Rejected", true),
            ("0041", "1.8.33", "Pending", false),
            ("0041", "1.8.33", "Accepted", false),
            ("9999", "1.8.33", "Rejected", false),
            ("0041", "0.1", "Rejected", false),
        ] {
            let mut world = world(version);
            let answer = answer(&world, status);
            let boot = boot_of(version, "DC-150", serial, firmware);
            let outcome = world.report_answered(0, "BootNotification", &boot, answer);
            assert_eq!(odd_answer(&outcome, "rejects_healthy"), expected, "{version} {serial} {status}");
        }
    }
}

#[test]
fn a_number_that_was_given_before() {
    let mut world = world(Version::V16);
    let first = begin(&mut world, 0, Version::V16, (1, "A", 7), "Accepted");
    assert!(!odd_answer(&first, "number_reused"));
    // The answer was lost, and the station asks again.
    let again = begin(&mut world, 0, Version::V16, (1, "A", 7), "Accepted");
    assert!(!odd_answer(&again, "number_reused"));
    world.pass(HOUR);
    assert!(odd_answer(&begin(&mut world, 0, Version::V16, (1, "B", 7), "Accepted"), "number_reused"));
    // Who is turned away gets any number.
    for _ in 0..3 {
        world.pass(MINUTE);
        let outcome = begin(&mut world, 1, Version::V16, (1, "B", 0), "Invalid");
        assert!(!odd_answer(&outcome, "number_reused"));
    }
}

#[test]
fn a_payment_that_nobody_announced() {
    let version = Version::V21;
    let settle =
        |world: &mut World, reference: &str, transaction: Option<&str>, amount: f64, status: &str| {
            let mut payload = json!({ "pspRef": reference, "status": status, "settlementAmount": amount,
            "settlementTime": world.time(0) });
            if let Some(transaction) = transaction {
                payload["transactionId"] = json!(transaction);
            }
            let outcome = world.report(0, "NotifySettlement", &payload);
            odd(&outcome, "payment_unknown")
        };
    let mut fresh = world(version);
    assert!(settle(&mut fresh, "none", None, 50.0, "Settled"));
    assert!(!settle(&mut fresh, "none", None, 0.0, "Canceled"), "nothing was paid");
    assert!(!settle(&mut fresh, "p-1", Some("before"), 12.5, "Settled"), "it may have begun before we came");
    fresh.pass(25 * HOUR);
    assert!(settle(&mut fresh, "p-1", Some("before"), 12.5, "Settled"));

    let mut paid = world(version);
    let now = paid.time(0);
    let started = json!({ "eventType": "Started", "timestamp": now, "triggerReason": "Authorized", "seqNo": 0,
        "transactionInfo": { "transactionId": "t1" }, "evse": { "id": 1, "connectorId": 1 },
        "idToken": { "idToken": "psp-77", "type": "DirectPayment" } });
    assert!(!paid.report(0, "TransactionEvent", &started).is_stopped());
    paid.pass(HOUR);
    assert!(!settle(&mut paid, "psp-77", None, 12.5, "Settled"), "by its reference");
    assert!(!settle(&mut paid, "other", Some("t1"), 12.5, "Settled"), "by its transaction");
    assert!(settle(&mut paid, "other", None, 12.5, "Settled"));

    let mut web = world(version);
    web.command(0, "NotifyWebPaymentStarted", &json!({ "evseId": 1, "timeout": 300 }));
    assert!(!settle(&mut web, "bank-5", None, 12.5, "Settled"));
    web.pass(25 * HOUR);
    assert!(settle(&mut web, "bank-6", None, 12.5, "Settled"));
}

#[test]
fn what_is_kept_survives_a_restart_and_stays_small() {
    for version in V2 {
        let mut world = world(version);
        for number in 0..500 {
            let _ = authorize(&mut world, 0, version, &format!("guess {number} x"), "Invalid");
        }
        let size = world.stations()[0].state().to_json().len();
        assert!(size < 24_000, "{size} bytes");
        world.reconnect(0);
        assert!(odd(&authorize(&mut world, 0, version, "C4A8", "Accepted"), "tokens_tried"), "{version}");
        world.pass(2 * HOUR);
        assert!(!odd(&authorize(&mut world, 0, version, "C4A9", "Accepted"), "tokens_tried"), "{version}");
        let size = world.stations()[0].state().to_json().len();
        assert!(size < 8_000, "{size} bytes");
    }
}

/// The management system starts a session for a token.
fn start_remotely(world: &mut World, place: usize, version: Version, token: &str) -> Outcome {
    let (action, start) = match version {
        Version::V16 => ("RemoteStartTransaction", json!({ "idTag": token, "connectorId": 1 })),
        Version::V201 | Version::V21 => (
            "RequestStartTransaction",
            json!({ "remoteStartId": 1, "evseId": 1, "idToken": { "idToken": token, "type": "ISO14443" } }),
        ),
    };
    world.command_answered(place, action, &start, json!({ "status": "Rejected" }))
}

fn end(world: &mut World, place: usize, version: Version, transaction: i64) -> Outcome {
    let now = world.time(0);
    match version {
        Version::V16 => world.report(
            place,
            "StopTransaction",
            &json!({ "transactionId": transaction, "meterStop": 0, "timestamp": now }),
        ),
        Version::V201 | Version::V21 => world.report(
            place,
            "TransactionEvent",
            &json!({ "eventType": "Ended", "timestamp": now, "triggerReason": "EVDeparted", "seqNo": 1,
                "transactionInfo": { "transactionId": format!("t{transaction}") } }),
        ),
    }
}

#[test]
fn a_token_that_charges_at_another_station() {
    for version in Version::ALL {
        let mut world = world(version);
        assert!(!odd(&begin(&mut world, 0, version, (1, "CARD", 1), "Accepted"), "token_elsewhere"));
        // The same station is not another one, and another token is not the same.
        assert!(!odd(&authorize(&mut world, 0, version, "CARD", "Accepted"), "token_elsewhere"), "{version}");
        assert!(
            !odd(&authorize(&mut world, 1, version, "OTHER", "Accepted"), "token_elsewhere"),
            "{version}"
        );
        assert!(odd(&authorize(&mut world, 1, version, "card", "Accepted"), "token_elsewhere"), "{version}");
        assert!(
            odd(&begin(&mut world, 1, version, (1, "CARD", 2), "Accepted"), "token_elsewhere"),
            "{version}"
        );
        assert!(odd(&start_remotely(&mut world, 2, version, "CARD"), "token_elsewhere"), "{version}");
        end(&mut world, 0, version, 1);
        end(&mut world, 1, version, 2);
        assert!(!odd(&start_remotely(&mut world, 2, version, "CARD"), "token_elsewhere"), "{version}");
    }
}

#[test]
fn a_session_of_whose_end_nothing_was_heard() {
    for version in Version::ALL {
        let mut world = world(version);
        begin(&mut world, 0, version, (1, "CARD", 1), "Accepted");
        world.pass(24 * HOUR);
        assert!(!odd(&authorize(&mut world, 1, version, "CARD", "Accepted"), "token_elsewhere"), "{version}");
        begin(&mut world, 0, version, (1, "CARD", 2), "Accepted");
        // Another driver begins where the first has charged.
        begin(&mut world, 0, version, (1, "OTHER", 3), "Accepted");
        assert!(!odd(&authorize(&mut world, 1, version, "CARD", "Accepted"), "token_elsewhere"), "{version}");
    }
}

#[test]
fn a_session_for_a_token_that_was_refused() {
    for version in Version::ALL {
        let doubt = "token_refused_before";
        for (status, expected) in [("Blocked", true), ("Invalid", true), ("ConcurrentTx", false)] {
            let mut world = world(version);
            authorize(&mut world, 0, version, "CARD", status);
            assert!(!odd(&start_remotely(&mut world, 1, version, "OTHER"), doubt), "{version} {status}");
            assert_eq!(
                odd(&start_remotely(&mut world, 1, version, "CARD"), doubt),
                expected,
                "{version} {status}"
            );
            world.pass(24 * HOUR);
            assert!(!odd(&start_remotely(&mut world, 1, version, "CARD"), doubt), "{version} {status}");
        }
        // It was let in since.
        let mut world = world(version);
        authorize(&mut world, 0, version, "CARD", "Invalid");
        authorize(&mut world, 0, version, "CARD", "Accepted");
        assert!(!odd(&start_remotely(&mut world, 1, version, "CARD"), doubt), "{version}");
    }
}

#[test]
fn who_guesses_at_one_station_makes_no_other_forget() {
    for version in Version::ALL {
        let mut world = world(version);
        authorize(&mut world, 0, version, "CARD", "Blocked");
        for number in 0..200 {
            authorize(&mut world, 1, version, &format!("guess {number} x"), "Blocked");
        }
        let doubt = "token_refused_before";
        assert!(odd(&start_remotely(&mut world, 2, version, "CARD"), doubt), "{version}");
        assert!(odd(&start_remotely(&mut world, 2, version, "guess 199 x"), doubt), "{version}");
        assert!(!odd(&start_remotely(&mut world, 2, version, "guess 0 x"), doubt), "{version}");
    }
}

#[test]
fn a_number_that_is_in_use_at_another_station() {
    let version = Version::V16;
    let mut unique = world(version);
    for number in 0..20 {
        let place = number % 2;
        let outcome =
            begin(&mut unique, place, version, (1, "CARD", i64::try_from(number).unwrap()), "Accepted");
        assert!(!odd_answer(&outcome, "number_reused"), "{number}");
        unique.pass(MINUTE);
    }
    assert!(odd_answer(&begin(&mut unique, 2, version, (1, "CARD", 19), "Accepted"), "number_reused"));
    // It has ended there.
    end(&mut unique, 0, version, 18);
    assert!(!odd_answer(&begin(&mut unique, 2, version, (2, "CARD", 18), "Accepted"), "number_reused"));

    // Who counts for each station anew.
    let mut each = world(version);
    for number in 1..40 {
        for place in 0..3 {
            each.pass(MINUTE);
            let outcome = begin(&mut each, place, version, (1, "CARD", number), "Accepted");
            assert!(!odd_answer(&outcome, "number_reused"), "{number} {place}");
        }
    }
}
