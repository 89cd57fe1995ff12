//! Drivers: when they come, how long they stay, how they begin and end.

use std::time::Duration;

use chargewarden_ocpp::Version;
use serde_json::json;

use super::{DAY, Play};
use crate::world::{Driver, id_token};

/// How a session ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaving {
    /// The driver shows the card again.
    Card,
    /// The driver pulls the cable.
    Cable,
    /// The driver says so in the app.
    App,
}

/// How many in 10,000 free public EVSEs somebody comes to in a minute, by the hour of a working day: two peaks, as public
/// charging has them.
const WORKDAY: [u32; 24] =
    [2, 1, 1, 1, 2, 5, 14, 26, 30, 24, 20, 22, 26, 22, 20, 22, 28, 34, 30, 22, 14, 9, 6, 4];
/// The same on a weekend: later and flatter.
const WEEKEND: [u32; 24] =
    [3, 2, 1, 1, 1, 2, 4, 8, 14, 20, 24, 26, 26, 24, 22, 20, 20, 18, 16, 12, 9, 7, 5, 4];

/// EVSEs at which more than this is charged are of direct current: people wait in the car.
const FAST_W: i64 = 43_000;

impl Play {
    /// Whoever comes in this minute.
    pub(super) fn arrivals(&mut self, minute: i64) {
        let weekend = minute / DAY % 7 >= 5;
        let hour = usize::try_from(minute % DAY / 60).unwrap_or(0);
        let rates = if weekend { &WEEKEND } else { &WORKDAY };
        let public = rates.get(hour).copied().unwrap_or(0);
        for place in 0..self.world.stations().len() {
            if self.dark.contains(&place) {
                continue;
            }
            let Some(station) = self.world.station(place) else { continue };
            let depot = station.plan.groups.iter().any(|group| group == "depot");
            // Vehicles of a depot come home between 16 and 20.
            let rate = match (depot, hour) {
                (false, _) => public,
                (true, 16..20) => 60,
                (true, _) => 2,
            };
            for evse in 1..=station.plan.evses {
                let free = self.world.station(place).is_some_and(|station| station.charge(evse).is_none());
                if free && self.below(10_000) < rate {
                    self.arrive(minute, place, evse, depot);
                }
            }
        }
    }

    fn arrive(&mut self, minute: i64, place: usize, evse: u32, depot: bool) {
        let fast = self
            .world
            .station(place)
            .and_then(|station| station.plan.envelope.evse_w)
            .is_some_and(|carries| carries > FAST_W);
        let minutes = match (depot, fast) {
            (true, _) => 480 + self.below(180),
            (false, true) => 15 + self.below(35),
            (false, false) => 60 + self.below(240),
        };
        let token = match depot {
            // A vehicle, and its place.
            true => format!("BUS{place:04}{evse}"),
            false => self.stranger(),
        };
        let appetite_w = match (fast, self.below(3)) {
            (true, _) => 50_000 + i64::from(self.below(90)) * 1_000,
            (false, 0) => 3_700,
            (false, 1) => 7_400,
            (false, _) => 11_000,
        };
        let driver = Driver { token, appetite_w, stays: Duration::from_secs(u64::from(minutes) * 60) };
        if !depot && self.one_in(50) {
            self.wrong_card(place);
        }
        let by_app = !depot && self.one_in(2);
        let begun = match by_app {
            true => self.world.begin_session_remotely(place, evse, &driver).is_obeyed(),
            false => self.world.begin_session(place, evse, &driver),
        };
        if !begun {
            return;
        }
        self.sessions += 1;
        let leaving = match (by_app, self.below(10)) {
            (true, 0..5) => Leaving::App,
            (false, 0..3) => Leaving::Card,
            (_, _) => Leaving::Cable,
        };
        self.leaving.entry(minute + i64::from(minutes)).or_default().push((place, evse, leaving));
    }

    /// A driver's token: nobody charges at two places at once.
    fn stranger(&mut self) -> String {
        loop {
            let token = format!("{:08X}", 0x0400_0000 + self.below(4_000) * 7_919);
            let mut charges = self.world.stations().iter().flat_map(|station| station.charges());
            if charges.all(|charge| charge.token != token) {
                return token;
            }
        }
    }

    /// A card that nobody knows, held up once by mistake.
    fn wrong_card(&mut self, place: usize) {
        let token = format!("{:08X}", 0x7700_0000 + self.below(90_000));
        let version = self.world.version(place);
        let (ask, answer) = match version {
            Some(Version::V16) => {
                (json!({ "idTag": token }), json!({ "idTagInfo": { "status": "Invalid" } }))
            }
            Some(Version::V201 | Version::V21) | None => {
                (json!({ "idToken": id_token(&token) }), json!({ "idTokenInfo": { "status": "Invalid" } }))
            }
        };
        self.world.report_answered(place, "Authorize", &ask, answer);
    }

    pub(super) fn leave(&mut self, place: usize, evse: u32, leaving: Leaving) {
        let Some(station) = self.world.station(place) else { return };
        // It has ended another way: a power cut, a restart.
        let Some(charge) = station.charge(evse) else { return };
        let transaction = charge.transaction.clone();
        if self.dark.contains(&place) {
            return;
        }
        match leaving {
            Leaving::Card => drop(self.world.end_session(place, evse, "Local")),
            Leaving::Cable => drop(self.world.end_session(place, evse, "EVDisconnected")),
            Leaving::App => self.stop(place, &transaction),
        }
    }

    /// The provider's app stops a session for its driver.
    fn stop(&mut self, place: usize, transaction: &str) {
        match self.world.version(place) {
            Some(Version::V16) => {
                let number: i64 = transaction.parse().unwrap_or_default();
                self.world.command(place, "RemoteStopTransaction", &json!({ "transactionId": number }));
            }
            Some(Version::V201 | Version::V21) | None => {
                self.world.command(place, "RequestStopTransaction", &json!({ "transactionId": transaction }));
            }
        }
    }
}
