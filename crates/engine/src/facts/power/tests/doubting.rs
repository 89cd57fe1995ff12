//! Which commands are odd, and which that look like them are not.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Desk, VERSIONS, profile, scheduled, set, time, with};

fn limit(version: Version, evse: i64, head: (i64, &str, i64, &str), watts: i64) -> Value {
    set(version, evse, profile(version, head, &[(0, watts)]))
}

const MAX: &str = "ChargingStationMaxProfile";
const DEFAULT: &str = "TxDefaultProfile";

#[test]
fn nothing_is_odd_where_nothing_is_known() {
    for version in VERSIONS {
        let desk = Desk::new(version);
        for (evse, purpose) in [(0, MAX), (0, DEFAULT), (1, DEFAULT)] {
            let command = limit(version, evse, (1, purpose, 9, "Absolute"), 350_000);
            assert_eq!(desk.doubts("cnp", "SetChargingProfile", &command), [""; 0], "{version} {purpose}");
        }
        let by_id =
            if version == Version::V16 { json!({ "id": 3 }) } else { json!({ "chargingProfileId": 3 }) };
        assert_eq!(desk.doubts("cnp", "ClearChargingProfile", &by_id), [""; 0]);
    }
}

#[test]
fn above_what_there_is_to_carry_it() {
    for version in VERSIONS {
        let mut desk = Desk::new(version);
        desk.envelope.evse_w = Some(22_000);
        desk.envelope.evses = Some(2);
        let odd = |desk: &Desk, evse, purpose, watts| {
            let command = limit(version, evse, (1, purpose, 0, "Absolute"), watts);
            desk.doubts("cso", "SetChargingProfile", &command).contains(&"above_rating")
        };
        // 32 A in three phases are sold as 22 kW.
        assert!(!odd(&desk, 1, DEFAULT, 22_080) && odd(&desk, 1, DEFAULT, 23_000), "{version}");
        assert!(!odd(&desk, 0, DEFAULT, 22_000) && odd(&desk, 0, DEFAULT, 30_000), "each EVSE");
        assert!(!odd(&desk, 0, MAX, 44_000) && odd(&desk, 0, MAX, 50_000), "all EVSEs");
        desk.envelope.station_w = Some(30_000);
        assert!(!odd(&desk, 0, MAX, 30_000) && odd(&desk, 0, MAX, 44_000), "the station");
        desk.envelope.site_w = Some(20_000);
        assert!(!odd(&desk, 1, DEFAULT, 20_000) && odd(&desk, 1, DEFAULT, 20_001), "the site");
    }
}

#[test]
fn thirty_two_amperes_are_nothing_to_a_single_phase() {
    let mut desk = Desk::new(Version::V16);
    desk.envelope.evse_w = Some(7_400);
    let mut command = limit(Version::V16, 1, (1, DEFAULT, 0, "Absolute"), 32);
    command["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] = json!("A");
    assert_eq!(desk.doubts("cso", "SetChargingProfile", &command), [""; 0]);
    command["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = json!(90);
    assert_eq!(desk.doubts("cso", "SetChargingProfile", &command), ["above_rating"]);
}

#[test]
fn another_partys_limit() {
    for version in VERSIONS {
        let mut desk = Desk::new(version);
        desk.obey("cso", "SetChargingProfile", &limit(version, 0, (1, DEFAULT, 3, "Absolute"), 11_000));
        let odd = |id, stack, evse, watts| {
            let command = limit(version, evse, (id, DEFAULT, stack, "Absolute"), watts);
            desk.doubts("cnp", "SetChargingProfile", &command)
        };
        assert_eq!(odd(2, 4, 0, 22_000), ["outranks_other"], "{version}");
        assert_eq!(odd(2, 4, 1, 22_000), ["outranks_other"], "on one EVSE");
        assert_eq!(odd(2, 3, 1, 22_000), ["outranks_other"], "the EVSE's comes before the station's");
        assert_eq!(odd(2, 2, 0, 22_000), [""; 0], "below it");
        assert_eq!(odd(2, 4, 0, 6_000), [""; 0], "it lets less pass");
        assert_eq!(odd(1, 2, 0, 6_000), ["touches_other"], "its id");
        assert_eq!(odd(2, 3, 0, 6_000), ["touches_other"], "its place");
        assert_eq!(odd(1, 3, 0, 22_000), ["outranks_other", "touches_other"]);
        let own = limit(version, 0, (1, DEFAULT, 3, "Absolute"), 22_000);
        assert_eq!(desk.doubts("cso", "SetChargingProfile", &own), [""; 0], "its own");
    }
}

#[test]
fn another_partys_limit_at_another_time() {
    let version = Version::V201;
    let mut desk = Desk::new(version);
    let night =
        with(profile(version, (1, DEFAULT, 0, "Absolute"), &[(0, 5_000)]), "validTo", json!(time(600)));
    desk.obey("cso", "SetChargingProfile", &set(version, 0, night));
    let from = |second: i64| {
        let later = profile(version, (2, DEFAULT, 5, "Absolute"), &[(0, 22_000)]);
        desk.doubts(
            "cnp",
            "SetChargingProfile",
            &set(version, 0, with(later, "validFrom", json!(time(second)))),
        )
    };
    assert_eq!((from(600), from(599)), (vec![], vec!["outranks_other"]));
    // It begins low, and rises while the other's still holds.
    let steps = profile(version, (2, DEFAULT, 5, "Absolute"), &[(0, 4_000), (300, 22_000)]);
    assert_eq!(desk.doubts("cnp", "SetChargingProfile", &set(version, 0, steps)), ["outranks_other"]);
}

#[test]
fn what_protects_is_lifted() {
    for version in VERSIONS {
        let v16 = version == Version::V16;
        let mut desk = Desk::new(version);
        let criteria = |purpose: &str, stack: i64| {
            let purpose = if v16 && purpose == MAX { "ChargePointMaxProfile" } else { purpose };
            let criteria = json!({ "chargingProfilePurpose": purpose, "stackLevel": stack });
            if v16 { criteria } else { json!({ "chargingProfileCriteria": criteria }) }
        };
        let by_id = |id: i64| if v16 { json!({ "id": id }) } else { json!({ "chargingProfileId": id }) };
        let odd =
            |desk: &Desk, party: &str, command: &Value| desk.doubts(party, "ClearChargingProfile", command);
        assert_eq!(odd(&desk, "cnp", &json!({})), ["lifts_protective"], "nobody knows what is there");
        assert_eq!(odd(&desk, "cnp", &criteria(DEFAULT, 0)), [""; 0]);
        desk.obey("cso", "SetChargingProfile", &limit(version, 0, (1, MAX, 0, "Absolute"), 11_000));
        desk.obey("cnp", "SetChargingProfile", &limit(version, 1, (2, DEFAULT, 0, "Absolute"), 11_000));
        assert_eq!(odd(&desk, "cnp", &json!({})), ["touches_other", "lifts_protective"]);
        assert_eq!(odd(&desk, "cnp", &by_id(1)), ["touches_other", "lifts_protective"]);
        assert_eq!(odd(&desk, "cnp", &criteria(MAX, 0)), ["touches_other", "lifts_protective"]);
        assert_eq!(odd(&desk, "cso", &by_id(1)), ["lifts_protective"], "its own");
        assert_eq!(odd(&desk, "cnp", &criteria(MAX, 1)), [""; 0], "there is none");
        assert_eq!(odd(&desk, "cnp", &by_id(2)), [""; 0], "its own");
        assert_eq!(odd(&desk, "cso", &by_id(2)), ["touches_other"]);
    }
}

#[test]
fn too_many_periods() {
    for version in VERSIONS {
        let mut desk = Desk::new(version);
        let command = |count: i64| {
            let periods: Vec<(i64, i64)> = (0..count).map(|place| (place * 60, 9_000)).collect();
            set(version, 1, profile(version, (1, DEFAULT, 0, "Absolute"), &periods))
        };
        let odd = |desk: &Desk, count| !desk.doubts("cso", "SetChargingProfile", &command(count)).is_empty();
        assert!(!odd(&desk, 500) && odd(&desk, 501), "{version}");
        match version {
            Version::V16 => desk.answered(
                "cso",
                "GetConfiguration",
                &json!({}),
                &json!({ "configurationKey": [
                    { "key": "ChargingScheduleMaxPeriods", "readonly": true, "value": "24" },
                ] }),
            ),
            Version::V201 | Version::V21 => desk.report(
                "NotifyReport",
                &json!({ "requestId": 1, "generatedAt": time(0), "seqNo": 0, "reportData": [{
                    "component": { "name": "SmartChargingCtrlr" }, "variable": { "name": "PeriodsPerSchedule" },
                    "variableAttribute": [{ "value": "24" }],
                }] }),
            ),
        };
        assert!(!odd(&desk, 24) && odd(&desk, 25), "{version}");
    }
}

#[test]
fn a_vehicle_gets_nothing() {
    for version in VERSIONS {
        let desk = Desk::new(version).charging("7", 1, 9_000);
        let odd = |evse: i64, periods: &[(i64, i64)]| {
            let start = scheduled(
                version,
                profile(version, (1, DEFAULT, 0, "Absolute"), periods),
                "startSchedule",
                json!(time(0)),
            );
            !desk.doubts("cso", "SetChargingProfile", &set(version, evse, start)).is_empty()
        };
        assert!(odd(1, &[(0, 0)]) && odd(0, &[(0, 0)]) && odd(1, &[(0, 1)]), "{version}");
        assert!(!odd(2, &[(0, 0)]), "nobody is there");
        assert!(!odd(1, &[(0, 0), (900, 9_000)]) && odd(1, &[(0, 0), (901, 9_000)]), "15 min");
        assert!(odd(1, &[(0, 9_000), (3_600, 0), (7_200, 9_000)]), "later");
        assert!(!odd(1, &[(0, 0), (600, 4_000), (1_200, 0), (1_800, 4_000)]), "now and then");
        assert!(!odd(1, &[(0, 1_400)]));
    }
}

#[test]
fn power_is_swung() {
    let version = Version::V21;
    let mut desk = Desk::new(version).charging("t-88", 1, 11_000);
    desk.envelope.export_w = Some(11_000);
    let mut dynamic = profile(version, (1, "TxProfile", 0, "Dynamic"), &[(0, 11_000)]);
    dynamic["transactionId"] = json!("t-88");
    dynamic["chargingSchedule"][0]["chargingSchedulePeriod"][0]["operationMode"] = json!("CentralSetpoint");
    dynamic["chargingSchedule"][0]["chargingSchedulePeriod"][0]["setpoint"] = json!(11_000);
    let command = set(version, 1, dynamic);
    assert_eq!(desk.doubts("cso", "SetChargingProfile", &command), [""; 0]);
    desk.obey("cso", "SetChargingProfile", &command);
    let update = |watts: i64| json!({ "chargingProfileId": 1, "scheduleUpdate": { "setpoint": watts } });
    let odd = |desk: &Desk, watts| desk.doubts("cso", "UpdateDynamicSchedule", &update(watts));
    desk.pass(2);
    assert_eq!(odd(&desk, -11_000), ["swings_power", "updated_too_soon"]);
    desk.pass(28);
    assert_eq!(odd(&desk, -11_000), ["swings_power"]);
    assert_eq!(odd(&desk, -12_000), ["swings_power", "above_export"]);
    desk.pass(30);
    assert_eq!(odd(&desk, -11_000), [""; 0]);
    desk.obey("cso", "UpdateDynamicSchedule", &update(-11_000));
    desk.pass(20);
    assert_eq!(odd(&desk, -10_500), [""; 0], "a little");
    assert_eq!(odd(&desk, -5_000), ["swings_power"], "back");
    let pulled = desk.doubts("cnp", "UpdateDynamicSchedule", &update(-11_000));
    assert_eq!(pulled, ["touches_other"]);
}

#[test]
fn a_limit_is_switched_to_and_fro() {
    for version in VERSIONS {
        let mut desk = Desk::new(version).charging("7", 1, 9_000);
        let command = |watts| limit(version, 1, (1, DEFAULT, 0, "Absolute"), watts);
        let send = |desk: &mut Desk, watts: i64| {
            let odd = desk.doubts("cso", "SetChargingProfile", &command(watts)).contains(&"swings_power");
            desk.obey("cso", "SetChargingProfile", &command(watts));
            desk.pass(20);
            odd
        };
        assert!(!send(&mut desk, 22_000) && !send(&mut desk, 2_000), "down once");
        assert!(send(&mut desk, 22_000) && send(&mut desk, 2_000), "{version}");
        // Load that is balanced moves by parts.
        let mut desk = Desk::new(version).charging("7", 1, 9_000);
        assert!(
            ![16_000, 11_000, 16_000, 11_000, 22_000, 16_000].into_iter().any(|watts| send(&mut desk, watts))
        );
        // Elsewhere it is another load.
        let mut desk = Desk::new(version);
        send(&mut desk, 22_000);
        send(&mut desk, 2_000);
        let elsewhere = limit(version, 2, (2, DEFAULT, 0, "Absolute"), 22_000);
        assert_eq!(desk.doubts("cso", "SetChargingProfile", &elsewhere), [""; 0]);
    }
}
