//! What an answer of a station says.

use chargewarden_ocpp::{Action, Obj, Version};
use chargewarden_policy::effect::{Effect, ReportOutcome, ReportSettings};

use super::sender::sent_by_station;
use super::{Message, RequestMemo, data, field};

/// Every action, so that a new one has to be thought about here.
pub(super) fn translate(out: &mut Vec<Effect>, message: &Message<'_>) {
    let root = message.payload.root();
    match message.action {
        Action::DataTransfer => transfer(out, message, root),
        Action::GetCompositeSchedule
        | Action::GetConfiguration
        | Action::GetInstalledCertificateIds
        | Action::GetLocalListVersion
        | Action::GetPeriodicEventStream
        | Action::GetTariffs
        | Action::GetTransactionStatus
        | Action::GetVariables => out.push(ReportSettings {}.into()),
        Action::ClearTariffs => each(out, root, "clearTariffsResult", "status"),
        Action::ClearVariableMonitoring => each(out, root, "clearMonitoringResult", "status"),
        Action::SetVariableMonitoring => each(out, root, "setMonitoringResult", "status"),
        Action::SetVariables => each(out, root, "setVariableResult", "attributeStatus"),
        Action::UpdateFirmware if message.version == Version::V16 => done(out),
        Action::CostUpdated | Action::GetDiagnostics | Action::NotifyWebPaymentStarted => done(out),
        Action::AFRRSignal
        | Action::AdjustPeriodicEventStream
        | Action::CancelReservation
        | Action::CertificateSigned
        | Action::ChangeAvailability
        | Action::ChangeConfiguration
        | Action::ChangeTransactionTariff
        | Action::ClearCache
        | Action::ClearChargingProfile
        | Action::ClearDERControl
        | Action::ClearDisplayMessage
        | Action::CustomerInformation
        | Action::DeleteCertificate
        | Action::ExtendedTriggerMessage
        | Action::GetBaseReport
        | Action::GetChargingProfiles
        | Action::GetDERControl
        | Action::GetDisplayMessages
        | Action::GetLog
        | Action::GetMonitoringReport
        | Action::GetReport
        | Action::InstallCertificate
        | Action::NotifyAllowedEnergyTransfer
        | Action::PublishFirmware
        | Action::RemoteStartTransaction
        | Action::RemoteStopTransaction
        | Action::RequestBatterySwap
        | Action::RequestStartTransaction
        | Action::RequestStopTransaction
        | Action::ReserveNow
        | Action::Reset
        | Action::SendLocalList
        | Action::SetChargingProfile
        | Action::SetDERControl
        | Action::SetDefaultTariff
        | Action::SetDisplayMessage
        | Action::SetMonitoringBase
        | Action::SetMonitoringLevel
        | Action::SetNetworkProfile
        | Action::SignedUpdateFirmware
        | Action::TriggerMessage
        | Action::UnlockConnector
        | Action::UnpublishFirmware
        | Action::UpdateDynamicSchedule
        | Action::UpdateFirmware
        | Action::UsePriorityCharging => outcome(out, field::text(root, "status")),
        // Answered by the management system, or never.
        sent_by_station!() => {}
    }
}

/// Statuses that mean that it was done, or will be.
const POSITIVE: [&str; 6] =
    ["Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked", "Unpublished"];

fn outcome(out: &mut Vec<Effect>, status: String) {
    let accepted = POSITIVE.contains(&status.as_str());
    out.push(ReportOutcome { status, accepted }.into());
}

fn done(out: &mut Vec<Effect>) {
    out.push(ReportOutcome { status: "done".to_owned(), accepted: true }.into());
}

/// Several results: the first negative one counts.
fn each(out: &mut Vec<Effect>, root: Obj<'_>, results: &str, status: &str) {
    let statuses = || root.objs(results).map(|result| field::text(result, status));
    let negative = statuses().find(|status| !POSITIVE.contains(&status.as_str()));
    let told = negative.or_else(|| statuses().next()).unwrap_or_default();
    outcome(out, told);
}

fn transfer(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    if !root.has("data") {
        return outcome(out, field::text(root, "status"));
    }
    let (vendor, name) = match message.request {
        Some(RequestMemo::Vendor { vendor, message }) => (vendor.clone(), message.clone()),
        Some(RequestMemo::Nothing | RequestMemo::Token(_) | RequestMemo::Profile(_)) | None => {
            (String::new(), String::new())
        }
    };
    data::vendor_data(out, message, vendor, name, root.get("data"));
}
