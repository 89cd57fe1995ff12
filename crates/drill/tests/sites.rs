//! What the profiles of a site's stations allow together never exceeds what the site carries, whatever is sent, where
//! policies refuse `above_rating`. The stations' side is written down here, second by second, and shares no code.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chargewarden_drill::world::{CsmsPlan, Plan, StationPlan, World};
use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{Bundle, BundleSource, Envelope};
use proptest::prelude::*;
use serde_json::{Value, json};

const BEGINS_MS: i64 = 1_767_225_600_000;
const SITE_W: i64 = 50_000;
const DAY_S: i64 = 86_400;
const STATIONS: usize = 3;
/// How far ahead the sums are formed, in s.
const WINDOW_S: i64 = 1_200;

fn world() -> World {
    let cedar = r#"
        @id("all") permit (principal, action, resource);
        @id("rating") @reason("too much")
        forbid (principal, action in [Action::"set-power", Action::"lift-power-limit"], resource)
        when { context.doubts.above_rating };"#;
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        ("policies.cedar".to_owned(), cedar.to_owned()),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }).unwrap();
    let station = |number: usize| StationPlan {
        id: format!("CS-{number}"),
        version: Version::V201,
        owner: "cso".parse().unwrap(),
        csms: "cnp".into(),
        site: "depot".into(),
        groups: vec![],
        area: None,
        envelope: Envelope { evses: Some(2), site_w: Some(SITE_W), ..Envelope::default() },
        evses: 2,
        vendor: "Acme".into(),
        model: "AC-22".into(),
        serial: number.to_string(),
        firmware: "1.0.0".into(),
    };
    World::new(Plan {
        bundles: vec![Arc::new(bundle)],
        csmss: vec![CsmsPlan { name: "cnp".into(), party: "cnp".parse().unwrap() }],
        stations: (0..STATIONS).map(station).collect(),
        begins: Timestamp::from_millis(BEGINS_MS),
    })
}

#[derive(Clone, Debug)]
struct Profile {
    id: i64,
    max: bool,
    stack: i64,
    evse: i64,
    kind: &'static str,
    from: Option<i64>,
    to: Option<i64>,
    start: i64,
    duration: Option<i64>,
    periods: Vec<(i64, i64)>,
    /// When the station took it, in s since the world began.
    at: i64,
}

#[derive(Clone, Debug)]
enum Act {
    Set(usize, Profile),
    Clear(usize, i64),
    Wait(i64),
    Reconnect(usize),
}

fn profile() -> impl Strategy<Value = Profile> {
    let kind = prop_oneof![Just("Absolute"), Just("Recurring"), Just("Relative")];
    let times = (prop::option::of(0_i64..600), prop::option::of(300_i64..1_200), -300_i64..900);
    let periods = prop::collection::vec((1_i64..400, 0_i64..30), 0..3);
    let head = (1_i64..5, any::<bool>(), 0_i64..3, 0_i64..3, kind);
    (head, times, prop::option::of(100_i64..900), 0_i64..30, periods).prop_map(
        |((id, max, stack, evse, kind), (from, to, start), duration, first, rest)| {
            let mut periods = vec![(0, first * 1000)];
            for (after, kilowatts) in rest {
                periods.push((periods.last().map_or(0, |(at, _)| *at) + after, kilowatts * 1000));
            }
            let evse = if max { 0 } else { evse };
            Profile { id, max, stack, evse, kind, from, to, start, duration, periods, at: 0 }
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..STATIONS, profile()).prop_map(|(place, profile)| Act::Set(place, profile)),
        1 => (0..STATIONS, 1_i64..5).prop_map(|(place, id)| Act::Clear(place, id)),
        1 => (1_i64..200).prop_map(Act::Wait),
        1 => (0..STATIONS).prop_map(Act::Reconnect),
    ]
}

fn time(second: i64) -> String {
    Timestamp::from_millis(BEGINS_MS + second * 1000).to_string()
}

impl Profile {
    fn message(&self) -> Value {
        let periods: Vec<Value> =
            self.periods.iter().map(|(from, watts)| json!({ "startPeriod": from, "limit": watts })).collect();
        let mut schedule = json!({ "id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods });
        if self.kind != "Relative" {
            schedule["startSchedule"] = json!(time(self.start));
        }
        if let Some(duration) = self.duration {
            schedule["duration"] = json!(duration);
        }
        let purpose = if self.max { "ChargingStationMaxProfile" } else { "TxDefaultProfile" };
        let mut profile = json!({
            "id": self.id, "stackLevel": self.stack, "chargingProfilePurpose": purpose,
            "chargingProfileKind": self.kind, "chargingSchedule": [schedule],
        });
        if self.kind == "Recurring" {
            profile["recurrencyKind"] = json!("Daily");
        }
        for (name, second) in [("validFrom", self.from), ("validTo", self.to)] {
            if let Some(second) = second {
                profile[name] = json!(time(second));
            }
        }
        json!({ "evseId": self.evse, "chargingProfile": profile })
    }

    /// What it allows in a second, in a session that began in another.
    fn allows(&self, second: i64, began: i64) -> Option<i64> {
        if self.from.is_some_and(|from| second < from) || self.to.is_some_and(|to| second >= to) {
            return None;
        }
        let base = match self.kind {
            "Relative" if self.max => self.at,
            "Relative" => began,
            "Recurring" if second >= self.start => second - (second - self.start) % DAY_S,
            _ => self.start,
        };
        if second < base || self.duration.is_some_and(|lasts| second >= base + lasts) {
            return None;
        }
        self.periods.iter().rev().find(|(from, _)| second >= base + from).map(|(_, watts)| *watts)
    }

    fn replaces(&self, other: &Self) -> bool {
        let ends = |to: Option<i64>| to.unwrap_or(i64::MAX);
        let begins = |from: Option<i64>| from.unwrap_or(i64::MIN);
        let together = begins(self.from) < ends(other.to) && begins(other.from) < ends(self.to);
        let place = |profile: &Self| (profile.max, profile.stack, profile.evse);
        self.id == other.id || (place(self) == place(other) && together)
    }
}

/// What a station may draw in a second, with sessions that began `ages` before: nothing is counted where nothing limits.
fn station(profiles: &[Profile], second: i64, ages: [i64; 2]) -> i64 {
    let top = |max: bool, evse: i64, began: i64| {
        let fits = profiles
            .iter()
            .enumerate()
            .filter(|(_, profile)| profile.max == max && (profile.evse == 0 || profile.evse == evse));
        let holding = fits.filter_map(|(place, profile)| {
            Some(((profile.stack, profile.evse != 0, place), profile.allows(second, began)?))
        });
        holding.max_by_key(|(rank, _)| *rank).map(|(_, watts)| watts)
    };
    let cap = top(true, 0, second);
    let evses: Vec<Option<i64>> = [1, 2]
        .into_iter()
        .zip(ages)
        .map(|(evse, age)| {
            top(false, evse, second - age).map(|watts| cap.map_or(watts, |cap| watts.min(cap)))
        })
        .collect();
    let sum: i64 = evses.iter().flatten().sum();
    match cap {
        Some(cap) if evses.iter().all(Option::is_some) => sum.min(cap),
        Some(cap) => cap,
        None => sum,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_site_never_carries_more_than_it_can(
        acts in prop::collection::vec(act(), 1..30),
        ages in prop::array::uniform6(0_i64..900),
    ) {
        let mut world = world();
        let mut stations: Vec<Vec<Profile>> = vec![Vec::new(); STATIONS];
        let mut now = 0;
        for act in acts {
            match act {
                Act::Set(place, mut profile) => {
                    let outcome = world.command(place, "SetChargingProfile", &profile.message());
                    if outcome.is_stopped() {
                        continue;
                    }
                    profile.at = now;
                    stations[place].retain(|other| !profile.replaces(other));
                    stations[place].push(profile);
                }
                Act::Clear(place, id) => {
                    let outcome = world.command(place, "ClearChargingProfile", &json!({ "chargingProfileId": id }));
                    if !outcome.is_stopped() {
                        stations[place].retain(|profile| profile.id != id);
                    }
                }
                Act::Wait(seconds) => {
                    now += seconds;
                    world.pass(Duration::from_secs(seconds.unsigned_abs()));
                }
                Act::Reconnect(place) => world.reconnect(place),
            }
            for second in (now..now + WINDOW_S).chain(now + DAY_S..now + DAY_S + WINDOW_S) {
                let sum: i64 = stations
                    .iter()
                    .zip(ages.chunks(2))
                    .map(|(profiles, ages)| station(profiles, second, [ages[0], ages[1]]))
                    .sum();
                prop_assert!(sum <= SITE_W, "{sum} W in second {second}: {stations:#?}");
            }
        }
    }
}
