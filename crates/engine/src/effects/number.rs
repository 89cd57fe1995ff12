//! Numbers as effects carry them: whole, bounded, in the units of the effect table.

/// Volts between a phase and neutral, where the message states current.
pub(super) const VOLTS: f64 = 230.0;

/// Phases, where the message states current and not how many (OCPP's default).
pub(super) const PHASES: f64 = 3.0;

/// More than any charging station can take, in W.
const WATTS_MAX: f64 = 10_000_000.0;

/// Whole numbers that a double holds exactly end here.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Rounded to a whole number; what is beyond exact doubles is cut there.
pub(crate) fn whole(number: f64) -> i64 {
    let bounded = number.round().clamp(-EXACT, EXACT);
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53; NaN becomes 0")]
    let whole = bounded as i64;
    whole
}

/// In thousandths.
pub(super) fn milli(number: f64) -> i64 {
    whole(number * 1000.0)
}

/// Whether a limit can be meant, in W.
pub(super) fn is_possible_limit(watts: f64) -> bool {
    (0.0..=WATTS_MAX).contains(&watts)
}

/// Whether a set-point can be meant, in W; negative is discharge.
pub(super) fn is_possible_setpoint(watts: f64) -> bool {
    (-WATTS_MAX..=WATTS_MAX).contains(&watts)
}

/// A count.
pub(super) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
