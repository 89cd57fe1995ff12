//! What is odd about a command, given the sessions that run.

use chargewarden_ocpp::{Action, Obj, Value, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts};

use super::Sessions;
use super::owner::Beginner;
use super::scene::Scene;
use super::status::Status;
use super::transaction::Transaction;

pub(super) fn doubts(sessions: &Sessions, scene: &Scene<'_>, out: &mut Doubts) {
    sessions.doubts_place(scene, out);
    if let Some(id) = named(scene) {
        out.add_if(sessions.is_unknown(&id, scene), Doubt::NoSuchTransaction);
        out.add_if(sessions.find(&id).is_some_and(is_of_driver), Doubt::SessionOfDriver);
    }
    for effect in scene.heard.effects {
        sessions.doubt_effect(effect, out);
    }
}

/// The transaction that a command names.
fn named(scene: &Scene<'_>) -> Option<String> {
    let root = scene.root;
    let id = |object: Obj<'_>| match scene.version {
        Version::V16 => object.int("transactionId").map(|id| id.to_string()),
        Version::V201 | Version::V21 => object.text("transactionId").map(std::borrow::Cow::into_owned),
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "few commands name a transaction")]
    match scene.heard.message.action {
        Action::RemoteStopTransaction
        | Action::RequestStopTransaction
        | Action::ChangeTransactionTariff
        | Action::CostUpdated
        | Action::NotifyAllowedEnergyTransfer
        | Action::UsePriorityCharging => id(root),
        Action::SetChargingProfile => {
            let name = if scene.version == Version::V16 { "csChargingProfiles" } else { "chargingProfile" };
            id(root.obj(name)?)
        }
        // To ask about a transaction that is not there is what the question is for.
        _ => None,
    }
}

/// Whether a driver began it, and nobody's command.
fn is_of_driver(transaction: &Transaction) -> bool {
    transaction.beginner == Beginner::Driver
}

impl Sessions {
    fn doubt_effect(&self, effect: &Effect, out: &mut Doubts) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others act on no session in particular")]
        match effect {
            Effect::StartCharging(start) => self.doubt_taken(start.evse, false, out),
            Effect::Reserve(reserve) => self.doubt_taken(reserve.evse, true, out),
            Effect::Restart(restart) => self.doubt_running(restart.evse, None, out),
            Effect::Disable(disable) => self.doubt_running(disable.evse, disable.connector, out),
            Effect::InstallFirmware(_) => self.doubt_running(None, None, out),
            Effect::UnlockCable(unlock) => {
                self.doubt_running(unlock.evse, unlock.connector, out);
                let here = |known: &&Transaction| unlock.evse.is_none_or(|evse| known.evse == Some(evse));
                let mut sessions = self.running.iter().filter(|known| self.is_running(known)).filter(here);
                out.add_if(sessions.any(is_of_driver), Doubt::SessionOfDriver);
            }
            _ => {}
        }
    }

    /// Whether somebody charges there. Of 1.6 the status says so, too, when we have not seen the session begin.
    fn doubt_running(&self, evse: Option<i64>, connector: Option<i64>, out: &mut Doubts) {
        let evse = evse.filter(|evse| *evse > 0);
        let here = |at: Option<i64>| evse.is_none_or(|evse| at.is_none_or(|at| at == evse));
        let on = |at: Option<i64>| connector.is_none_or(|connector| at.is_none_or(|at| at == connector));
        let by_transaction = self
            .running
            .iter()
            .any(|known| here(known.evse) && on(known.connector) && self.is_running(known));
        let by_status =
            self.connectors.iter().any(|known| here(Some(known.evse)) && known.status.is_session());
        out.add_if(by_transaction || by_status, Doubt::SessionRunning);
    }

    /// Whether an EVSE is not free: for a start, whether somebody else's session is on it.
    fn doubt_taken(&self, evse: Option<i64>, whole: bool, out: &mut Doubts) {
        let Some(evse) = evse.filter(|evse| *evse > 0) else { return };
        let session = self.running.iter().any(|known| known.evse == Some(evse) && self.is_running(known));
        let in_use = |status: Status| match status {
            Status::Charging | Status::SuspendedEv | Status::SuspendedEvse => true,
            Status::Occupied | Status::Preparing | Status::Finishing => whole,
            Status::Available | Status::Reserved | Status::Unavailable | Status::Faulted => false,
        };
        out.add_if(session || self.status(evse).is_some_and(in_use), Doubt::EvseTaken);
    }

    /// Whether a message names an EVSE or connector that the station does not have.
    pub(super) fn doubts_place(&self, scene: &Scene<'_>, out: &mut Doubts) {
        let root = scene.root;
        let has = |name: &str| root.shape().is_some_and(|shape| shape.member(name).is_some());
        let name = super::book::place_name(scene.version);
        let direct = has(name).then(|| root.int(name)).flatten();
        let within = has("evse").then(|| root.obj("evse")).flatten().and_then(|evse| evse.int("id"));
        let listed = has("evseId").then(|| root.list("evseId").filter_map(Value::int)).into_iter().flatten();
        let mut named = direct.into_iter().chain(within).chain(listed);
        out.add_if(named.any(|evse| self.lacks(evse, scene)), Doubt::NoSuchEvse);
    }
}
