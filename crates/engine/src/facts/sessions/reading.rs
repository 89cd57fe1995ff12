//! Meter values: what a meter said at one moment, in one set of units, whatever the version spells.
//!
//! Energy is in mWh, power in W, so that all of it is whole numbers. Values come with their grain: how much the last
//! digit that was written is worth. `12.4` kWh may be 50 Wh more or less.

use chargewarden_ocpp::{Obj, Value, Version};

use super::quantity::{Amount, Quantity, consistent};

/// A meter value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// When, by the station's clock.
    pub(super) at_ms: i64,
    /// The import register.
    pub(super) register: Option<Register>,
    /// Power that is drawn, less what is fed back.
    pub(super) power_w: Option<i64>,
    /// Power that is drawn.
    pub(super) import_w: Option<i64>,
    /// Whether power is fed back.
    pub(super) feeds_back: bool,
    /// State of charge, in hundredths of a percent.
    pub(super) soc: Option<i64>,
    /// Whether any of it is signed.
    pub(super) signed: bool,
    /// Why it was taken.
    pub(super) context: Context,
    /// Whether power, voltage and current fit each other.
    pub(super) consistent: bool,
}

/// What a register stood at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) mwh: i64,
    /// What the last digit is worth.
    pub(super) grain_mwh: i64,
    /// Which register it is: where it sits, and which phases it counts. Only the same can be compared.
    pub(super) kind: u8,
}

/// Why a meter value was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Begin,
    End,
    Periodic,
    Clock,
    Other,
}

impl Context {
    fn parse(text: &str) -> Self {
        match text {
            "Transaction.Begin" => Self::Begin,
            "Transaction.End" => Self::End,
            "Sample.Periodic" => Self::Periodic,
            "Sample.Clock" => Self::Clock,
            _ => Self::Other,
        }
    }

    /// Its place in a set of contexts.
    pub(super) fn bit(self) -> u8 {
        match self {
            Self::Begin => 1,
            Self::End => 2,
            Self::Periodic => 4,
            Self::Clock => 8,
            Self::Other => 16,
        }
    }
}

impl Reading {
    /// A register alone, in whole Wh: 1.6 `meterStart`, `meterStop`.
    pub(super) fn register(at_ms: i64, wh: i64, context: Context) -> Self {
        let register = Register { mwh: wh.saturating_mul(1000), grain_mwh: 1000, kind: 0 };
        Self { register: Some(register), ..Self::empty(at_ms, context) }
    }

    fn empty(at_ms: i64, context: Context) -> Self {
        Self {
            at_ms,
            register: None,
            power_w: None,
            import_w: None,
            feeds_back: false,
            soc: None,
            signed: false,
            context,
            consistent: true,
        }
    }

    /// One element of `meterValue`, `transactionData`.
    pub(super) fn of(version: Version, value: Obj<'_>) -> Option<Self> {
        let at_ms = value.time("timestamp")?.as_millis();
        let mut sums = Sums::default();
        for sample in value.objs("sampledValue") {
            sums.add(version, sample);
        }
        let import = sums.import.amount();
        let export = sums.export.amount().map_or(0.0, |amount| amount.value.abs());
        let context = sums.context.unwrap_or(Context::Periodic);
        Some(Self {
            register: sums.register.amount().map(|energy| Register {
                mwh: whole(energy.value * 1000.0),
                grain_mwh: whole(energy.grain * 1000.0).max(1),
                kind: sums.register.kind(),
            }),
            power_w: import.map(|import| whole(import.value - export)),
            import_w: import.map(|import| whole(import.value)),
            feeds_back: export > 0.0,
            soc: sums.soc.amount().map(|soc| whole(soc.value * 100.0)),
            signed: sums.signed,
            consistent: consistent(import, &sums.voltage, &sums.current, sums.factor.amount()),
            ..Self::empty(at_ms, context)
        })
    }
}

/// The elements of a list of meter values.
pub(super) fn readings<'p>(
    version: Version,
    root: Obj<'p>,
    name: &str,
) -> impl Iterator<Item = Reading> + use<'p> {
    root.objs(name).filter_map(move |value| Reading::of(version, value))
}

/// What the sampled values of one moment add up to.
#[derive(Default)]
struct Sums {
    register: Quantity,
    import: Quantity,
    export: Quantity,
    current: Quantity,
    voltage: Quantity,
    factor: Quantity,
    soc: Quantity,
    signed: bool,
    context: Option<Context>,
}

impl Sums {
    fn add(&mut self, version: Version, sample: Obj<'_>) {
        let context = sample.text("context").map_or(Context::Periodic, |text| Context::parse(&text));
        self.context.get_or_insert(context);
        if is_signed(version, sample) {
            self.signed = true;
            if version == Version::V16 {
                // The value is the signed data, not a number.
                return;
            }
        }
        let measurand = sample.text("measurand");
        let quantity = match measurand.as_deref() {
            None | Some("Energy.Active.Import.Register") => {
                self.context = Some(context);
                &mut self.register
            }
            Some("Power.Active.Import") => &mut self.import,
            Some("Power.Active.Export") => &mut self.export,
            Some("Current.Import") => &mut self.current,
            Some("Voltage") => &mut self.voltage,
            Some("Power.Factor") => &mut self.factor,
            Some("SoC") => &mut self.soc,
            Some(_) => return,
        };
        let Some(amount) = amount(version, sample) else { return };
        quantity.add(sample.text("location").as_deref(), sample.text("phase").as_deref(), amount);
    }
}

fn is_signed(version: Version, sample: Obj<'_>) -> bool {
    match version {
        Version::V16 => sample.text("format").is_some_and(|format| format == "SignedData"),
        Version::V201 | Version::V21 => sample.has("signedMeterValue"),
    }
}

/// The value in its base unit. Where none is stated it is Wh, W, V, A and percent.
fn amount(version: Version, sample: Obj<'_>) -> Option<Amount> {
    let (text, scale) = match version {
        Version::V16 => {
            let scale = sample.text("unit").map_or(1.0, |unit| prefix(&unit));
            (sample.text("value")?, scale)
        }
        Version::V201 | Version::V21 => {
            let unit = sample.obj("unitOfMeasure");
            let scale = unit.and_then(|unit| unit.text("unit")).map_or(1.0, |unit| prefix(&unit));
            let power = unit.and_then(|unit| unit.int("multiplier")).unwrap_or(0).clamp(-12, 12);
            let power = i32::try_from(power).unwrap_or(0);
            let Value::Num(text) = sample.get("value")? else { return None };
            (text.into(), scale * 10_f64.powi(power))
        }
    };
    let text = text.trim();
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(Amount { value: value * scale, grain: grain(text) * scale })
}

/// What a unit's prefix is worth.
fn prefix(unit: &str) -> f64 {
    if unit.starts_with('k') { 1000.0 } else { 1.0 }
}

/// What the last digit of a number is worth.
fn grain(text: &str) -> f64 {
    let (digits, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = i32::try_from(decimals.min(30)).unwrap_or(30);
    let power: i32 = power.parse().unwrap_or(0);
    10_f64.powi(power.clamp(-30, 30).saturating_sub(decimals))
}

/// More than any meter shows, in any of our units: sums of a few of them still fit.
const WHOLE_MAX: f64 = 1e15;

/// Rounded to a whole number within bounds.
pub(super) fn whole(number: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole and bounded; NaN becomes 0")]
    let whole = number.round().clamp(-WHOLE_MAX, WHOLE_MAX) as i64;
    whole
}

#[cfg(test)]
mod tests {
    use chargewarden_ocpp::{Action, Limits, Payload};

    use super::*;

    fn read(version: Version, samples: &str) -> Reading {
        let place = if version == Version::V16 { "connectorId" } else { "evseId" };
        let text = format!(
            r#"{{"{place}":1,"meterValue":[{{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{samples}]}}]}}"#
        );
        let shape = Action::MeterValues.spec(version).unwrap().request;
        let payload = Payload::parse(&text, shape, &Limits::default()).unwrap();
        readings(version, payload.root(), "meterValue").next().unwrap()
    }

    fn register(version: Version, samples: &str) -> (i64, i64, u8) {
        let register = read(version, samples).register.unwrap();
        (register.mwh, register.grain_mwh, register.kind)
    }

    #[test]
    fn energy_is_read_in_every_spelling() {
        use Version::{V16, V21, V201};
        assert_eq!(register(V16, r#"{"value":"1234"}"#), (1_234_000, 1000, 0));
        assert_eq!(register(V16, r#"{"value":"12.4","unit":"kWh"}"#), (12_400_000, 100_000, 0));
        assert_eq!(register(V201, r#"{"value":1234.5}"#), (1_234_500, 100, 0));
        assert_eq!(
            register(V21, r#"{"value":12.34,"unitOfMeasure":{"unit":"Wh","multiplier":3}}"#),
            (12_340_000, 10_000, 0)
        );
        let phases =
            ["L1", "L2", "L3"].map(|phase| format!(r#"{{"value":"10","phase":"{phase}"}}"#)).join(",");
        assert_eq!(register(V16, &phases), (30_000, 3000, 7));
        // The sum is there as well.
        assert_eq!(register(V16, &format!(r#"{phases},{{"value":"31"}}"#)), (31_000, 1000, 0));
    }

    #[test]
    fn what_is_not_a_number_is_no_amount() {
        for value in ["", "NaN", "inf", "12,4", "abc"] {
            assert_eq!(read(Version::V16, &format!(r#"{{"value":"{value}"}}"#)).register, None, "{value}");
        }
        let signed =
            read(Version::V16, r#"{"value":"4f434d46","format":"SignedData","context":"Transaction.End"}"#);
        assert_eq!((signed.signed, signed.register, signed.context), (true, None, Context::End));
    }

    #[test]
    fn power_is_what_is_drawn_less_what_is_fed_back() {
        let power = |samples: &str| read(Version::V201, samples).power_w;
        let import = r#"{"value":7.2,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"kW"}}"#;
        assert_eq!(power(import), Some(7200));
        let export = r#"{"value":3000,"measurand":"Power.Active.Export"}"#;
        assert_eq!(power(&format!("{import},{export}")), Some(4200));
        let inlet = r#"{"value":9000,"measurand":"Power.Active.Import","location":"Inlet"}"#;
        assert_eq!(power(&format!("{inlet},{import}")), Some(7200));
    }
}
