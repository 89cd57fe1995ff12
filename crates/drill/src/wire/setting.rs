//! Settings, monitors and what reads them.

use serde_json::{Value, json};

use super::{Message, merge, message, object};

/// 1.6 `ChangeConfiguration`.
pub fn key(key: &str, value: &str) -> Message {
    message("ChangeConfiguration", json!({ "key": key, "value": value }))
}

/// One variable of 2.x, to be written.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    /// Component.
    pub component: &'a str,
    /// Its instance.
    pub of: Option<&'a str>,
    /// Its EVSE.
    pub evse: Option<i64>,
    /// Variable.
    pub name: &'a str,
    /// Its instance.
    pub instance: Option<&'a str>,
    /// Which of its attributes; `Actual` where absent.
    pub attribute: Option<&'a str>,
}

impl<'a> Variable<'a> {
    /// A variable without instances.
    pub fn new(component: &'a str, name: &'a str) -> Self {
        Self { component, of: None, evse: None, name, instance: None, attribute: None }
    }

    fn write(&self, value: &str) -> Value {
        let mut component = json!({ "name": self.component });
        let evse = self.evse.map(|evse| json!({ "id": evse }));
        merge(&mut component, object([("instance", self.of.map(|of| json!(of))), ("evse", evse)]));
        let mut variable = json!({ "name": self.name });
        merge(&mut variable, object([("instance", self.instance.map(|of| json!(of)))]));
        let mut item = json!({ "attributeValue": value, "component": component, "variable": variable });
        merge(&mut item, object([("attributeType", self.attribute.map(|attribute| json!(attribute)))]));
        item
    }
}

/// 2.x `SetVariables` with one variable.
pub fn variable(component: &str, name: &str, value: &str) -> Message {
    variables(&[(Variable::new(component, name), value)])
}

/// 2.x `SetVariables`.
pub fn variables(writes: &[(Variable<'_>, &str)]) -> Message {
    let data: Vec<Value> = writes.iter().map(|(variable, value)| variable.write(value)).collect();
    message("SetVariables", json!({ "setVariableData": data }))
}

/// 2.x `SetVariableMonitoring` with one monitor.
pub fn monitor(
    id: Option<i64>,
    component: &str,
    name: &str,
    kind: &str,
    value: f64,
    severity: i64,
) -> Message {
    let mut item = json!({
        "value": value, "type": kind, "severity": severity,
        "component": { "name": component }, "variable": { "name": name },
    });
    merge(&mut item, object([("id", id.map(|id| json!(id)))]));
    message("SetVariableMonitoring", json!({ "setMonitoringData": [item] }))
}

/// 2.x `ClearVariableMonitoring`.
pub fn clear_monitors(ids: &[i64]) -> Message {
    message("ClearVariableMonitoring", json!({ "id": ids }))
}

/// 2.x `SetMonitoringBase`.
pub fn monitoring_base(base: &str) -> Message {
    message("SetMonitoringBase", json!({ "monitoringBase": base }))
}

/// 2.x `SetMonitoringLevel`.
pub fn monitoring_level(severity: i64) -> Message {
    message("SetMonitoringLevel", json!({ "severity": severity }))
}

/// 1.6 `GetConfiguration`; no keys means all.
pub fn read_keys(keys: &[&str]) -> Message {
    message("GetConfiguration", if keys.is_empty() { json!({}) } else { json!({ "key": keys }) })
}

/// 2.x `GetVariables`.
pub fn read_variables(variables: &[(&str, &str)]) -> Message {
    let wanted = |(component, name): &(&str, &str)| json!({ "component": { "name": component }, "variable": { "name": name } });
    let data: Vec<Value> = variables.iter().map(wanted).collect();
    message("GetVariables", json!({ "getVariableData": data }))
}

/// 2.x `GetBaseReport`.
pub fn base_report(base: &str) -> Message {
    message("GetBaseReport", json!({ "requestId": 81, "reportBase": base }))
}
