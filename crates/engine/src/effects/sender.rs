//! Which side alone sends an action, as patterns.
//!
//! Each of the four translations matches every action without a wildcard. What its side never says
//! is the same list for calls and for answers, so it stands here once: an action that is new is in
//! neither list, and all four matches then ask what it does.

/// Actions that only a management system sends.
macro_rules! sent_by_csms {
    () => {
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
            | Action::ClearTariffs
            | Action::ClearVariableMonitoring
            | Action::CostUpdated
            | Action::CustomerInformation
            | Action::DeleteCertificate
            | Action::ExtendedTriggerMessage
            | Action::GetBaseReport
            | Action::GetChargingProfiles
            | Action::GetCompositeSchedule
            | Action::GetConfiguration
            | Action::GetDERControl
            | Action::GetDiagnostics
            | Action::GetDisplayMessages
            | Action::GetInstalledCertificateIds
            | Action::GetLocalListVersion
            | Action::GetLog
            | Action::GetMonitoringReport
            | Action::GetPeriodicEventStream
            | Action::GetReport
            | Action::GetTariffs
            | Action::GetTransactionStatus
            | Action::GetVariables
            | Action::InstallCertificate
            | Action::NotifyAllowedEnergyTransfer
            | Action::NotifyWebPaymentStarted
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
            | Action::SetVariableMonitoring
            | Action::SetVariables
            | Action::SignedUpdateFirmware
            | Action::TriggerMessage
            | Action::UnlockConnector
            | Action::UnpublishFirmware
            | Action::UpdateDynamicSchedule
            | Action::UpdateFirmware
            | Action::UsePriorityCharging
    };
}

/// Actions that only a station sends.
macro_rules! sent_by_station {
    () => {
        Action::Authorize
            | Action::BatterySwap
            | Action::BootNotification
            | Action::ClearedChargingLimit
            | Action::ClosePeriodicEventStream
            | Action::DiagnosticsStatusNotification
            | Action::FirmwareStatusNotification
            | Action::Get15118EVCertificate
            | Action::GetCertificateChainStatus
            | Action::GetCertificateStatus
            | Action::Heartbeat
            | Action::LogStatusNotification
            | Action::MeterValues
            | Action::NotifyChargingLimit
            | Action::NotifyCustomerInformation
            | Action::NotifyDERAlarm
            | Action::NotifyDERStartStop
            | Action::NotifyDisplayMessages
            | Action::NotifyEVChargingNeeds
            | Action::NotifyEVChargingSchedule
            | Action::NotifyEvent
            | Action::NotifyMonitoringReport
            | Action::NotifyPeriodicEventStream
            | Action::NotifyPriorityCharging
            | Action::NotifyReport
            | Action::NotifySettlement
            | Action::OpenPeriodicEventStream
            | Action::PublishFirmwareStatusNotification
            | Action::PullDynamicScheduleUpdate
            | Action::ReportChargingProfiles
            | Action::ReportDERControl
            | Action::ReservationStatusUpdate
            | Action::SecurityEventNotification
            | Action::SignCertificate
            | Action::SignedFirmwareStatusNotification
            | Action::StartTransaction
            | Action::StatusNotification
            | Action::StopTransaction
            | Action::TransactionEvent
            | Action::VatNumberValidation
    };
}

pub(super) use {sent_by_csms, sent_by_station};

#[cfg(test)]
mod tests {
    use chargewarden_ocpp::{Action, Sender, Version};

    #[test]
    fn the_catalogue_says_the_same() {
        for action in Action::ALL.iter().copied() {
            let only = match action {
                sent_by_csms!() => Some(Sender::Csms),
                sent_by_station!() => Some(Sender::Station),
                Action::DataTransfer => None,
            };
            for spec in Version::ALL.iter().filter_map(|version| action.spec(*version)) {
                assert_eq!(spec.sender, only.unwrap_or(Sender::Either), "{action:?}");
            }
        }
    }
}
