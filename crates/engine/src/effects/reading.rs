//! Commands that ask, and change nothing.

use std::borrow::Cow;

use chargewarden_ocpp::{Obj, Value, Version};
use chargewarden_policy::effect::{Effect, ReadSettings, TriggerReport};

use super::field;
use super::setting::variable_key;

/// Something that is always read as a whole.
pub(super) fn all(out: &mut Vec<Effect>, subject: &'static str) {
    out.push(ReadSettings { subject, all: true, keys: Vec::new() }.into());
}

fn some(out: &mut Vec<Effect>, subject: &'static str, keys: Vec<String>) {
    out.push(ReadSettings { subject, all: keys.is_empty(), keys }.into());
}

/// 1.6 `GetConfiguration`: no keys means all.
pub(super) fn configuration(out: &mut Vec<Effect>, root: Obj<'_>) {
    some(out, "settings", root.list("key").filter_map(Value::text).map(Cow::into_owned).collect());
}

/// 2.x `GetVariables`.
pub(super) fn variables(out: &mut Vec<Effect>, root: Obj<'_>) {
    let keys = root
        .objs("getVariableData")
        .filter_map(|item| Some(variable_key(item.obj("component")?, item.obj("variable"))))
        .collect();
    some(out, "settings", keys);
}

/// 2.x `GetBaseReport`.
pub(super) fn base_report(out: &mut Vec<Effect>, root: Obj<'_>) {
    let keys = vec![field::text(root, "reportBase")];
    out.push(ReadSettings { subject: "settings", all: true, keys }.into());
}

/// 2.x `GetReport`, `GetMonitoringReport`: no components means all.
pub(super) fn report(out: &mut Vec<Effect>, subject: &'static str, root: Obj<'_>) {
    let keys = root
        .objs("componentVariable")
        .filter_map(|item| Some(variable_key(item.obj("component")?, item.obj("variable"))))
        .collect();
    some(out, subject, keys);
}

/// `GetInstalledCertificateIds`: one use in 1.6, any number of them in 2.x.
pub(super) fn certificates(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let keys = if version == Version::V16 {
        root.text("certificateType").map(Cow::into_owned).into_iter().collect()
    } else {
        root.list("certificateType").filter_map(Value::text).map(Cow::into_owned).collect()
    };
    some(out, "certificates", keys);
}

/// 2.x `GetTransactionStatus`.
pub(super) fn transaction(out: &mut Vec<Effect>, root: Obj<'_>) {
    some(out, "transaction", root.text("transactionId").map(Cow::into_owned).into_iter().collect());
}

/// `TriggerMessage`, 1.6 `ExtendedTriggerMessage`.
pub(super) fn trigger(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let v21 = version == Version::V21;
    out.push(
        TriggerReport {
            report: field::text(root, "requestedMessage"),
            evse: if version == Version::V16 { field::place(root, "connectorId") } else { field::evse(root) },
            custom: if v21 { field::text(root, "customTrigger") } else { String::new() },
        }
        .into(),
    );
}
