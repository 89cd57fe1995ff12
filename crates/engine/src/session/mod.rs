//! A station's connection and its CSMS's, and every message between them.

mod alarm;
mod answer;
mod budget;
mod call;
mod end;
mod gate;
mod id_space;
mod lane;
mod local;
mod misstep;
mod opening;
mod own;
mod recent;
mod refuse;
mod rotation;
mod substitute;
mod transaction;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use chargewarden_evidence::{Event, FrameMac, Hash, MessageType, OwnEvent, Record, Security, Who, WhoFields};
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Action, Frame, Header, Payload, Side, Timestamp, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{
    Authentication, Circumstances, Doubt, Doubts, MessageFacts, Policies, SessionFacts, Standing, Subject,
};

pub use opening::{Connected, Opening};
pub use own::OwnCallProblem;

use crate::effects::{self, RequestMemo};
use crate::events;
use crate::facts::{self, Boot, Heard, Learned, StationState};
use crate::hold::Ticket;
use crate::input::Input;
use crate::moment::Moment;
use crate::standing::{Placing, Whom};
use crate::step::{Durability, Step};
use crate::verdict::{self, Case, Judgement};
use crate::world::{EvidenceHealth, World};
use budget::Budget;
use gate::Gate;
use id_space::IdSpace;
use lane::Lane;
use local::Local;
use own::Queue;
use rotation::Rotation;

/// One session: pure, and the same for the same inputs.
///
/// Feed it with [`Session::handle`], carry out the steps in their order, and call again with [`Input::Tick`] when
/// [`Session::next_tick`] is due.
#[derive(Debug)]
pub struct Session {
    id: String,
    version: Version,
    style: RefusalStyle,
    policies: Arc<Policies>,
    who: Arc<Who>,
    subject: Subject,
    state: StationState,
    /// The stored state is behind, and a verdict may rest on what it lacks.
    learned: bool,
    /// The stored state is behind in what can wait, since this time on the monotonic clock.
    drifted_ms: Option<u64>,
    /// What policies see of the station is behind.
    stale: bool,
    gate: Gate,
    station: Peer,
    csms: Peer,
    ids: IdSpace,
    own: Queue,
    /// Why there is no CSMS, if there is none.
    local: Option<Local>,
    rotation: Option<Box<Rotation>>,
    opened_ms: u64,
    /// When we last asked the station to announce itself.
    boot_asked_ms: Option<u64>,
    /// Whether the station was told in this session how it stands: then it knows what to do.
    boot_answered: bool,
    tickets: u32,
    /// What the message at hand makes of its sender.
    placing: Option<Placing>,
    ended: bool,
}

/// How long what can wait waits to be stored: a restart forgets at most so much of a meter's way.
const DRIFT_MS: u64 = 300_000;

/// What is kept of one side.
#[derive(Debug)]
struct Peer {
    connected: Connected,
    lane: Lane,
    budget: Budget,
}

/// One input being worked on.
struct Work<'w> {
    now: Moment,
    world: &'w World,
    steps: Vec<Step>,
}

impl Work<'_> {
    /// How a record is written that nothing is forwarded behind.
    fn durability(&self, weighty: bool) -> Durability {
        match self.world.evidence {
            EvidenceHealth::Available if weighty => Durability::Before,
            EvidenceHealth::Available | EvidenceHealth::Buffering | EvidenceHealth::Full => Durability::Soon,
        }
    }
}

/// A frame that arrived.
struct Arrival<'a> {
    from: Side,
    bytes: &'a Bytes,
    mac: FrameMac,
}

/// What came of a message.
struct Decision {
    effects: effects::Effects,
    doubts: Doubts,
    judgement: Judgement,
}

/// A frame's place in the conversation, for its record.
#[derive(Clone, Copy)]
struct Said<'a> {
    kind: MessageType,
    action: Action,
    id: &'a str,
    error: Option<&'a str>,
}

impl Session {
    /// Begins. Nothing has to be done yet.
    pub fn open(opening: Opening, now: Moment, world: &World) -> Self {
        let Opening {
            session,
            nonce,
            version,
            mut about,
            station,
            csms,
            factory,
            rotation_deferred,
            style,
            state,
        } = opening;
        let local = match (csms, factory) {
            (Some(_), _) => None,
            (None, true) => Some(Local::Factory),
            (None, false) => Some(Local::Quarantine),
        };
        let mut state = state.unwrap_or_default();
        state.speaks(version);
        state.sessions.connect();
        if local.is_some() {
            // Whatever it was told before, it has to wait now.
            state.boot = Boot::Unknown;
        }
        let csms = csms.unwrap_or(Connected { authenticated: Authentication::None, tls: false });
        about.facts.version = version;
        state.describe(&mut about.facts, now.wall);
        world.ledger.holds(&about, &state.holdings, now.wall);
        if let Some(power_w) = state.power_w() {
            world.ledger.measured(&about, power_w, now.wall);
        }
        world.ledger.commits(&about, state.commitment(&about, now.wall));
        let [s0, s1, s2, s3, s4, s5, s6, s7, ..] = nonce;
        let seed = u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
        let peer = |connected| Peer { connected, lane: Lane::new(seed), budget: Budget::default() };
        Self {
            who: who(&session, version, &about.station, &about.csms, &world.policies),
            id: session,
            version,
            style,
            policies: Arc::clone(&world.policies),
            subject: Subject::new(about, &world.policies),
            state,
            learned: false,
            drifted_ms: None,
            stale: false,
            gate: Gate::default(),
            station: peer(station),
            csms: peer(csms),
            ids: IdSpace::new(nonce),
            own: Queue::new(),
            local,
            rotation: rotation_deferred.then(|| Box::new(Rotation::deferred())),
            opened_ms: now.mono_ms,
            boot_asked_ms: None,
            boot_answered: false,
            tickets: 0,
            placing: None,
            ended: false,
        }
    }

    /// What is to be done about something that happened, in order.
    pub fn handle(&mut self, now: Moment, input: Input, world: &World) -> Vec<Step> {
        // A record and what follows it: that is nearly always all.
        let mut work = Work { now, world, steps: Vec::with_capacity(2) };
        if self.ended {
            return work.steps;
        }
        self.follow_policies(world);
        self.expire(&mut work);
        match input {
            // Nobody is there.
            Input::Text { from: Side::Csms, .. } | Input::Binary { from: Side::Csms, .. }
                if self.local.is_some() => {}
            Input::Text { from, bytes } => self.text(&mut work, from, &bytes),
            Input::Binary { from, bytes } => self.binary(&mut work, from, &bytes),
            Input::Proposed { durable } => self.proposed(&mut work, durable),
            Input::Tick => {}
            Input::Gone => self.gone(&mut work),
        }
        self.finish(&mut work);
        work.steps
    }

    /// What follows from every input.
    fn finish(&mut self, work: &mut Work<'_>) {
        self.take_turns(work);
        self.follow_rotation(work);
        // An outcome can make a further call due.
        self.take_turns(work);
        self.place(work);
        self.keep(work);
        // Nothing is done after the end.
        if let Some(at) = work.steps.iter().position(|step| matches!(step, Step::Close { .. })) {
            let close = work.steps.remove(at);
            work.steps.push(close);
        }
    }

    /// When a [`Input::Tick`] is due, in ms on the monotonic clock; none while nothing waits.
    pub fn next_tick(&self, world: &World) -> Option<u64> {
        let deadline = |peer: &Peer| peer.lane.deadline(&world.limits);
        deadline(&self.station).into_iter().chain(deadline(&self.csms)).min()
    }

    /// What is known of the station.
    pub fn state(&self) -> &StationState {
        &self.state
    }

    /// The version spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether the session is over; it does nothing any more.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    fn text(&mut self, work: &mut Work<'_>, from: Side, bytes: &Bytes) {
        let arrival = Arrival { from, bytes, mac: work.world.content_key.frame(bytes) };
        let frame = match Frame::open(bytes, self.version, &work.world.limits.wire) {
            Ok(frame) => frame,
            Err(violation) => return self.malformed(work, &arrival, violation),
        };
        match frame.header() {
            Header::Call { id, action } => self.call_arrived(work, &arrival, &frame, id, action),
            Header::Send { id, action } => self.send_arrived(work, &arrival, &frame, id, action),
            Header::Result { id } => self.answer_arrived(work, &arrival, &frame, id, None),
            Header::Error { id, code, .. } => self.answer_arrived(work, &arrival, &frame, id, Some(code)),
            Header::ResultError { id, code, .. } => self.complaint_arrived(work, &arrival, &frame, id, code),
        }
    }

    fn message<'a>(
        &self,
        work: &Work<'_>,
        arrival: &Arrival<'_>,
        said: Said<'a>,
        payload: &'a Payload<'a>,
        request: Option<&'a RequestMemo>,
    ) -> effects::Message<'a> {
        effects::Message {
            version: self.version,
            from: arrival.from,
            action: said.action,
            kind: kind(said.kind),
            payload,
            error: said.error,
            description: None,
            request,
            now: work.now.wall,
        }
    }

    /// Translates and decides. Of an answer with the call that it answers, where the facts want it.
    fn decide(
        &mut self,
        work: &Work<'_>,
        arrival: &Arrival<'_>,
        message: &effects::Message<'_>,
        call: Option<&effects::Message<'_>>,
    ) -> Decision {
        let effects = effects::translate(message);
        self.follow_standings(work);
        // How many certificates and how long ago: that changes without a message.
        if std::mem::take(&mut self.stale) || effects.iter().any(is_about_certificates) {
            self.refresh_subject(work.now.wall);
        }
        let about = self.subject.about();
        let key = &work.world.content_key;
        let heard = Heard { message, effects: &effects, about, call, key };
        let mut doubts = self.state.doubts(&heard);
        doubts.extend(work.world.ledger.doubts(&heard));
        let asks = match (message.from, message.kind) {
            (Side::Csms, effects::MessageKind::Error) | (Side::Station, _) => None,
            (Side::Csms, _) => self.state.commitments(&heard),
        };
        let asked = asks.is_some_and(|asks| {
            let fits = work.world.ledger.asks(heard.about, &asks, work.now.wall);
            doubts.add_if(!fits, Doubt::AboveRating);
            fits
        });
        let power = match message.from {
            Side::Csms => self.state.power_changes(&heard),
            Side::Station => Vec::new(),
        };
        let peer = self.peer(arrival.from);
        let circumstances = Circumstances {
            from: arrival.from,
            message: MessageFacts {
                version: self.version,
                action: message.action.name(),
                bytes: i64::try_from(arrival.bytes.len()).unwrap_or(i64::MAX),
                answer: match message.kind {
                    effects::MessageKind::Call | effects::MessageKind::Send => false,
                    effects::MessageKind::Result | effects::MessageKind::Error => true,
                },
            },
            session: SessionFacts {
                authenticated: peer.connected.authenticated,
                age_s: i64::try_from(work.now.mono_ms.saturating_sub(self.opened_ms) / 1000)
                    .unwrap_or(i64::MAX),
                tls: peer.connected.tls,
            },
            doubts,
            now: work.now.wall,
        };
        let (judgement, mark) = verdict::judge(work.world, &self.subject, &circumstances, &effects, &power);
        if let Some(mark) = mark {
            self.placing = Some(mark.on(arrival.from, self.subject.about(), work.now.wall));
        }
        if asked && matches!(judgement, Judgement::Denied(_)) {
            self.commit(work);
        }
        Decision { effects, doubts, judgement }
    }

    /// How station and management system stand: that changes without a message.
    fn follow_standings(&mut self, work: &Work<'_>) {
        let about = self.subject.about();
        let now = work.world.standings.of_both(&about.station, &about.csms, work.now.wall);
        if now != (about.facts.standing, about.csms_facts.standing) {
            let mut about = about.clone();
            (about.facts.standing, about.csms_facts.standing) = now;
            self.subject = Subject::new(about, &self.policies);
        }
    }

    /// A verdict places its sender: at once for all sessions, and for good by the shell. A station's quarantine is the
    /// shell's to begin: it needs another kind of session.
    fn place(&mut self, work: &mut Work<'_>) {
        let Some(placing) = self.placing.take() else { return };
        let Placing { whom, placed } = &placing;
        let elsewhere = matches!(whom, Whom::Station(_)) && placed.standing == Standing::Quarantined;
        if !elsewhere && !work.world.standings.place(whom.clone(), placed.clone(), work.now.wall) {
            return;
        }
        let detail = format!("{whom} is {} [{}]: {}", placed.standing.name(), placed.by, placed.why);
        let event = Security { detail, ..events::about(OwnEvent::StandingChanged, self.who.fields()) };
        let record = Record { at: verdict::stamp(work.now), event: Event::Security(event) };
        work.steps.push(Step::Record(Box::new(record), Durability::Soon));
        work.steps.push(Step::Place(Box::new(placing)));
    }

    /// Takes in what was delivered.
    fn learn(
        &mut self,
        work: &Work<'_>,
        message: &effects::Message<'_>,
        effects: &[Effect],
        call: Option<&effects::Message<'_>>,
    ) {
        let key = &work.world.content_key;
        let heard = Heard { message, effects, about: self.subject.about(), call, key };
        work.world.ledger.learn(&heard);
        let before = self.state.power_w();
        let learned = self.state.learn(&heard);
        let power = self.state.power_w();
        if power != before {
            work.world.ledger.measured(self.subject.about(), power.unwrap_or(0), work.now.wall);
        }
        // What a command asks for counts until the station has spoken.
        let ordered = message.from == Side::Csms && message.kind == effects::MessageKind::Call;
        if !ordered && (learned == Learned::Now || facts::steers_power(message.action)) {
            self.commit(work);
        }
        match learned {
            Learned::Nothing => return,
            Learned::Later => self.drifted_ms = self.drifted_ms.or(Some(work.now.mono_ms)),
            Learned::Now => {
                self.learned = true;
                let about = self.subject.about();
                work.world.ledger.holds(about, &self.state.holdings, work.now.wall);
            }
        }
        self.stale = true;
    }

    /// Says what the station may draw, by the profiles that it has.
    fn commit(&self, work: &Work<'_>) {
        let about = self.subject.about();
        if about.envelope.site_w.is_some() {
            work.world.ledger.commits(about, self.state.commitment(about, work.now.wall));
        }
    }

    fn case<'a>(
        &'a self,
        now: Moment,
        arrival: &Arrival<'a>,
        said: Said<'a>,
        effects: &'a [Effect],
        doubts: Doubts,
    ) -> Case<'a> {
        Case {
            now,
            who: &self.who,
            from: arrival.from,
            kind: said.kind,
            action: said.action,
            id: said.id,
            bytes: arrival.bytes,
            mac: arrival.mac,
            error: said.error,
            effects,
            doubts,
        }
    }

    /// Other policies apply from the next message on.
    fn follow_policies(&mut self, world: &World) {
        if Arc::ptr_eq(&self.policies, &world.policies) {
            return;
        }
        self.policies = Arc::clone(&world.policies);
        let about = self.subject.about().clone();
        self.who = who(&self.id, self.version, &about.station, &about.csms, &self.policies);
        self.subject = Subject::new(about, &self.policies);
    }

    /// A fact changed that policies can see.
    fn refresh_subject(&mut self, now: Timestamp) {
        let mut about = self.subject.about().clone();
        self.state.describe(&mut about.facts, now);
        if about != *self.subject.about() {
            self.subject = Subject::new(about, &self.policies);
        }
    }

    fn booted(&mut self, boot: Boot, now: Timestamp) {
        self.gate.clear();
        self.boot_answered = true;
        self.learned |= self.state.boot != boot;
        self.state.boot = boot;
        self.refresh_subject(now);
    }

    /// Has the state stored if that is worth it.
    fn keep(&mut self, work: &mut Work<'_>) {
        self.learned |= self.ended && self.state.sessions.part();
        let due = |since: u64| self.ended || work.now.mono_ms.saturating_sub(since) >= DRIFT_MS;
        if std::mem::take(&mut self.learned) || self.drifted_ms.is_some_and(due) {
            self.drifted_ms = None;
            work.steps.push(Step::Learn(Box::new(self.state.clone())));
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        Ticket::new(&self.id, self.tickets)
    }

    fn peer(&self, side: Side) -> &Peer {
        match side {
            Side::Station => &self.station,
            Side::Csms => &self.csms,
        }
    }

    fn peer_mut(&mut self, side: Side) -> &mut Peer {
        match side {
            Side::Station => &mut self.station,
            Side::Csms => &mut self.csms,
        }
    }
}

/// Whether what is judged rests on the certificates that the station asked for.
fn is_about_certificates(effect: &Effect) -> bool {
    matches!(effect, Effect::RequestCertificate(_) | Effect::ReplaceStationCertificate(_))
}

fn kind(kind: MessageType) -> effects::MessageKind {
    match kind {
        MessageType::Call => effects::MessageKind::Call,
        MessageType::Send => effects::MessageKind::Send,
        MessageType::Result => effects::MessageKind::Result,
        MessageType::Error | MessageType::ResultError => effects::MessageKind::Error,
    }
}

fn who(session: &str, version: Version, station: &str, csms: &str, policies: &Policies) -> Arc<Who> {
    Who::new(WhoFields {
        station: station.to_owned(),
        csms: csms.to_owned(),
        session: session.to_owned(),
        version: version.to_string(),
        bundles: policies.bundles().iter().map(|bundle| Hash(bundle.digest())).collect(),
    })
}
