//! From effects to a verdict, its record, and the permit.
//!
//! A [`Permit`] is made in one place, [`Allowed::deliver`], which puts it behind the record that says so.

mod kept;
mod note;
mod permit;

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use chargewarden_evidence as evidence;
use chargewarden_evidence::{
    ContentKey, Durability, Event, FrameMac, MessageType, OwnEvent, Record, Security, Stamp, Who,
};
use chargewarden_ocpp::{Action, Side};
use chargewarden_policy::effect::{Effect, Group, Weight};
use chargewarden_policy::limit::Over;
use chargewarden_policy::{
    Alert, Circumstances, Doubts, ReasonCode, Requirement, Ruling, Standing, Subject, Verdict,
};
pub(crate) use kept::keep;
pub(crate) use note::side;
pub use permit::Permit;

use crate::events;
use crate::ledger::{Claim, Excess, Places, PowerChange};
use crate::moment::Moment;
use crate::standing::Mark;
use crate::step::Step;
use crate::world::{EvidenceHealth, World};

/// A message and all that is recorded of it.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) now: Moment,
    pub(crate) who: &'a Arc<Who>,
    pub(crate) from: Side,
    pub(crate) kind: MessageType,
    /// Of an answer: the action it answers.
    pub(crate) action: Action,
    pub(crate) id: &'a str,
    pub(crate) bytes: &'a Bytes,
    pub(crate) mac: FrameMac,
    /// Code of an error.
    pub(crate) error: Option<&'a str>,
    /// Empty for what is refused before it is translated.
    pub(crate) effects: &'a [Effect],
    /// What is odd about it.
    pub(crate) doubts: Doubts,
}

/// What came out.
pub(crate) enum Judgement {
    Allowed(Allowed),
    Denied(Denied),
}

/// Every party allows every effect, it exceeds no limit, and evidence can be kept.
pub(crate) struct Allowed {
    ruling: Ruling,
    places: Places,
}

/// Not to be delivered.
pub(crate) struct Denied {
    pub(crate) code: ReasonCode,
    /// For 2.x `statusInfo.reasonCode`.
    pub(crate) status: String,
    /// For the person refused.
    pub(crate) text: String,
    /// Who could lift it.
    pub(crate) requirement: Option<String>,
    causes: Vec<evidence::Cause>,
    /// Which of the causes carries the verdict.
    decisive: usize,
    /// The security event that it is.
    event: Option<OwnEvent>,
    /// Whether somebody should hear of it at once.
    urgent: bool,
    /// Whether the sender is set apart for it.
    pub(crate) apart: bool,
}

/// Decides a translated message.
pub(crate) fn judge(
    world: &World,
    subject: &Subject,
    circumstances: &Circumstances,
    effects: &[Effect],
    power: &[PowerChange],
) -> (Judgement, Option<Mark>) {
    let apart = subject.about().csms_facts.standing == Standing::Quarantined;
    let command = circumstances.from == Side::Csms && !circumstances.message.answer;
    if apart && command && !effects.iter().all(only_reads) {
        let text = "the management system is quarantined: it may read, and charging goes on";
        return (Judgement::Denied(Denied::by_rule(ReasonCode::CsmsQuarantined, text)), None);
    }
    let ruling = world.policies.decide(subject, circumstances, effects);
    let mark = mark(&ruling);
    if ruling.verdict != Verdict::Forward {
        let apart = mark.as_ref().is_some_and(|mark| mark.standing == Standing::Quarantined);
        return (Judgement::Denied(Denied { apart, ..Denied::by_policy(&ruling) }), mark);
    }
    let room = match world.evidence {
        EvidenceHealth::Available => true,
        EvidenceHealth::Buffering => !consequential(effects),
        EvidenceHealth::Full => false,
    };
    if !room {
        let text = "records cannot be kept now";
        return (Judgement::Denied(Denied::by_rule(ReasonCode::EvidenceUnavailable, text)), mark);
    }
    let claim = Claim {
        now: circumstances.now,
        about: subject.about(),
        policies: &world.policies,
        from: circumstances.from,
        effects,
        doubts: circumstances.doubts,
        power,
    };
    match world.ledger.claim(&claim) {
        Ok(places) => (Judgement::Allowed(Allowed { ruling, places }), mark),
        Err(excesses) => (Judgement::Denied(Denied::by_limits(&excesses)), of_excess(&excesses).or(mark)),
    }
}

fn only_reads(effect: &Effect) -> bool {
    effect.kind().groups().contains(&Group::Read)
}

/// What a ruling says of the sender: a policy can set it apart, and whoever causes an urgent alert is watched.
fn mark(ruling: &Ruling) -> Option<Mark> {
    let standing = match (ruling.quarantine(), is_urgent(ruling)) {
        (true, _) => Standing::Quarantined,
        (false, true) => Standing::Watched,
        (false, false) => return None,
    };
    let cause = ruling.causes().find(|cause| match standing {
        Standing::Quarantined => cause.quarantine,
        Standing::Normal | Standing::Watched => cause.alert >= Some(Alert::High),
    })?;
    let cause = note::cause(cause);
    Some(Mark { standing, why: cause.text, by: format!("{}/{}", cause.party, &*cause.policy) })
}

fn of_excess(excesses: &[Excess]) -> Option<Mark> {
    let of = |excess: &Excess, standing| Mark {
        standing,
        why: format!("{} ({})", excess.reason, excess.count),
        by: format!("{}/{}", excess.party, excess.limit),
    };
    let grave = excesses.iter().find(|excess| excess.quarantine);
    let urgent = || excesses.iter().find(|excess| excess.alert >= Some(Alert::High));
    let grave = grave.map(|excess| of(excess, Standing::Quarantined));
    grave.or_else(|| urgent().map(|excess| of(excess, Standing::Watched)))
}

/// Whether the record of a message with these effects must be durable first.
pub(crate) fn consequential(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| effect.kind().weight() == Weight::Consequential)
}

impl Allowed {
    /// The message's places under limits. Whoever takes them has to say what became of it.
    pub(crate) fn take_places(&mut self) -> Places {
        std::mem::take(&mut self.places)
    }

    /// The record of the verdict, and behind it the permit. Where a policy lets it pass but wants it heard of, that comes
    /// first; what a station reports of security is an event anyway.
    pub(crate) fn deliver(self, case: &Case<'_>, key: &ContentKey) -> impl Iterator<Item = Step> {
        let heard = is_urgent(&self.ruling) && case.action != Action::SecurityEventNotification;
        let alarm = heard.then(|| {
            let told = self.ruling.causes().find(|cause| cause.alert >= Some(Alert::High));
            case.alarm(OwnEvent::PolicyAlert, true, told.map(note::cause).as_ref())
        });
        let causes = self.ruling.causes().map(note::cause).collect();
        let message = case.message(key, evidence::Verdict::Forward, causes);
        let durability = if consequential(case.effects) { Durability::Before } else { Durability::Soon };
        alarm.into_iter().chain([
            case.step(Event::Message(message), durability),
            Step::Forward(Permit::new(case.from.other(), case.bytes.clone())),
        ])
    }
}

/// Whether a policy wants people to look at once.
fn is_urgent(ruling: &Ruling) -> bool {
    ruling.alert() >= Some(Alert::High)
}

impl Denied {
    /// By a rule of the service itself.
    pub(crate) fn by_rule(code: ReasonCode, text: &str) -> Self {
        let cause = evidence::Cause {
            party: String::new(),
            policy: code.name().into(),
            effect: evidence::Word::default(),
            text: text.to_owned(),
        };
        Self {
            code,
            status: code.status().to_owned(),
            text: text.to_owned(),
            requirement: None,
            causes: vec![cause],
            decisive: 0,
            event: events::of_refusal(code, None),
            urgent: false,
            apart: false,
        }
    }

    fn by_policy(ruling: &Ruling) -> Self {
        let code = ruling.verdict.code().unwrap_or(ReasonCode::PolicyError);
        let decisive = ruling.decisive();
        // What permits is of no interest where something else refuses.
        let causes = || ruling.causes().filter(|cause| cause.code.is_some());
        let text = decisive.map_or("", |cause| &cause.reason);
        let requirement = match &ruling.verdict {
            Verdict::Hold(requirement) => Some(requirement.to_string()),
            Verdict::Forward | Verdict::Refuse(_) => None,
        };
        Self {
            code,
            status: ruling.status().to_owned(),
            text: if text.is_empty() { code.name().to_owned() } else { text.to_owned() },
            requirement,
            causes: causes().map(note::cause).collect(),
            decisive: causes().position(|cause| cause.code == Some(code)).unwrap_or_default(),
            event: events::of_refusal(code, decisive.and_then(|cause| cause.effect)),
            urgent: is_urgent(ruling),
            apart: false,
        }
    }

    /// By limits of parties: people can lift it if they can lift each of them.
    fn by_limits(excesses: &[Excess]) -> Self {
        let firm = excesses.iter().position(|excess| excess.over == Over::Refuse);
        let requirement = excesses.iter().try_fold(None, |so_far: Option<Requirement>, excess| {
            let Over::Hold(hold) = &excess.over else { return None };
            Some(Some(so_far.map_or_else(|| hold.clone(), |so_far| so_far.union(hold))))
        });
        let cause = |excess: &Excess| evidence::Cause {
            party: excess.party.as_str().to_owned(),
            policy: excess.limit.to_string().into(),
            effect: evidence::Word::default(),
            text: format!("{} ({})", excess.reason, excess.count),
        };
        let decisive = firm.unwrap_or_default();
        let code = ReasonCode::LimitReached;
        Self {
            code,
            status: code.status().to_owned(),
            text: excesses.get(decisive).map_or_else(String::new, |excess| excess.reason.to_string()),
            requirement: requirement.flatten().map(|requirement| requirement.to_string()),
            causes: excesses.iter().map(cause).collect(),
            decisive,
            event: events::of_refusal(code, None),
            urgent: excesses.iter().any(|excess| excess.alert >= Some(Alert::High)),
            apart: excesses.iter().any(|excess| excess.quarantine),
        }
    }

    /// Whether a party said no, as opposed to nobody being able to say yes just now.
    pub(crate) fn is_deliberate(&self) -> bool {
        match self.code {
            ReasonCode::PolicyDenied
            | ReasonCode::NotPermitted
            | ReasonCode::Held
            | ReasonCode::LimitReached
            | ReasonCode::UnknownEffect
            | ReasonCode::TransactionRefused
            | ReasonCode::CsmsQuarantined
            | ReasonCode::CredentialRule => true,
            ReasonCode::NoPolicy
            | ReasonCode::PolicyError
            | ReasonCode::MalformedFrame
            | ReasonCode::FrameTooLarge
            | ReasonCode::BinaryFrame
            | ReasonCode::SchemaViolation
            | ReasonCode::UnknownAction
            | ReasonCode::WrongDirection
            | ReasonCode::UnsolicitedAnswer
            | ReasonCode::CallOutstanding
            | ReasonCode::DuplicateId
            | ReasonCode::CallTimeout
            | ReasonCode::NotBooted
            | ReasonCode::TooManyViolations
            | ReasonCode::RotationOpen
            | ReasonCode::Quarantined
            | ReasonCode::FactoryCredential
            | ReasonCode::EvidenceUnavailable
            | ReasonCode::CsmsUnavailable
            | ReasonCode::StationUnavailable
            | ReasonCode::Draining => false,
        }
    }

    /// Whether its record is to be durable for the sake of the event that it is.
    pub(crate) fn is_critical(&self) -> bool {
        self.urgent || self.event.is_some_and(OwnEvent::is_critical)
    }

    /// The security event that it is, and the record of the verdict, with what the sender was told instead and what we keep
    /// for it. The event comes first, so that one wait makes both durable.
    pub(crate) fn record(
        self,
        case: &Case<'_>,
        key: &ContentKey,
        answered: Option<evidence::Answered>,
        kept: Option<evidence::Attributes>,
        durability: Durability,
    ) -> impl Iterator<Item = Step> {
        let alarm =
            self.event.map(|event| case.alarm(event, self.is_critical(), self.causes.get(self.decisive)));
        let reason = self.code.name().into();
        let verdict = match self.requirement {
            Some(requirement) => evidence::Verdict::Hold { reason, requirement },
            None => evidence::Verdict::Refuse { reason },
        };
        let message = evidence::Message { answered, kept, ..case.message(key, verdict, self.causes) };
        alarm.into_iter().chain([case.step(Event::Message(message), durability)])
    }
}

impl Case<'_> {
    fn message(
        &self,
        key: &ContentKey,
        verdict: evidence::Verdict,
        causes: Vec<evidence::Cause>,
    ) -> evidence::Message {
        evidence::Message {
            who: Arc::clone(self.who),
            from: side(self.from),
            kind: self.kind,
            action: self.action.name().into(),
            id: self.id.to_owned(),
            bytes: self.bytes.len() as u64,
            mac: self.mac,
            error: self.error.map(str::to_owned),
            effects: self.effects.iter().map(|effect| note::effect(effect, key)).collect(),
            doubts: self.doubts.iter().map(|doubt| doubt.name().into()).collect(),
            verdict,
            causes,
            answered: None,
            kept: None,
        }
    }

    /// A security event of ours about the message.
    fn alarm(&self, event: OwnEvent, critical: bool, cause: Option<&evidence::Cause>) -> Step {
        let mut detail = format!("{} of the {}", self.action, side(self.from).word());
        if let Some(cause) = cause {
            let party = if cause.party.is_empty() { "" } else { "/" };
            let _ = write!(detail, ": {} [{}{party}{}]", cause.text, cause.party, cause.policy);
        }
        let event = Security { critical, detail, ..events::about(event, self.who.fields()) };
        self.step(Event::Security(event), Durability::Soon)
    }

    fn step(&self, event: Event, durability: Durability) -> Step {
        Step::Record(Box::new(Record { at: stamp(self.now), event }), durability)
    }
}

/// The time of a record.
pub(crate) fn stamp(now: Moment) -> Stamp {
    Stamp::from_millis(now.wall.as_millis())
}
