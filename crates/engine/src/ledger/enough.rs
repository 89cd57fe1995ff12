//! How much is enough where and when, and by how much a message would exceed it.

use std::fmt::Write as _;

use chargewarden_policy::limit::{By, Maximum};

use super::fleet::Extent;

/// What a percentage of power allows at least where no power is stated, in W: one fast charger. Of next to nothing any
/// percentage is nothing, and a limit under which nothing can be done is a `forbid`.
const PERCENT_FLOOR_W: i64 = 150_000;

/// What a limit comes to, for one instance of its scope at one time. Where nothing is stated, nothing is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Enough {
    pub(super) count: Option<i64>,
    pub(super) stations: Option<i64>,
    pub(super) watts: Option<i64>,
}

impl Enough {
    /// Of an absolute number and a percentage of the same the larger holds.
    pub(super) fn of(max: &Maximum, extent: Extent) -> Self {
        let stations = max.stations.map(i64::from);
        let share = max.stations_percent.map(|percent| part(extent.stations, percent).max(1));
        let watts = max.kw.map(|kw| round(kw * 1000.0));
        let power = max.power_percent.map(|percent| {
            let floor = if watts.is_some() { 0 } else { PERCENT_FLOOR_W };
            part(extent.watts, percent).max(floor)
        });
        Self { count: max.count.map(i64::from), stations: stations.max(share), watts: watts.max(power) }
    }
}

/// So many per cent, rounded down.
#[expect(clippy::cast_precision_loss, reason = "stations and watts are far below 2^52")]
fn part(of: i64, percent: f64) -> i64 {
    // A percentage such as 0.1 is not quite that; what is meant is.
    round((of as f64 * percent / 100.0 + 1e-6).floor())
}

#[expect(clippy::cast_possible_truncation, reason = "limits are at most 10^13, and conversion saturates")]
fn round(number: f64) -> i64 {
    number.round() as i64
}

/// What it would come to where it is too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) count: Option<i64>,
    pub(super) stations: Option<i64>,
    pub(super) up_w: Option<i64>,
    pub(super) down_w: Option<i64>,
}

/// What there is in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: i64,
    pub(super) stations: i64,
    pub(super) up_w: i64,
    pub(super) down_w: i64,
}

impl Exceeded {
    pub(super) fn nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Notes what is too much of `all`. What the message does not add to is not its fault.
    pub(super) fn note(&mut self, all: Sum, adds: Sum, enough: &Enough) {
        let over = |all: i64, adds: i64, enough: Option<i64>| {
            enough.filter(|enough| adds > 0 && all > *enough).map(|_| all)
        };
        self.count = self.count.max(over(all.count, adds.count, enough.count));
        self.stations = self.stations.max(over(all.stations, adds.stations, enough.stations));
        self.up_w = self.up_w.max(over(all.up_w, adds.up_w, enough.watts));
        self.down_w = self.down_w.max(over(all.down_w, adds.down_w, enough.watts));
    }

    /// For people: `11 of 10 stations in 1 h`.
    pub(super) fn text(&self, enough: &Enough, window_ms: i64, by: By) -> String {
        let mut parts = Vec::new();
        let whole = |would: Option<i64>, of: Option<i64>, what: &str| {
            would.zip(of).map(|(would, of)| format!("{would} of {of}{what}"))
        };
        parts.extend(whole(self.count, enough.count, ""));
        parts.extend(whole(self.stations, enough.stations, " stations"));
        let power = |would: Option<i64>, what: &str| {
            would.zip(enough.watts).map(|(would, of)| format!("{} of {} kW {what}", kilo(would), kilo(of)))
        };
        parts.extend(power(self.up_w, "more"));
        parts.extend(power(self.down_w, "less"));
        let mut text = parts.join(", ");
        let how = match by {
            By::Sent => "in",
            By::Acting => "acting within",
        };
        let _ = write!(text, " {how} {}", length(window_ms));
        text
    }
}

/// Watts in kW, to a tenth.
fn kilo(watts: i64) -> String {
    let tenths = watts.saturating_add(50) / 100;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// A length of time, in the largest unit that it is a whole number of.
fn length(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let unit = units.into_iter().find(|(unit, _)| ms % unit == 0);
    unit.map_or_else(|| format!("{ms} ms"), |(unit, name)| format!("{} {name}", ms / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_number_and_percentage_holds() {
        let extent = |stations, watts| Extent { stations, watts };
        let enough = |max: &Maximum, stations, watts| Enough::of(max, extent(stations, watts));
        let stations = Maximum { stations: Some(2), stations_percent: Some(5.0), ..Maximum::default() };
        assert_eq!(enough(&stations, 10, 0).stations, Some(2));
        assert_eq!(enough(&stations, 59, 0).stations, Some(2));
        assert_eq!(enough(&stations, 60, 0).stations, Some(3));
        assert_eq!(enough(&stations, 10_000, 0).stations, Some(500));
        let share = Maximum { stations_percent: Some(5.0), ..Maximum::default() };
        assert_eq!([0, 19, 20, 40].map(|of| enough(&share, of, 0).stations), [1, 1, 1, 2].map(Some));
        let power = Maximum { power_percent: Some(10.0), ..Maximum::default() };
        assert_eq!(
            [0, 1_500_000, 2_000_000].map(|of| enough(&power, 1, of).watts),
            [150_000, 150_000, 200_000].map(Some)
        );
        let both = Maximum { kw: Some(0.5), power_percent: Some(10.0), ..Maximum::default() };
        assert_eq!([0, 5_000, 6_000].map(|of| enough(&both, 1, of).watts), [500, 500, 600].map(Some));
        let tenth = Maximum { stations_percent: Some(0.1), ..Maximum::default() };
        assert_eq!(enough(&tenth, 3_000, 0).stations, Some(3));
    }

    #[test]
    fn an_excess_reads_well() {
        let enough = Enough { count: Some(3), stations: Some(10), watts: Some(10_000_000) };
        let stations = Exceeded { stations: Some(11), ..Exceeded::default() };
        assert_eq!(stations.text(&enough, 3_600_000, By::Sent), "11 of 10 stations in 1 h");
        let power = Exceeded { count: Some(4), down_w: Some(10_050_040), ..Exceeded::default() };
        assert_eq!(
            power.text(&enough, 90_000, By::Acting),
            "4 of 3, 10050 of 10000 kW less acting within 90 s"
        );
        assert_eq!([49, 50, 1_449, 22_000].map(kilo), ["0", "0.1", "1.4", "22"]);
        assert_eq!([500, 60_000, 86_400_000].map(length), ["500 ms", "1 min", "1 d"]);
    }
}
