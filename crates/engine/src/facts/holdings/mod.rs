//! What a station holds by command: reservations, lists, settings, anchors, software, monitors, what is out of service.
//!
//! A thing is held from the moment at which the station accepts the command that makes it, or says that it has it, and
//! until it accepts the command that ends it, or says that it is gone. Each thing knows the party that made it, and a
//! party that makes very much of something pushes out its own, never another's.
//!
//! | File | Holds | Doubts |
//! |---|---|---|
//! | [`reservation`] | who keeps an EVSE for whom until when | `reservation_of_other` `token_reserves_other` `reserved_again` `evse_taken` |
//! | [`local_list`] | version and size of the local list | `list_shrinks` `list_version_jumps` `list_of_other` |
//! | [`setting`] | settings that protect, bill or tell | `weaker_than_before` `setting_of_other` |
//! | [`repointing`] | connection changes that wait for a restart | `activates_repoint` |
//! | [`anchor`] | whom it trusts, for which use | `last_anchor` |
//! | [`firmware`] | the software that was ordered | `firmware_older` `firmware_under_way` `signature_possible` |
//! | [`monitor`] | monitors (2.x) | `monitor_of_other` |
//! | [`outage`] | what is out of service | `undoes_other` |

mod accepted;
mod anchor;
mod firmware;
mod local_list;
mod maker;
mod monitor;
mod outage;
mod repointing;
mod reservation;
mod setting;
mod version;

use chargewarden_ocpp::{Action, Side, Timestamp};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubts, StationFacts};
use serde::{Deserialize, Serialize};

use super::{Heard, Learned, Mark, StationState};
use crate::effects::{MessageKind, PasswordWrite, password_write};
use accepted::Answered;
use anchor::Anchors;
use firmware::Firmware;
use local_list::LocalList;
use monitor::Monitors;
use outage::Outages;
use repointing::Repointing;
use reservation::Reservations;
pub(crate) use reservation::Running as RunningReservation;
use setting::Settings;

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Holdings {
    #[serde(skip_serializing_if = "is_default")]
    reservations: Reservations,
    #[serde(skip_serializing_if = "is_default")]
    local_list: Option<LocalList>,
    #[serde(skip_serializing_if = "is_default")]
    settings: Settings,
    #[serde(skip_serializing_if = "is_default")]
    repointing: Repointing,
    #[serde(skip_serializing_if = "is_default")]
    anchors: Anchors,
    #[serde(skip_serializing_if = "is_default")]
    firmware: Firmware,
    #[serde(skip_serializing_if = "is_default")]
    monitors: Monitors,
    #[serde(skip_serializing_if = "is_default")]
    outages: Outages,
    /// Passwords of its own that it was given by command, the newest last.
    #[serde(skip_serializing_if = "is_default")]
    passwords: Vec<Mark>,
}

/// Most stations hold little: what is not there is not stored.
fn is_default<T: Default + PartialEq>(held: &T) -> bool {
    *held == T::default()
}

/// Passwords known again: the one in use and the one before.
const PASSWORDS_MAX: usize = 2;

impl Holdings {
    /// Reservations that run.
    pub(crate) fn reservations(&self, now: Timestamp) -> impl Iterator<Item = RunningReservation> {
        self.reservations.running(now)
    }

    /// Passwords of its own that it was given by command.
    pub(crate) fn passwords(&self) -> &[Mark] {
        &self.passwords
    }

    /// Another device stands in the station's place: what was stored in the old one is not in the new one.
    fn replaced(&mut self) {
        let Self { reservations, passwords, outages, .. } = std::mem::take(self);
        // Who keeps a place for whom, and who has locked it out, is about the place.
        *self = Self { reservations, passwords, outages, ..Self::default() };
    }
}

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    [
        Action::CancelReservation,
        Action::ChangeAvailability,
        Action::ChangeConfiguration,
        Action::ClearVariableMonitoring,
        Action::DeleteCertificate,
        Action::GetInstalledCertificateIds,
        Action::InstallCertificate,
        Action::NotifyWebPaymentStarted,
        Action::ReserveNow,
        Action::Reset,
        Action::SendLocalList,
        Action::SetMonitoringBase,
        Action::SetMonitoringLevel,
        Action::SetNetworkProfile,
        Action::SetVariableMonitoring,
        Action::SetVariables,
        Action::SignedUpdateFirmware,
        Action::UpdateFirmware,
    ]
    .contains(&action)
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    if !is_command(heard) {
        return;
    }
    let held = &state.holdings;
    held.reservations.doubts(heard, out);
    if let Some(list) = &held.local_list {
        list.doubts(heard, out);
    }
    held.settings.doubts(heard, out);
    held.repointing.doubts(heard, out);
    held.anchors.doubts(heard, out);
    held.firmware.doubts(&state.firmware, heard, out);
    held.monitors.doubts(heard, out);
    held.outages.doubts(heard, out);
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    let now = heard.message.now;
    let held = &mut state.holdings;
    if is_command(heard) {
        return if held.commanded(heard) { Learned::Now } else { Learned::Nothing };
    }
    if heard.message.from == Side::Csms {
        return Learned::Nothing;
    }
    let mut learned = false;
    if let Some(answered) = Answered::of(heard) {
        learned |= held.answered(heard, &answered);
    }
    learned |= held.reported(heard);
    learned |= held.booted(&state.serial, &state.firmware, heard);
    held.reservations.forget(now);
    // A station that lists its settings does so in many parts, and would do so again.
    let told = held.settings.reported(heard);
    match (learned, told) {
        (true, _) => Learned::Now,
        (false, true) => Learned::Later,
        (false, false) => Learned::Nothing,
    }
}

impl Holdings {
    /// A command is on its way.
    fn commanded(&mut self, heard: &Heard<'_>) -> bool {
        let given = match password_write(heard.message.action, heard.message.payload, heard.effects) {
            PasswordWrite::One(password) => self.given(heard.secret(password.expose())),
            PasswordWrite::None | PasswordWrite::Untraceable(_) => false,
        };
        self.anchors.commanded(heard) | given
    }

    /// A password is given when it is sent: whoever got it knows it, also when it does not take it.
    fn given(&mut self, password: Mark) -> bool {
        if self.passwords.last() == Some(&password) {
            return false;
        }
        self.passwords.retain(|known| *known != password);
        if self.passwords.len() >= PASSWORDS_MAX {
            self.passwords.remove(0);
        }
        self.passwords.push(password);
        true
    }

    /// A command was answered.
    fn answered(&mut self, heard: &Heard<'_>, answered: &Answered<'_>) -> bool {
        let done = answered.done();
        self.reservations.done(heard, &done)
            | LocalList::answered(&mut self.local_list, heard, answered)
            | self.settings.done(heard, &done)
            | self.repointing.done(&done)
            | self.anchors.answered(answered)
            | self.firmware.answered(heard, answered, &done)
            | self.monitors.answered(heard, answered)
            | self.outages.done(heard, &done)
    }

    /// The station tells something of itself.
    fn reported(&mut self, heard: &Heard<'_>) -> bool {
        self.reservations.reported(heard)
            | LocalList::told(&mut self.local_list, heard)
            | self.firmware.reported(heard)
    }

    /// The station has started, and says what it is. `serial` and `firmware` are what it said before.
    fn booted(&mut self, serial: &str, firmware: &str, heard: &Heard<'_>) -> bool {
        let Some(boot) = heard.effects.iter().find_map(boot) else { return false };
        let learned = self.repointing.booted(heard.message.version, &boot.reason)
            | self.firmware.booted(firmware, boot);
        let other = !serial.is_empty() && !boot.serial.is_empty() && serial != boot.serial;
        if other {
            self.replaced();
        }
        learned | other
    }
}

fn boot(effect: &Effect) -> Option<&chargewarden_policy::effect::Boot> {
    if let Effect::Boot(boot) = effect { Some(boot) } else { None }
}

fn is_command(heard: &Heard<'_>) -> bool {
    heard.message.from == Side::Csms
        && match heard.message.kind {
            MessageKind::Call | MessageKind::Send => true,
            MessageKind::Result | MessageKind::Error => false,
        }
}

/// Tells policies what is known.
pub(super) fn describe(state: &StationState, facts: &mut StationFacts, now: Timestamp) {
    let _ = now;
    facts.out_of_service = state.holdings.outages.is_whole();
}

#[cfg(test)]
mod scene;
#[cfg(test)]
mod tests;
