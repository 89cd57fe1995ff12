//! Doubts about commands.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use crate::play::{Charge, NONE, Play};

/// A driver charges at EVSE 1.
fn charging(version: Version) -> (Play, Charge) {
    let mut play = Play::new(version);
    let charge = charge(&mut play, 1, "CARD-1");
    (play, charge)
}

pub fn charge(play: &mut Play, evse: i64, token: &str) -> Charge {
    assert_eq!(play.status(evse, "Preparing"), NONE);
    let (mut charge, report) = play.begin(evse, token, 1000.0, None);
    assert_eq!(play.tell(&report), NONE);
    play.wait(5);
    let report = play.flow(&mut charge, "Charging");
    assert_eq!(play.tell(&report), NONE);
    charge
}

fn other(version: Version) -> Value {
    if version == Version::V16 { json!(77) } else { json!("tx-of-another") }
}

#[test]
fn a_transaction_that_the_station_does_not_have() {
    for version in Version::ALL.iter().copied() {
        let (mut play, charge) = charging(version);
        assert_eq!(play.remote_stop(&other(version)), ["no_such_transaction"], "{version}");
        let own = play.name(&charge);
        assert_eq!(play.remote_stop(&own), ["session_of_driver"], "{version}");
        // The order to stop and the end of the session pass each other.
        let mut charge = charge;
        play.wait(60);
        let end = play.end(&mut charge, 1020.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        assert_eq!(play.remote_stop(&own), NONE, "{version}");
        play.wait(3600);
        play.heartbeat();
        assert_eq!(play.remote_stop(&own), ["no_such_transaction"], "{version}");
    }
}

#[test]
fn a_station_that_we_do_not_know_yet_may_have_it() {
    for version in Version::ALL.iter().copied() {
        let mut play = Play::fresh(version);
        play.envelope.evses = Some(3);
        play.connect();
        play.heartbeat();
        // Nobody has said how the third EVSE stands.
        assert_eq!(play.remote_stop(&other(version)), NONE, "{version}");
    }
}

#[test]
fn a_session_begun_by_command_is_not_the_drivers() {
    for version in Version::ALL.iter().copied() {
        let mut play = Play::new(version);
        assert_eq!(play.remote_start(1, "CARD-1", 5), NONE);
        play.wait(20);
        let (charge, report) = play.begin(1, "CARD-1", 1000.0, Some(5));
        assert_eq!(play.tell(&report), NONE);
        play.connect();
        let own = play.name(&charge);
        assert_eq!(play.remote_stop(&own), NONE, "{version}");
    }
}

#[test]
fn an_evse_is_taken_while_somebody_charges_there() {
    for version in Version::ALL.iter().copied() {
        let (mut play, mut charge) = charging(version);
        assert_eq!(play.remote_start(1, "CARD-2", 1), ["evse_taken"], "{version}");
        assert_eq!(play.remote_start(2, "CARD-2", 2), NONE, "{version}");
        let end = play.end(&mut charge, 1020.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        // A cable that waits is no session.
        assert_eq!(
            play.remote_start(1, "CARD-2", 3),
            if version == Version::V16 { vec!["evse_taken".to_owned()] } else { NONE }
        );
        assert_eq!(play.status(1, "Finishing"), NONE);
        assert_eq!(play.remote_start(1, "CARD-2", 4), NONE, "{version}");
        assert_eq!(play.status(1, "Available"), NONE);
    }
}

#[test]
fn a_session_runs_where_a_command_acts() {
    for version in Version::ALL.iter().copied() {
        let (mut play, mut charge) = charging(version);
        let unlock = |evse: i64| match version {
            Version::V16 => json!({"connectorId": evse}),
            Version::V201 | Version::V21 => json!({"evseId": evse, "connectorId": 1}),
        };
        let reset =
            if version == Version::V16 { json!({"type": "Hard"}) } else { json!({"type": "Immediate"}) };
        let unlocked = json!({"status": "Unlocked"});
        let accepted = json!({"status": "Accepted"});
        let both = ["session_running", "session_of_driver"];
        assert_eq!(play.command("UnlockConnector", &unlock(1), &unlocked), both, "{version}");
        assert_eq!(play.command("UnlockConnector", &unlock(2), &unlocked), NONE, "{version}");
        assert_eq!(play.command("Reset", &reset, &accepted), ["session_running"], "{version}");
        let end = play.end(&mut charge, 1020.0, None, "Local");
        assert_eq!(play.tell(&end), NONE);
        assert_eq!(play.status(1, "Finishing"), NONE);
        assert_eq!(play.command("UnlockConnector", &unlock(1), &unlocked), NONE, "{version}");
        assert_eq!(play.command("Reset", &reset, &accepted), NONE, "{version}");
    }
}

#[test]
fn a_profile_for_a_transaction_that_is_not_there() {
    for version in Version::ALL.iter().copied() {
        let (mut play, charge) = charging(version);
        let own = play.name(&charge);
        let mut set = |transaction: &Value| {
            let schedule = json!({
                "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
            });
            let payload = match version {
                Version::V16 => json!({"connectorId": 1, "csChargingProfiles": {
                    "chargingProfileId": 1, "transactionId": transaction, "stackLevel": 0,
                    "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
                    "chargingSchedule": schedule,
                }}),
                Version::V201 | Version::V21 => {
                    let mut schedule = schedule;
                    schedule["id"] = json!(1);
                    json!({"evseId": 1, "chargingProfile": {
                        "id": 1, "transactionId": transaction, "stackLevel": 0,
                        "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
                        "chargingSchedule": [schedule],
                    }})
                }
            };
            play.command("SetChargingProfile", &payload, &json!({"status": "Accepted"}))
        };
        assert!(set(&other(version)).contains(&"no_such_transaction".to_owned()), "{version}");
        assert!(!set(&own).contains(&"no_such_transaction".to_owned()), "{version}");
    }
}

#[test]
fn an_evse_that_the_station_does_not_have() {
    for version in Version::ALL.iter().copied() {
        let mut play = Play::new(version);
        assert_eq!(play.remote_start(3, "CARD-1", 1), ["no_such_evse"], "{version}");
        assert_eq!(play.status(9, "Available"), ["no_such_evse"], "{version}");
        assert_eq!(play.status(2, "Available"), NONE, "{version}");
        // As many as it told of when it started, where nobody has stated how many there are.
        let mut play = Play::fresh(version);
        play.envelope.evses = None;
        play.connect();
        play.heartbeat();
        assert_eq!(play.remote_start(3, "CARD-1", 1), NONE, "{version}");
        play.wait(120);
        assert_eq!(play.remote_start(3, "CARD-1", 2), ["no_such_evse"], "{version}");
    }
}

#[test]
fn a_number_that_runs_already() {
    let (mut play, charge) = charging(Version::V16);
    let number = play.name(&charge);
    let (_, report) = play.begin(2, "CARD-2", 500.0, None);
    assert_eq!(
        play.tell_answered(&report, &json!({"idTagInfo": {"status": "Accepted"}, "transactionId": number})),
        ["number_reused"]
    );
}
