//! When an effect acts.

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::effect::Effect;
use serde::{Deserialize, Serialize};

use super::PowerChange;

/// A moment at which something acts, once or again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    /// When, in ms since the Unix epoch; none: as soon as it arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<i64>,
    /// After how many ms again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) every: Option<i64>,
    /// Until when it recurs, in ms since the Unix epoch; none: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<i64>,
}

impl Act {
    /// As soon as it arrives.
    pub(super) const PROMPT: Self = Self { at: None, every: None, until: None };

    /// What lies in the past acts as soon as it arrives.
    fn at(at: Option<Timestamp>, now_ms: i64) -> Self {
        let at = at.map(Timestamp::as_millis).filter(|at| *at > now_ms);
        Self { at, ..Self::PROMPT }
    }

    fn recurs(self, every_ms: Option<i64>, until: Option<Timestamp>) -> Self {
        let every = every_ms.filter(|every| *every > 0);
        let until = every.and(until).map(Timestamp::as_millis);
        Self { every, until, ..self }
    }

    /// When a predicted change of power happens.
    pub(super) fn of_power(change: &PowerChange, now_ms: i64) -> Self {
        let first = change.at.as_millis();
        match change.every_ms {
            // Its phase counts, not whether its first turn is over.
            Some(_) => Self { at: Some(first), ..Self::PROMPT }.recurs(change.every_ms, change.until),
            None => Self::at(Some(change.at), now_ms),
        }
    }
}

/// When an effect acts: each moment once.
pub(super) fn acts(effect: &Effect, now_ms: i64) -> Vec<Act> {
    let at = |at: Option<Timestamp>| Act::at(at, now_ms);
    let later = |moment: Option<Timestamp>| Some(at(moment)).filter(|act| act.at.is_some());
    let mut acts = match effect {
        Effect::SetPower(power) => {
            let turn = |moment: Option<Timestamp>| {
                let moment = moment?.as_millis();
                let act = Act { at: Some(moment), ..Act::PROMPT };
                Some(act.recurs(power.recurs_s.map(|every| every.saturating_mul(1000)), power.ends_at))
            };
            let acts = match power.recurs_s {
                // The turn that runs, unless it is to hold later, and each one to come.
                Some(_) => {
                    let ahead = power.effective_at.filter(|_| power.effective_at != power.recurs_at);
                    [Some(at(ahead)), turn(power.recurs_at), turn(power.step_at), later(power.ends_at)]
                }
                None => [Some(at(power.effective_at)), later(power.step_at), later(power.ends_at), None],
            };
            acts.into_iter().flatten().collect()
        }
        Effect::Discharge(discharge) => vec![at(discharge.effective_at)],
        Effect::SetDerControl(control) => {
            let begins = at(control.effective_at);
            let lasts = control.duration_s.map(|seconds| seconds.saturating_mul(1000));
            let ends = lasts.map(|lasts| begins.at.unwrap_or(now_ms).saturating_add(lasts));
            let ends = ends.map(|ends| Act { at: Some(ends), ..Act::PROMPT });
            [Some(begins), ends].into_iter().flatten().collect()
        }
        Effect::Reserve(reserve) => {
            [Some(Act::PROMPT), later(reserve.ends_at)].into_iter().flatten().collect()
        }
        Effect::InstallFirmware(firmware) => {
            [Some(at(firmware.retrieve_at)), later(firmware.install_at)].into_iter().flatten().collect()
        }
        Effect::ShowMessage(message) => vec![at(message.effective_at)],
        Effect::SetPrice(price) => vec![at(price.effective_at)],
        Effect::StartCharging(_)
        | Effect::StopCharging(_)
        | Effect::LiftPowerLimit(_)
        | Effect::SwapBattery(_)
        | Effect::Restart(_)
        | Effect::Disable(_)
        | Effect::Enable(_)
        | Effect::UnlockCable(_)
        | Effect::CancelReservation(_)
        | Effect::PublishFirmware(_)
        | Effect::Repoint(_)
        | Effect::LowerSecurity(_)
        | Effect::ReplaceCredential(_)
        | Effect::InstallTrustAnchor(_)
        | Effect::RemoveTrustAnchor(_)
        | Effect::ReplaceStationCertificate(_)
        | Effect::WeakenAuthorization(_)
        | Effect::ChangeLocalList(_)
        | Effect::ClearTokenCache(_)
        | Effect::BlindTelemetry(_)
        | Effect::ChangeSetting(_)
        | Effect::ReadSettings(_)
        | Effect::ExtractLogs(_)
        | Effect::ReadCustomerData(_)
        | Effect::EraseCustomerData(_)
        | Effect::TriggerReport(_)
        | Effect::VendorData(_)
        | Effect::SetClock(_)
        | Effect::SetHeartbeat(_)
        | Effect::AdmitStation(_)
        | Effect::AcceptToken(_)
        | Effect::RefuseToken(_)
        | Effect::AssignTransaction(_)
        | Effect::LimitTransaction(_)
        | Effect::SignCertificate(_)
        | Effect::Acknowledge(_)
        | Effect::Decline(_)
        | Effect::Boot(_)
        | Effect::Heartbeat(_)
        | Effect::ReportStatus(_)
        | Effect::ReportMeter(_)
        | Effect::PresentToken(_)
        | Effect::BeginTransaction(_)
        | Effect::UpdateTransaction(_)
        | Effect::EndTransaction(_)
        | Effect::ReportSecurityEvent(_)
        | Effect::RequestCertificate(_)
        | Effect::ReportFirmware(_)
        | Effect::ReportLogs(_)
        | Effect::ReportPayment(_)
        | Effect::ReportPowerNeeds(_)
        | Effect::ReportSettings(_)
        | Effect::ReportCustomerData(_)
        | Effect::ReportEvent(_)
        | Effect::ReportOutcome(_)
        | Effect::Unknown(_) => vec![Act::PROMPT],
    };
    acts.sort_unstable();
    acts.dedup();
    acts
}
