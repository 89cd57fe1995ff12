//! Commands that change who may charge, and for whom places are kept.

use chargewarden_ocpp::{Obj, Timestamp, Version};
use chargewarden_policy::effect::{CancelReservation, ChangeLocalList, ClearTokenCache, Effect, Reserve};

use super::field;

/// `SendLocalList`. An entry without `idTagInfo` (`idTokenInfo`) removes the token.
pub(super) fn local_list(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let v16 = version == Version::V16;
    let (version_name, info_name, group_name) = if v16 {
        ("listVersion", "idTagInfo", "parentIdTag")
    } else {
        ("versionNumber", "idTokenInfo", "groupIdToken")
    };
    let (mut entries, mut accepted, mut grouped) = (0, 0, 0);
    for entry in root.objs("localAuthorizationList") {
        let info = entry.obj(info_name);
        entries += 1;
        let status = info.and_then(|info| info.text("status"));
        accepted += i64::from(status.is_some_and(|status| status == "Accepted"));
        grouped += i64::from(info.is_some_and(|info| info.has(group_name)));
    }
    out.push(
        ChangeLocalList {
            full: root.text("updateType").is_none_or(|kind| kind == "Full"),
            version: root.int(version_name).unwrap_or(0),
            entries,
            accepted,
            refused: entries - accepted,
            grouped,
        }
        .into(),
    );
}

/// `ClearCache`.
pub(super) fn clear_cache(out: &mut Vec<Effect>) {
    out.push(ClearTokenCache {}.into());
}

/// `ReserveNow`.
pub(super) fn reserve(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    out.push(if version == Version::V16 {
        Reserve {
            evse: field::place(root, "connectorId"),
            token: field::tag(root),
            ends_at: root.time("expiryDate"),
            reservation: root.int("reservationId"),
            with_group: root.has("parentIdTag"),
        }
        .into()
    } else {
        Reserve {
            evse: field::place(root, "evseId"),
            token: field::token(root).map(|(token, _)| token),
            ends_at: root.time("expiryDateTime"),
            reservation: root.int("id"),
            with_group: root.has("groupIdToken"),
        }
        .into()
    });
}

/// 2.1 `NotifyWebPaymentStarted`: the EVSE is kept until the payment is made or given up.
pub(super) fn web_payment(out: &mut Vec<Effect>, now: Timestamp, root: Obj<'_>) {
    let seconds = root.int("timeout").unwrap_or(0);
    out.push(
        Reserve {
            evse: field::place(root, "evseId"),
            token: None,
            ends_at: Some(field::later(now, seconds)),
            reservation: None,
            with_group: false,
        }
        .into(),
    );
}

/// `CancelReservation`.
pub(super) fn cancel_reservation(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(CancelReservation { reservation: root.int("reservationId").unwrap_or(0) }.into());
}
