//! The one place where simulators read the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use chargewarden_ocpp::Timestamp;

/// The time now, as OCPP writes it.
pub(crate) fn now() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).to_string()
}
