//! The standard fleet: what attacks are played on.

use std::sync::Arc;
use std::time::Duration;

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{Bundle, Envelope, PartyId};

use super::{CsmsPlan, Plan, StationPlan, World};

/// Stations of the standard fleet.
pub const STATIONS: usize = 200;
/// Stations of a site.
pub const SITE_STATIONS: usize = 20;
/// The management system that stations are connected to: that of the charging network provider.
pub const PROVIDER: &str = "cnp-cloud";
/// The management system of the owner of the stations.
pub const OWNER: &str = "cso-ops";
/// Who comes to charge, in seconds after the last one: 144 in three hours.
const ARRIVAL_S: u64 = 75;
/// How often meters are told, in s.
const METER_S: u64 = 900;
/// Tuesday, 2026-03-03, 07:00 UTC: three hours later, when attacks begin, people are at work.
const BEGINS_MS: i64 = 1_772_521_200_000;

/// A kind of station.
struct Model {
    name: &'static str,
    evses: u32,
    evse_w: i64,
}

const TWIN: Model = Model { name: "Twin-22", evses: 2, evse_w: 22_000 };
const FAST: Model = Model { name: "DC-150", evses: 2, evse_w: 150_000 };
const WALL: Model = Model { name: "Wall-11", evses: 1, evse_w: 11_000 };
/// Of ten stations.
const MODELS: [&Model; 10] = [&TWIN, &FAST, &TWIN, &WALL, &TWIN, &FAST, &TWIN, &WALL, &FAST, &TWIN];

impl World {
    /// 200 stations on ten sites, of the versions in turn; three hours into a working day, with sessions at about 40 % of the
    /// EVSEs, a third of them begun by command.
    pub fn standard(bundles: Vec<Arc<Bundle>>, versions: &[Version]) -> Self {
        let mut world = Self::fleet(bundles, versions, Timestamp::from_millis(BEGINS_MS));
        world.morning();
        world
    }

    /// The same stations, booted at `begins`, with nobody there yet.
    pub fn fleet(bundles: Vec<Arc<Bundle>>, versions: &[Version], begins: Timestamp) -> Self {
        let party = |name: &str| name.parse::<PartyId>().ok();
        let (Some(cso), Some(cnp)) = (party("cso"), party("cnp")) else {
            return Self::new(Plan {
                bundles,
                csmss: vec![],
                stations: vec![],
                begins: Timestamp::from_millis(0),
            });
        };
        let stations = (0..STATIONS).map(|place| station(place, versions, &cso)).collect();
        let csmss = vec![
            CsmsPlan { name: PROVIDER.to_owned(), party: cnp },
            CsmsPlan { name: OWNER.to_owned(), party: cso.clone() },
        ];
        let mut world = Self::new(Plan { bundles, csmss, stations, begins });
        world.come_alive();
        world
    }

    /// Drivers arrive, one by one, at two of five EVSEs.
    fn morning(&mut self) {
        // A stride that is prime to the number of stations: they do not come in the order of names.
        for step in 0..STATIONS {
            let place = step * 77 % STATIONS;
            let evses = self.stations.get(place).map_or(0, |station| station.plan.evses);
            for evse in 1..=evses {
                if (step * 2 + evse as usize) % 5 < 2 {
                    self.live(Duration::from_secs(ARRIVAL_S), Duration::from_secs(METER_S));
                    self.arrival(place, evse);
                }
            }
        }
        self.live(Duration::from_secs(300), Duration::from_secs(60));
    }
}

fn station(place: usize, versions: &[Version], owner: &PartyId) -> StationPlan {
    let version = versions.get(place % versions.len().max(1)).copied().unwrap_or(Version::V16);
    // Not in step with the versions.
    let model = MODELS.get(place / versions.len().max(1) % MODELS.len()).copied().unwrap_or(&TWIN);
    let site = place / SITE_STATIONS;
    // Two sites may feed back.
    let export_w = if site >= 8 { 200_000 } else { 0 };
    StationPlan {
        id: format!("CS-{:04}", place + 1),
        version,
        owner: owner.clone(),
        csms: PROVIDER.to_owned(),
        site: format!("site-{site}"),
        groups: vec![if site < 5 { "public" } else { "depot" }.to_owned()],
        area: Some(if site.is_multiple_of(2) { "north" } else { "south" }.to_owned()),
        envelope: Envelope {
            evses: Some(i64::from(model.evses)),
            evse_w: Some(model.evse_w),
            station_w: Some(model.evse_w * i64::from(model.evses)),
            site_w: Some(1_600_000),
            export_w: Some(export_w),
        },
        evses: model.evses,
        vendor: "Acme".to_owned(),
        model: model.name.to_owned(),
        serial: format!("SN{:06}", 4_200 + place),
        firmware: "1.8.33".to_owned(),
    }
}
