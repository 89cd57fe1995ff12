//! What a call of a management system would do.

use chargewarden_ocpp::{Action, Version};
use chargewarden_policy::effect::Effect;

use super::sender::sent_by_station;
use super::{
    Message, authorization, commerce, data, display, energy, monitoring, profile, reading, service, setting,
    software, trust,
};

/// Every action, so that a new one has to be thought about here.
pub(super) fn translate(out: &mut Vec<Effect>, message: &Message<'_>) {
    let &Message { version, now, .. } = message;
    let root = message.payload.root();
    match message.action {
        Action::AFRRSignal => profile::signal(out, root),
        Action::AdjustPeriodicEventStream => monitoring::adjust_stream(out, root),
        Action::CancelReservation => authorization::cancel_reservation(out, root),
        Action::CertificateSigned => trust::certificate_signed(out, version, root),
        Action::ChangeAvailability => service::change_availability(out, version, root),
        Action::ChangeConfiguration => setting::change_configuration(out, root),
        Action::ChangeTransactionTariff => commerce::change_transaction_tariff(out, root),
        Action::ClearCache => authorization::clear_cache(out),
        Action::ClearChargingProfile => profile::clear(out, version, root),
        Action::ClearDERControl => energy::clear_der_control(out, root),
        Action::ClearDisplayMessage => display::clear_display_message(out),
        Action::ClearTariffs => commerce::clear_tariffs(out, root),
        Action::ClearVariableMonitoring => monitoring::clear(out, root),
        Action::CostUpdated => commerce::cost_updated(out, root),
        Action::CustomerInformation => data::customer_information(out, root),
        Action::DataTransfer => data::transfer(out, message),
        Action::DeleteCertificate => trust::delete_certificate(out, root),
        Action::ExtendedTriggerMessage | Action::TriggerMessage => reading::trigger(out, version, root),
        Action::GetBaseReport => reading::base_report(out, root),
        Action::GetChargingProfiles => reading::all(out, "profiles"),
        Action::GetCompositeSchedule => reading::all(out, "schedule"),
        Action::GetConfiguration => reading::configuration(out, root),
        Action::GetDERControl => reading::all(out, "der-controls"),
        Action::GetDiagnostics => data::get_diagnostics(out, root),
        Action::GetDisplayMessages => reading::all(out, "messages"),
        Action::GetInstalledCertificateIds => reading::certificates(out, version, root),
        Action::GetLocalListVersion => reading::all(out, "local-list"),
        Action::GetLog => data::get_log(out, root),
        Action::GetMonitoringReport => reading::report(out, "monitors", root),
        Action::GetPeriodicEventStream => reading::all(out, "event-streams"),
        Action::GetReport => reading::report(out, "settings", root),
        Action::GetTariffs => reading::all(out, "tariffs"),
        Action::GetTransactionStatus => reading::transaction(out, root),
        Action::GetVariables => reading::variables(out, root),
        Action::InstallCertificate => trust::install_certificate(out, root),
        Action::NotifyAllowedEnergyTransfer => energy::allowed_transfer(out, root),
        Action::NotifyWebPaymentStarted => authorization::web_payment(out, now, root),
        Action::PublishFirmware => software::publish(out, root),
        Action::RemoteStartTransaction | Action::RequestStartTransaction => energy::start(out, message),
        Action::RemoteStopTransaction | Action::RequestStopTransaction => energy::stop(out, version, root),
        Action::RequestBatterySwap => energy::swap_battery(out, root),
        Action::ReserveNow => authorization::reserve(out, version, root),
        Action::Reset => service::reset(out, version, root),
        Action::SendLocalList => authorization::local_list(out, version, root),
        Action::SetChargingProfile => energy::set_charging_profile(out, message),
        Action::SetDERControl => energy::set_der_control(out, root),
        Action::SetDefaultTariff => commerce::set_default_tariff(out, root),
        Action::SetDisplayMessage => display::set_display_message(out, version, root),
        Action::SetMonitoringBase => monitoring::base(out, root),
        Action::SetMonitoringLevel => monitoring::level(out, root),
        Action::SetNetworkProfile => trust::set_network_profile(out, version, root),
        Action::SetVariableMonitoring => monitoring::set(out, root),
        Action::SetVariables => setting::set_variables(out, root),
        Action::SignedUpdateFirmware => software::update(out, root),
        Action::UnlockConnector => service::unlock(out, version, root),
        Action::UnpublishFirmware => software::unpublish(out, root),
        Action::UpdateDynamicSchedule => energy::update_dynamic_schedule(out, root),
        Action::UpdateFirmware if version == Version::V16 => software::update_unsigned(out, root),
        Action::UpdateFirmware => software::update(out, root),
        Action::UsePriorityCharging => profile::use_priority(out, root),
        // Stations send these. The wire rules let none of them through in this direction.
        sent_by_station!() => {}
    }
}
