//! What the station has after which messages.

use chargewarden_ocpp::Version;
use serde_json::json;

use super::{Desk, VERSIONS, profile, set, time, with};
use crate::facts::power::order::PROFILES_OF_PARTY_MAX;

const DEFAULT: (i64, &str, i64, &str) = (1, "TxDefaultProfile", 0, "Absolute");

#[test]
fn a_profile_holds_when_the_station_takes_it() {
    for version in VERSIONS {
        let mut desk = Desk::new(version);
        let command = set(version, 1, profile(version, DEFAULT, &[(0, 11_000)]));
        desk.answered("cso", "SetChargingProfile", &command, &json!({ "status": "Rejected" }));
        assert_eq!(desk.limit_at(1, 0), None);
        desk.obey("cso", "SetChargingProfile", &command);
        assert_eq!((desk.limit_at(1, 0), desk.limit_at(2, 0)), (Some(11_000), None), "{version}");
        // The same id, elsewhere: it is gone where it was.
        let moved = set(version, 2, profile(version, DEFAULT, &[(0, 7_000)]));
        desk.obey("cso", "SetChargingProfile", &moved);
        assert_eq!((desk.limit_at(1, 0), desk.limit_at(2, 0)), (None, Some(7_000)), "{version}");
        // The same place under another id.
        let other = profile(version, (2, "TxDefaultProfile", 0, "Absolute"), &[(0, 5_000)]);
        desk.obey("cso", "SetChargingProfile", &set(version, 2, other));
        assert_eq!((desk.ids(), desk.limit_at(2, 0)), (vec![2], Some(5_000)), "{version}");
    }
}

#[test]
fn amperes_are_counted_in_their_phases() {
    let mut desk = Desk::new(Version::V16);
    let mut command = set(Version::V16, 1, profile(Version::V16, DEFAULT, &[(0, 16)]));
    command["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] = json!("A");
    desk.obey("cso", "SetChargingProfile", &command);
    assert_eq!(desk.limit_at(1, 0), Some(16 * 230 * 3));
    command["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] = json!(1);
    desk.obey("cso", "SetChargingProfile", &command);
    assert_eq!(desk.limit_at(1, 0), Some(16 * 230));
}

#[test]
fn a_clear_removes_what_it_selects() {
    for version in VERSIONS {
        let v16 = version == Version::V16;
        let fill = || {
            let mut desk = Desk::new(version);
            for (evse, head) in [
                (0, (1, "ChargingStationMaxProfile", 0, "Absolute")),
                (0, (2, "TxDefaultProfile", 0, "Absolute")),
                (1, (3, "TxDefaultProfile", 1, "Absolute")),
            ] {
                desk.obey(
                    "cso",
                    "SetChargingProfile",
                    &set(version, evse, profile(version, head, &[(0, 9_000)])),
                );
            }
            desk
        };
        let max = if v16 { "ChargePointMaxProfile" } else { "ChargingStationMaxProfile" };
        let evse = if v16 { "connectorId" } else { "evseId" };
        let criteria = |criteria: serde_json::Value| {
            if v16 { criteria } else { json!({ "chargingProfileCriteria": criteria }) }
        };
        let by_id = if v16 { json!({ "id": 3 }) } else { json!({ "chargingProfileId": 3 }) };
        for (command, left) in [
            (by_id, vec![1, 2]),
            (json!({}), vec![]),
            (criteria(json!({ "chargingProfilePurpose": max })), vec![2, 3]),
            (criteria(json!({ "stackLevel": 0 })), vec![3]),
            (criteria(json!({ evse: 0 })), vec![3]),
            (criteria(json!({ evse: 1, "stackLevel": 0 })), vec![1, 2, 3]),
        ] {
            let mut desk = fill();
            desk.obey("cso", "ClearChargingProfile", &command);
            assert_eq!(desk.ids(), left, "{version} {command}");
        }
    }
}

#[test]
fn a_profile_of_a_session_goes_with_it() {
    let mut desk = Desk::new(Version::V16);
    desk.answered(
        "cnp",
        "StartTransaction",
        &json!({ "connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": time(0) }),
        &json!({ "transactionId": 7, "idTagInfo": { "status": "Accepted" } }),
    );
    let tx = profile(Version::V16, (1, "TxProfile", 0, "Relative"), &[(0, 4_000)]);
    let command = set(Version::V16, 1, with(tx, "transactionId", json!(7)));
    desk.obey("cnp", "SetChargingProfile", &command);
    desk = desk.charging("7", 1, 3_000);
    assert_eq!(desk.limit_at(1, 0), Some(4_000));
    desk.report("StopTransaction", &json!({ "transactionId": 7, "meterStop": 1, "timestamp": time(9) }));
    assert!(desk.ids().is_empty());
    // Where its end is not heard of, the next session ends it.
    desk.obey("cnp", "SetChargingProfile", &command);
    desk.answered(
        "cnp",
        "StartTransaction",
        &json!({ "connectorId": 1, "idTag": "B", "meterStart": 0, "timestamp": time(0) }),
        &json!({ "transactionId": 8, "idTagInfo": { "status": "Accepted" } }),
    );
    assert!(desk.ids().is_empty());
}

#[test]
fn a_profile_that_comes_with_a_start_waits_for_its_session() {
    let tx = |version| profile(version, (1, "TxProfile", 0, "Relative"), &[(0, 4_000)]);
    let mut desk = Desk::new(Version::V16);
    let start = json!({ "connectorId": 1, "idTag": "A", "chargingProfile": tx(Version::V16) });
    desk.obey("cnp", "RemoteStartTransaction", &start);
    let begin = |desk: &mut Desk, tag: &str, number: i64| {
        let call = json!({ "connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": time(0) });
        let answer = json!({ "transactionId": number, "idTagInfo": { "status": "Accepted" } });
        desk.answered("cnp", "StartTransaction", &call, &answer);
    };
    begin(&mut desk, "B", 7);
    assert_eq!(Desk { sessions: vec![], ..desk }.limit_at(1, 0), None, "somebody else came");

    let mut desk = Desk::new(Version::V16);
    desk.obey("cnp", "RemoteStartTransaction", &start);
    begin(&mut desk, "a", 8);
    assert_eq!(desk.charging("8", 1, 0).limit_at(1, 0), Some(4_000), "tokens have no case");

    let mut desk = Desk::new(Version::V201);
    let start = json!({
        "evseId": 1, "remoteStartId": 42, "idToken": { "idToken": "A", "type": "ISO14443" },
        "chargingProfile": tx(Version::V201),
    });
    desk.obey("cnp", "RequestStartTransaction", &start);
    let event = |kind: &str, start: i64| {
        json!({
            "eventType": kind, "timestamp": time(0), "triggerReason": "RemoteStart", "seqNo": 0, "evse": { "id": 1 },
            "transactionInfo": { "transactionId": "t-1", "remoteStartId": start },
        })
    };
    desk.report("TransactionEvent", &event("Started", 41));
    assert!(desk.power.profiles[0].awaits.is_some());
    desk.report("TransactionEvent", &event("Started", 42));
    let desk = desk.charging("t-1", 1, 0);
    assert_eq!(desk.limit_at(1, 0), Some(4_000));
    let mut desk = desk;
    desk.report("TransactionEvent", &event("Ended", 42));
    assert!(desk.ids().is_empty());
}

#[test]
fn what_has_waited_too_long_is_forgotten() {
    let mut desk = Desk::new(Version::V16);
    let tx = profile(Version::V16, (1, "TxProfile", 0, "Relative"), &[(0, 4_000)]);
    desk.obey("cnp", "RemoteStartTransaction", &json!({ "idTag": "A", "chargingProfile": tx }));
    desk.pass(901);
    desk.obey(
        "cnp",
        "SetChargingProfile",
        &set(Version::V16, 1, profile(Version::V16, (2, "TxDefaultProfile", 0, "Absolute"), &[(0, 1)])),
    );
    assert_eq!(desk.ids(), [2]);
}

#[test]
fn a_party_forgets_its_own() {
    let mut desk = Desk::new(Version::V201);
    let send = |desk: &mut Desk, party: &str, id: i64, purpose: &str| {
        let head = (id, purpose, id, "Absolute");
        desk.obey(
            party,
            "SetChargingProfile",
            &set(Version::V201, 0, profile(Version::V201, head, &[(0, 9)])),
        );
    };
    send(&mut desk, "cso", 1, "ChargingStationMaxProfile");
    send(&mut desk, "cnp", 2, "ChargingStationMaxProfile");
    for id in 100..300 {
        send(&mut desk, "cnp", id, "TxDefaultProfile");
    }
    let ids = desk.ids();
    assert!(ids.contains(&1) && ids.contains(&2), "limits of the station are kept: {ids:?}");
    assert_eq!(ids.len(), PROFILES_OF_PARTY_MAX + 1);
    assert!(
        desk.doubts(
            "cnp",
            "SetChargingProfile",
            &set(
                Version::V201,
                0,
                profile(Version::V201, (999, "TxDefaultProfile", 999, "Absolute"), &[(0, 9)])
            )
        )
        .contains(&"too_many_periods")
    );
}

#[test]
fn what_a_station_reports_is_added() {
    let mut desk = Desk::new(Version::V201);
    let known = profile(Version::V201, (1, "TxDefaultProfile", 0, "Absolute"), &[(0, 11_000)]);
    desk.obey("cso", "SetChargingProfile", &set(Version::V201, 1, known));
    let report = json!({
        "requestId": 1, "chargingLimitSource": "CSO", "evseId": 0, "chargingProfile": [
            profile(Version::V201, (1, "TxDefaultProfile", 0, "Absolute"), &[(0, 99_000)]),
            profile(Version::V201, (7, "ChargingStationMaxProfile", 0, "Absolute"), &[(0, 8_000)]),
        ],
    });
    desk.report("ReportChargingProfiles", &report);
    assert_eq!((desk.ids(), desk.limit_at(1, 0)), (vec![1, 7], Some(8_000)));
}

#[test]
fn a_dynamic_profile_is_what_it_was_changed_to_last() {
    let mut desk = Desk::new(Version::V21);
    let dynamic = profile(Version::V21, (5, "TxDefaultProfile", 0, "Dynamic"), &[(0, 11_000)]);
    desk.obey("cso", "SetChargingProfile", &set(Version::V21, 1, dynamic));
    desk.pass(60);
    let update = json!({ "chargingProfileId": 5, "scheduleUpdate": { "limit": 6_000 } });
    desk.obey("cso", "UpdateDynamicSchedule", &update);
    assert_eq!(desk.limit_at(1, 0), Some(6_000));
    desk.pass(60);
    desk.answered(
        "cso",
        "PullDynamicScheduleUpdate",
        &json!({ "chargingProfileId": 5 }),
        &json!({ "status": "Accepted", "scheduleUpdate": { "limit": 7_000 } }),
    );
    assert_eq!(desk.limit_at(1, 0), Some(7_000));
}

#[test]
fn priority_comes_before_the_rest_of_its_session() {
    let mut desk = Desk::new(Version::V21);
    for (id, purpose, watts) in [(1, "TxDefaultProfile", 4_000), (2, "PriorityCharging", 20_000)] {
        let sent = profile(Version::V21, (id, purpose, 0, "Absolute"), &[(0, watts)]);
        desk.obey("cso", "SetChargingProfile", &set(Version::V21, 1, sent));
    }
    let mut desk = desk.charging("t-1", 1, 3_900);
    assert_eq!(desk.limit_at(1, 0), Some(4_000));
    let activate = |on: bool| json!({ "transactionId": "t-1", "activate": on });
    let (_, changes) = desk.asked("cso", "UsePriorityCharging", &activate(true));
    assert_eq!(changes, ["0: +16100"]);
    desk.obey("cso", "UsePriorityCharging", &activate(true));
    assert_eq!(desk.limit_at(1, 0), Some(20_000));
    desk.obey("cso", "UsePriorityCharging", &activate(false));
    assert_eq!(desk.limit_at(1, 0), Some(4_000));
}
