//! Commands that move logs, personal data and what only vendors understand.

use chargewarden_ocpp::{Obj, Value};
use chargewarden_policy::effect::{Effect, EraseCustomerData, ExtractLogs, ReadCustomerData, VendorData};

use super::{Message, field, number, tunnel, url};

/// 1.6 `GetDiagnostics`.
pub(super) fn get_diagnostics(out: &mut Vec<Effect>, root: Obj<'_>) {
    let url = url::read(&root.text("location").unwrap_or_default());
    out.push(ExtractLogs { url, log: "diagnostics" }.into());
}

/// `GetLog`.
pub(super) fn get_log(out: &mut Vec<Effect>, root: Obj<'_>) {
    let place = root.obj("log").and_then(|log| log.text("remoteLocation"));
    let log = match root.text("logType").as_deref() {
        Some("SecurityLog") => "security",
        Some("DataCollectorLog") => "data-collector",
        Some(_) | None => "diagnostics",
    };
    out.push(ExtractLogs { url: url::read(&place.unwrap_or_default()), log }.into());
}

/// 2.x `CustomerInformation`: report and erasure are two effects. With neither, the station is
/// still asked whether it knows the customer.
pub(super) fn customer_information(out: &mut Vec<Effect>, root: Obj<'_>) {
    let named = ["customerCertificate", "idToken", "customerIdentifier"].iter().any(|name| root.has(name));
    let clear = root.flag("clear") == Some(true);
    if root.flag("report") == Some(true) || !clear {
        out.push(ReadCustomerData { named }.into());
    }
    if clear {
        out.push(EraseCustomerData { named }.into());
    }
}

/// `DataTransfer`, either way.
pub(super) fn transfer(out: &mut Vec<Effect>, message: &Message<'_>) {
    let root = message.payload.root();
    let (vendor, name) = (field::text(root, "vendorId"), field::text(root, "messageId"));
    vendor_data(out, message, vendor, name, root.get("data"));
}

/// Data whose meaning only a vendor knows, and what a message of OCPP inside it would do.
pub(super) fn vendor_data(
    out: &mut Vec<Effect>,
    message: &Message<'_>,
    vendor: String,
    name: String,
    data: Option<Value<'_>>,
) {
    let bytes = match data {
        Some(Value::Str(text)) => text.text().len(),
        Some(data) => data.json().len(),
        None => 0,
    };
    let at = out.len();
    tunnel::unwrap(out, message, &vendor, &name, data);
    let bytes = number::count(bytes);
    out.insert(at, VendorData { vendor, message_id: name, bytes }.into());
}
