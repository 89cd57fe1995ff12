use serde_json::{Value, json};

use super::{ALL, NONE, Scene, WITH_VARIABLES};
use chargewarden_ocpp::Version;

fn variable(component: &Value, name: &str, value: &str) -> Value {
    json!({ "component": component, "variable": { "name": name }, "attributeValue": value })
}

impl Scene {
    pub(super) fn writes(&mut self, items: &[Value], status: &str) -> Vec<&'static str> {
        let results: Vec<Value> = items
            .iter()
            .map(|item| json!({ "component": item["component"], "variable": item["variable"], "attributeStatus": status }))
            .collect();
        let payload = json!({ "setVariableData": items });
        self.answered("SetVariables", &payload, Some(&json!({ "setVariableResult": results })))
    }

    fn slot(&self) -> Value {
        json!({ "configurationSlot": 1, "connectionData": { "ocppVersion": "OCPP20", "ocppTransport": "JSON",
            "ocppCsmsUrl": "wss://other.example/ocpp", "messageTimeout": 30, "securityProfile": 2,
            "ocppInterface": "Wired0" } })
    }

    fn orders(&mut self) -> Vec<&'static str> {
        let order = variable(&json!({ "name": "OCPPCommCtrlr" }), "NetworkConfigurationPriority", "1,2");
        self.writes(&[order], "RebootRequired")
    }

    fn reset(&mut self) -> Vec<&'static str> {
        let payload = json!({ "type": self.pick("Hard", "Immediate") });
        self.accepted("Reset", &payload)
    }
}

#[test]
fn a_slot_an_order_and_a_restart() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        assert_eq!(scene.reset(), NONE, "nothing waits");
        let slot = scene.slot();
        assert_eq!(scene.accepted("SetNetworkProfile", &slot), NONE);
        assert_eq!(scene.pass_min(3 * 24 * 60).orders(), ["activates_repoint"]);
        scene.report(
            "BootNotification",
            &json!({ "reason": "Triggered",
            "chargingStation": { "vendorName": "V", "model": "M" } }),
        );
        assert_eq!(scene.reset(), ["activates_repoint"], "that was no start");
        scene.boot("1", "1", "RemoteReset");
        assert_eq!(scene.reset(), NONE, "it is done");
        assert!(!scene.orders().contains(&"activates_repoint"), "the slot is in use");
    }
}

#[test]
fn a_slot_waits_for_its_order() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let slot = scene.slot();
        scene.accepted("SetNetworkProfile", &slot);
        scene.boot("1", "1", "PowerUp");
        assert_eq!(scene.reset(), NONE, "no order names it");
        assert_eq!(scene.orders(), ["activates_repoint"]);
    }
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let slot = scene.slot();
        scene.rejected("SetNetworkProfile", &slot);
        assert_eq!(scene.orders(), NONE, "there is no slot");
        assert_eq!(scene.reset(), ["activates_repoint"], "of the order itself");
    }
}

#[test]
fn a_variable_of_a_slot_is_one_too() {
    let mut scene = Scene::new(Version::V21);
    let component = json!({ "name": "NetworkConfiguration", "instance": "1" });
    let url = variable(&component, "OcppCsmsUrl", "wss://other.example/ocpp");
    scene.writes(std::slice::from_ref(&url), "Rejected");
    assert_eq!(scene.reset(), NONE);
    scene.writes(&[url], "Accepted");
    assert_eq!(scene.reset(), ["activates_repoint"]);
}

#[test]
fn an_address_in_a_key_is_activated_by_a_restart() {
    let mut scene = Scene::new(Version::V16);
    let change = json!({ "key": "CentralSystemURL", "value": "wss://other.example/ocpp" });
    scene.rejected("ChangeConfiguration", &change);
    assert_eq!(scene.reset(), NONE);
    scene.answered("ChangeConfiguration", &change, Some(&json!({ "status": "RebootRequired" })));
    scene.boot("1", "1", "");
    assert_eq!(scene.reset(), ["activates_repoint"], "nobody knows whether that was a start");
    scene.boot("1", "1", "");
    assert_eq!(scene.reset(), NONE, "it was told to start, and did");
}

#[test]
fn what_does_not_restart_activates_nothing() {
    for mut scene in Scene::each(&ALL) {
        if scene.version == Version::V16 {
            scene.accepted(
                "ChangeConfiguration",
                &json!({ "key": "BackendUrl", "value": "wss://other.example" }),
            );
        } else {
            let slot = scene.slot();
            scene.accepted("SetNetworkProfile", &slot);
            assert_eq!(scene.doubts("Reset", &json!({ "type": "Immediate", "evseId": 1 })), NONE);
        }
        assert_eq!(scene.doubts("TriggerMessage", &json!({ "requestedMessage": "Heartbeat" })), NONE);
        assert_eq!(scene.reset(), ["activates_repoint"]);
    }
}
