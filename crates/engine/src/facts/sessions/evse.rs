//! Connectors and EVSEs, and the meters behind them.

use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::meter::{Stand, energy_mwh, slack};
use super::reading::Reading;
use super::status::Status;
use super::time::DAY_MS;

/// What a station may draw by its meter between two sessions, in W: its electronics, its heating.
const STANDBY_W: i64 = 200;
/// For how long that is counted.
const STANDBY_MS: i64 = 30 * DAY_MS;
/// What may be missing between two sessions: half a session that nobody was told of is more.
const BETWEEN_MWH: i64 = 100_000;
/// A register that has counted less says nothing about whether it goes on.
const COUNTED_MWH: i64 = 1_000_000;

/// A connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connector {
    pub(super) evse: i64,
    /// 1 in 1.6.
    pub(super) connector: i64,
    pub(super) status: Status,
    /// When it was told, by our clock.
    pub(super) heard_ms: i64,
}

/// An EVSE; in 1.6 a connector is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Evse {
    pub(super) id: i64,
    /// Whether no session can run on it that we have not seen begin.
    pub(super) clear: bool,
    /// Where its meter stood last, and when, by the station's clock.
    register: Option<(Stand, i64)>,
    /// Whether its meter goes on from session to session.
    goes_on: bool,
    /// Whether it does also when the station has started anew in between.
    goes_on_after_boot: bool,
    /// Contexts in which its first values were signed, and in which they were not.
    signed: u8,
    plain: u8,
}

/// The end of a session, beside the contexts of meter values.
pub(super) const AT_END: u8 = 128;

impl Evse {
    pub(super) fn new(id: i64) -> Self {
        Self { id, ..Self::default() }
    }

    /// The register of a session that begins. `booted_ms`: when the station last started.
    pub(super) fn begin(&mut self, stand: Stand, at_ms: i64, booted_ms: Option<i64>, out: &mut Doubts) {
        let Some((last, last_ms)) = self.register.filter(|(last, _)| last.kind == stand.kind) else { return };
        let apart_ms = at_ms.saturating_sub(last_ms).clamp(0, STANDBY_MS);
        let slack_mwh = slack(last, stand);
        let most_mwh = slack_mwh.saturating_add(BETWEEN_MWH).saturating_add(energy_mwh(STANDBY_W, apart_ms));
        let step_mwh = stand.mwh.saturating_sub(last.mwh);
        let fits = (slack_mwh.saturating_neg()..=most_mwh).contains(&step_mwh);
        let booted = booted_ms.is_some_and(|booted_ms| (last_ms..=at_ms).contains(&booted_ms));
        let trusted = if booted { self.goes_on_after_boot } else { self.goes_on };
        out.add_if(trusted && !fits, Doubt::RegisterJumps);
        if fits && last.mwh >= COUNTED_MWH {
            self.goes_on = true;
            self.goes_on_after_boot |= booted;
        }
    }

    /// A register, in a session or not.
    pub(super) fn count(&mut self, stand: Stand, at_ms: i64) {
        if self.register.is_none_or(|(_, last_ms)| at_ms >= last_ms) {
            self.register = Some((stand, at_ms));
        }
    }

    /// Whether values come unsigned where they came signed: the contexts of values with a register, and of signed ones.
    pub(super) fn sign(&mut self, counted: u8, signed: u8, out: &mut Doubts) {
        let plain = counted & !signed;
        self.signed |= signed & !self.plain;
        self.plain |= plain & !self.signed;
        out.add_if(plain & self.signed != 0, Doubt::SignatureMissing);
    }
}

/// Contexts of some values: in which a register was read, and in which something was signed.
pub(super) fn contexts(readings: &[Reading]) -> (u8, u8) {
    readings.iter().fold((0, 0), |(counted, signed), reading| {
        let bit = reading.context.bit();
        (
            if reading.register.is_some() { counted | bit } else { counted },
            if reading.signed { signed | bit } else { signed },
        )
    })
}
