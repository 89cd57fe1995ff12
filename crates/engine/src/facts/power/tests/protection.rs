//! The limit that one party has set for a station survives whatever another party sends, when its policies refuse
//! `touches_other`, `lifts_protective` and `outranks_other`.
//!
//! The station below obeys what it gets, by OCPP's rules as written down here: it shares no code with what is tested.

use chargewarden_ocpp::Version;
use chargewarden_policy::{Doubt, Doubts};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Desk, profile, scheduled, set, time, with};

/// What the owner's limit is, in W.
const LIMIT_W: i64 = 11_000;

const MAX: &str = "ChargingStationMaxProfile";

/// What the other party tries.
#[derive(Clone, Debug)]
enum Try {
    Set {
        id: i64,
        purpose: &'static str,
        stack: i64,
        evse: i64,
        watts: i64,
        starts: i64,
        valid: Option<(i64, i64)>,
    },
    Clear {
        id: Option<i64>,
        purpose: Option<&'static str>,
        stack: Option<i64>,
        evse: Option<i64>,
    },
    Wait(i64),
}

fn purpose() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(MAX), Just("TxDefaultProfile"), Just("ChargingStationExternalConstraints")]
}

fn attempt() -> impl Strategy<Value = Try> {
    let set = (1_i64..5, purpose(), 0_i64..5, 0_i64..2, 0_i64..40_000, -50_i64..500);
    let valid = prop::option::of((0_i64..500, 500_i64..900));
    prop_oneof![
        4 => (set, valid).prop_map(|((id, purpose, stack, evse, watts, starts), valid)| {
            let evse = if purpose == MAX { 0 } else { evse };
            Try::Set { id, purpose, stack, evse, watts, starts, valid }
        }),
        2 => (
            prop::option::of(1_i64..5),
            prop::option::of(purpose()),
            prop::option::of(0_i64..5),
            prop::option::of(0_i64..2),
        )
            .prop_map(|(id, purpose, stack, evse)| Try::Clear { id, purpose, stack, evse }),
        1 => (1_i64..100).prop_map(Try::Wait),
    ]
}

impl Try {
    fn message(&self, version: Version) -> Option<(&'static str, Value)> {
        let v16 = version == Version::V16;
        let external = "ChargingStationExternalConstraints";
        match *self {
            // 1.6 has no such purpose.
            Self::Set { purpose, .. } | Self::Clear { purpose: Some(purpose), .. }
                if v16 && purpose == external =>
            {
                None
            }
            Self::Set { id, purpose, stack, evse, watts, starts, valid } => {
                let sent = profile(version, (id, purpose, stack, "Absolute"), &[(0, watts)]);
                let mut sent = scheduled(version, sent, "startSchedule", json!(time(starts)));
                if let Some((from, to)) = valid {
                    sent = with(with(sent, "validFrom", json!(time(from))), "validTo", json!(time(to)));
                }
                Some(("SetChargingProfile", set(version, evse, sent)))
            }
            Self::Clear { id, purpose, stack, evse } => {
                let purpose = purpose
                    .map(|purpose| if v16 && purpose == MAX { "ChargePointMaxProfile" } else { purpose });
                let mut criteria = json!({});
                let names = [("stackLevel", stack), (if v16 { "connectorId" } else { "evseId" }, evse)];
                for (name, value) in names.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                    criteria[name] = json!(value);
                }
                if let Some(purpose) = purpose {
                    criteria["chargingProfilePurpose"] = json!(purpose);
                }
                let mut command = if v16 { criteria } else { json!({ "chargingProfileCriteria": criteria }) };
                if let Some(id) = id {
                    command[if v16 { "id" } else { "chargingProfileId" }] = json!(id);
                }
                Some(("ClearChargingProfile", command))
            }
            Self::Wait(_) => None,
        }
    }
}

/// A station as it is in the world: what it has, each with what it allows.
#[derive(Default)]
struct Station {
    profiles: Vec<Try>,
}

impl Station {
    fn obey(&mut self, v16: bool, order: &Try) {
        match *order {
            Try::Set {
                id: new_id,
                purpose: new_purpose,
                stack: new_stack,
                evse: new_evse,
                valid: new_valid,
                ..
            } => {
                self.profiles.retain(|known| {
                    let Try::Set { id, purpose, stack, evse, valid, .. } = *known else { return false };
                    let apart = match (valid, new_valid) {
                        (Some((_, to)), Some((from, _))) if to <= from => true,
                        (Some((from, _)), Some((_, to))) => to <= from,
                        _ => false,
                    };
                    let same = (purpose, stack, evse) == (new_purpose, new_stack, new_evse);
                    id != new_id && !(same && (v16 || !apart))
                });
                self.profiles.push(order.clone());
            }
            Try::Clear { id: Some(selected), .. } => {
                self.profiles.retain(|known| !matches!(known, Try::Set { id, .. } if *id == selected));
            }
            Try::Clear { id: None, purpose: by_purpose, stack: by_stack, evse: by_evse } => {
                self.profiles.retain(|known| {
                    let Try::Set { purpose, stack, evse, .. } = *known else { return false };
                    by_purpose.is_some_and(|by| by != purpose)
                        || by_stack.is_some_and(|by| by != stack)
                        || by_evse.is_some_and(|by| by != evse)
                });
            }
            Try::Wait(_) => {}
        }
    }

    /// The limit of the station in a second: the highest stack level of the purpose that holds then.
    fn max_at(&self, second: i64) -> Option<i64> {
        let holding = self.profiles.iter().filter_map(|known| {
            let Try::Set { purpose, stack, watts, starts, valid, .. } = *known else { return None };
            let valid = valid.is_none_or(|(from, to)| (from..to).contains(&second));
            (purpose == MAX && valid && second >= starts).then_some((stack, watts))
        });
        holding.max_by_key(|(stack, _)| *stack).map(|(_, watts)| watts)
    }
}

fn is_refused(doubts: Doubts) -> bool {
    [Doubt::TouchesOther, Doubt::LiftsProtective, Doubt::OutranksOther].iter().any(|doubt| doubts.has(*doubt))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_partys_limit_survives_whatever_another_sends(
        version in prop_oneof![Just(Version::V16), Just(Version::V201), Just(Version::V21)],
        (id, stack) in (1_i64..5, 0_i64..4),
        attempts in prop::collection::vec(attempt(), 1..40),
    ) {
        let (mut desk, mut station) = (Desk::new(version), Station::default());
        let own = Try::Set { id, purpose: MAX, stack, evse: 0, watts: LIMIT_W, starts: -50, valid: None };
        let (action, command) = own.message(version).unwrap();
        desk.obey("cso", action, &command);
        station.obey(version == Version::V16, &own);
        let mut second = 0;
        for attempt in &attempts {
            if let Try::Wait(seconds) = attempt {
                desk.pass(*seconds);
                second += seconds;
            }
            let Some((action, command)) = attempt.message(version) else { continue };
            if is_refused(desk.asked("cnp", action, &command).0) {
                continue;
            }
            desk.obey("cnp", action, &command);
            station.obey(version == Version::V16, attempt);
            let there = station.profiles.iter().any(|known| matches!(known, Try::Set { id: known, .. } if *known == id));
            prop_assert!(there, "{attempt:?}");
            for later in second..second + 1_000 {
                let limit = station.max_at(later);
                prop_assert!(limit.is_some_and(|watts| watts <= LIMIT_W), "{limit:?} at {later} by {attempt:?}");
            }
        }
    }
}
