//! OCPP-J frames, strict JSON and the catalogue of all actions of 1.6, 2.0.1 and 2.1.

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);
