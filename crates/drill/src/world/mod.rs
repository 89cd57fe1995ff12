//! A world in memory: stations, management systems, one ledger, one clock.

mod book;
mod charge;
mod charging;
mod mishap;
mod obedience;
mod outcome;
mod plan;
mod profile;
pub mod standard;
mod station;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chargewarden_engine::{
    Connected, EvidenceHealth, Input, Ledger, Member, Moment, Opening, Placing, Session, SessionLimits,
    StationState, Whom,
};
use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::{
    About, Alert, Authentication, CsmsFacts, PartyId, Policies, Standing, StationFacts,
};
use chargewarden_testkit::{Reply, answers};
use serde_json::{Value, json};

pub use book::{Book, Stopped};
pub use charge::Charge;
pub use charging::{Driver, id_token};
use outcome::Came;
pub use outcome::{Decided, Outcome};
pub use plan::{CsmsPlan, Plan, StationPlan};
pub use station::Station;

/// A world.
pub struct World {
    core: chargewarden_engine::World,
    now: Moment,
    stations: Vec<Station>,
    by_id: Arc<BTreeMap<String, usize>>,
    csmss: Arc<[CsmsPlan]>,
    /// Policies that want to be heard of when they match: `cso/anchor-unfit`.
    alerts: Arc<BTreeMap<String, Alert>>,
    /// Numbers for message ids, sessions and 1.6 transactions.
    next: u32,
    /// Whether stations do what commands tell them.
    alive: bool,
    /// Who waits at a station for the start by command that is under way.
    expected: Option<Driver>,
    book: Book,
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
            standings: Arc::default(),
            content_key: ContentKey::new(&[7; 32]),
            evidence: EvidenceHealth::Available,
            limits: SessionLimits::default(),
        };
        let parties: Vec<PartyId> =
            core.policies.bundles().iter().map(|bundle| bundle.party().clone()).collect();
        let members = plan.stations.iter().map(|station| Member {
            station: station.id.clone(),
            site: Some(station.site.clone()),
            area: station.area.clone(),
            parties: parties.clone(),
        });
        core.ledger.set_fleet(&members.collect::<Vec<_>>());
        let now = Moment { wall: plan.begins, mono_ms: 0 };
        let by_id = plan.stations.iter().enumerate().map(|(place, station)| (station.id.clone(), place));
        let mut world = Self {
            by_id: Arc::new(by_id.collect()),
            alerts: Arc::new(alerts(&core.policies)),
            core,
            now,
            stations: plan.stations.into_iter().map(Station::new).collect(),
            csmss: plan.csmss.into(),
            next: 0,
            alive: false,
            expected: None,
            book: Book::default(),
        };
        for place in 0..world.stations.len() {
            world.boot(place);
        }
        world
    }

    /// A world that goes on from here by itself: what happens in one is not known in the other.
    #[must_use]
    pub fn fork(&self) -> Self {
        let ledger = Arc::new((*self.core.ledger).clone());
        let standings = Arc::new((*self.core.standings).clone());
        Self {
            core: chargewarden_engine::World { ledger, standings, ..self.core.clone() },
            now: self.now,
            stations: self.stations.iter().map(Station::fork).collect(),
            by_id: Arc::clone(&self.by_id),
            csmss: Arc::clone(&self.csmss),
            alerts: Arc::clone(&self.alerts),
            next: self.next,
            alive: self.alive,
            expected: None,
            book: Book::default(),
        }
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

    /// What was said so far, and what of it did not pass.
    pub fn book(&self) -> &Book {
        &self.book
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
        self.bytes(place, from, text.as_bytes())
    }

    /// The same for what may be no text.
    pub fn bytes(&mut self, place: usize, from: Side, bytes: &[u8]) -> Outcome {
        let mut outcome = Outcome::default();
        let came = self.feed(place, from, bytes);
        outcome.delivered = came.forwarded(from.other()).is_some();
        outcome.told = came.told(from);
        self.take_in(&mut outcome, came, false);
        outcome
    }

    /// The station was never seen before: it has said nothing yet.
    pub fn forget(&mut self, place: usize) {
        if let Some(station) = self.stations.get_mut(place) {
            station.session = None;
            station.stored = StationState::default();
            station.charges.clear();
        }
    }

    /// The connection breaks and comes back, and the station starts again: the state is what was stored.
    pub fn reconnect(&mut self, place: usize) {
        self.hang_up(place);
        self.boot(place);
    }

    /// The connection breaks and comes back, and the station goes on as it was.
    pub fn hang_up(&mut self, place: usize) {
        let Some(station) = self.stations.get_mut(place) else { return };
        let Some(mut session) = station.session.take() else { return };
        let _ = session.handle(self.now, Input::Gone, &self.core);
        station.stored = StationState::from_json(session.state().to_json().as_bytes()).unwrap_or_default();
    }

    /// The station is connected to another management system from now on.
    pub fn switch(&mut self, place: usize, csms: &str) {
        self.hang_up(place);
        if let Some(station) = self.stations.get_mut(place) {
            csms.clone_into(&mut station.plan.csms);
        }
    }

    /// A number that was not given before.
    pub fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// The version that a station speaks.
    pub fn version(&self, place: usize) -> Option<Version> {
        self.stations.get(place).map(Station::version)
    }

    /// The station says what it is, and how its connectors stand.
    fn boot(&mut self, place: usize) {
        self.announce(place);
        self.tell_statuses(place);
    }

    /// The station says how its connectors stand.
    fn tell_statuses(&mut self, place: usize) {
        let evses = self.stations.get(place).map_or(0, |station| station.plan.evses);
        for evse in 1..=evses {
            let taken = self.stations.get(place).is_some_and(|station| station.charge(evse).is_some());
            self.status(place, evse, if taken { "Charging" } else { "Available" });
        }
    }

    /// The station says what it is.
    fn announce(&mut self, place: usize) {
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
        let outcome = self.call(place, from, action, payload, answer);
        self.book.note(from, action, &outcome);
        if from == Side::Csms && outcome.delivered {
            if let Some(station) = self.stations.get_mut(place) {
                station.witness(action);
            }
            if self.alive && outcome.taken {
                self.obey(place, action, payload);
            }
        }
        outcome
    }

    fn call(
        &mut self,
        place: usize,
        from: Side,
        action: &str,
        payload: &Value,
        answer: Option<Reply>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let number = self.number();
        let id = format!("m{number}");
        let Some(version) = self.version(place) else { return outcome };
        let call = json!([2, id, action, payload]).to_string();
        let came = self.feed(place, from, call.as_bytes());
        outcome.told = came.told(from);
        outcome.delivered = came.forwarded(from.other()).is_some();
        self.take_in(&mut outcome, came, false);
        if !outcome.delivered {
            return outcome;
        }
        let objection = || {
            let station = self.stations.get(place).filter(|_| self.alive && from == Side::Csms)?;
            station.objection(action, payload).map(Reply::Result)
        };
        let reply = answer.or_else(objection).unwrap_or_else(|| match from {
            Side::Csms => answers::station_answer(version, action, payload),
            Side::Station => self.csms_answer(version, action, payload, i64::from(number)),
        });
        let (reply, taken) = match reply {
            Reply::Result(result) => {
                let taken = result.get("status").and_then(Value::as_str).is_none_or(|status| {
                    matches!(status, "Accepted" | "Unlocked" | "Scheduled" | "RebootRequired")
                });
                (json!([3, id, result]).to_string(), taken)
            }
            Reply::Error { code, description } => (json!([4, id, code, description, {}]).to_string(), false),
            Reply::Text(text) => (text, false),
            Reply::Silence => return outcome,
        };
        outcome.taken = taken;
        let came = self.feed(place, from.other(), reply.as_bytes());
        let forwarded = came.forwarded(from);
        outcome.answer_delivered = forwarded.is_some();
        outcome.told = came.told(from).or(forwarded);
        self.take_in(&mut outcome, came, true);
        outcome
    }

    /// Adds what one input led to.
    fn take_in(&self, outcome: &mut Outcome, came: Came, answer: bool) {
        for decided in &came.decided {
            let heard = decided.causes.iter().filter(|cause| self.alerts.contains_key(*cause));
            outcome.alerts.extend(heard.cloned());
        }
        if answer {
            outcome.answered.extend(came.decided);
        } else {
            outcome.asked.extend(came.decided);
        }
        outcome.events.extend(came.events);
        outcome.holds += came.holds;
        outcome.faults.extend(came.faults);
        outcome.closed |= came.closed;
        outcome.placed.extend(came.placed.iter().map(|placing| placing.whom.to_string()));
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
        let Some(mut session) = self.session(place) else { return Came::default() };
        let came = Came::of(session.handle(self.now, input, &self.core));
        if let Some(station) = self.stations.get_mut(place) {
            let quarantined = |placing: &Placing| {
                matches!(placing.whom, Whom::Station(_)) && placing.placed.standing == Standing::Quarantined
            };
            if came.placed.iter().any(quarantined) {
                // As the shell does: it comes back, and nobody but we may hear it.
                let _ = session.handle(self.now, Input::Gone, &self.core);
                station.apart = true;
            }
            if session.is_over() {
                // It comes back at once.
                station.stored = session.state().clone();
            } else {
                station.session = Some(session);
            }
        }
        came
    }

    /// The session of a station, to be put back.
    fn session(&mut self, place: usize) -> Option<Session> {
        let station = self.stations.get_mut(place)?;
        if let Some(session) = station.session.take() {
            return Some(session);
        }
        let station = self.stations.get(place)?;
        Some(self.open(&station.plan, Some(station.stored.clone()), station.apart))
    }

    fn open(&self, plan: &StationPlan, state: Option<StationState>, apart: bool) -> Session {
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
            csms: (!apart).then_some(connected),
            factory: false,
            rotation_deferred: false,
            style: RefusalStyle::OwnStatus,
            state,
        };
        Session::open(opening, self.now, &self.core)
    }
}

/// The policies of all parties that want to be heard of.
fn alerts(policies: &Policies) -> BTreeMap<String, Alert> {
    let bundles = policies.bundles().iter();
    let named = bundles.flat_map(|bundle| {
        let name = |id: &str| format!("{}/{id}", bundle.party());
        bundle.policies().iter().filter_map(move |policy| Some((name(&policy.id), policy.alert?)))
    });
    named.collect()
}
