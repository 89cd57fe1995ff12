//! A world in memory: stations, management systems, one ledger, one clock.

mod outcome;
mod plan;
mod station;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chargewarden_engine::{
    Connected, EvidenceHealth, Input, Ledger, Moment, Opening, Session, SessionLimits, StationState,
};
use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::{About, Authentication, CsmsFacts, Policies, StationFacts};
use chargewarden_testkit::{Reply, answers};
use serde_json::{Value, json};

use outcome::Came;
pub use outcome::{Decided, Outcome};
pub use plan::{CsmsPlan, Plan, StationPlan};
pub use station::Station;

/// A world.
pub struct World {
    core: chargewarden_engine::World,
    now: Moment,
    stations: Vec<Station>,
    by_id: BTreeMap<String, usize>,
    csmss: Vec<CsmsPlan>,
    /// Numbers for message ids and 1.6 transactions.
    next: u32,
}

impl World {
    /// Stations connected and booted, at `plan.begins`.
    ///
    /// # Panics
    /// Never: a plan without a CSMS has no sessions.
    pub fn new(plan: Plan) -> Self {
        let core = chargewarden_engine::World {
            policies: Arc::new(Policies::new(plan.bundles)),
            ledger: Arc::new(Ledger::default()),
            content_key: ContentKey::new(&[7; 32]),
            evidence: EvidenceHealth::Available,
            limits: SessionLimits::default(),
        };
        let now = Moment { wall: plan.begins, mono_ms: 0 };
        let by_id = plan.stations.iter().enumerate().map(|(place, station)| (station.id.clone(), place));
        let mut world = Self {
            by_id: by_id.collect(),
            core,
            now,
            stations: Vec::with_capacity(plan.stations.len()),
            csmss: plan.csmss,
            next: 0,
        };
        for station in plan.stations {
            let session = world.open(&station, None);
            world.stations.push(Station::new(station, session));
        }
        for place in 0..world.stations.len() {
            world.boot(place);
        }
        world
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.now.wall
    }

    /// The time so long from now, as OCPP writes it.
    pub fn time(&self, ahead_s: i64) -> String {
        Timestamp::from_millis(self.now.wall.as_millis().saturating_add(ahead_s.saturating_mul(1000)))
            .to_string()
    }

    /// Lets time pass, and whatever falls due in it.
    pub fn pass(&mut self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.now.mono_ms = self.now.mono_ms.saturating_add(ms);
        let wall = self.now.wall.as_millis().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        self.now.wall = Timestamp::from_millis(wall);
    }

    /// The stations.
    pub fn stations(&self) -> &[Station] {
        &self.stations
    }

    /// The station at this place.
    pub fn station(&self, place: usize) -> Option<&Station> {
        self.stations.get(place)
    }

    /// Where the station of this id stands.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The core's own world: policies, ledger, bounds.
    pub fn core_mut(&mut self) -> &mut chargewarden_engine::World {
        &mut self.core
    }

    /// The management system sends a command; the station, if it gets it, obeys. The outcome has both verdicts.
    pub fn command(&mut self, place: usize, action: &str, payload: &Value) -> Outcome {
        self.exchange(place, Side::Csms, action, payload, None)
    }

    /// The same, and the station answers this.
    pub fn command_answered(
        &mut self,
        place: usize,
        action: &str,
        payload: &Value,
        answer: Value,
    ) -> Outcome {
        self.exchange(place, Side::Csms, action, payload, Some(Reply::Result(answer)))
    }

    /// The station sends a report; the management system, if it gets it, answers as an ordinary one does.
    pub fn report(&mut self, place: usize, action: &str, payload: &Value) -> Outcome {
        self.exchange(place, Side::Station, action, payload, None)
    }

    /// The same, and the management system answers this.
    pub fn report_answered(&mut self, place: usize, action: &str, payload: &Value, answer: Value) -> Outcome {
        self.exchange(place, Side::Station, action, payload, Some(Reply::Result(answer)))
    }

    /// Any text from either side, as it is; what came of it. Nobody answers.
    pub fn text(&mut self, place: usize, from: Side, text: &str) -> Outcome {
        let mut outcome = Outcome::default();
        let came = self.feed(place, from, text.as_bytes());
        outcome.delivered = came.forwarded(from.other()).is_some();
        outcome.told = came.told(from);
        outcome.asked.extend(came.decided);
        outcome.events.extend(came.events);
        outcome.holds += came.holds;
        outcome
    }

    /// The connection breaks and comes back: the state is what was stored.
    pub fn reconnect(&mut self, place: usize) {
        let Some(station) = self.stations.get_mut(place) else { return };
        let _ = station.session.handle(self.now, Input::Gone, &self.core);
        let state = StationState::from_json(station.session.state().to_json().as_bytes()).ok();
        let plan = station.plan.clone();
        let session = self.open(&plan, state);
        if let Some(station) = self.stations.get_mut(place) {
            station.session = session;
        }
        self.boot(place);
    }

    /// The station says what it is, and how its connectors stand.
    fn boot(&mut self, place: usize) {
        let Some(plan) = self.stations.get(place).map(|station| station.plan.clone()) else { return };
        let boot = match plan.version {
            Version::V16 => json!({
                "chargePointVendor": plan.vendor, "chargePointModel": plan.model,
                "chargePointSerialNumber": plan.serial, "firmwareVersion": plan.firmware,
            }),
            Version::V201 | Version::V21 => json!({
                "reason": "PowerUp",
                "chargingStation": {
                    "vendorName": plan.vendor, "model": plan.model,
                    "serialNumber": plan.serial, "firmwareVersion": plan.firmware,
                },
            }),
        };
        self.report(place, "BootNotification", &boot);
        for evse in 1..=plan.evses {
            self.status(place, evse, "Available");
        }
    }

    /// The station says how a connector stands: `Available`, `Preparing`, `Charging`, `Finishing`, `Faulted`, …; in 2.x
    /// what is neither free nor faulty is `Occupied`.
    pub fn status(&mut self, place: usize, evse: u32, status: &str) -> Outcome {
        let version = self.stations.get(place).map_or(Version::V16, |station| station.plan.version);
        let now = self.time(0);
        let payload = match version {
            Version::V16 => {
                json!({ "connectorId": evse, "errorCode": "NoError", "status": status, "timestamp": now })
            }
            Version::V201 | Version::V21 => {
                let status = match status {
                    "Available" | "Reserved" | "Unavailable" | "Faulted" => status,
                    _ => "Occupied",
                };
                json!({ "timestamp": now, "connectorStatus": status, "evseId": evse, "connectorId": 1 })
            }
        };
        self.report(place, "StatusNotification", &payload)
    }

    fn exchange(
        &mut self,
        place: usize,
        from: Side,
        action: &str,
        payload: &Value,
        answer: Option<Reply>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        self.next = self.next.wrapping_add(1);
        let (id, number) = (format!("m{}", self.next), self.next);
        let Some(version) = self.stations.get(place).map(|station| station.plan.version) else {
            return outcome;
        };
        let call = json!([2, id, action, payload]).to_string();
        let came = self.feed(place, from, call.as_bytes());
        outcome.told = came.told(from);
        outcome.delivered = came.forwarded(from.other()).is_some();
        outcome.asked.extend(came.decided);
        outcome.events.extend(came.events);
        outcome.holds += came.holds;
        if !outcome.delivered {
            return outcome;
        }
        let reply = answer.unwrap_or_else(|| match from {
            Side::Csms => answers::station_answer(version, action, payload),
            Side::Station => self.csms_answer(version, action, payload, i64::from(number)),
        });
        let reply = match reply {
            Reply::Result(result) => json!([3, id, result]).to_string(),
            Reply::Error { code, description } => json!([4, id, code, description, {}]).to_string(),
            Reply::Text(text) => text,
            Reply::Silence => return outcome,
        };
        let came = self.feed(place, from.other(), reply.as_bytes());
        outcome.told = came.told(from).or_else(|| came.forwarded(from));
        outcome.answered.extend(came.decided);
        outcome.events.extend(came.events);
        outcome.holds += came.holds;
        if let Some(station) = self.stations.get_mut(place) {
            station.witness(from, action, payload, outcome.told.as_ref());
        }
        outcome
    }

    fn csms_answer(&self, version: Version, action: &str, payload: &Value, number: i64) -> Reply {
        let mut reply = answers::csms_answer(version, action, payload, number);
        // The simulated CSMS of the test kit has a real clock.
        if let Reply::Result(answer) = &mut reply
            && let Some(time) = answer.get_mut("currentTime")
        {
            *time = json!(self.time(0));
        }
        reply
    }

    fn feed(&mut self, place: usize, from: Side, bytes: &[u8]) -> Came {
        let input = Input::Text { from, bytes: Bytes::copy_from_slice(bytes) };
        let Some(station) = self.stations.get_mut(place) else { return Came::default() };
        Came::of(station.session.handle(self.now, input, &self.core))
    }

    fn open(&self, plan: &StationPlan, state: Option<StationState>) -> Session {
        let csms = self.csmss.iter().find(|csms| csms.name == plan.csms);
        let connected = Connected { authenticated: Authentication::Password, tls: true };
        let opening = Opening {
            session: format!("s-{}", plan.id),
            nonce: [3; 12],
            version: plan.version,
            about: About {
                station: plan.id.clone(),
                parties: self.core.policies.bundles().iter().map(|bundle| bundle.party().clone()).collect(),
                site: Some(plan.site.clone()),
                groups: plan.groups.clone(),
                area: plan.area.clone(),
                facts: StationFacts {
                    security_profile: 2,
                    certificate_name: Some(plan.id.clone()),
                    ..StationFacts::default()
                },
                csms: plan.csms.clone(),
                csms_party: csms.map_or_else(|| plan.owner.clone(), |csms| csms.party.clone()),
                csms_facts: CsmsFacts::default(),
                envelope: plan.envelope.clone(),
            },
            station: connected,
            csms: Some(connected),
            factory: false,
            rotation_deferred: false,
            style: RefusalStyle::OwnStatus,
            state,
        };
        Session::open(opening, self.now, &self.core)
    }
}
