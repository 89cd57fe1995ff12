//! Listeners, admission, one task per station session, connections to the CSMS.
