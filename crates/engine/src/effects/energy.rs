//! Commands that start, stop and steer the flow of energy.

use chargewarden_ocpp::{Obj, Value, Version};
use chargewarden_policy::effect::{Effect, SetDerControl, StartCharging, StopCharging, SwapBattery};

use super::{Message, field, number, profile};

/// 1.6 `RemoteStartTransaction`, 2.x `RequestStartTransaction`.
pub(super) fn start(out: &mut Vec<Effect>, message: &Message<'_>) {
    let root = message.payload.root();
    let v16 = message.version == Version::V16;
    let evse = field::place(root, if v16 { "connectorId" } else { "evseId" });
    let (token, token_type) = if v16 {
        (field::tag(root), "unspecified".to_owned())
    } else {
        field::token(root).map_or((None, String::new()), |(token, kind)| (Some(token), kind))
    };
    let with = root.obj("chargingProfile");
    out.push(
        StartCharging {
            evse,
            token,
            token_type,
            with_group: !v16 && root.has("groupIdToken"),
            with_profile: with.is_some(),
        }
        .into(),
    );
    if let Some(with) = with {
        let setting = profile::Setting { version: message.version, now: message.now, evse, with_start: true };
        profile::set(out, setting, with);
    }
}

/// 1.6 `RemoteStopTransaction`, 2.x `RequestStopTransaction`.
pub(super) fn stop(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    out.push(StopCharging { transaction: transaction(version, root) }.into());
}

/// The transaction as the sender names it: a number in 1.6, a text in 2.x.
pub(super) fn transaction(version: Version, root: Obj<'_>) -> String {
    if version == Version::V16 {
        root.int("transactionId").map_or_else(String::new, |id| id.to_string())
    } else {
        field::text(root, "transactionId")
    }
}

/// `SetChargingProfile`.
pub(super) fn set_charging_profile(out: &mut Vec<Effect>, message: &Message<'_>) {
    let root = message.payload.root();
    let (evse, name) = if message.version == Version::V16 {
        (field::place(root, "connectorId"), "csChargingProfiles")
    } else {
        (field::place(root, "evseId"), "chargingProfile")
    };
    let setting = profile::Setting { version: message.version, now: message.now, evse, with_start: false };
    if let Some(profile) = root.obj(name) {
        profile::set(out, setting, profile);
    }
}

/// 2.1 `UpdateDynamicSchedule`.
pub(super) fn update_dynamic_schedule(out: &mut Vec<Effect>, root: Obj<'_>) {
    if let Some(update) = root.obj("scheduleUpdate") {
        profile::update(out, root.int("chargingProfileId"), update);
    }
}

/// 2.1 `NotifyAllowedEnergyTransfer`: what is not discharge is still a change of what flows.
pub(super) fn allowed_transfer(out: &mut Vec<Effect>, root: Obj<'_>) {
    if !profile::allow_transfer(out, root.list("allowedEnergyTransfer")) {
        let transaction = Some(field::text(root, "transactionId"));
        out.push(
            chargewarden_policy::effect::SetPower { transaction, ..profile::at_once("transfer") }.into(),
        );
    }
}

/// 2.1 `RequestBatterySwap`.
pub(super) fn swap_battery(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(SwapBattery { token: field::token(root).map(|(token, _)| token) }.into());
}

/// Members of `SetDERControl` that hold the parameters; one of them goes with each control type.
const DER_PARAMETERS: [&str; 8] = [
    "curve",
    "enterService",
    "fixedPFAbsorb",
    "fixedPFInject",
    "fixedVar",
    "freqDroop",
    "gradient",
    "limitMaxDischarge",
];

/// 2.1 `SetDERControl`.
pub(super) fn set_der_control(out: &mut Vec<Effect>, root: Obj<'_>) {
    let mut values = Vec::new();
    let mut control = SetDerControl {
        control: field::text(root, "controlType"),
        clears: false,
        is_default: root.flag("isDefault").unwrap_or(false),
        priority: None,
        effective_at: None,
        duration_s: None,
        id: field::text(root, "controlId"),
        values: Vec::new(),
    };
    for name in DER_PARAMETERS {
        let Some(parameters) = root.obj(name) else { continue };
        flatten(&mut values, name, parameters);
        // Every control has a priority; those that are not for ever have a start and a duration.
        let shape = parameters.shape();
        let timed = shape.is_some_and(|shape| shape.member("startTime").is_some());
        control.priority = control.priority.or(parameters.int("priority"));
        if timed {
            control.effective_at = control.effective_at.or(parameters.time("startTime"));
            control.duration_s = control.duration_s.or(parameters.num("duration").map(number::whole));
        }
    }
    control.values = values;
    out.push(control.into());
}

/// `name=value` of every number, flag and text below an object.
fn flatten(values: &mut Vec<String>, path: &str, object: Obj<'_>) {
    for (name, value) in object.entries() {
        if name != "customData" {
            flatten_value(values, &format!("{path}.{name}"), value);
        }
    }
}

fn flatten_value(values: &mut Vec<String>, path: &str, value: Value<'_>) {
    match value {
        Value::Obj(object) => flatten(values, path, object),
        Value::Arr(items) => {
            for (at, item) in items.iter().enumerate() {
                flatten_value(values, &format!("{path}[{at}]"), item);
            }
        }
        // Written as Rust writes doubles, so that 50.20 and 50.2 are the same.
        Value::Num(text) => {
            let number = value.num().map_or_else(|| text.to_owned(), |number| number.to_string());
            values.push(format!("{path}={number}"));
        }
        Value::Bool(flag) => values.push(format!("{path}={flag}")),
        Value::Str(text) => values.push(format!("{path}={}", text.text())),
        Value::Null => values.push(format!("{path}=null")),
    }
}

/// 2.1 `ClearDERControl`.
pub(super) fn clear_der_control(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(
        SetDerControl {
            control: root.text("controlType").map_or_else(|| "all".to_owned(), std::borrow::Cow::into_owned),
            clears: true,
            is_default: root.flag("isDefault").unwrap_or(false),
            priority: None,
            effective_at: None,
            duration_s: None,
            id: field::text(root, "controlId"),
            values: Vec::new(),
        }
        .into(),
    );
}
