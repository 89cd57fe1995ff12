//! A session on a stage: policies, clocks, and what it does, as text.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::wildcard_enum_match_arm,
    clippy::field_reassign_with_default,
    reason = "each test uses its part of the stage"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use chargewarden_engine::{
    Boot, Connected, Durability, EvidenceHealth, Input, Moment, Opening, OwnCallProblem, Password, Placing,
    Session, SessionLimits, StationState, Step, World,
};
use chargewarden_evidence::{ContentKey, Event, Record, Verdict};
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Action, Side, Timestamp, Version};
use chargewarden_policy::{About, Authentication, Bundle, BundleSource, Policies, StationFacts};

/// 2026-01-01T00:00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;

/// What no table knows is in no group, and has to be permitted by name.
pub const EVERYTHING: &str = r#"
    @id("everything") permit (principal, action, resource);
    @id("unknown") permit (principal, action == Action::"unknown-effect", resource);
"#;

/// Policies of one party, `cso`, from Cedar text.
pub fn policies(cedar: &str) -> Arc<Policies> {
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n".to_owned()),
        ("policies.cedar".to_owned(), cedar.to_owned()),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files });
    Arc::new(Policies::new(vec![Arc::new(bundle.unwrap_or_else(|problems| panic!("{problems}")))]))
}

pub fn world(policies: Arc<Policies>) -> World {
    World {
        policies,
        ledger: Arc::default(),
        standings: Arc::default(),
        content_key: ContentKey::new(&[7; 32]),
        evidence: EvidenceHealth::Available,
        limits: SessionLimits::default(),
    }
}

pub fn opening(version: Version, state: Option<StationState>) -> Opening {
    let connected = Connected { authenticated: Authentication::Password, tls: false };
    Opening {
        session: "s1".into(),
        nonce: [0; 12],
        version,
        about: About {
            station: "CS-1".into(),
            parties: vec!["cso".parse().unwrap()],
            site: None,
            groups: vec![],
            area: None,
            facts: StationFacts::default(),
            csms: "main".into(),
            csms_party: "cso".parse().unwrap(),
            csms_facts: Default::default(),
            envelope: Default::default(),
        },
        station: connected,
        csms: Some(connected),
        factory: false,
        rotation_deferred: false,
        style: RefusalStyle::OwnStatus,
        state,
    }
}

pub fn booted(boot: Boot, version: Version) -> StationState {
    let mut state = StationState::default();
    state.boot = boot;
    state.version = version.to_string();
    state.last_seen_ms = Some(START_MS);
    state
}

pub fn at(ms: u64) -> Moment {
    Moment { wall: Timestamp::from_millis(START_MS + i64::try_from(ms).unwrap()), mono_ms: ms }
}

/// A session, its world and its clock.
pub struct Stage {
    pub session: Session,
    pub world: World,
    pub now_ms: u64,
    rules: String,
    /// Whether proposed passwords can be kept.
    keeps: bool,
}

impl Stage {
    pub fn open(opening: Opening, world: World) -> Self {
        let session = Session::open(opening, at(0), &world);
        Self { session, world, now_ms: 0, rules: String::new(), keeps: true }
    }

    pub fn say(&mut self, from: Side, text: &str) -> Vec<Step> {
        let input = Input::Text { from, bytes: Bytes::copy_from_slice(text.as_bytes()) };
        self.handle(input)
    }

    pub fn wait(&mut self, ms: u64) -> Vec<Step> {
        self.now_ms += ms;
        self.handle(Input::Tick)
    }

    fn handle(&mut self, input: Input) -> Vec<Step> {
        let steps = self.session.handle(at(self.now_ms), input, &self.world);
        self.kept(steps)
    }

    /// Does what the shell does with a proposal.
    fn kept(&mut self, mut steps: Vec<Step>) -> Vec<Step> {
        if steps.iter().any(|step| matches!(step, Step::Propose(_))) {
            let proposed = Input::Proposed { durable: self.keeps };
            steps.extend(self.session.handle(at(self.now_ms), proposed, &self.world));
        }
        steps
    }

    fn rule(&mut self, cedar: &str) {
        self.rules.push_str(cedar);
        self.world.policies = policies(&format!("{EVERYTHING}\n{}", self.rules));
    }
}

/// Runs a script: every line that does something, followed by what came of it.
///
/// ```text
/// open 1.6 boot=accepted              a session; boot=none (nothing stored), style=call-error,
///                                     local=quarantine or local=factory, rotation=deferred
/// forbid ACTION text…                 from now on a policy forbids the effect
/// hold ACTION REQUIREMENT text…       from now on people must approve it
/// apart ACTION text…                  from now on a policy forbids the effect and sets its sender apart
/// release WHOM                         who was set apart stands as usual again
/// policies none | everything          other policies
/// evidence available|buffering|full   how evidence is
/// wait 10s                            time passes
/// station> FRAME     csms> FRAME      a message
/// station> binary    csms> binary
/// call ACTION PAYLOAD                 a call of our own
/// rotate PASSWORD                     the station gets this password from us
/// proposals kept|lost                 whether the shell can keep proposed passwords
/// gone                                a connection is lost
/// ```
pub fn play(script: &str) -> String {
    let mut out = String::new();
    let mut stage: Option<Stage> = None;
    for line in script.lines().filter(|line| !line.starts_with("  ")) {
        writeln!(out, "{line}").unwrap();
        match act(&mut stage, line) {
            Ok(steps) => steps.iter().for_each(|step| writeln!(out, "  {}", told(step)).unwrap()),
            Err(problem) => writeln!(out, "  not called: {problem}").unwrap(),
        }
    }
    out
}

fn act(stage: &mut Option<Stage>, line: &str) -> Result<Vec<Step>, OwnCallProblem> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word.is_empty() || word.starts_with('#') {
        return Ok(vec![]);
    }
    if word == "open" {
        *stage = Some(open(rest));
        return Ok(vec![]);
    }
    let stage = stage.as_mut().expect("a script begins with `open`");
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(match word {
        "station>" => arrive(stage, Side::Station, rest),
        "csms>" => arrive(stage, Side::Csms, rest),
        "wait" => stage.wait(rest.strip_suffix('s').unwrap().parse::<u64>().unwrap() * 1000),
        "forbid" => {
            stage.rule(&format!(
                "@id(\"no-{first}\") @reason(\"{second}\") forbid (principal, action == Action::\"{first}\", resource);\n"
            ));
            vec![]
        }
        "hold" => {
            let (who, text) = second.split_once(' ').unwrap();
            stage.rule(&format!(
                "@id(\"ask-{first}\") @reason(\"{text}\") @hold(\"{who}\") \
                 forbid (principal, action == Action::\"{first}\", resource);\n"
            ));
            vec![]
        }
        "apart" => {
            stage.rule(&format!(
                "@id(\"apart-{first}\") @reason(\"{second}\") @quarantine \
                 forbid (principal, action == Action::\"{first}\", resource);\n"
            ));
            vec![]
        }
        "release" => {
            stage.world.standings.release(&chargewarden_engine::Whom::parse(rest).unwrap());
            vec![]
        }
        "policies" => {
            stage.rules.clear();
            stage.world.policies = match rest {
                "none" => Arc::new(Policies::default()),
                "everything" => policies(EVERYTHING),
                other => panic!("policies {other}"),
            };
            vec![]
        }
        "evidence" => {
            stage.world.evidence = match rest {
                "available" => EvidenceHealth::Available,
                "buffering" => EvidenceHealth::Buffering,
                "full" => EvidenceHealth::Full,
                other => panic!("evidence {other}"),
            };
            vec![]
        }
        "call" => {
            let action = Action::parse(stage.session.version(), first).unwrap();
            stage.session.call(at(stage.now_ms), action, second, "test", &stage.world)?
        }
        "rotate" => {
            let password = Password::new(rest.to_owned());
            let steps = stage.session.rotate(at(stage.now_ms), password, &stage.world)?;
            stage.kept(steps)
        }
        "proposals" => {
            stage.keeps = rest == "kept";
            vec![]
        }
        "gone" => stage.handle(Input::Gone),
        other => panic!("what is `{other}`?"),
    })
}

fn open(rest: &str) -> Stage {
    let mut words = rest.split(' ');
    let version: Version = words.next().unwrap().parse().unwrap();
    let mut opening = opening(version, Some(booted(Boot::Accepted, version)));
    for word in words {
        match word.split_once('=').unwrap() {
            ("boot", "none") => opening.state = None,
            ("boot", status) => {
                let boot = [Boot::Unknown, Boot::Pending, Boot::Rejected, Boot::Accepted];
                let boot = boot.into_iter().find(|boot| boot.word() == status).unwrap();
                opening.state = Some(booted(boot, version));
            }
            ("local", reason) => {
                opening.csms = None;
                opening.factory = reason == "factory";
            }
            ("rotation", "deferred") => opening.rotation_deferred = true,
            ("style", "call-error") => opening.style = RefusalStyle::CallError,
            other => panic!("{other:?}"),
        }
    }
    Stage::open(opening, world(policies(EVERYTHING)))
}

fn arrive(stage: &mut Stage, from: Side, text: &str) -> Vec<Step> {
    if text == "binary" {
        let bytes = Bytes::from_static(&[1, 2, 3]);
        return stage.handle(Input::Binary { from, bytes });
    }
    stage.say(from, text)
}

/// A step in one line.
pub fn told(step: &Step) -> String {
    match step {
        Step::Record(record, durability) => format!("= {}{}", noted(record), when(*durability)),
        Step::Forward(permit) => format!("{}< as sent", permit.to()),
        Step::Answer { to, text } => format!("{to}< {text}"),
        Step::Call { to, text } => format!("{to}< ours {}", text.as_str()),
        Step::Propose(proposal) => {
            format!("propose {} ({})", proposal.password.expose(), proposal.origin.word())
        }
        Step::Settle { outcome, origin } => format!("settle {} ({})", outcome.word(), origin.word()),
        Step::Provision => "provision".to_owned(),
        Step::Place(placing) => {
            let Placing { whom, placed } = &**placing;
            format!("place {whom} {} by {}", placed.standing.name(), placed.by)
        }
        Step::OpenHold(hold) => {
            let effects: Vec<_> = hold.effects.iter().map(|effect| effect.kind().name()).collect();
            let effects = effects.join(" ");
            format!("hold {} {} [{effects}] needs {}", hold.ticket, hold.action, hold.requirement)
        }
        Step::Learn(state) => {
            let mut out = format!("learn boot={}", state.boot.word());
            for (name, value) in [("model", &state.model), ("firmware", &state.firmware)] {
                if !value.is_empty() {
                    write!(out, " {name}={value}").unwrap();
                }
            }
            if !state.refused_transactions.is_empty() {
                write!(out, " refused={:?}", state.refused_transactions).unwrap();
            }
            out
        }
        Step::Close { blame, code, reason } => format!("close {code} blame {blame}: {reason}"),
    }
}

fn when(durability: Durability) -> &'static str {
    match durability {
        Durability::Before => " (durable first)",
        Durability::Soon => "",
    }
}

fn noted(record: &Record) -> String {
    match &record.event {
        Event::Message(message) => {
            let effects: Vec<&str> = message.effects.iter().map(|effect| effect.name.as_ref()).collect();
            let causes: Vec<String> = message
                .causes
                .iter()
                .filter(|_| message.verdict != Verdict::Forward)
                .map(|cause| format!(" {}", cause.policy))
                .collect();
            let reason = match &message.verdict {
                Verdict::Forward => String::new(),
                Verdict::Refuse { reason } => format!(" {reason} by{}", causes.concat()),
                Verdict::Hold { requirement, .. } => format!(" for {requirement} by{}", causes.concat()),
            };
            let told =
                message.answered.as_ref().map_or(String::new(), |a| format!(" -> {} {}", a.how, a.code));
            format!("{} [{}]{reason}{}", message.verdict.word(), effects.join(" "), told.trim_end())
        }
        Event::Violation(v) => {
            let place = if v.path.is_empty() { String::new() } else { format!(" at {}", v.path) };
            format!("violation by {}: {}{place}", v.blame.word(), v.rule)
        }
        Event::Inventory(inventory) => format!("{} by {}", inventory.change, inventory.by),
        Event::Security(event) => {
            let urgent = if event.critical { "!" } else { "" };
            let unknown = if event.unknown { " (unknown)" } else { "" };
            let stated = event.stated.map(|at| format!(" at {at}")).unwrap_or_default();
            format!(
                "event{urgent} {} {}{unknown}{stated}: {}",
                event.origin.word(),
                event.kind.escape_debug(),
                event.detail.escape_debug()
            )
        }
        Event::OwnCall(call) => format!("own call {} {}", call.action, call.phase.word()),
        other => other.kind().to_owned(),
    }
}

/// Compares a script with what it says came of it; with `UPDATE_CONVERSATIONS=1` writes that down instead.
pub fn check(path: &std::path::Path) {
    let script = std::fs::read_to_string(path).unwrap();
    let played = play(&script);
    if std::env::var_os("UPDATE_CONVERSATIONS").is_some() {
        std::fs::write(path, &played).unwrap();
        return;
    }
    for (number, (expected, found)) in script.lines().zip(played.lines()).enumerate() {
        assert_eq!(expected, found, "{}:{}", path.display(), number + 1);
    }
    assert_eq!(script, played, "{}", path.display());
}
