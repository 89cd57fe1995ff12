//! What drivers are shown and asked to pay.

use serde_json::{Value, json};

use super::{Message, merge, message};

/// 2.x `SetDisplayMessage`.
pub fn show(id: i64, priority: &str, format: &str, text: &str) -> Message {
    message(
        "SetDisplayMessage",
        json!({ "message": {
            "id": id, "priority": priority, "message": { "format": format, "language": "en", "content": text },
        } }),
    )
}

/// 2.x `ClearDisplayMessage`.
pub fn clear_message(id: i64) -> Message {
    message("ClearDisplayMessage", json!({ "id": id }))
}

/// A tariff of 2.1 with one price for a kWh.
pub fn tariff(id: &str, currency: &str, kwh: f64) -> Value {
    json!({ "tariffId": id, "currency": currency, "energy": { "prices": [{ "priceKwh": kwh }] } })
}

/// 2.1 `SetDefaultTariff`.
pub fn default_tariff(evse: i64, tariff: Value) -> Message {
    message("SetDefaultTariff", json!({ "evseId": evse, "tariff": tariff }))
}

/// 2.1 `ChangeTransactionTariff`.
pub fn transaction_tariff(transaction: &Value, tariff: Value) -> Message {
    message("ChangeTransactionTariff", json!({ "transactionId": transaction, "tariff": tariff }))
}

/// 2.1 `ClearTariffs`; none named is all.
pub fn clear_tariffs(ids: &[&str]) -> Message {
    message("ClearTariffs", if ids.is_empty() { json!({}) } else { json!({ "tariffIds": ids }) })
}

/// 2.x `CostUpdated`.
pub fn cost(transaction: &Value, total: f64) -> Message {
    message("CostUpdated", json!({ "transactionId": transaction, "totalCost": total }))
}

/// 2.1 `NotifyWebPaymentStarted`.
pub fn web_payment(evse: i64) -> Message {
    message("NotifyWebPaymentStarted", json!({ "evseId": evse, "timeout": 300 }))
}

/// 2.1, of a station: `NotifySettlement`.
pub fn settlement(transaction: Option<&Value>, reference: &str, amount: f64, at: &str) -> Message {
    let mut payload = json!({
        "pspRef": reference, "status": "Settled", "settlementAmount": amount, "settlementTime": at,
    });
    if let Some(transaction) = transaction {
        merge(&mut payload, json!({ "transactionId": transaction }));
    }
    message("NotifySettlement", payload)
}
