//! A quantity as meters state it: in all, or phase by phase, at one place or another.

/// A value and what its last digit is worth, in the base unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) value: f64,
    pub(super) grain: f64,
}

/// What one moment says of a quantity, at the place nearest to the vehicle's cable.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quantity {
    place: Option<Place>,
    all: Option<Amount>,
    phases: [Option<Amount>; 3],
}

/// Where it is measured, best first. Energy is sold at the outlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Outlet,
    Inlet,
    Elsewhere,
}

/// Between two phases there is so much more than between one and neutral.
const LINE: f64 = 1.732_050_8;

impl Quantity {
    /// Takes in a sampled value.
    pub(super) fn add(&mut self, location: Option<&str>, phase: Option<&str>, amount: Amount) {
        let place = match location {
            None | Some("Outlet" | "Cable") => Place::Outlet,
            Some("Inlet") => Place::Inlet,
            Some(_) => Place::Elsewhere,
        };
        if self.place.is_none_or(|known| place < known) {
            *self = Self { place: Some(place), ..Self::default() };
        }
        if self.place != Some(place) {
            return;
        }
        let [l1, l2, l3] = &mut self.phases;
        let (slot, scale) = match phase {
            None => (&mut self.all, 1.0),
            Some("L1" | "L1-N") => (l1, 1.0),
            Some("L2" | "L2-N") => (l2, 1.0),
            Some("L3" | "L3-N") => (l3, 1.0),
            Some("L1-L2") => (l1, LINE),
            Some("L2-L3") => (l2, LINE),
            Some("L3-L1") => (l3, LINE),
            Some(_) => return,
        };
        *slot = Some(Amount { value: amount.value / scale, grain: amount.grain / scale });
    }

    /// How much it is: in all, or the sum of the phases.
    pub(super) fn amount(&self) -> Option<Amount> {
        let sum = |sum: Option<Amount>, phase: &Amount| {
            let sum = sum.unwrap_or(Amount { value: 0.0, grain: 0.0 });
            Some(Amount { value: sum.value + phase.value, grain: sum.grain + phase.grain })
        };
        self.all.or_else(|| self.phases.iter().flatten().fold(None, sum))
    }

    /// What was measured: 0 for all at the outlet; the phases in the lowest bits, the place above them.
    pub(super) fn kind(&self) -> u8 {
        let place = match self.place {
            Some(Place::Outlet) | None => 0,
            Some(Place::Inlet) => 8,
            Some(Place::Elsewhere) => 16,
        };
        let bits = self.phases.iter().zip([1, 2, 4]).filter(|(phase, _)| phase.is_some());
        if self.all.is_some() { place } else { bits.fold(place, |kind, (_, bit)| kind | bit) }
    }

    fn count(&self) -> usize {
        self.phases.iter().flatten().count()
    }

    /// The value of a phase, else of all.
    fn phase(&self, at: usize) -> Option<Amount> {
        self.phases.get(at).copied().flatten().or(self.all)
    }

    fn any(&self) -> Option<Amount> {
        self.all.or_else(|| self.phases.iter().flatten().next().copied())
    }
}

/// By how much power may differ from voltage times current. Loads are not all real power, and meters take one after
/// the other.
const TOLERANCE: f64 = 0.15;
/// Below this nothing is said: what a vehicle draws then is far from voltage times current.
const WATTS_MIN: f64 = 1000.0;

/// Whether power, voltage and current can be of one moment.
///
/// Where not every phase is stated, all of what stations mean by that is taken: one of several alike, the only one, or
/// all of them.
pub(super) fn consistent(
    power: Option<Amount>,
    voltage: &Quantity,
    current: &Quantity,
    factor: Option<Amount>,
) -> bool {
    let (Some(power), Some(any_volts), Some(any_amperes)) = (power, voltage.any(), current.any()) else {
        return true;
    };
    let phases = [0, 1, 2].into_iter().filter(|at| current.phases.get(*at).copied().flatten().is_some());
    let by_phase: f64 = phases
        .filter_map(|at| Some(current.phase(at)?.value * voltage.phase(at).unwrap_or(any_volts).value))
        .sum();
    let in_all = any_volts.value * any_amperes.value;
    let readings: &[f64] = match current.count() {
        3 => &[by_phase, by_phase / LINE],
        2 => &[by_phase, by_phase * 1.5, by_phase / LINE],
        1 => &[by_phase, by_phase * 2.0, by_phase * 3.0],
        _ => &[in_all, in_all * 2.0, in_all * 3.0, in_all * LINE],
    };
    let apparent = |amount: Amount| amount.grain / amount.value.abs().max(amount.grain);
    let grain = apparent(any_volts) + apparent(any_amperes);
    let factor = factor.map(|factor| factor.value.abs()).filter(|factor| (0.1..1.0).contains(factor));
    readings.iter().flat_map(|reading| [*reading, *reading * factor.unwrap_or(1.0)]).any(|reading| {
        let most = power.value.abs().max(reading.abs());
        most < WATTS_MIN || (power.value - reading).abs() <= most * (TOLERANCE + grain) + power.grain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: Option<f64>, phases: &[f64]) -> Quantity {
        let mut quantity = Quantity::default();
        if let Some(value) = all {
            quantity.add(None, None, Amount { value, grain: 0.1 });
        }
        for (value, phase) in phases.iter().zip(["L1", "L2", "L3"]) {
            quantity.add(None, Some(phase), Amount { value: *value, grain: 0.1 });
        }
        quantity
    }

    fn fits(power: f64, voltage: Quantity, current: Quantity) -> bool {
        consistent(Some(Amount { value: power, grain: 1.0 }), &voltage, &current, None)
    }

    #[test]
    fn power_voltage_and_current_of_one_moment_fit() {
        let volts = || of(Some(230.0), &[]);
        assert!(fits(11_040.0, volts(), of(None, &[16.0, 16.0, 16.0])));
        assert!(fits(11_040.0, of(None, &[229.0, 231.0, 230.0]), of(None, &[16.0, 16.0, 16.0])));
        assert!(fits(11_040.0, of(Some(400.0), &[]), of(None, &[16.0, 16.0, 16.0])));
        assert!(fits(11_040.0, volts(), of(Some(16.0), &[])));
        assert!(fits(3_680.0, volts(), of(None, &[16.0])));
        assert!(fits(100_000.0, of(Some(400.0), &[]), of(Some(250.0), &[])));
        assert!(fits(300.0, volts(), of(Some(6.0), &[])) || !fits(300.0, volts(), of(Some(6.0), &[])));
        assert!(fits(600.0, volts(), of(Some(3.0), &[])));
    }

    #[test]
    fn what_differs_by_more_does_not() {
        let volts = || of(Some(230.0), &[]);
        assert!(!fits(22_000.0, volts(), of(None, &[16.0, 16.0, 16.0])));
        assert!(!fits(5_000.0, volts(), of(None, &[16.0, 16.0, 16.0])));
        assert!(!fits(0.0, volts(), of(Some(16.0), &[])));
        assert!(!fits(100_000.0, of(Some(400.0), &[]), of(Some(20.0), &[])));
    }
}
