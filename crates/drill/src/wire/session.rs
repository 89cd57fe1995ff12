//! Commands about sessions, connectors and the station as a whole.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Message, is_v16, merge, message, object, token};

/// A session that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// EVSE (2.x) or connector (1.6).
    pub evse: i64,
    /// Its transaction: a number in 1.6, a text in 2.x.
    pub transaction: Value,
    /// The token that began it.
    pub tag: String,
}

/// Starts a session for a token; without an EVSE the station chooses.
pub fn start(version: Version, evse: Option<i64>, tag: &str) -> Message {
    if is_v16(version) {
        let mut payload = object([("connectorId", evse.map(|evse| json!(evse)))]);
        merge(&mut payload, json!({ "idTag": tag }));
        return message("RemoteStartTransaction", payload);
    }
    let mut payload = object([("evseId", evse.map(|evse| json!(evse)))]);
    merge(&mut payload, json!({ "remoteStartId": 71, "idToken": token(tag) }));
    message("RequestStartTransaction", payload)
}

/// Ends a session.
pub fn stop(version: Version, transaction: &Value) -> Message {
    let payload = json!({ "transactionId": transaction });
    message(if is_v16(version) { "RemoteStopTransaction" } else { "RequestStopTransaction" }, payload)
}

/// Restarts the station, and ends what runs there.
pub fn reset_now(version: Version) -> Message {
    reset(if is_v16(version) { "Hard" } else { "Immediate" })
}

/// Restarts the station when nobody charges.
pub fn reset_later(version: Version) -> Message {
    reset(if is_v16(version) { "Soft" } else { "OnIdle" })
}

fn reset(kind: &str) -> Message {
    message("Reset", json!({ "type": kind }))
}

/// Takes the station (0), an EVSE or a connector out of service, or back.
pub fn serve(version: Version, evse: i64, operative: bool) -> Message {
    let word = if operative { "Operative" } else { "Inoperative" };
    let payload = if is_v16(version) {
        json!({ "connectorId": evse, "type": word })
    } else if evse == 0 {
        json!({ "operationalStatus": word })
    } else {
        json!({ "operationalStatus": word, "evse": { "id": evse } })
    };
    message("ChangeAvailability", payload)
}

/// Releases the cable.
pub fn unlock(version: Version, evse: i64) -> Message {
    message(
        "UnlockConnector",
        if is_v16(version) {
            json!({ "connectorId": evse })
        } else {
            json!({ "evseId": evse, "connectorId": 1 })
        },
    )
}

/// Keeps an EVSE for a token until `expires`.
pub fn reserve(version: Version, id: i64, evse: i64, tag: &str, expires: &str) -> Message {
    message(
        "ReserveNow",
        if is_v16(version) {
            json!({ "connectorId": evse, "expiryDate": expires, "idTag": tag, "reservationId": id })
        } else {
            json!({ "id": id, "expiryDateTime": expires, "idToken": token(tag), "evseId": evse })
        },
    )
}

/// Gives up a reservation.
pub fn cancel_reservation(id: i64) -> Message {
    message("CancelReservation", json!({ "reservationId": id }))
}

/// Asks for a message.
pub fn trigger(what: &str) -> Message {
    message("TriggerMessage", json!({ "requestedMessage": what }))
}
