use serde_json::{Value, json};

use super::{ALL, NONE, Scene, WITH_VARIABLES};
use chargewarden_ocpp::Version;

/// A setting in the terms of both: key, component, variable.
pub(super) type Name = (&'static str, &'static str, &'static str);

const HEARTBEAT: Name = ("HeartbeatInterval", "OCPPCommCtrlr", "HeartbeatInterval");
const OFFLINE: Name = ("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled");
const MOST: Name = ("MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId");
const PROFILE: Name = ("SecurityProfile", "SecurityCtrlr", "SecurityProfile");
const ROOTS: Name = ("AdditionalRootCertificateCheck", "SecurityCtrlr", "AdditionalRootCertificateCheck");

impl Scene {
    pub(super) fn write(
        &mut self,
        (key, component, variable): Name,
        value: &str,
        status: &str,
    ) -> Vec<&'static str> {
        if self.version == Version::V16 {
            let payload = json!({ "key": key, "value": value });
            return self.answered("ChangeConfiguration", &payload, Some(&json!({ "status": status })));
        }
        let item = json!({ "component": { "name": component }, "variable": { "name": variable },
            "attributeValue": value });
        self.writes(&[item], status)
    }

    pub(super) fn sets_to(&mut self, name: Name, value: &str) -> Vec<&'static str> {
        self.write(name, value, "Accepted")
    }

    /// The station is asked, and tells.
    fn tells(&mut self, (key, component, variable): Name, value: &str) {
        if self.version == Version::V16 {
            let answer = json!({ "configurationKey": [{ "key": key, "readonly": false, "value": value }] });
            self.answered("GetConfiguration", &json!({}), Some(&answer));
            return;
        }
        let (component, variable) = (json!({ "name": component }), json!({ "name": variable }));
        let asked = json!({ "getVariableData": [{ "component": component, "variable": variable }] });
        let answer = json!({ "getVariableResult": [{ "component": component, "variable": variable,
            "attributeStatus": "Accepted", "attributeValue": value }] });
        self.answered("GetVariables", &asked, Some(&answer));
    }
}

#[test]
fn weaker_is_what_weakens_and_did_not_before() {
    for (name, strict, weak) in [
        (HEARTBEAT, "300", "86400"),
        (OFFLINE, "false", "true"),
        (MOST, "0", "999999"),
        (PROFILE, "3", "1"),
        (ROOTS, "true", "false"),
    ] {
        for mut scene in Scene::each(&ALL) {
            assert_eq!(scene.sets_to(name, weak), NONE, "{name:?}: nothing is known");
            assert_eq!(scene.sets_to(name, weak), NONE, "{name:?}: the same");
            assert_eq!(scene.sets_to(name, strict), NONE, "{name:?}: better");
            assert_eq!(scene.sets_to(name, strict), NONE, "{name:?}: the same");
            assert_eq!(scene.write(name, weak, "Rejected"), ["weaker_than_before"], "{name:?}");
            assert_eq!(scene.sets_to(name, weak), ["weaker_than_before"], "{name:?}");
            assert_eq!(scene.sets_to(name, weak), NONE, "{name:?}: the same");
        }
        for mut scene in Scene::each(&ALL) {
            scene.tells(name, strict);
            assert_eq!(scene.by("cnp").sets_to(name, weak), ["weaker_than_before"], "{name:?}: told");
        }
    }
}

#[test]
fn of_what_weakens_the_larger_is_weaker() {
    for mut scene in Scene::each(&ALL) {
        scene.sets_to(MOST, "100");
        assert_eq!(scene.sets_to(MOST, "50"), NONE);
        assert_eq!(scene.sets_to(MOST, "999999"), ["weaker_than_before"]);
    }
}

#[test]
fn a_report_of_everything_tells_what_settings_hold() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let report = json!({ "requestId": 1, "seqNo": 0, "generatedAt": scene.time(0), "reportData": [
            { "component": { "name": "AuthCtrlr" }, "variable": { "name": "OfflineTxForUnknownIdEnabled" },
              "variableAttribute": [{ "type": "Actual", "value": "false" }, { "type": "Target", "value": "true" }] },
            { "component": { "name": "EVSE" }, "variable": { "name": "Power" },
              "variableAttribute": [{ "value": "11000" }] },
        ] });
        scene.report("NotifyReport", &report);
        assert!(scene.stored() < 200, "{}", scene.stored());
        assert_eq!(scene.sets_to(OFFLINE, "true"), ["weaker_than_before"]);
    }
}

#[test]
fn a_setting_belongs_to_whoever_wrote_it() {
    for mut scene in Scene::each(&ALL) {
        scene.sets_to(HEARTBEAT, "300");
        assert_eq!(scene.by("cnp").sets_to(HEARTBEAT, "300"), NONE, "the same");
        assert_eq!(scene.by("cso").sets_to(HEARTBEAT, "600"), ["setting_of_other"], "the CNP's since");
        scene.tells(HEARTBEAT, "600");
        assert_eq!(scene.by("cnp").sets_to(HEARTBEAT, "500"), ["setting_of_other"], "as it was written");
        scene.tells(HEARTBEAT, "700");
        assert_eq!(scene.by("cso").sets_to(HEARTBEAT, "600"), NONE, "changed on site");
    }
}

#[test]
fn of_several_variables_those_count_that_were_taken() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let item = |component: &str, variable: &str, value: &str| json!({ "component": { "name": component }, "variable": { "name": variable }, "attributeValue": value });
        let result = |item: &Value, status: &str| json!({ "component": item["component"], "variable": item["variable"], "attributeStatus": status });
        let (one, two) = (
            item("OCPPCommCtrlr", "HeartbeatInterval", "300"),
            item("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false"),
        );
        let payload = json!({ "setVariableData": [one, two] });
        // Out of order.
        let answer = json!({ "setVariableResult": [result(&two, "Rejected"), result(&one, "Accepted")] });
        scene.answered("SetVariables", &payload, Some(&answer));
        assert_eq!(scene.sets_to(HEARTBEAT, "86400"), ["weaker_than_before"]);
        assert_eq!(scene.sets_to(OFFLINE, "true"), NONE, "it was not taken");
    }
}

#[test]
fn secrets_are_not_among_the_settings() {
    for mut scene in Scene::each(&ALL) {
        let name = ("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword");
        scene.sets_to(name, "9f3b61d20c7e4a58b1aa");
        let stored = serde_json::to_string(&scene.state).unwrap();
        assert!(!stored.contains("9f3b61d20c7e4a58b1aa") && !stored.contains("AuthorizationKey"), "{stored}");
        assert_eq!(scene.state.holdings.passwords().len(), 1);
        for number in 0..10 {
            scene.sets_to(name, &format!("9f3b61d20c7e4a58b1{number:02}"));
        }
        assert_eq!(scene.state.holdings.passwords().len(), 2);
    }
}

#[test]
fn whoever_writes_many_forgets_its_own() {
    let mut scene = Scene::new(Version::V16);
    scene.sets_to(OFFLINE, "false");
    scene.by("cnp");
    for number in 0..300 {
        // Vendors' spellings of an interval of zero.
        scene.sets_to(
            (["MyHeartbeatInterval", "XHeartbeatInterval"][number % 2], "", ""),
            &number.to_string(),
        );
    }
    assert!(scene.stored() < 10_000, "{}", scene.stored());
    assert!(scene.sets_to(OFFLINE, "true").contains(&"weaker_than_before"));
}
