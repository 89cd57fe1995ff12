//! Commands that change what a station watches and reports by itself (2.x).

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::{BlindTelemetry, ChangeSetting, Effect};

use super::setting::{SettingClass, variable_key};
use super::{field, number};

/// Severities up to this one are errors (2.0.1 N07: 0 danger … 4 error … 9 debug). A level below it
/// hides some of them.
const SEVERITY_ERROR: i64 = 4;

/// Severities from this one on are notices; a monitor moved there is hidden by usual levels.
const SEVERITY_NOTICE: i64 = 7;

/// Longest interval of a stream of values, in s: as for samples.
const STREAM_INTERVAL_S_MAX: i64 = 900;

/// `SetMonitoringBase`: everything but `All` takes monitors away.
pub(super) fn base(out: &mut Vec<Effect>, root: Obj<'_>) {
    let value = field::text(root, "monitoringBase");
    let key = "SetMonitoringBase".to_owned();
    out.push(if value == "All" {
        changed(key, value, None)
    } else {
        BlindTelemetry { key, value, number: None }.into()
    });
}

/// `SetMonitoringLevel`.
pub(super) fn level(out: &mut Vec<Effect>, root: Obj<'_>) {
    let severity = root.int("severity").unwrap_or(0);
    let key = "SetMonitoringLevel".to_owned();
    let (value, number) = (severity.to_string(), Some(severity));
    out.push(if severity < SEVERITY_ERROR {
        BlindTelemetry { key, value, number }.into()
    } else {
        changed(key, value, number)
    });
}

/// `SetVariableMonitoring`: each monitor on its own. One that replaces another and is less severe
/// than a warning tells less than before.
pub(super) fn set(out: &mut Vec<Effect>, root: Obj<'_>) {
    for item in root.objs("setMonitoringData") {
        let Some(component) = item.obj("component") else { continue };
        let severity = item.int("severity").unwrap_or(0);
        let key = format!("SetVariableMonitoring:{}", variable_key(component, item.obj("variable")));
        let limit = item.num("value").unwrap_or_default();
        let value = format!("{} {limit} severity {severity}", item.text("type").unwrap_or_default());
        let number = Some(number::whole(limit));
        out.push(if item.has("id") && severity >= SEVERITY_NOTICE {
            BlindTelemetry { key, value, number }.into()
        } else {
            changed(key, value, number)
        });
    }
}

/// `ClearVariableMonitoring`: each monitor on its own.
pub(super) fn clear(out: &mut Vec<Effect>, root: Obj<'_>) {
    for id in root.list("id").filter_map(chargewarden_ocpp::Value::int) {
        let key = "ClearVariableMonitoring".to_owned();
        out.push(BlindTelemetry { key, value: id.to_string(), number: Some(id) }.into());
    }
}

/// 2.1 `AdjustPeriodicEventStream`.
pub(super) fn adjust_stream(out: &mut Vec<Effect>, root: Obj<'_>) {
    let params = root.obj("params");
    let interval = params.and_then(|params| params.int("interval"));
    let key = "AdjustPeriodicEventStream".to_owned();
    let value = root.int("id").map_or_else(String::new, |id| id.to_string());
    out.push(if interval.is_some_and(|seconds| !(1..=STREAM_INTERVAL_S_MAX).contains(&seconds)) {
        BlindTelemetry { key, value, number: interval }.into()
    } else {
        changed(key, value, interval)
    });
}

fn changed(key: String, value: String, number: Option<i64>) -> Effect {
    ChangeSetting {
        key,
        class: SettingClass::Monitoring.name(),
        standard: true,
        value,
        number,
        url: None,
        attribute: "Actual",
    }
    .into()
}
