//! Commands that take something out of service for a while, or put it back.

use chargewarden_ocpp::{Obj, Version};
use chargewarden_policy::effect::{Disable, Effect, Enable, Restart, UnlockCable};

use super::field;

/// `Reset`. What is not explicitly gentle cuts sessions off (2.1 `ImmediateAndResume` does, too).
pub(super) fn reset(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let kind = root.text("type").unwrap_or_default();
    let evse = if version == Version::V16 { None } else { field::place(root, "evseId") };
    out.push(Restart { evse, immediate: kind != "Soft" && kind != "OnIdle" }.into());
}

/// `ChangeAvailability`.
pub(super) fn change_availability(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let (status, evse, connector) = if version == Version::V16 {
        (root.text("type"), field::place(root, "connectorId"), None)
    } else {
        (root.text("operationalStatus"), field::evse(root), field::connector(root))
    };
    out.push(if status.is_some_and(|status| status == "Operative") {
        Enable { evse, connector }.into()
    } else {
        Disable { evse, connector }.into()
    });
}

/// `UnlockConnector`.
pub(super) fn unlock(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let (evse, connector) = if version == Version::V16 {
        (root.int("connectorId"), None)
    } else {
        (root.int("evseId"), root.int("connectorId"))
    };
    out.push(UnlockCable { evse, connector }.into());
}
