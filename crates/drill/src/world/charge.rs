//! A charging session as the station has it, and the meter behind it.

use chargewarden_ocpp::Timestamp;

/// A session that runs.
#[derive(Clone, Debug)]
pub struct Charge {
    /// EVSE (2.x) or connector (1.6).
    pub evse: u32,
    /// The token that began it.
    pub token: String,
    /// Its transaction: the number that the management system gave it (1.6), or the station's name for it.
    pub transaction: String,
    /// Whether a command began it, and not the driver.
    pub remote: bool,
    /// When it began.
    pub begun: Timestamp,
    /// When the driver will leave.
    pub leaves: Timestamp,
    /// What it draws now, in W.
    pub power_w: i64,
    /// What the vehicle takes where nothing limits it, in W.
    pub appetite_w: i64,
    /// When meter values were last sent.
    pub metered: Timestamp,
    /// Number of the next transaction event (2.x).
    pub sequence: u32,
    /// State of charge at the beginning, in %, and what the battery holds, in Wh; of direct current only.
    pub(super) battery: Option<(f64, f64)>,
    /// Register at the beginning, in Wh.
    pub(super) from_wh: f64,
}

/// The energy meter of an EVSE.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    /// Energy delivered since it was made, in Wh.
    pub(super) register_wh: f64,
    /// Up to when that is.
    at_ms: i64,
}

impl Meter {
    /// A meter that has run for a while.
    pub(super) fn new(station: &str, evse: u32) -> Self {
        let seed: u32 = station.bytes().map(u32::from).fold(evse, |sum, byte| sum.wrapping_mul(31) + byte);
        Self { register_wh: f64::from(100_000 + seed % 900_000), at_ms: 0 }
    }

    /// Up to now so much was drawn.
    pub(super) fn run(&mut self, power_w: i64, now: Timestamp) {
        let elapsed = now.as_millis().saturating_sub(self.at_ms);
        if self.at_ms > 0 && elapsed > 0 {
            #[expect(clippy::cast_precision_loss, reason = "below 2^52 in any simulation")]
            let energy_wh = power_w as f64 * elapsed as f64 / 3_600_000.0;
            self.register_wh += energy_wh;
        }
        self.at_ms = now.as_millis();
    }

    /// The register as it is told: whole Wh.
    pub(super) fn told(&self) -> f64 {
        self.register_wh.round()
    }
}
