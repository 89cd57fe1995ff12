//! Doubts about what stations report of sessions, connectors and times.

use chargewarden_ocpp::Version;
use serde_json::json;

use crate::commands::charge;
use crate::play::{NONE, Play, Report};

fn versions() -> impl Iterator<Item = Version> {
    Version::ALL.iter().copied()
}

#[test]
fn the_end_of_another_stations_session() {
    for version in versions() {
        let mut play = Play::new(version);
        let _own = charge(&mut play, 1, "CARD-1");
        let (mut victim, _) = Play::new(version).begin(2, "VICTIM", 0.0, None);
        victim.slot = 77;
        victim.sequence = 3;
        let mut end = play.end(&mut victim, 10_000.0, None, "Local");
        if version == Version::V16 {
            end.payload["transactionId"] = json!(77);
        }
        assert_eq!(play.tell(&end), ["no_such_transaction"], "{version}");
        // It does not become known by being told.
        assert_eq!(play.tell(&end), ["no_such_transaction"], "{version}");
        let mut meter = play.meter(&mut victim, Some(5.0), None);
        if version == Version::V16 {
            meter.payload["transactionId"] = json!(77);
        }
        assert_eq!(play.tell(&meter), ["no_such_transaction"], "{version}");
    }
}

#[test]
fn meter_values_before_the_number_is_known_name_no_session() {
    let mut play = Play::new(Version::V16);
    for number in [0, -1] {
        let payload = json!({
            "connectorId": 1, "transactionId": number, "meterValue": [play.values(Some(1.0), None, "Sample.Clock")],
        });
        assert_eq!(play.say("MeterValues", payload), NONE);
    }
}

#[test]
fn a_session_of_before_our_time_is_taken_as_it_is() {
    for version in versions() {
        let mut play = Play::fresh(version);
        play.envelope.evses = Some(3);
        play.connect();
        play.heartbeat();
        let (mut old, _) = play.begin(3, "CARD-1", 1000.0, None);
        old.sequence = 5;
        let number = |mut report: Report| {
            if version == Version::V16 {
                report.payload["transactionId"] = json!(4711);
            }
            report
        };
        let meter = number(play.meter(&mut old, Some(5000.0), Some(11_000.0)));
        assert_eq!(play.tell(&meter), NONE, "{version}");
        play.wait(600);
        let end = number(play.end(&mut old, 6833.0, Some("CARD-9"), "Local"));
        assert_eq!(play.tell(&end), NONE, "{version}");
        play.wait(600);
        // Once over, it is known.
        let other = number(play.end(&mut old, 9999.0, None, "Local"));
        assert_eq!(play.tell(&other), ["transaction_reused"], "{version}");
    }
}

#[test]
fn a_token_that_has_no_business_with_the_session() {
    for version in versions() {
        for (group, token, doubts) in [
            (None, "CARD-1", NONE),
            (None, "card-1", NONE),
            (None, "CARD-2", vec!["foreign_token".to_owned()]),
            (Some("FAMILY"), "CARD-2", NONE),
        ] {
            let mut play = Play::new(version);
            play.group = group;
            for token in ["CARD-1", "CARD-2"] {
                let payload = match version {
                    Version::V16 => json!({"idTag": token}),
                    Version::V201 | Version::V21 => {
                        json!({"idToken": {"idToken": token, "type": "ISO14443"}})
                    }
                };
                assert_eq!(play.say("Authorize", payload), NONE);
            }
            let mut charge = charge(&mut play, 1, "CARD-1");
            play.wait(600);
            play.connect();
            play.heartbeat();
            let end = play.end(&mut charge, 1500.0, Some(token), "Local");
            assert_eq!(play.tell(&end), doubts, "{version} {token}");
        }
    }
}

#[test]
fn a_session_that_is_over_does_not_go_on() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(600);
        let end = play.end(&mut charge, 1500.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        // The answer was lost, and the station says the same again.
        play.wait(30);
        assert_eq!(play.tell(&end), NONE, "{version}");
        play.wait(600);
        let other = play.end(&mut charge, 900.0, None, "Local");
        assert_eq!(play.tell(&other), ["transaction_reused"], "{version}");
        let meter = play.meter(&mut charge, Some(2000.0), None);
        assert_eq!(play.tell(&meter), ["transaction_reused"], "{version}");
    }
}

#[test]
fn the_same_event_twice_is_one_event() {
    for version in versions() {
        let mut play = Play::new(version);
        let (mut charge, begin) = play.begin(1, "CARD-1", 1000.0, None);
        assert_eq!(play.tell(&begin), NONE);
        play.wait(40);
        play.part();
        play.connect();
        assert_eq!(play.tell(&begin), NONE, "{version}");
        let meter = play.meter(&mut charge, Some(1040.0), Some(3600.0));
        assert_eq!(play.tell(&meter), NONE);
        assert_eq!(play.tell(&meter), NONE, "{version}");
    }
}

#[test]
fn a_name_is_used_once() {
    for version in [Version::V201, Version::V21] {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(60);
        let again = play.event(&mut charge, "Started", "Authorized");
        assert_eq!(play.tell(&again), ["transaction_reused"]);
        let end = play.end(&mut charge, 1300.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        play.wait(600);
        let again = play.event(&mut charge, "Started", "Authorized");
        assert_eq!(play.tell(&again), ["transaction_reused"]);
    }
}

#[test]
fn two_sessions_on_one_evse() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut first = charge(&mut play, 1, "CARD-1");
        play.wait(600);
        let meter = play.meter(&mut first, Some(2000.0), None);
        assert_eq!(play.tell(&meter), NONE);
        let (_, second) = play.begin(1, "CARD-2", 2000.0, None);
        assert_eq!(play.tell(&second), ["overlaps"], "{version}");
    }
}

#[test]
fn after_a_restart_the_end_of_a_session_may_be_lost() {
    for version in versions() {
        let mut play = Play::new(version);
        let _lost = charge(&mut play, 1, "CARD-1");
        play.wait(600);
        play.part();
        play.wait(60);
        play.connect();
        play.boot();
        let (mut next, begin) = play.begin(1, "CARD-2", 1000.0, None);
        assert_eq!(play.tell(&begin), NONE, "{version}");
        play.wait(60);
        let meter = play.meter(&mut next, Some(1100.0), None);
        assert_eq!(play.tell(&meter), NONE, "{version}");
    }
}

#[test]
fn an_invented_session_lies_in_a_time_when_the_station_was_here() {
    for version in versions() {
        let mut play = Play::new(version);
        play.wait(12 * 3600);
        play.heartbeat();
        play.part();
        play.wait(3600);
        play.connect();
        play.heartbeat();
        play.wait(3600);
        play.heartbeat();
        for (ago_s, doubts) in [
            (5400, NONE),
            (8 * 3600, vec!["offline_while_online".to_owned()]),
            (2400, vec!["offline_while_online".to_owned()]),
            (9 * 86_400, vec!["misdated".to_owned()]),
            (-300, vec!["misdated".to_owned()]),
            (-20, NONE),
        ] {
            let mut play = play.twin();
            play.online = false;
            play.now_ms -= ago_s * 1000;
            let (_, begin) = play.begin(1, "VICTIM", 0.0, None);
            play.now_ms += ago_s * 1000;
            assert_eq!(play.tell(&begin), doubts, "{version} {ago_s}");
        }
    }
}

#[test]
fn a_sequence_has_an_order() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(600);
        let meter = play.meter(&mut charge, Some(2000.0), None);
        assert_eq!(play.tell(&meter), NONE);
        play.now_ms -= 300_000;
        let late = play.meter(&mut charge, Some(1500.0), None);
        play.now_ms += 300_000;
        assert_eq!(play.tell(&late), ["misdated"], "{version}");
        if version != Version::V16 {
            charge.sequence = 0;
            let replayed = play.meter(&mut charge, Some(2000.0), None);
            assert_eq!(play.tell(&replayed), ["misdated"], "{version}");
        }
    }
}

#[test]
fn free_while_a_session_runs() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(60);
        assert_eq!(play.status(2, "Available"), NONE, "{version}");
        assert_eq!(play.status(1, "Available"), ["free_while_charging"], "{version}");
        play.wait(10);
        let end = play.end(&mut charge, 1100.0, None, "EVDisconnected");
        assert_eq!(play.tell(&end), NONE);
        // A station with that habit is known from now on, and judged by whether the session goes on.
        let mut charge = self::charge(&mut play, 1, "CARD-1");
        play.wait(60);
        assert_eq!(play.status(1, "Available"), NONE, "{version}");
        play.wait(60);
        let meter = play.meter(&mut charge, Some(1300.0), Some(7000.0));
        assert_eq!(play.tell(&meter), ["free_while_charging"], "{version}");
    }
}

#[test]
fn free_after_a_gap_with_the_end_still_on_its_way() {
    for version in versions() {
        let mut play = Play::new(version);
        let mut charge = charge(&mut play, 1, "CARD-1");
        play.wait(60);
        play.part();
        play.wait(600);
        let end = play.end(&mut charge, 2000.0, None, "EVDisconnected");
        play.wait(600);
        play.connect();
        assert_eq!(play.status(1, "Available"), NONE, "{version}");
        assert_eq!(play.tell(&end), NONE, "{version}");
    }
}

#[test]
fn a_status_that_cannot_follow() {
    let mut play = Play::new(Version::V16);
    assert_eq!(play.status(1, "Finishing"), ["status_illegal"]);
    let mut play = Play::new(Version::V16);
    for status in ["Preparing", "Charging", "SuspendedEV", "Charging", "Finishing", "Available", "Reserved"] {
        assert_eq!(play.status(1, status), NONE, "{status}");
    }
    // After a gap anything may have happened.
    play.part();
    play.connect();
    assert_eq!(play.status(1, "Finishing"), NONE);
    for version in [Version::V201, Version::V21] {
        let mut play = Play::new(version);
        let _charge = charge(&mut play, 1, "CARD-1");
        assert_eq!(play.status(1, "Reserved"), ["status_illegal"], "{version}");
        assert_eq!(play.status(1, "Faulted"), NONE, "{version}");
    }
}

#[test]
fn most_connectors_are_faulty_at_once() {
    for version in versions() {
        let mut play = Play::new(version);
        assert_eq!(play.status(1, "Faulted"), NONE, "{version}");
        assert_eq!(play.status(2, "Faulted"), ["faulty_together"], "{version}");
        // Told again, it is no news.
        assert_eq!(play.status(2, "Faulted"), NONE, "{version}");
    }
}

#[test]
fn connectors_are_also_told_as_events() {
    for version in [Version::V201, Version::V21] {
        let mut play = Play::new(version);
        let _charge = charge(&mut play, 1, "CARD-1");
        let event = json!({"generatedAt": play.at(0), "seqNo": 0, "eventData": [{
            "eventId": 1, "timestamp": play.at(0), "trigger": "Delta", "actualValue": "Available",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
            "variable": {"name": "AvailabilityState"},
        }]});
        assert_eq!(play.say("NotifyEvent", event), ["free_while_charging"], "{version}");
    }
}

#[test]
fn what_a_vehicle_needs() {
    for version in [Version::V201, Version::V21] {
        let mut play = Play::new(version);
        let _charge = charge(&mut play, 1, "CARD-1");
        let mut needs = |leaves_s: i64, energy_wh: i64| {
            let needs = json!({"evseId": 1, "chargingNeeds": {
                "requestedEnergyTransfer": "AC_three_phase", "departureTime": play.at(leaves_s),
                "acChargingParameters": {
                    "energyAmount": energy_wh, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 230,
                },
            }});
            play.say("NotifyEVChargingNeeds", needs)
        };
        assert_eq!(needs(3600, 40_000), NONE);
        assert_eq!(needs(-3600, 40_000), ["needs_implausible"]);
        assert_eq!(needs(3600, 90_000), ["needs_implausible"]);
    }
}
