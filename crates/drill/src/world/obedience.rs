//! What a station does when it has taken a command: sessions begin and end, it starts again, limits hold.

use std::time::Duration;

use serde_json::Value;

use super::charging::Driver;
use super::profile::Profile;
use super::{Station, World};

impl World {
    /// From now on stations do what commands tell them, and say so: a start by command begins a session, a reset ends them.
    pub fn come_alive(&mut self) {
        self.alive = true;
    }

    /// Lets time go by in which drivers charge: meters are told every `every`, who has charged enough leaves, and somebody
    /// else comes.
    pub fn live(&mut self, time: Duration, every: Duration) {
        let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        self.pass(time);
        if !self.alive {
            return;
        }
        let now = self.now();
        for place in 0..self.stations.len() {
            let due: Vec<(u32, bool)> = self.stations.get(place).map_or_else(Vec::new, |station| {
                let due = |metered: i64| now.as_millis().saturating_sub(metered) >= every_ms;
                station
                    .charges
                    .iter()
                    .filter(|charge| now >= charge.leaves || due(charge.metered.as_millis()))
                    .map(|charge| (charge.evse, now >= charge.leaves))
                    .collect()
            });
            for (evse, leaves) in due {
                if leaves {
                    self.end_session(place, evse, "Local");
                    self.arrival(place, evse);
                } else {
                    self.meter(place, evse);
                }
            }
        }
    }

    /// Somebody comes to charge here.
    pub(super) fn arrival(&mut self, place: usize, evse: u32) -> bool {
        let number = self.number();
        let appetite_w = match number % 3 {
            0 => 7_400,
            1 => 11_000,
            _ => 120_000,
        };
        let driver = Driver {
            token: format!("{:08X}", 0x00C0_FFEE_u32.wrapping_add(number.wrapping_mul(7_919))),
            appetite_w,
            stays: Duration::from_secs(u64::from(2_400 + number.wrapping_mul(977) % 14_400)),
        };
        if number.is_multiple_of(3) {
            self.begin_session_remotely(place, evse, &driver).is_obeyed()
        } else {
            self.begin_session(place, evse, &driver)
        }
    }

    /// A command has reached a station, and it has taken it.
    pub(super) fn obey(&mut self, place: usize, action: &str, payload: &Value) {
        let now = self.now();
        let Some(station) = self.stations.get_mut(place) else { return };
        station.advance(now);
        match action {
            "SetChargingProfile" => {
                if let Some(profile) = Profile::of(payload, now) {
                    profile.install(&mut station.profiles);
                }
                station.advance(now);
            }
            "ClearChargingProfile" => {
                station.profiles.retain(|profile| !profile.is_meant(payload));
                station.advance(now);
            }
            "RemoteStartTransaction" | "RequestStartTransaction" => {
                let evse = Station::evse_of(payload).or_else(|| station.free_evse());
                let driver = self.expected.take().unwrap_or_else(|| Driver::new(&token_of(payload)));
                let by = payload.get("remoteStartId").and_then(Value::as_i64).unwrap_or(0);
                if let Some(evse) = evse {
                    self.start(place, evse, &driver, Some(by));
                }
            }
            "RemoteStopTransaction" | "RequestStopTransaction" => {
                let named = Station::transaction_of(payload);
                let charge =
                    station.charges.iter().find(|charge| Some(&charge.transaction) == named.as_ref());
                if let Some(evse) = charge.map(|charge| charge.evse) {
                    self.end_session(place, evse, "Remote");
                }
            }
            "Reset" => {
                let hard = payload.get("type").is_some_and(|kind| kind == "Hard" || kind == "Immediate");
                let running: Vec<u32> = station.charges.iter().map(|charge| charge.evse).collect();
                for evse in running {
                    self.end_session(place, evse, if hard { "HardReset" } else { "SoftReset" });
                }
                self.boot(place);
            }
            "ChangeAvailability" => {
                let wanted = payload.get("type").or_else(|| payload.get("operationalStatus"));
                let status = if wanted.is_some_and(|wanted| wanted == "Inoperative") {
                    "Unavailable"
                } else {
                    "Available"
                };
                let only = Station::evse_of(payload);
                let idle =
                    |evse: &u32| station.charge(*evse).is_none() && only.is_none_or(|only| only == *evse);
                let meant: Vec<u32> = (1..=station.plan.evses).filter(idle).collect();
                for evse in meant {
                    self.status(place, evse, status);
                }
            }
            _ => {}
        }
    }
}

fn token_of(payload: &Value) -> String {
    let token =
        payload.get("idTag").or_else(|| payload.get("idToken").and_then(|token| token.get("idToken")));
    token.and_then(Value::as_str).unwrap_or_default().to_owned()
}
