//! The station's own password is replaced: by its CSMS with a command that policy permits, or by us.
//!
//! | | What happens |
//! |---|---|
//! | 1 | the command is allowed, and its password keeps the rules: [`Step::Propose`], and the command waits |
//! | 2 | the shell has recorded and kept the proposal ([`crate::Input::Proposed`]): the command goes out |
//! | 3 | the station answers: [`Step::Settle`], from the status of exactly that item; the shell records it |
//!
//! There is one rotation at a time, and as long as its outcome is not known there is no other: a station that may have
//! either of two passwords must not be offered a third.

use chargewarden_ocpp::{Action, Frame, Payload, Side, Version};
use chargewarden_policy::ReasonCode;
use chargewarden_policy::effect::Effect;
use zeroize::Zeroizing;

use super::gate::Passage;
use super::lane::Deferred;
use super::local::Local;
use super::own::{OWN_CALLS_MAX, OwnCallProblem};
use super::{Arrival, Session, Work};
use crate::effects::{self, PasswordWrite};
use crate::moment::Moment;
use crate::password::Password;
use crate::rotation::{Proposal, RotationOrigin, RotationOutcome};
use crate::step::Step;
use crate::verdict::Denied;
use crate::world::{EvidenceHealth, World};

/// What our call is for, in records.
const PURPOSE: &str = "rotate-password";

/// A rotation under way, or one whose outcome is not known.
#[derive(Debug)]
pub(super) struct Rotation {
    origin: RotationOrigin,
    /// The id of the call that carries the password; empty until ours has one.
    id: String,
    action: Action,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The shell is keeping the proposal. With the password, if the call is ours to make.
    Proposing(Option<Password>),
    /// It is kept, and the call is about to go out.
    Kept,
    /// It could not be kept.
    NotKept,
    /// The station has the call.
    Sent,
    /// No answer that says anything.
    Unknown,
    /// Accepted, from the station's next start on.
    Deferred,
}

/// Whether an allowed command may go out.
pub(super) enum Carriage {
    Free,
    /// Once its password is kept.
    Parked,
    Denied(Denied),
}

impl Rotation {
    /// What an earlier session left open.
    pub(super) fn deferred() -> Self {
        let (origin, action) = (RotationOrigin::Service, Action::SetVariables);
        Self { origin, id: String::new(), action, stage: Stage::Deferred }
    }

    fn is_parked(&self) -> bool {
        matches!((&self.stage, self.origin), (Stage::Proposing(_), RotationOrigin::Csms))
    }
}

impl Session {
    /// Gives the station a new password by a call of our own, and swallows the answer. The outcome comes as
    /// [`Step::Settle`].
    ///
    /// The password is sent as it is: for a station that reads the `AuthorizationKey` of 1.6 as hexadecimal digits it
    /// has to be hexadecimal digits.
    ///
    /// # Errors
    ///
    /// What keeps it from being sent at all. Nothing is proposed then.
    pub fn rotate(
        &mut self,
        now: Moment,
        password: Password,
        world: &World,
    ) -> Result<Vec<Step>, OwnCallProblem> {
        if self.ended {
            return Err(OwnCallProblem::Ended);
        }
        if self.local == Some(Local::Quarantine) {
            return Err(OwnCallProblem::Quarantined);
        }
        let action = match self.version {
            Version::V16 => Action::ChangeConfiguration,
            Version::V201 | Version::V21 => Action::SetVariables,
        };
        if self.gate.passage(self.state.boot, Side::Csms, action) != Passage::Open {
            return Err(OwnCallProblem::NotBooted);
        }
        password.check(self.version)?;
        if self.rotation.is_some() {
            return Err(OwnCallProblem::RotationOpen);
        }
        if world.evidence != EvidenceHealth::Available {
            return Err(OwnCallProblem::Evidence);
        }
        if self.own.len() >= OWN_CALLS_MAX {
            return Err(OwnCallProblem::TooMany);
        }
        let origin = RotationOrigin::Service;
        let stage = Stage::Proposing(Some(password.clone()));
        self.rotation = Some(Box::new(Rotation { origin, id: String::new(), action, stage }));
        let mut work =
            Work { now, world, steps: vec![Step::Propose(Box::new(Proposal { password, origin }))] };
        self.keep(&mut work);
        Ok(work.steps)
    }

    /// Whether a password of the station is being replaced, or was and nobody knows yet which one it has.
    pub fn rotation_open(&self) -> bool {
        self.rotation.is_some()
    }

    /// Whether a command waits for the shell to keep its password: nothing else goes to the station before it.
    pub(super) fn is_parked(&self) -> bool {
        self.rotation.as_ref().is_some_and(|rotation| rotation.is_parked())
    }

    /// A command is allowed: whether it may go out as far as the password in it is concerned.
    pub(super) fn carriage(
        &mut self,
        work: &mut Work<'_>,
        arrival: &Arrival<'_>,
        (id, action): (&str, Action),
        payload: &Payload<'_>,
        effects: &[Effect],
    ) -> Carriage {
        if arrival.from == Side::Station {
            return Carriage::Free;
        }
        let password = match effects::password_write(action, payload, effects) {
            PasswordWrite::None => return Carriage::Free,
            PasswordWrite::Untraceable(why) => {
                return Carriage::Denied(Denied::by_rule(ReasonCode::CredentialRule, why));
            }
            PasswordWrite::One(password) => password,
        };
        if let Some(rotation) = &mut self.rotation {
            let same = rotation.origin == RotationOrigin::Csms && rotation.id == id;
            match rotation.stage {
                Stage::Kept if same => rotation.stage = Stage::Sent,
                Stage::NotKept if same => {
                    let text = "the new password cannot be kept now";
                    return Carriage::Denied(Denied::by_rule(ReasonCode::EvidenceUnavailable, text));
                }
                Stage::Proposing(_)
                | Stage::Kept
                | Stage::NotKept
                | Stage::Sent
                | Stage::Unknown
                | Stage::Deferred => {
                    let text = "the outcome of the last change of the password is not known yet";
                    return Carriage::Denied(Denied::by_rule(ReasonCode::RotationOpen, text));
                }
            }
            return Carriage::Free;
        }
        if let Err(problem) = password.check(self.version) {
            return Carriage::Denied(Denied::by_rule(ReasonCode::CredentialRule, &problem.to_string()));
        }
        let origin = RotationOrigin::Csms;
        let stage = Stage::Proposing(None);
        self.rotation = Some(Box::new(Rotation { origin, id: id.to_owned(), action, stage }));
        self.csms.lane.deferred = Some(Deferred { id: id.to_owned(), bytes: arrival.bytes.clone() });
        work.steps.push(Step::Propose(Box::new(Proposal { password, origin })));
        Carriage::Parked
    }

    /// The shell has kept the proposal, or could not.
    pub(super) fn proposed(&mut self, work: &mut Work<'_>, durable: bool) {
        let Some(rotation) = &mut self.rotation else { return };
        let Stage::Proposing(password) = &mut rotation.stage else { return };
        let password = password.take();
        rotation.stage = if durable { Stage::Kept } else { Stage::NotKept };
        match password {
            None => self.resume(work),
            Some(_) if !durable => self.rotation = None,
            Some(password) => {
                let action = rotation.action;
                let payload = command(self.version, &password);
                let id = self.queue(action, &payload, PURPOSE);
                if let Some(rotation) = &mut self.rotation {
                    rotation.id = id;
                }
            }
        }
    }

    /// The command that waited is decided again: policies are what they are now.
    fn resume(&mut self, work: &mut Work<'_>) {
        if let Some(deferred) = self.csms.lane.deferred.take() {
            self.text(work, Side::Csms, &deferred.bytes);
        }
        match self.rotation.as_ref().map(|rotation| &rotation.stage) {
            // It was refused after all, so it was never sent.
            Some(Stage::Kept) => self.settle(work, RotationOutcome::Rejected),
            Some(Stage::NotKept) => self.rotation = None,
            Some(Stage::Proposing(_) | Stage::Sent | Stage::Unknown | Stage::Deferred) | None => {}
        }
    }

    /// Our call has gone out.
    pub(super) fn rotation_sent(&mut self, id: &str) {
        if let Some(rotation) = &mut self.rotation
            && rotation.id == id
            && matches!(rotation.stage, Stage::Kept)
        {
            rotation.stage = Stage::Sent;
        }
    }

    /// An answer: the outcome, if it is about the password.
    pub(super) fn rotation_answered(&mut self, work: &mut Work<'_>, id: &str, answer: Option<&Payload<'_>>) {
        let Some(rotation) = &self.rotation else { return };
        if rotation.id != id || !matches!(rotation.stage, Stage::Sent | Stage::Unknown) {
            return;
        }
        let outcome = match answer {
            None => RotationOutcome::Rejected,
            Some(answer) => effects::password_status(rotation.action, answer)
                .map_or(RotationOutcome::Unknown, |status| RotationOutcome::of_status(&status)),
        };
        self.settle(work, outcome);
    }

    /// An answer that came too late for its caller still says which password the station has.
    pub(super) fn rotation_answered_late(
        &mut self,
        work: &mut Work<'_>,
        frame: &Frame<'_>,
        id: &str,
        error: bool,
    ) {
        let Some(rotation) = &self.rotation else { return };
        if rotation.id != id || !matches!(rotation.stage, Stage::Unknown) {
            return;
        }
        if error {
            return self.rotation_answered(work, id, None);
        }
        let response = rotation.action.spec(self.version).and_then(|spec| spec.response);
        if let Some(Ok(answer)) = response.map(|response| frame.read(response)) {
            self.rotation_answered(work, id, Some(&answer));
        }
    }

    /// Notices that no answer will come: the call was given up, its answer was not valid, or the session is over.
    pub(super) fn follow_rotation(&mut self, work: &mut Work<'_>) {
        let Some(rotation) = &self.rotation else { return };
        let open = self.csms.lane.open.as_ref().is_some_and(|open| open.id == rotation.id);
        match rotation.stage {
            Stage::Sent if !open || self.ended => self.settle(work, RotationOutcome::Unknown),
            // Never sent, so the station does not have it.
            Stage::Proposing(_) | Stage::Kept | Stage::NotKept if self.ended => {
                self.settle(work, RotationOutcome::Rejected);
            }
            Stage::Proposing(_)
            | Stage::Kept
            | Stage::NotKept
            | Stage::Sent
            | Stage::Unknown
            | Stage::Deferred => {}
        }
    }

    fn settle(&mut self, work: &mut Work<'_>, outcome: RotationOutcome) {
        let Some(rotation) = &mut self.rotation else { return };
        let origin = rotation.origin;
        // Said once: that the session ends changes nothing about an outcome that is not known.
        match outcome {
            RotationOutcome::Accepted | RotationOutcome::Rejected => self.rotation = None,
            RotationOutcome::Deferred => rotation.stage = Stage::Deferred,
            RotationOutcome::Unknown if matches!(rotation.stage, Stage::Unknown) => return,
            RotationOutcome::Unknown => rotation.stage = Stage::Unknown,
        }
        work.steps.push(Step::Settle { outcome, origin });
        if matches!(outcome, RotationOutcome::Accepted | RotationOutcome::Deferred) {
            self.state.commanded.trust_ms = Some(work.now.wall.as_millis());
            self.learned = true;
        }
        if self.local == Some(Local::Factory) {
            self.provision_settled(work, outcome);
        }
    }
}

/// The payload that sets the password.
fn command(version: Version, password: &Password) -> Zeroizing<String> {
    // Strings only: cannot fail.
    let value = Zeroizing::new(serde_json::to_string(password.expose()).unwrap_or_default());
    Zeroizing::new(match version {
        Version::V16 => format!(r#"{{"key":"AuthorizationKey","value":{}}}"#, *value),
        Version::V201 | Version::V21 => format!(
            concat!(
                r#"{{"setVariableData":[{{"component":{{"name":"SecurityCtrlr"}},"#,
                r#""variable":{{"name":"BasicAuthPassword"}},"attributeValue":{}}}]}}"#
            ),
            *value
        ),
    })
}
