//! What a call, or an unanswered message, of a station says.

use chargewarden_ocpp::{Action, Obj, SecurityEvent, Version};
use chargewarden_policy::effect::{
    BeginTransaction, Boot, Effect, EndTransaction, Heartbeat, PresentToken, ReportCustomerData, ReportEvent,
    ReportFirmware, ReportLogs, ReportMeter, ReportPayment, ReportPowerNeeds, ReportSecurityEvent,
    ReportSettings, ReportStatus, RequestCertificate, UpdateTransaction,
};

use super::sender::sent_by_csms;
use super::{Message, certificate, data, energy, field, number};

/// Every action, so that a new one has to be thought about here.
pub(super) fn translate(out: &mut Vec<Effect>, message: &Message<'_>) {
    let &Message { version, action, .. } = message;
    let root = message.payload.root();
    match action {
        Action::Authorize => present(out, version, root),
        Action::BatterySwap => {
            present(out, version, root);
            event(out, action.name());
        }
        Action::BootNotification => boot(out, version, root),
        Action::ClearedChargingLimit
        | Action::NotifyChargingLimit
        | Action::NotifyEVChargingNeeds
        | Action::NotifyEVChargingSchedule => {
            out.push(ReportPowerNeeds { evse: field::place(root, "evseId") }.into());
        }
        Action::NotifyPriorityCharging | Action::PullDynamicScheduleUpdate => {
            out.push(ReportPowerNeeds { evse: None }.into());
        }
        Action::DataTransfer => data::transfer(out, message),
        Action::DiagnosticsStatusNotification | Action::LogStatusNotification => {
            out.push(ReportLogs { status: field::text(root, "status") }.into());
        }
        Action::FirmwareStatusNotification
        | Action::PublishFirmwareStatusNotification
        | Action::SignedFirmwareStatusNotification => {
            out.push(ReportFirmware { status: field::text(root, "status") }.into());
        }
        Action::Get15118EVCertificate => other_certificate(out, "contract"),
        Action::GetCertificateChainStatus | Action::GetCertificateStatus => other_certificate(out, "status"),
        Action::SignCertificate => sign_certificate(out, version, root),
        Action::Heartbeat => out.push(Heartbeat {}.into()),
        Action::MeterValues => meter_values(out, version, root),
        Action::NotifyCustomerInformation => out.push(ReportCustomerData {}.into()),
        Action::NotifyDisplayMessages
        | Action::NotifyMonitoringReport
        | Action::NotifyReport
        | Action::ReportChargingProfiles
        | Action::ReportDERControl => out.push(ReportSettings {}.into()),
        Action::NotifyEvent => events(out, root),
        Action::ClosePeriodicEventStream
        | Action::NotifyDERAlarm
        | Action::NotifyDERStartStop
        | Action::NotifyPeriodicEventStream
        | Action::OpenPeriodicEventStream
        | Action::VatNumberValidation => event(out, action.name()),
        Action::NotifySettlement => settlement(out, root),
        Action::ReservationStatusUpdate => {
            let status = field::text(root, "reservationUpdateStatus");
            out.push(ReportStatus { evse: None, status, error: String::new() }.into());
        }
        Action::SecurityEventNotification => security_event(out, root),
        Action::StartTransaction => start_transaction(out, root),
        Action::StatusNotification => status(out, version, root),
        Action::StopTransaction => stop_transaction(out, root),
        Action::TransactionEvent => transaction_event(out, version, root),
        // Management systems send these. The wire rules let none of them through in this direction.
        sent_by_csms!() => {}
    }
}

/// The token in a message, if there is one.
fn present(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    if version == Version::V16 {
        if let Some(token) = field::tag(root) {
            out.push(PresentToken { token: Some(token), token_type: "unspecified".to_owned() }.into());
        }
    } else if let Some((token, token_type)) = field::token(root) {
        out.push(PresentToken { token: Some(token), token_type }.into());
    }
}

fn boot(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    if version == Version::V16 {
        let serial = root.text("chargePointSerialNumber").or_else(|| root.text("chargeBoxSerialNumber"));
        out.push(
            Boot {
                model: field::text(root, "chargePointModel"),
                vendor: field::text(root, "chargePointVendor"),
                serial: serial.map(std::borrow::Cow::into_owned).unwrap_or_default(),
                firmware: field::text(root, "firmwareVersion"),
                reason: String::new(),
            }
            .into(),
        );
    } else if let Some(station) = root.obj("chargingStation") {
        out.push(
            Boot {
                model: field::text(station, "model"),
                vendor: field::text(station, "vendorName"),
                serial: field::text(station, "serialNumber"),
                firmware: field::text(station, "firmwareVersion"),
                reason: field::text(root, "reason"),
            }
            .into(),
        );
    }
}

fn event(out: &mut Vec<Effect>, event: &str) {
    out.push(ReportEvent { event: event.to_owned() }.into());
}

/// `NotifyEvent`: each component and variable once.
fn events(out: &mut Vec<Effect>, root: Obj<'_>) {
    let mut told: Vec<String> = Vec::new();
    for item in root.objs("eventData") {
        let (Some(component), Some(variable)) = (item.obj("component"), item.obj("variable")) else {
            continue;
        };
        let name = format!("{}.{}", field::text(component, "name"), field::text(variable, "name"));
        if !told.contains(&name) {
            event(out, &name);
            told.push(name);
        }
    }
}

/// A certificate or a status that is not for the station itself.
fn other_certificate(out: &mut Vec<Effect>, certificate_use: &str) {
    let nothing = certificate::request(certificate_use, "");
    out.push(RequestCertificate { signing: false, ..nothing }.into());
}

fn sign_certificate(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let stated = if version == Version::V16 { None } else { root.text("certificateType") };
    let certificate_use = stated.as_deref().unwrap_or("ChargingStationCertificate");
    out.push(certificate::request(certificate_use, &root.text("csr").unwrap_or_default()).into());
}

fn meter_values(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let evse = field::place(root, if version == Version::V16 { "connectorId" } else { "evseId" });
    meter(out, evse, root, "meterValue");
}

fn meter(out: &mut Vec<Effect>, evse: Option<i64>, root: Obj<'_>, name: &str) {
    let values = root.objs(name).map(|value| value.list("sampledValue").count()).sum();
    out.push(ReportMeter { evse, values: number::count(values) }.into());
}

fn settlement(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(
        ReportPayment {
            status: field::text(root, "status"),
            amount_milli: root.num("settlementAmount").map_or(0, number::milli),
            transaction: field::text(root, "transactionId"),
        }
        .into(),
    );
}

fn security_event(out: &mut Vec<Effect>, root: Obj<'_>) {
    let event = field::text(root, "type");
    let standard = SecurityEvent::find(&event).is_some();
    out.push(ReportSecurityEvent { event, standard }.into());
}

fn status(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    out.push(if version == Version::V16 {
        ReportStatus {
            evse: field::place(root, "connectorId"),
            status: field::text(root, "status"),
            error: field::text(root, "errorCode"),
        }
        .into()
    } else {
        ReportStatus {
            evse: field::place(root, "evseId"),
            status: field::text(root, "connectorStatus"),
            error: String::new(),
        }
        .into()
    });
}

fn start_transaction(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(
        BeginTransaction {
            evse: field::place(root, "connectorId"),
            transaction: String::new(),
            at: root.time("timestamp"),
            offline: false,
        }
        .into(),
    );
    present(out, Version::V16, root);
}

fn stop_transaction(out: &mut Vec<Effect>, root: Obj<'_>) {
    let transaction = energy::transaction(Version::V16, root);
    out.push(EndTransaction { transaction, at: root.time("timestamp"), offline: false }.into());
    present(out, Version::V16, root);
    if root.has("transactionData") {
        meter(out, None, root, "transactionData");
    }
}

fn transaction_event(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let evse = field::evse(root);
    let at = root.time("timestamp");
    let offline = root.flag("offline").unwrap_or(false);
    let transaction = root.obj("transactionInfo").map(|info| field::text(info, "transactionId"));
    let transaction = transaction.unwrap_or_default();
    out.push(match root.text("eventType").as_deref() {
        Some("Started") => BeginTransaction { evse, transaction, at, offline }.into(),
        Some("Ended") => EndTransaction { transaction, at, offline }.into(),
        Some(_) | None => UpdateTransaction { evse, transaction, at, offline }.into(),
    });
    present(out, version, root);
    if root.has("meterValue") {
        meter(out, evse, root, "meterValue");
    }
}
