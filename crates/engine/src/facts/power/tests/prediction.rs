//! What commands change, in W, and when.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Desk, VERSIONS, profile, scheduled, set, time, with};
use crate::facts::power::prediction::CHANGES_MAX;

const NONE: [&str; 0] = [];

fn at(version: Version, second: i64, head: (i64, &str, i64, &str), periods: &[(i64, i64)]) -> Value {
    scheduled(version, profile(version, head, periods), "startSchedule", json!(time(second)))
}

fn changes(desk: &Desk, action: &str, command: &Value) -> Vec<String> {
    desk.asked("cso", action, command).1
}

const DEFAULT: (i64, &str, i64, &str) = (1, "TxDefaultProfile", 0, "Absolute");

#[test]
fn a_schedule_changes_what_runs_step_by_step() {
    for version in VERSIONS {
        let mut desk = Desk::new(version).charging("7", 1, 9_000);
        desk.envelope.evse_w = Some(22_000);
        let steps = at(version, 100, DEFAULT, &[(0, 4_000), (60, 16_000), (120, 0), (180, 50_000)]);
        let command = set(version, 1, steps);
        // The vehicle takes 9 kW of what it could have, so it takes no more later.
        assert_eq!(
            changes(&desk, "SetChargingProfile", &command),
            ["100: -5000", "160: +5000", "220: -9000", "280: +9000"],
            "{version}"
        );
        desk.obey("cso", "SetChargingProfile", &command);
        assert_eq!(changes(&desk, "SetChargingProfile", &command), NONE, "the same again changes nothing");
        // Held down to 4 kW, it would take what the EVSE gives.
        desk.pass(110);
        desk.sessions[0].power_w = Some(3_950);
        let id = if version == Version::V16 { "id" } else { "chargingProfileId" };
        assert_eq!(
            changes(&desk, "ClearChargingProfile", &json!({ id: 1 })),
            ["0: +18050", "50: -12050", "110: +16000", "170: -22000"],
            "what it had planned does not happen"
        );
    }
}

#[test]
fn a_time_bomb_counts_at_its_time_though_nobody_charges() {
    for version in VERSIONS {
        let desk = Desk::new(version);
        let command = set(version, 0, at(version, 7_200, DEFAULT, &[(0, 0), (60, 22_000)]));
        assert_eq!(changes(&desk, "SetChargingProfile", &command), ["7200: +0", "7260: +0"], "{version}");
        let now = set(version, 1, profile(version, DEFAULT, &[(0, 9_000)]));
        assert_eq!(changes(&desk, "SetChargingProfile", &now), ["0: +0"]);
        let valid = with(profile(version, DEFAULT, &[(0, 0)]), "validFrom", json!(time(5_000)));
        assert_eq!(changes(&desk, "SetChargingProfile", &set(version, 0, valid)), ["5000: +0"]);
    }
}

#[test]
fn what_is_outranked_changes_nothing_until_it_holds() {
    let version = Version::V201;
    let mut desk = Desk::new(version).charging("7", 1, 9_000);
    desk.obey(
        "cso",
        "SetChargingProfile",
        &set(version, 0, profile(version, (1, "TxDefaultProfile", 5, "Absolute"), &[(0, 10_000)])),
    );
    let hidden =
        set(version, 0, at(version, 600, (2, "TxDefaultProfile", 0, "Absolute"), &[(0, 0), (60, 22_000)]));
    assert_eq!(changes(&desk, "SetChargingProfile", &hidden), NONE);
    desk.obey("cso", "SetChargingProfile", &hidden);
    let cleared = changes(&desk, "ClearChargingProfile", &json!({ "chargingProfileId": 1 }));
    assert_eq!(cleared, ["0: +13000", "600: -22000", "660: +22000"]);
}

#[test]
fn what_recurs_says_so() {
    let version = Version::V16;
    let desk = Desk::new(version).charging("7", 1, 9_000);
    let daily = at(version, -3_600, (1, "TxDefaultProfile", 0, "Recurring"), &[(0, 9_500), (7_200, 3_000)]);
    let command = set(version, 0, with(daily, "recurrencyKind", json!("Daily")));
    assert_eq!(
        changes(&desk, "SetChargingProfile", &command),
        ["0: +0", "3600: -6000 every 86400", "82800: +6000 every 86400"]
    );
}

#[test]
fn the_limit_of_the_station_counts_for_all() {
    for version in VERSIONS {
        let mut desk = Desk::new(version).charging("7", 1, 9_000).charging("8", 2, 9_000);
        let max = |watts| {
            set(version, 0, profile(version, (1, "ChargingStationMaxProfile", 0, "Absolute"), &[(0, watts)]))
        };
        assert_eq!(changes(&desk, "SetChargingProfile", &max(10_000)), ["0: -8000"], "{version}");
        desk.obey("cso", "SetChargingProfile", &max(10_000));
        desk.sessions.iter_mut().for_each(|session| session.power_w = Some(5_000));
        assert_eq!(changes(&desk, "SetChargingProfile", &max(30_000)), ["0: +20000"], "both want more");
    }
}

#[test]
fn sessions_begin_and_end() {
    for version in VERSIONS {
        let v16 = version == Version::V16;
        let mut desk = Desk::new(version).charging("7", 1, 9_000).charging("8", 2, 5_000);
        let start = |evse: i64| {
            if v16 {
                ("RemoteStartTransaction", json!({ "connectorId": evse, "idTag": "A" }))
            } else {
                let token = json!({ "idToken": "A", "type": "ISO14443" });
                ("RequestStartTransaction", json!({ "evseId": evse, "remoteStartId": 1, "idToken": token }))
            }
        };
        let (action, command) = start(3);
        assert_eq!(changes(&desk, action, &command), ["0: +22000"], "{version}");
        assert_eq!(changes(&desk, action, &start(1).1), ["0: +0"], "somebody is there");
        desk.obey("cso", "SetChargingProfile", &set(version, 0, profile(version, DEFAULT, &[(0, 11_000)])));
        assert_eq!(changes(&desk, action, &command), ["0: +11000"]);
        desk.envelope.evse_w = Some(7_000);
        assert_eq!(changes(&desk, action, &command), ["0: +7000"]);
        let mut limited = command.clone();
        limited["chargingProfile"] =
            profile(version, (9, "TxProfile", 0, "Relative"), &[(0, 2_000), (60, 6_000)]);
        assert_eq!(changes(&desk, action, &limited), ["0: +2000", "60: +4000"]);
        let (action, command) = if v16 {
            ("RemoteStopTransaction", json!({ "transactionId": 7 }))
        } else {
            ("RequestStopTransaction", json!({ "transactionId": "7" }))
        };
        assert_eq!(changes(&desk, action, &command), ["0: -9000"]);
    }
}

#[test]
fn what_interrupts_takes_all_that_runs() {
    for version in VERSIONS {
        let v16 = version == Version::V16;
        let desk = Desk::new(version).charging("7", 1, 9_000).charging("8", 2, 5_000);
        let told = |action: &str, command: Value| changes(&desk, action, &command).join(", ");
        let (hard, soft) = if v16 { ("Hard", "Soft") } else { ("Immediate", "OnIdle") };
        assert_eq!(told("Reset", json!({ "type": hard })), "0: -14000");
        // 1.6 ends the sessions before a soft reset, 2.x waits for their end.
        assert_eq!(told("Reset", json!({ "type": soft })), if v16 { "0: -14000" } else { "0: +0" });
        let (disable, unlock, firmware) = if v16 {
            (
                json!({ "connectorId": 0, "type": "Inoperative" }),
                json!({ "connectorId": 2 }),
                json!({ "location": "https://a.example/f", "retrieveDate": time(600) }),
            )
        } else {
            (
                json!({ "operationalStatus": "Inoperative" }),
                json!({ "evseId": 2, "connectorId": 1 }),
                json!({ "requestId": 1, "firmware": {
                    "location": "https://a.example/f", "retrieveDateTime": time(0), "installDateTime": time(600),
                } }),
            )
        };
        assert_eq!(told("ChangeAvailability", disable), "0: +0", "it waits for the end of the sessions");
        assert_eq!(told("UnlockConnector", unlock), "0: -5000");
        assert_eq!(told("UpdateFirmware", firmware), "600: -14000");
    }
}

#[test]
fn feeding_back_counts_across_zero() {
    let version = Version::V21;
    let desk = Desk::new(version).charging("t-88", 1, 11_000);
    let mut dynamic = profile(version, (1, "TxProfile", 0, "Dynamic"), &[(0, 11_000)]);
    dynamic["transactionId"] = json!("t-88");
    let period = &mut dynamic["chargingSchedule"][0]["chargingSchedulePeriod"][0];
    *period = json!({ "startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -11_000 });
    assert_eq!(changes(&desk, "SetChargingProfile", &set(version, 1, dynamic)), ["0: -22000"]);
}

#[test]
fn other_moments_count_too() {
    let desk = Desk::new(Version::V16);
    let reserve = json!({ "connectorId": 1, "expiryDate": time(900), "idTag": "A", "reservationId": 1 });
    assert_eq!(changes(&desk, "ReserveNow", &reserve), ["900: +0"]);
    assert_eq!(changes(&desk, "GetConfiguration", &json!({})), NONE);
    assert_eq!(changes(&desk, "ClearChargingProfile", &json!({})), ["0: +0"], "who knows what is there");
}

#[test]
fn only_the_largest_are_told() {
    let version = Version::V16;
    let desk = Desk::new(version).charging("7", 1, 20_000);
    let periods: Vec<(i64, i64)> = (0..400)
        .map(|place| (place * 60, if place % 2 == 0 { 20_000 } else { 20_000 - place * 10 }))
        .collect();
    let told = changes(&desk, "SetChargingProfile", &set(version, 1, at(version, 10, DEFAULT, &periods)));
    assert_eq!(told.len(), CHANGES_MAX);
    assert!(told[0] == "10: +0" && told[31].starts_with("23950: -3990"), "{told:?}");
}
