//! Vendors' data and customers' data.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Message, is_v16, merge, message};

/// `DataTransfer` of either side. 1.6 has texts for data, 2.x any value.
pub fn transfer(version: Version, vendor: &str, name: Option<&str>, data: &Value) -> Message {
    let mut payload = json!({ "vendorId": vendor });
    if let Some(name) = name {
        merge(&mut payload, json!({ "messageId": name }));
    }
    let data = if is_v16(version) && !data.is_string() { json!(data.to_string()) } else { data.clone() };
    if !data.is_null() {
        merge(&mut payload, json!({ "data": data }));
    }
    message("DataTransfer", payload)
}

/// 2.x `CustomerInformation` about whom `of` names.
pub fn customer(request: i64, report: bool, clear: bool, of: Value) -> Message {
    let mut payload = json!({ "requestId": request, "report": report, "clear": clear });
    merge(&mut payload, of);
    message("CustomerInformation", payload)
}
