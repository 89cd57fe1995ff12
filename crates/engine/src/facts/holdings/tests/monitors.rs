use serde_json::{Value, json};

use super::{NONE, Scene, WITH_VARIABLES};

fn monitor(id: Option<i64>) -> Value {
    let mut item = json!({ "value": 1, "type": "Delta", "severity": 5,
        "component": { "name": "EVSE" }, "variable": { "name": "Power" } });
    if let Some(id) = id {
        item["id"] = json!(id);
    }
    json!({ "setMonitoringData": [item] })
}

impl Scene {
    fn monitors(&mut self, id: i64) -> Vec<&'static str> {
        self.sets(&monitor(None), id, "Accepted")
    }

    fn sets(&mut self, payload: &Value, id: i64, status: &str) -> Vec<&'static str> {
        let answer = json!({ "setMonitoringResult": [{ "id": id, "status": status, "type": "Delta", "severity": 5,
            "component": { "name": "EVSE" }, "variable": { "name": "Power" } }] });
        self.answered("SetVariableMonitoring", payload, Some(&answer))
    }

    fn clears(&mut self, id: i64) -> Vec<&'static str> {
        let answer = json!({ "clearMonitoringResult": [{ "id": id, "status": "Accepted" }] });
        self.answered("ClearVariableMonitoring", &json!({ "id": [id] }), Some(&answer))
    }
}

#[test]
fn a_monitor_belongs_to_whoever_set_it() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        assert_eq!(scene.monitors(1), NONE);
        assert_eq!(scene.by("cnp").monitors(2), NONE);
        let clear = json!({ "id": [2, 1] });
        assert_eq!(scene.doubts("ClearVariableMonitoring", &clear), ["monitor_of_other"]);
        assert_eq!(scene.doubts("SetVariableMonitoring", &monitor(Some(1))), ["monitor_of_other"]);
        assert_eq!(scene.doubts("SetVariableMonitoring", &monitor(Some(2))), NONE);
        assert_eq!(scene.doubts("SetVariableMonitoring", &monitor(None)), NONE);
        assert_eq!(scene.clears(2), NONE);
        assert_eq!(scene.clears(3), NONE, "nobody knows it");
        assert_eq!(scene.by("cso").clears(1), NONE);
    }
}

#[test]
fn a_base_removes_what_others_have_set() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let base = |base: &str| json!({ "monitoringBase": base });
        assert_eq!(scene.accepted("SetMonitoringBase", &base("FactoryDefault")), NONE);
        scene.monitors(1);
        assert_eq!(scene.doubts("SetMonitoringBase", &base("HardWiredOnly")), NONE);
        scene.by("cnp");
        let hardly = scene.doubts("SetMonitoringBase", &base("HardWiredOnly"));
        assert_eq!(hardly, ["setting_of_other", "monitor_of_other"]);
        assert_eq!(scene.doubts("SetMonitoringBase", &base("All")), ["setting_of_other"]);
        assert!(scene.accepted("SetMonitoringBase", &base("FactoryDefault")).contains(&"monitor_of_other"));
        assert_eq!(scene.clears(1), NONE, "it is gone");
    }
}

#[test]
fn a_monitor_that_was_not_set_belongs_to_nobody() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        scene.sets(&monitor(None), 1, "Rejected");
        assert_eq!(scene.by("cnp").clears(1), NONE);
    }
}

#[test]
fn whoever_sets_many_forgets_its_own() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        scene.monitors(10_000);
        scene.by("cnp");
        for id in 0..200 {
            scene.monitors(id);
        }
        assert!(scene.stored() < 4_000, "{}", scene.stored());
        assert_eq!(scene.clears(10_000), ["monitor_of_other"]);
    }
}
