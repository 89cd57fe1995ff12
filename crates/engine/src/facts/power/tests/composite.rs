//! The composite limit against a slow model that knows OCPP's rules, goes second by second, and shares no code.

use chargewarden_ocpp::Version;
use proptest::prelude::*;
use serde_json::json;

use super::{Desk, NOW_MS, profile, scheduled, set, time, with};
use crate::facts::power::composite::Place;

/// How long the models are compared, in s: longer than any profile below.
const WINDOW_S: i64 = 3_000;

const DAY_S: i64 = 86_400;

/// A profile before it is sent.
#[derive(Clone, Debug)]
struct Spec {
    id: i64,
    purpose: &'static str,
    stack: i64,
    evse: i64,
    kind: &'static str,
    valid: (Option<i64>, Option<i64>),
    start: Option<i64>,
    duration: Option<i64>,
    periods: Vec<(i64, i64)>,
}

fn spec() -> impl Strategy<Value = Spec> {
    let purpose = prop_oneof![
        Just("ChargingStationMaxProfile"),
        Just("TxDefaultProfile"),
        Just("TxProfile"),
        Just("ChargingStationExternalConstraints"),
        Just("LocalGeneration"),
    ];
    let kind = prop_oneof![Just("Absolute"), Just("Recurring"), Just("Relative")];
    let period = (1_i64..600, 0_i64..40);
    let valid = (prop::option::of(-500_i64..1_500), prop::option::of(500_i64..2_500));
    let times = (valid, prop::option::of(-500_i64..1_500), prop::option::of(200_i64..1_500));
    let head = (1_i64..6, purpose, 0_i64..3, 0_i64..3, kind);
    let steps = (0_i64..40, prop::collection::vec(period, 0..4));
    (head, times, steps).prop_map(|(head, (valid, start, duration), (first, rest))| {
        let (id, purpose, stack, evse, kind) = head;
        let mut periods = vec![(0, first * 1000)];
        for (after, kilowatts) in rest {
            periods.push((periods.last().map_or(0, |(at, _)| *at) + after, kilowatts * 1000));
        }
        let station = ["ChargingStationMaxProfile", "LocalGeneration"].contains(&purpose);
        let evse = if station {
            0
        } else if purpose == "TxProfile" {
            1
        } else {
            evse
        };
        // What OCPP demands: a recurring profile has a beginning, and a relative one has none.
        let start = match kind {
            "Recurring" => Some(start.unwrap_or(-100)),
            "Relative" => None,
            _ => start,
        };
        Spec { id, purpose, stack, evse, kind, valid, start, duration, periods }
    })
}

impl Spec {
    fn message(&self) -> serde_json::Value {
        let version = Version::V21;
        let mut sent = profile(version, (self.id, self.purpose, self.stack, self.kind), &self.periods);
        if let Some(from) = self.valid.0 {
            sent = with(sent, "validFrom", json!(time(from)));
        }
        if let Some(to) = self.valid.1 {
            sent = with(sent, "validTo", json!(time(to)));
        }
        if self.kind == "Recurring" {
            sent = with(sent, "recurrencyKind", json!("Daily"));
        }
        if self.purpose == "TxProfile" {
            sent = with(sent, "transactionId", json!("t"));
        }
        if let Some(start) = self.start {
            // A recurring one begins on an earlier day.
            let start = if self.kind == "Recurring" { start - DAY_S } else { start };
            sent = scheduled(version, sent, "startSchedule", json!(time(start)));
        }
        if let Some(duration) = self.duration {
            sent = scheduled(version, sent, "duration", json!(duration));
        }
        set(version, self.evse, sent)
    }

    fn applies_at(&self, second: i64, began: i64) -> Option<i64> {
        if self.valid.0.is_some_and(|from| second < from) || self.valid.1.is_some_and(|to| second >= to) {
            return None;
        }
        // Everything was taken at second 0.
        let session = ["TxProfile", "TxDefaultProfile"].contains(&self.purpose);
        let mut base = self.start.unwrap_or(if session { began } else { 0 });
        if self.kind == "Recurring" {
            base -= DAY_S;
            while second - base >= DAY_S {
                base += DAY_S;
            }
        }
        if second < base || self.duration.is_some_and(|lasts| second >= base + lasts) {
            return None;
        }
        let mut limit = None;
        for (from, watts) in &self.periods {
            if second >= base + from {
                limit = Some(*watts);
            }
        }
        limit
    }
}

/// What the station has after taking them all, by OCPP's rules of replacement.
fn installed(specs: &[Spec]) -> Vec<Spec> {
    let mut kept: Vec<Spec> = Vec::new();
    for new in specs {
        kept.retain(|old| {
            let same = (old.purpose, old.stack, old.evse) == (new.purpose, new.stack, new.evse);
            let (from, to) = (i64::MIN, i64::MAX);
            let together = old.valid.0.unwrap_or(from) < new.valid.1.unwrap_or(to)
                && new.valid.0.unwrap_or(from) < old.valid.1.unwrap_or(to);
            old.id != new.id && !(same && together)
        });
        kept.push(new.clone());
    }
    kept
}

/// The limit at EVSE 1 in one second; the session there began at `began`.
fn slow(kept: &[Spec], second: i64, began: i64, charging: bool) -> Option<i64> {
    let highest = |purpose: &str, evses: &[i64]| {
        let mut best: Option<(i64, i64, usize, i64)> = None;
        for (place, spec) in kept.iter().enumerate() {
            if spec.purpose != purpose || !evses.contains(&spec.evse) {
                continue;
            }
            let Some(limit) = spec.applies_at(second, began) else { continue };
            let rank = (spec.stack, spec.evse, place, limit);
            if best.is_none_or(|best| (rank.0, rank.1, rank.2) > (best.0, best.1, best.2)) {
                best = Some(rank);
            }
        }
        best.map(|best| best.3)
    };
    let of_session = if charging { highest("TxProfile", &[1]) } else { None };
    let mut limits = vec![];
    limits.extend(of_session.or_else(|| highest("TxDefaultProfile", &[0, 1])));
    limits.extend(highest("ChargingStationExternalConstraints", &[0]));
    limits.extend(highest("ChargingStationExternalConstraints", &[1]));
    let more = highest("LocalGeneration", &[0]).unwrap_or(0);
    let below = limits.into_iter().min().map(|limit| limit + more);
    [below, highest("ChargingStationMaxProfile", &[0])].into_iter().flatten().min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_composite_limit_is_that_of_the_slow_model(
        specs in prop::collection::vec(spec(), 1..9),
        began in -300_i64..1,
        charging in any::<bool>(),
    ) {
        let mut desk = Desk::new(Version::V21);
        for spec in &specs {
            desk.obey("cso", "SetChargingProfile", &spec.message());
        }
        let kept = installed(&specs);
        let mut ids = desk.ids();
        let mut expected: Vec<i64> = kept.iter().map(|spec| spec.id).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(ids, expected);
        let transaction = charging.then_some("t");
        let place = Place { evse: 1, transaction, began_ms: NOW_MS + began * 1000 };
        let breaks = desk.power.breaks(NOW_MS, NOW_MS + WINDOW_S * 1000, place.began_ms);
        let mut before = None;
        for second in 0..WINDOW_S {
            let now_ms = NOW_MS + second * 1000;
            let limit = desk.power.at_evse(&place, now_ms).most;
            prop_assert_eq!(limit, slow(&kept, second, began, charging), "second {}: {:?}", second, kept);
            // It is a step function, and its steps are known beforehand.
            if before.is_some_and(|before| before != limit) {
                prop_assert!(breaks.binary_search(&now_ms).is_ok(), "no break at {}: {:?}", second, kept);
            }
            before = Some(limit);
        }
    }

    #[test]
    fn it_survives_a_restart(specs in prop::collection::vec(spec(), 1..9)) {
        let mut desk = Desk::new(Version::V21);
        for spec in &specs {
            desk.obey("cso", "SetChargingProfile", &spec.message());
        }
        let stored = serde_json::to_string(&desk.power).unwrap();
        let read: crate::facts::Power = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(read, desk.power);
    }
}

#[test]
fn nothing_is_stored_of_a_station_without_profiles() {
    assert_eq!(serde_json::to_string(&crate::facts::Power::default()).unwrap(), "{}");
}
