//! The boot gate: what may be said before a CSMS has taken the station in.
//!
//! | Boot | Station may send | CSMS may send |
//! |---|---|---|
//! | accepted | everything | everything |
//! | pending | `BootNotification` and what it was asked for | all but starting and stopping transactions |
//! | rejected, unknown | `BootNotification` | a trigger for `BootNotification` |
//!
//! 1.6: section 4.2 of the specification. 2.x: B01.FR.08 and B01.FR.10 (nothing before the boot is accepted, and
//! `SecurityError` is the answer), B02.FR.01, B02.FR.02, B02.FR.05 and B02.FR.09 (pending), B03.FR.02, B03.FR.07 and
//! B03.FR.08 (rejected). `SecurityEventNotification` is no exception to them: a station queues it until it is
//! accepted (A04.FR.02), and so it is refused like the others.

use chargewarden_ocpp::{Action, Payload, Side};

use crate::facts::Boot;

/// Whether a call may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    /// Only if it asks the station to announce itself.
    ToTriggerBoot,
    Shut,
}

/// What a pending station was asked for. Cleared with every boot.
#[derive(Debug, Default)]
pub(super) struct Gate {
    asked: Vec<Action>, // bounded by the number of report actions: each is kept once
}

impl Gate {
    /// Whether `from` may send `action` while the station's boot is in this state.
    pub(super) fn passage(&self, boot: Boot, from: Side, action: Action) -> Passage {
        match (boot, from) {
            (Boot::Accepted, Side::Station | Side::Csms) => Passage::Open,
            (Boot::Pending, Side::Csms) if begins_or_ends_transactions(action) => Passage::Shut,
            (Boot::Pending, Side::Csms) => Passage::Open,
            (Boot::Unknown | Boot::Rejected, Side::Csms) if triggers(action) => Passage::ToTriggerBoot,
            (Boot::Unknown | Boot::Rejected, Side::Csms) => Passage::Shut,
            (Boot::Unknown | Boot::Pending | Boot::Rejected, Side::Station) => {
                let asked = boot == Boot::Pending && self.asked.contains(&action);
                if action == Action::BootNotification || asked { Passage::Open } else { Passage::Shut }
            }
        }
    }

    /// Notes that a command was forwarded which makes the station report.
    pub(super) fn ask(&mut self, command: Action, request: &Payload<'_>) {
        let report = if triggers(command) { triggered(request) } else { report_of(command) };
        if let Some(report) = report.filter(|report| !self.asked.contains(report)) {
            self.asked.push(report);
        }
    }

    /// The station booted: what it was asked for before does not count any more.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
    }
}

/// Whether the payload of a trigger asks for `BootNotification`.
pub(super) fn triggers_boot(request: &Payload<'_>) -> bool {
    request.root().text("requestedMessage").is_some_and(|message| message == "BootNotification")
}

fn begins_or_ends_transactions(action: Action) -> bool {
    matches!(
        action,
        Action::RemoteStartTransaction
            | Action::RemoteStopTransaction
            | Action::RequestStartTransaction
            | Action::RequestStopTransaction
    )
}

fn triggers(action: Action) -> bool {
    matches!(action, Action::TriggerMessage | Action::ExtendedTriggerMessage)
}

fn triggered(request: &Payload<'_>) -> Option<Action> {
    match request.root().text("requestedMessage")?.as_ref() {
        // Certificates are asked for by the kind wanted, not by the name of the message.
        name if name.starts_with("Sign") => Some(Action::SignCertificate),
        name => Action::ALL.iter().copied().find(|action| action.name() == name),
    }
}

/// What a station sends because of a command.
fn report_of(command: Action) -> Option<Action> {
    [
        (Action::CustomerInformation, Action::NotifyCustomerInformation),
        (Action::GetBaseReport, Action::NotifyReport),
        (Action::GetChargingProfiles, Action::ReportChargingProfiles),
        (Action::GetDERControl, Action::ReportDERControl),
        (Action::GetDiagnostics, Action::DiagnosticsStatusNotification),
        (Action::GetDisplayMessages, Action::NotifyDisplayMessages),
        (Action::GetLog, Action::LogStatusNotification),
        (Action::GetMonitoringReport, Action::NotifyMonitoringReport),
        (Action::GetReport, Action::NotifyReport),
        (Action::PublishFirmware, Action::PublishFirmwareStatusNotification),
        (Action::SignedUpdateFirmware, Action::SignedFirmwareStatusNotification),
        (Action::UpdateFirmware, Action::FirmwareStatusNotification),
    ]
    .into_iter()
    .find_map(|(asked, report)| (asked == command).then_some(report))
}
