//! Random conversations, valid and not, from both sides, through everything that can happen to a session.
//!
//! The oracle below knows OCPP-J's rules of conversation and nothing of how the session keeps them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod scene;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use chargewarden_engine::{
    Boot, Durability, EvidenceHealth, Input, Password, RotationOutcome, Session, SessionLimits, Step, World,
};
use chargewarden_evidence::{Event, FrameMac, Record, Verdict};
use chargewarden_ocpp::{Action, Form, Frame, Header, Limits, Sender, Side, Version, sample};
use chargewarden_policy::Policies;
use chargewarden_policy::effect::{EffectKind, Weight};
use proptest::prelude::*;
use scene::{EVERYTHING, at, booted, opening, policies, world};

/// One thing that happens; the numbers are what it is made of.
#[derive(Clone, Debug)]
enum Act {
    Call {
        from: Side,
        action: usize,
        seed: u64,
        id: Id,
    },
    FaultyCall {
        from: Side,
        action: usize,
        seed: u64,
        id: Id,
    },
    WrongWay {
        from: Side,
        action: usize,
        seed: u64,
    },
    Send {
        from: Side,
        seed: u64,
        id: Id,
    },
    Answer {
        seed: u64,
        by: Side,
    },
    FaultyAnswer {
        seed: u64,
        by: Side,
    },
    Error {
        by: Side,
    },
    Stray {
        from: Side,
        kind: u8,
        id: Id,
    },
    Complaint {
        from: Side,
    },
    Garbage {
        from: Side,
        text: String,
    },
    Binary {
        from: Side,
    },
    Own {
        action: usize,
    },
    /// A password in one of the ways that a CSMS can write it, or by us.
    Password {
        seed: u64,
        own: bool,
    },
    PasswordAnswer {
        seed: u64,
    },
    Wait {
        ms: u64,
    },
    Evidence(EvidenceHealth),
    Policies(usize),
    Gone,
}

#[derive(Clone, Debug)]
enum Id {
    Fresh,
    /// One of few, so that ids meet.
    Small(u8),
    Ours(u8),
}

static POLICIES: LazyLock<[Arc<Policies>; 4]> = LazyLock::new(|| {
    [
        policies(EVERYTHING),
        policies(&format!(
            "{EVERYTHING}
             @id(\"a\") @reason(\"no\") forbid (principal, action in [Action::\"disruptive\", Action::\"trust\"], resource);
             @id(\"b\") @reason(\"no\") @hold(\"cso:1\") forbid (principal, action in Action::\"energy\", resource);
             @id(\"c\") @reason(\"no\") forbid (principal, action == Action::\"begin-transaction\", resource);
             @id(\"d\") @reason(\"no\") forbid (principal, action == Action::\"set-clock\", resource);"
        )),
        policies(&format!(
            "{EVERYTHING}
             @id(\"a\") @reason(\"no\") forbid (principal, action in Action::\"answer\", resource);
             @id(\"b\") @reason(\"no\") forbid (principal, action == Action::\"report-outcome\", resource);
             @id(\"c\") @reason(\"no\") forbid (principal, action == Action::\"report-meter\", resource);"
        )),
        Arc::new(Policies::default()),
    ]
});

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Station), Just(Side::Csms)]
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![8 => Just(Id::Fresh), 3 => (0..6u8).prop_map(Id::Small), 1 => (0..4u8).prop_map(Id::Ours)]
}

fn act() -> impl Strategy<Value = Act> {
    let seed = any::<u64>();
    prop_oneof![
        12 => (side(), any::<usize>(), seed, id())
            .prop_map(|(from, action, seed, id)| Act::Call { from, action, seed, id }),
        2 => (side(), any::<usize>(), seed, id())
            .prop_map(|(from, action, seed, id)| Act::FaultyCall { from, action, seed, id }),
        1 => (side(), any::<usize>(), seed)
            .prop_map(|(from, action, seed)| Act::WrongWay { from, action, seed }),
        1 => (side(), seed, id()).prop_map(|(from, seed, id)| Act::Send { from, seed, id }),
        10 => (seed, side()).prop_map(|(seed, by)| Act::Answer { seed, by }),
        1 => (seed, side()).prop_map(|(seed, by)| Act::FaultyAnswer { seed, by }),
        2 => side().prop_map(|by| Act::Error { by }),
        1 => (side(), 3..7u8, id()).prop_map(|(from, kind, id)| Act::Stray { from, kind, id }),
        1 => side().prop_map(|from| Act::Complaint { from }),
        1 => (side(), "\\PC{0,40}").prop_map(|(from, text)| Act::Garbage { from, text }),
        1 => (side(), r#"\[[2-6],"[a-d0-9]{0,2}","?[A-Za-z]{0,12}"?,\{.{0,12}\}?\]?"#)
            .prop_map(|(from, text)| Act::Garbage { from, text }),
        1 => side().prop_map(|from| Act::Binary { from }),
        1 => any::<usize>().prop_map(|action| Act::Own { action }),
        2 => (seed, any::<bool>()).prop_map(|(seed, own)| Act::Password { seed, own }),
        2 => seed.prop_map(|seed| Act::PasswordAnswer { seed }),
        3 => prop_oneof![0..2_000u64, 0..70_000u64].prop_map(|ms| Act::Wait { ms }),
        1 => prop_oneof![
            Just(EvidenceHealth::Available), Just(EvidenceHealth::Available),
            Just(EvidenceHealth::Buffering), Just(EvidenceHealth::Full)
        ].prop_map(Act::Evidence),
        1 => prop_oneof![4 => Just(0), 2 => Just(1), 2 => Just(2), 1 => Just(3)].prop_map(Act::Policies),
    ]
}

/// What is known of a station at the start, and whether it has no CSMS: in quarantine, or with its maker's password.
#[derive(Clone, Copy, Debug)]
struct Start {
    boot: Option<Boot>,
    local: Option<bool>,
}

fn conversation() -> impl Strategy<Value = (Version, Start, Vec<Act>, bool)> {
    let version = prop_oneof![Just(Version::V16), Just(Version::V201), Just(Version::V21)];
    let boot = prop_oneof![
        6 => Just(Some(Boot::Accepted)), 1 => Just(Some(Boot::Pending)),
        1 => Just(Some(Boot::Rejected)), 1 => Just(None)
    ];
    let local = prop_oneof![8 => Just(None), 1 => Just(Some(false)), 2 => Just(Some(true))];
    let start = (boot, local).prop_map(|(boot, local)| Start { boot, local });
    (version, start, prop::collection::vec(act(), 1..60), any::<bool>())
}

/// A call a side sent, as long as no answer has come.
#[derive(Clone)]
struct Sent {
    action: Option<Action>,
}

struct Arrived {
    from: Side,
    bytes: Bytes,
    /// Must not be forwarded.
    bad: bool,
}

/// What OCPP-J allows each side to see.
struct Oracle {
    version: Version,
    /// Calls that each side sent and that may be answered, by id. Retries come under the same id.
    sent: HashMap<(Side, String), Vec<Sent>>,
    /// Results that each side gave: they may be complained about.
    results: HashSet<(Side, String)>,
    /// The open call as the side that is called sees it, and since when.
    open: HashMap<Side, (String, Option<Action>, u64)>,
    /// Frames that arrived and were not forwarded yet.
    arrived: Vec<Arrived>,
    /// The password that was proposed and whose outcome is not known.
    proposed: Option<String>,
    local: bool,
    over: bool,
}

impl Oracle {
    fn check(&mut self, steps: &[Step], now_ms: u64, world: &World, own_ids: &mut VecDeque<String>) {
        assert!(!self.over || steps.is_empty(), "steps after the end: {steps:?}");
        let mut allowed: Option<FrameMac> = None;
        let mut raised = false;
        for step in steps {
            if let Step::Record(record, _) = step {
                assert!(raised || !needs_event(record), "no security event before {record:?}");
                raised = matches!(record.event, Event::Security(_));
            }
            assert!(allowed.is_none() || matches!(step, Step::Forward(_)), "a record without its message");
            match step {
                Step::Record(record, durability) => {
                    if let Some(mac) = forwards(record) {
                        let needed = consequential(record);
                        assert!(
                            !needed || *durability == Durability::Before,
                            "not durable first: {record:?}"
                        );
                        allowed = Some(mac);
                    }
                }
                Step::Forward(permit) => {
                    assert!(!self.local, "a local session forwards");
                    let mac = allowed.take().expect("a message without its record");
                    let (bytes, bad) = self.forwarded(permit.to().other(), mac, world);
                    assert_eq!(bytes.len(), permit.size());
                    assert!(!bad, "passed on: {bytes:?}");
                    self.delivered(permit.to(), &bytes, now_ms, world);
                }
                Step::Answer { to, text } => self.answered(*to, text),
                Step::Call { to, text } => {
                    own_ids.push_back(id_of(text.as_str()).unwrap());
                    self.delivered(*to, text.as_str().as_bytes(), now_ms, world);
                }
                Step::Close { .. } => self.over = true,
                Step::Propose(proposal) => {
                    assert_eq!(self.proposed, None, "two rotations at once");
                    assert_eq!(proposal.password.check(self.version), Ok(()));
                    self.proposed = Some(proposal.password.expose().to_owned());
                }
                Step::Settle { outcome, .. } => {
                    assert!(self.proposed.is_some(), "the outcome of nothing");
                    match outcome {
                        RotationOutcome::Accepted | RotationOutcome::Rejected => self.proposed = None,
                        // Nothing else is proposed in this session, unless the outcome becomes known.
                        RotationOutcome::Deferred | RotationOutcome::Unknown => {}
                    }
                }
                Step::Provision => assert!(self.local && self.proposed.is_none()),
                Step::Place(_) => {}
                Step::OpenHold(_) | Step::Learn(_) => {}
            }
        }
        assert!(allowed.is_none(), "a record without its message");
    }

    /// What a permit was for: the last that arrived like it, and a good one rather than a bad one.
    fn forwarded(&mut self, from: Side, mac: FrameMac, world: &World) -> (Bytes, bool) {
        let is_it =
            |arrived: &Arrived| arrived.from == from && world.content_key.frame(&arrived.bytes) == mac;
        let good = self.arrived.iter().rposition(|arrived| is_it(arrived) && !arrived.bad);
        let place = good.or_else(|| self.arrived.iter().rposition(is_it));
        let arrived = self.arrived.remove(place.expect("nothing that arrived, or forwarded twice"));
        (arrived.bytes, arrived.bad)
    }

    /// A message reaches a side.
    fn delivered(&mut self, to: Side, bytes: &[u8], now_ms: u64, world: &World) {
        let frame = Frame::open(bytes, self.version, &Limits::default()).expect("only frames are passed on");
        if let Some(password) = password_in(bytes) {
            assert_eq!(self.proposed.as_ref(), Some(&password), "a password is sent that nobody kept");
        }
        match frame.header() {
            Header::Call { id, action } => {
                if let Some((open, _, since)) = self.open.get(&to) {
                    assert!(
                        now_ms - since >= world.limits.patience_ms,
                        "`{id}` while `{open}` is open at {to}"
                    );
                }
                self.open.insert(to, (id.to_owned(), Some(action), now_ms));
            }
            Header::Result { id } | Header::Error { id, .. } => {
                assert!(self.answers(to, id, |_| true), "`{id}` answers nothing that {to} asked");
            }
            Header::ResultError { id, .. } => {
                assert!(self.results.remove(&(to, id.to_owned())), "a complaint about nothing: {id}");
            }
            Header::Send { .. } => {}
        }
    }

    /// A text of ours reaches a side.
    fn answered(&mut self, to: Side, text: &str) {
        let frame = Frame::open(text.as_bytes(), self.version, &Limits::default())
            .unwrap_or_else(|violation| panic!("we say {text}: {violation}"));
        match frame.header() {
            Header::Result { id } => {
                let version = self.version;
                let fits = |sent: &Sent| {
                    let spec = sent.action.and_then(|action| action.spec(version));
                    spec.and_then(|spec| spec.response).is_some_and(|response| frame.read(response).is_ok())
                };
                assert!(self.answers(to, id, fits), "we say {text}");
            }
            Header::Error { id: "-1", .. } => {}
            Header::Error { id, .. } => {
                frame.read_any().unwrap();
                assert!(self.answers(to, id, |_| true), "we say {text}");
            }
            Header::ResultError { .. } => {}
            Header::Call { .. } | Header::Send { .. } => panic!("an answer that is none: {text}"),
        }
    }

    /// An answer reaches a side: whether that asked, and for this.
    fn answers(&mut self, to: Side, id: &str, fits: impl Fn(&Sent) -> bool) -> bool {
        let Some(sent) = self.sent.get_mut(&(to, id.to_owned())) else { return false };
        let place = sent.iter().rposition(fits);
        place.map(|place| sent.remove(place)).is_some()
    }
}

/// The password that a frame brings the station.
fn password_in(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let at = text.find("pw-")?;
    text.get(at..at + 19).map(str::to_owned)
}

fn forwards(record: &Record) -> Option<FrameMac> {
    match &record.event {
        Event::Message(message) if message.verdict == Verdict::Forward => Some(message.mac),
        _ => None,
    }
}

/// What nobody may do is a security event, but for what slowness and restarts do.
fn needs_event(record: &Record) -> bool {
    match &record.event {
        Event::Message(message) => ![
            "",
            "not-booted",
            "transaction-refused",
            "station-unavailable",
            "evidence-unavailable",
            "quarantined",
            "factory-credential",
        ]
        .contains(&message.verdict.reason()),
        Event::Violation(violation) => !["late-answer", "call-timeout"].contains(&&*violation.rule),
        _ => false,
    }
}

fn consequential(record: &Record) -> bool {
    let Event::Message(message) = &record.event else { return false };
    message.effects.iter().any(|effect| {
        EffectKind::parse(&effect.name).is_none_or(|kind| kind.weight() == Weight::Consequential)
    })
}

/// Type, id and action, as far as a glance tells.
fn peek(text: &str) -> (char, Option<&str>, Option<&str>) {
    let kind = text.chars().nth(1).filter(|_| text.starts_with('[')).unwrap_or(' ');
    let mut quoted = text.split('"').skip(1);
    let id = quoted.next().filter(|_| text.get(2..4) == Some(",\""));
    (kind, id, quoted.nth(1))
}

fn id_of(text: &str) -> Option<String> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(frame.get(1)?.as_str()?.to_owned())
}

/// Drives one session and what it is told.
struct Driver {
    session: Session,
    world: World,
    now_ms: u64,
    version: Version,
    fresh: u32,
    own_ids: VecDeque<String>,
    oracle: Oracle,
    log: Vec<String>,
}

impl Driver {
    fn new(version: Version, start: Start) -> Self {
        let world = world(Arc::clone(&POLICIES[0]));
        let state = start.boot.map(|boot| booted(boot, version));
        let mut opening = opening(version, state);
        if let Some(factory) = start.local {
            (opening.csms, opening.factory) = (None, factory);
        }
        Self {
            session: Session::open(opening, at(0), &world),
            world,
            now_ms: 0,
            version,
            fresh: 0,
            own_ids: VecDeque::new(),
            oracle: Oracle {
                version,
                sent: HashMap::new(),
                results: HashSet::new(),
                open: HashMap::new(),
                arrived: vec![],
                proposed: None,
                local: start.local.is_some(),
                over: false,
            },
            log: vec![],
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Call { from, action, seed, id } => {
                let Some(action) =
                    self.pick(*action, |spec| spec.sender.includes(*from) && spec.form == Form::Call)
                else {
                    return;
                };
                let payload = sample::arbitrary(action.spec(self.version).unwrap().request, *seed);
                let id = self.id(id);
                self.say(*from, &format!(r#"[2,"{id}","{action}",{payload}]"#), false);
            }
            Act::FaultyCall { from, action, seed, id } => {
                let Some(action) =
                    self.pick(*action, |spec| spec.sender.includes(*from) && spec.form == Form::Call)
                else {
                    return;
                };
                let Some((payload, _)) = sample::faulty(action.spec(self.version).unwrap().request, *seed)
                else {
                    return;
                };
                let id = self.id(id);
                self.say(*from, &format!(r#"[2,"{id}","{action}",{payload}]"#), true);
            }
            Act::WrongWay { from, action, seed } => {
                let Some(action) = self.pick(*action, |spec| {
                    spec.sender != Sender::Either && !spec.sender.includes(*from) && spec.form == Form::Call
                }) else {
                    return;
                };
                let payload = sample::arbitrary(action.spec(self.version).unwrap().request, *seed);
                let id = self.id(&Id::Fresh);
                self.say(*from, &format!(r#"[2,"{id}","{action}",{payload}]"#), true);
            }
            Act::Send { from, seed, id } => {
                let Some(action) = self.pick(0, |spec| spec.form == Form::Send) else { return };
                let payload = sample::arbitrary(action.spec(self.version).unwrap().request, *seed);
                let id = self.id(id);
                self.say(*from, &format!(r#"[6,"{id}","{action}",{payload}]"#), *from == Side::Csms);
            }
            Act::Answer { seed, by } => {
                let Some((id, action)) = self.asked(*by) else { return };
                let response = action.spec(self.version).unwrap().response.unwrap();
                let payload = sample::arbitrary(response, *seed);
                self.oracle.open.insert(*by, (id.clone(), Some(action), self.now_ms));
                self.say(*by, &format!(r#"[3,"{id}",{payload}]"#), false);
            }
            Act::FaultyAnswer { seed, by } => {
                let Some((id, action)) = self.asked(*by) else { return };
                let response = action.spec(self.version).unwrap().response.unwrap();
                let Some((payload, _)) = sample::faulty(response, *seed) else { return };
                self.say(*by, &format!(r#"[3,"{id}",{payload}]"#), true);
            }
            Act::Error { by } => {
                let Some((id, _)) = self.asked(*by) else { return };
                self.say(*by, &format!(r#"[4,"{id}","InternalError","no",{{"a":1}}]"#), false);
            }
            Act::Stray { from, kind, id } => {
                let id = self.id(id);
                let text = match kind {
                    3 => format!(r#"[3,"{id}",{{}}]"#),
                    kind => format!(r#"[{kind},"{id}","GenericError","",{{}}]"#),
                };
                let open = self.oracle.open.get(from).is_some_and(|(open, ..)| *open == id);
                // By chance it may be the right answer.
                self.say(*from, &text, !open && *kind != 5);
            }
            Act::Complaint { from } => {
                let about =
                    self.oracle.results.iter().filter(|(side, _)| *side == from.other()).min().cloned();
                let Some((_, id)) = about else { return };
                self.say(
                    *from,
                    &format!(r#"[5,"{id}","FormatViolation","",{{}}]"#),
                    self.version != Version::V21,
                );
            }
            Act::Garbage { from, text } => self.say(*from, text, false),
            Act::Binary { from } => {
                let input = Input::Binary { from: *from, bytes: Bytes::from_static(b"[2]") };
                self.handle(input);
            }
            Act::Own { action } => {
                let Some(action) = self.pick(*action, |spec| spec.sender.includes(Side::Csms)) else {
                    return;
                };
                let payload = sample::minimal(action.spec(self.version).unwrap().request);
                if let Ok(steps) = self.session.call(at(self.now_ms), action, &payload, "test", &self.world) {
                    self.check(steps);
                }
            }
            Act::Password { seed, own } => self.write_password(*seed, *own),
            Act::PasswordAnswer { seed } => self.answer_password(*seed),
            Act::Wait { ms } => {
                self.now_ms += ms;
                self.handle(Input::Tick);
            }
            Act::Evidence(health) => self.world.evidence = *health,
            Act::Policies(which) => self.world.policies = Arc::clone(&POLICIES[*which]),
            Act::Gone => self.handle(Input::Gone),
        }
    }

    fn write_password(&mut self, seed: u64, own: bool) {
        let password = format!("pw-{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if own {
            let rotated = self.session.rotate(at(self.now_ms), Password::new(password), &self.world);
            if let Ok(steps) = rotated {
                self.check(steps);
            }
            return;
        }
        let id = self.id(&Id::Fresh);
        let item = |component: &str| {
            format!(
                r#"{{"component":{{"name":"{component}"}},"variable":{{"name":"basicAuthPassword"}},"attributeValue":"{password}"}}"#
            )
        };
        let own = item("SecurityCtrlr");
        let text = match (self.version, seed % 8) {
            (Version::V16, _) => {
                format!(
                    r#"[2,"{id}","ChangeConfiguration",{{"key":"AUTHORIZATIONKEY","value":"{password}"}}]"#
                )
            }
            // Not to be followed.
            (_, 0) => format!(r#"[2,"{id}","SetVariables",{{"setVariableData":[{own},{own}]}}]"#),
            (_, 1) => {
                format!(
                    r#"[2,"{id}","SetVariables",{{"setVariableData":[{}]}}]"#,
                    item("NetworkConfiguration")
                )
            }
            (_, _) => format!(r#"[2,"{id}","SetVariables",{{"setVariableData":[{own}]}}]"#),
        };
        self.say(Side::Csms, &text, false);
    }

    fn answer_password(&mut self, seed: u64) {
        let open = self.oracle.open.get(&Side::Station).and_then(|(_, action, _)| *action);
        let words = ["Accepted", "Rejected", "RebootRequired", "NotSupported"];
        let status = words[usize::try_from(seed % 4).unwrap()];
        let payload = match open {
            Some(Action::ChangeConfiguration) => format!(r#"{{"status":"{status}"}}"#),
            Some(Action::SetVariables) => {
                let status = if status == "NotSupported" { "UnknownVariable" } else { status };
                format!(
                    r#"{{"setVariableResult":[{{"attributeStatus":"{status}","component":{{"name":"SecurityCtrlr"}},"variable":{{"name":"BasicAuthPassword"}}}}]}}"#
                )
            }
            _ => return,
        };
        let Some((id, action)) = self.asked(Side::Station) else { return };
        self.oracle.open.insert(Side::Station, (id.clone(), Some(action), self.now_ms));
        self.say(Side::Station, &format!(r#"[3,"{id}",{payload}]"#), false);
    }

    fn say(&mut self, from: Side, text: &str, bad: bool) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.oracle.arrived.push(Arrived { from, bytes: bytes.clone(), bad });
        let (kind, id, action) = peek(text);
        match (kind, id) {
            // An answer, however bad, ends the call as far as the side that was called knows.
            ('3' | '4', Some(id)) => {
                if self.oracle.open.get(&from).is_some_and(|open| open.0 == id) {
                    self.oracle.open.remove(&from);
                    if kind == '3' {
                        self.oracle.results.insert((from, id.to_owned()));
                    }
                }
            }
            // What is or might be a call may be answered.
            (_, Some(id)) => {
                let action = action.and_then(|action| Action::parse(self.version, action));
                self.oracle.sent.entry((from, id.to_owned())).or_default().push(Sent { action });
            }
            (_, None) => {}
        }
        self.handle(Input::Text { from, bytes });
    }

    fn handle(&mut self, input: Input) {
        let quiet = match &input {
            Input::Text { from, .. } => self.oracle.over || self.deferred(*from),
            Input::Binary { from, .. } => self.oracle.over || (self.oracle.local && *from == Side::Csms),
            Input::Proposed { .. } | Input::Tick | Input::Gone => true,
        };
        let gone = matches!(input, Input::Gone);
        let steps = self.session.handle(at(self.now_ms), input, &self.world);
        let recorded = steps.iter().any(|step| matches!(step, Step::Record(..)));
        let parked = steps.iter().any(|step| matches!(step, Step::Propose(_)));
        assert!(recorded || quiet || parked, "nothing is recorded: {steps:?}");
        self.check(steps);
        self.oracle.over |= gone;
    }

    /// A call of the CSMS may have to wait behind one of ours.
    fn deferred(&self, from: Side) -> bool {
        let ours = |(id, ..): &(String, Option<Action>, u64)| self.own_ids.contains(id);
        from == Side::Csms && (self.oracle.local || self.oracle.open.get(&Side::Station).is_some_and(ours))
    }

    fn check(&mut self, steps: Vec<Step>) {
        self.log.extend(steps.iter().map(|step| format!("{step:?}")));
        self.oracle.check(&steps, self.now_ms, &self.world, &mut self.own_ids);
        if steps.iter().any(|step| matches!(step, Step::Propose(_))) {
            // As the shell does: at once. Now and then the store does not take it.
            let durable = !self.log.len().is_multiple_of(5);
            if !durable {
                self.oracle.proposed = None;
            }
            self.handle(Input::Proposed { durable });
        }
    }

    /// The call that a side has to answer.
    fn asked(&mut self, by: Side) -> Option<(String, Action)> {
        let (id, action, _) = self.oracle.open.remove(&by)?;
        Some((id, action?))
    }

    fn pick(&self, which: usize, fits: impl Fn(&chargewarden_ocpp::ActionSpec) -> bool) -> Option<Action> {
        let specs =
            Action::ALL.iter().filter_map(|action| action.spec(self.version)).filter(|spec| fits(spec));
        let actions: Vec<Action> = specs.map(|spec| spec.action).collect();
        actions.get(which.checked_rem(actions.len())?).copied()
    }

    fn id(&mut self, id: &Id) -> String {
        match id {
            Id::Fresh => {
                self.fresh += 1;
                format!("f{}", self.fresh)
            }
            Id::Small(number) => number.to_string(),
            Id::Ours(number) => format!("cw-000000000000000000000000-{number}"),
        }
    }
}

fn converse(version: Version, start: Start, acts: &[Act], lost: bool) -> Driver {
    let mut driver = Driver::new(version, start);
    for act in acts {
        driver.act(act);
    }
    if lost {
        driver.act(&Act::Gone);
    }
    driver
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_undecided_passes((version, start, acts, lost) in conversation()) {
        converse(version, start, &acts, lost);
    }

    #[test]
    fn the_same_inputs_give_the_same_steps((version, start, acts, lost) in conversation()) {
        let (one, two) = (converse(version, start, &acts, lost), converse(version, start, &acts, lost));
        prop_assert_eq!(one.log, two.log);
    }

    /// The shell's contract with the store: what must be durable first is, or nothing more happens.
    #[test]
    fn a_store_that_fails_lets_nothing_consequential_pass(
        (version, start, acts, lost) in conversation(),
        failures in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        let mut driver = Driver::new(version, start);
        let mut failures = failures.into_iter().cycle();
        let mut durable: HashSet<FrameMac> = HashSet::new();
        let last = lost.then_some(&Act::Gone);
        'session: for act in acts.iter().chain(last) {
            let (Act::Call { .. } | Act::Answer { .. } | Act::Wait { .. } | Act::Policies(_)) = act else { continue };
            let steps = driver.steps(act);
            let mut promised = None;
            for step in steps {
                match step {
                    Step::Record(record, durability) => {
                        let written = !failures.next().unwrap();
                        if let (true, Event::Message(message)) = (written, &record.event) {
                            durable.insert(message.mac);
                        }
                        if durability == Durability::Before && !written {
                            break 'session;
                        }
                        promised = Some(record);
                    }
                    Step::Forward(permit) => {
                        let mac = driver.world.content_key.frame(&permit.into_bytes());
                        let record = promised.take().unwrap();
                        prop_assert_eq!(forwards(&record), Some(mac));
                        prop_assert!(!consequential(&record) || durable.contains(&mac));
                    }
                    Step::Answer { .. }
                    | Step::Call { .. }
                    | Step::Propose(_)
                    | Step::Settle { .. }
                    | Step::Provision
                    | Step::Place(_)
                    | Step::OpenHold(_)
                    | Step::Learn(_) => {}
                    Step::Close { .. } => break 'session,
                }
            }
        }
    }
}

impl Driver {
    /// Like `act`, for the few acts that the store test uses, with the steps given out.
    fn steps(&mut self, act: &Act) -> Vec<Step> {
        let input = |from, text: String| Input::Text { from, bytes: Bytes::from(text) };
        let what = match act {
            Act::Call { from, action, seed, .. } => {
                let Some(action) =
                    self.pick(*action, |spec| spec.sender.includes(*from) && spec.form == Form::Call)
                else {
                    return vec![];
                };
                let payload = sample::arbitrary(action.spec(self.version).unwrap().request, *seed);
                let id = self.id(&Id::Fresh);
                self.oracle.open.insert(from.other(), (id.clone(), Some(action), self.now_ms));
                input(*from, format!(r#"[2,"{id}","{action}",{payload}]"#))
            }
            Act::Answer { seed, by } => {
                let Some((id, action)) = self.asked(*by) else { return vec![] };
                let payload = sample::arbitrary(action.spec(self.version).unwrap().response.unwrap(), *seed);
                input(*by, format!(r#"[3,"{id}",{payload}]"#))
            }
            Act::Wait { ms } => {
                self.now_ms += ms;
                Input::Tick
            }
            Act::Policies(which) => {
                self.world.policies = Arc::clone(&POLICIES[*which]);
                return vec![];
            }
            _ => return vec![],
        };
        self.session.handle(at(self.now_ms), what, &self.world)
    }
}

#[test]
fn bounds_are_what_the_documentation_says() {
    let limits = SessionLimits::default();
    assert!(limits.own_answer_ms <= limits.patience_ms && limits.patience_ms < limits.answer_ms);
}
