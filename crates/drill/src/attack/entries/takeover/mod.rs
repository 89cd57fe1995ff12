//! C01 to C09: software, logs, trust and identity of a station.

mod anchors;
mod downgrade;
mod firmware;
mod logs;
mod password;
mod repoint;

use crate::attack::Entry;

pub(super) use firmware::vendor_setting;

/// The entries.
pub(super) fn entries() -> Vec<Entry> {
    vec![
        firmware::unsigned(),
        firmware::unknown_signer(),
        firmware::older(),
        logs::elsewhere(),
        password::replaced(),
        downgrade::by_setting(),
        repoint::elsewhere(),
        anchors::installed(),
        anchors::removed(),
    ]
}
