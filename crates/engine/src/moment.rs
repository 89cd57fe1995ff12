//! Time, handed in.

use chargewarden_ocpp::Timestamp;

/// One reading of both clocks, made by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock. It may jump; it dates records and is what policies see.
    pub wall: Timestamp,
    /// Milliseconds on a clock that never goes back, from any fixed start. It measures waits.
    pub mono_ms: u64,
}
