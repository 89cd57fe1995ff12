//! What the core asks for while a station's password is replaced: keep it, settle it, make one.

use chargewarden_engine::{Input, Password, Proposal, RotationOrigin, RotationOutcome, Step};
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_store::Credential;
use tokio::sync::oneshot;

use super::Session;
use crate::{
    ending::Ending,
    meters,
    password::fresh_password,
    rotation::{Errand, Rotated},
    secret::Secret,
    tolerance::Tolerance,
};

/// What is known of a rotation under way.
#[derive(Default)]
pub(crate) struct Rotation {
    /// What the core waits for.
    due: Option<Due>,
    /// The hash that was proposed.
    hash: Option<Credential>,
    /// Who waits to hear the outcome.
    reply: Option<oneshot::Sender<Rotated>>,
}

enum Due {
    Proposal(Box<Proposal>),
    Password,
}

impl Session {
    /// Somebody wants the station to have another password.
    pub(super) async fn ordered(&mut self) -> Result<(), Ending> {
        let Some(Errand { password, reply }) = self.signal.take_errand() else { return Ok(()) };
        let password = password.map_or_else(|| self.fresh_password(), Ok);
        match password.and_then(|password| self.begin_rotation(password)) {
            Ok(steps) => {
                self.rotation.get_or_insert_default().reply = Some(reply);
                self.carry_on(steps).await
            }
            Err(why) => {
                let _ = reply.send(Rotated::NotSent(why));
                Ok(())
            }
        }
    }

    fn begin_rotation(&mut self, password: Password) -> Result<Vec<Step>, String> {
        if !self.entry.profile.has_secret() {
            return Err("the station proves itself without a password".to_owned());
        }
        let now = self.gateway.clock.now();
        let world = self.gateway.world.load();
        self.core.rotate(now, password, &world).map_err(|problem| problem.to_string())
    }

    pub(super) fn proposal_due(&mut self, proposal: Box<Proposal>) {
        self.rotation.get_or_insert_default().due = Some(Due::Proposal(proposal));
    }

    pub(super) fn password_due(&mut self) {
        self.rotation.get_or_insert_default().due = Some(Due::Password);
    }

    /// Does what the core waits for, and says what it wants done then.
    pub(super) async fn next_steps(&mut self) -> Option<Vec<Step>> {
        match self.rotation.as_mut()?.due.take()? {
            Due::Proposal(proposal) => {
                let durable = self.propose(*proposal).await;
                let now = self.gateway.clock.now();
                let world = self.gateway.world.load();
                Some(self.core.handle(now, Input::Proposed { durable }, &world))
            }
            Due::Password => {
                let begun = self.fresh_password().and_then(|password| self.begin_rotation(password));
                begun
                    .inspect_err(|why| {
                        tracing::warn!(station = %self.entry.id, why, "no password of its own for the station");
                    })
                    .ok()
            }
        }
    }

    fn fresh_password(&self) -> Result<Password, String> {
        let hex_key = self.entry.tolerances.contains(&Tolerance::HexKey);
        let secret = fresh_password(&[self.core.version()], hex_key, getrandom::fill)
            .map_err(|error| error.to_string())?;
        text_of(&secret).ok_or_else(|| "not text".to_owned())
    }

    /// Keeps the hash of a proposed password, recorded and durable. False if that cannot be.
    async fn propose(&mut self, proposal: Proposal) -> bool {
        let by = self.by(proposal.origin);
        let Some(entry) = self.gateway.roster.find(&self.entry.id) else { return self.not_kept("removed") };
        let secret = Secret::new(proposal.password.expose().as_bytes().to_vec());
        let hashed = self.gateway.credentials.hash(entry, secret).await;
        let hash = match hashed {
            Ok(hash) => Credential::from_phc(hash),
            Err(error) => return self.not_kept(&error.to_string()),
        };
        match self.gateway.roster.propose(self.entry.id.as_str(), hash.clone(), &by).await {
            Ok(()) => {
                self.rotation.get_or_insert_default().hash = Some(hash);
                true
            }
            Err(error) => self.not_kept(&error.to_string()),
        }
    }

    fn not_kept(&mut self, why: &str) -> bool {
        meters::bound_hit("store");
        tracing::warn!(station = %self.entry.id, why, "a new password of the station cannot be kept, so it is not sent");
        if let Some(reply) = self.rotation.as_mut().and_then(|rotation| rotation.reply.take()) {
            let _ = reply.send(Rotated::NotSent("the new password cannot be kept now".to_owned()));
        }
        false
    }

    /// The outcome of the proposal is known, or is known not to be.
    pub(super) async fn settle(&mut self, outcome: RotationOutcome, origin: RotationOrigin) {
        meters::rotation(outcome.word(), origin.word());
        let by = self.by(origin);
        let id = self.entry.id.as_str();
        let roster = &self.gateway.roster;
        let Some(rotation) = self.rotation.as_mut() else { return };
        let reply = rotation.reply.take();
        let hash = match outcome {
            RotationOutcome::Accepted | RotationOutcome::Rejected => rotation.hash.take(),
            // It can still be settled: by a late answer.
            RotationOutcome::Deferred | RotationOutcome::Unknown => rotation.hash.clone(),
        };
        if let Some(hash) = hash {
            let settled = match outcome {
                RotationOutcome::Accepted => roster.accept(id, &hash, &by).await,
                RotationOutcome::Deferred => roster.defer(id, &hash, &by).await,
                RotationOutcome::Rejected => roster.reject(id, &hash, &by).await,
                RotationOutcome::Unknown => roster.unanswered(id, &hash, &by).await,
            };
            if let Err(error) = settled {
                // Both stay good, and what the station uses next settles it.
                tracing::error!(station = id, outcome = outcome.word(), %error, "the outcome of a rotation is not kept");
            }
        }
        self.alert(outcome, origin).await;
        if let Some(reply) = reply {
            let _ = reply.send(outcome.into());
        }
    }

    async fn alert(&self, outcome: RotationOutcome, origin: RotationOrigin) {
        let event = match (outcome, origin) {
            (RotationOutcome::Accepted, _) => OwnEvent::CredentialRotated,
            (RotationOutcome::Rejected, RotationOrigin::Service) => OwnEvent::RotationRefused,
            (RotationOutcome::Rejected, RotationOrigin::Csms)
            | (RotationOutcome::Deferred | RotationOutcome::Unknown, _) => return,
        };
        let detail = if self.entry.factory { "factory credential" } else { "" };
        self.gateway
            .recorder
            .security(Security {
                station: self.entry.id.to_string(),
                csms: self.csms.as_ref().map_or_else(String::new, |_| self.entry.csms.name.clone()),
                session: self.id.clone(),
                peer: self.station.address.clone(),
                detail: detail.to_owned(),
                ..Security::own(event)
            })
            .await;
    }

    /// Who did it, for the inventory's records.
    fn by(&self, origin: RotationOrigin) -> String {
        match origin {
            RotationOrigin::Csms => format!("csms:{}", self.entry.csms.name),
            RotationOrigin::Service => "service".to_owned(),
        }
    }
}

/// The password in a command, if it is text.
pub(crate) fn text_of(secret: &Secret) -> Option<Password> {
    std::str::from_utf8(secret.expose()).ok().map(|text| Password::new(text.to_owned()))
}
