//! What an answer of a management system would do: answers are commands too.

use std::borrow::Cow;

use chargewarden_ocpp::{Action, Obj, Timestamp, Version};
use chargewarden_policy::effect::{
    AcceptToken, Acknowledge, AdmitStation, AssignTransaction, Decline, Effect, LimitTransaction,
    RefuseToken, SetClock, SetHeartbeat, SignCertificate, Token,
};

use super::sender::sent_by_csms;
use super::{Message, RequestMemo, commerce, data, display, field, number, profile};

/// Every action, so that a new one has to be thought about here.
pub(super) fn translate(out: &mut Vec<Effect>, message: &Message<'_>) {
    let &Message { version, now, .. } = message;
    let root = message.payload.root();
    match message.action {
        Action::Authorize => authorize(out, message, root),
        Action::BootNotification => {
            out.push(AdmitStation { status: field::text(root, "status") }.into());
            clock(out, now, root);
            out.push(SetHeartbeat { interval_s: root.int("interval").unwrap_or(0) }.into());
        }
        Action::Heartbeat => clock(out, now, root),
        Action::DataTransfer => transfer(out, message, root),
        Action::Get15118EVCertificate | Action::GetCertificateStatus | Action::SignCertificate => {
            out.push(SignCertificate { status: field::text(root, "status") }.into());
        }
        Action::GetCertificateChainStatus => chain_status(out, root),
        Action::PullDynamicScheduleUpdate => pulled_schedule(out, message, root),
        Action::NotifyEVChargingNeeds
        | Action::NotifyEVChargingSchedule
        | Action::OpenPeriodicEventStream
        | Action::VatNumberValidation => status(out, root),
        Action::NotifySettlement => match root.text("receiptUrl") {
            Some(address) => out.push(display::link(&address)),
            None => acknowledge(out),
        },
        Action::StartTransaction => {
            out.push(AssignTransaction { transaction: root.int("transactionId").unwrap_or(0) }.into());
            tag_info(out, message, root);
        }
        Action::StopTransaction => {
            tag_info(out, message, root);
            acknowledge_if_empty(out);
        }
        Action::TransactionEvent => transaction_event(out, message, version, root),
        // Nothing but thanks: their answers are empty.
        Action::BatterySwap
        | Action::ClearedChargingLimit
        | Action::ClosePeriodicEventStream
        | Action::DiagnosticsStatusNotification
        | Action::FirmwareStatusNotification
        | Action::LogStatusNotification
        | Action::MeterValues
        | Action::NotifyChargingLimit
        | Action::NotifyCustomerInformation
        | Action::NotifyDERAlarm
        | Action::NotifyDERStartStop
        | Action::NotifyDisplayMessages
        | Action::NotifyEvent
        | Action::NotifyMonitoringReport
        | Action::NotifyPriorityCharging
        | Action::NotifyReport
        | Action::PublishFirmwareStatusNotification
        | Action::ReportChargingProfiles
        | Action::ReportDERControl
        | Action::ReservationStatusUpdate
        | Action::SecurityEventNotification
        | Action::SignedFirmwareStatusNotification
        | Action::StatusNotification => acknowledge(out),
        // Never answered, or answered by the station.
        Action::NotifyPeriodicEventStream | sent_by_csms!() => {}
    }
}

fn acknowledge(out: &mut Vec<Effect>) {
    out.push(Acknowledge {}.into());
}

fn acknowledge_if_empty(out: &mut Vec<Effect>) {
    if out.is_empty() {
        acknowledge(out);
    }
}

fn clock(out: &mut Vec<Effect>, now: Timestamp, root: Obj<'_>) {
    let stated = root.time("currentTime").unwrap_or(now);
    let skew_ms = stated.as_millis().saturating_sub(now.as_millis());
    out.push(SetClock { skew_s: skew_ms / 1000 }.into());
}

/// A status other than a positive one turns the report down.
fn status(out: &mut Vec<Effect>, root: Obj<'_>) {
    match root.text("status").as_deref() {
        Some("Accepted" | "Processing") | None => acknowledge(out),
        Some(code) => out.push(Decline { code: code.to_owned() }.into()),
    }
}

fn authorize(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    if message.version == Version::V16 {
        return tag_info(out, message, root);
    }
    token_info(out, message, root);
    if message.version == Version::V21 {
        profile::allow_transfer(out, root.list("allowedEnergyTransfer"));
        if let Some(tariff) = root.obj("tariff") {
            commerce::tariff(out, "token-tariff", tariff);
        }
    }
}

fn presented(message: &Message<'_>) -> Option<Token> {
    match message.request {
        Some(RequestMemo::Token(token)) => Some(token.clone()),
        Some(RequestMemo::Nothing | RequestMemo::Vendor { .. } | RequestMemo::Profile(_)) | None => None,
    }
}

/// 1.6 `idTagInfo`.
fn tag_info(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    let Some(info) = root.obj("idTagInfo") else { return };
    verdict(out, message, info, info.has("parentIdTag"), info.time("expiryDate"));
}

/// 2.x `idTokenInfo`, with the words for the driver that come with it.
fn token_info(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    let Some(info) = root.obj("idTokenInfo") else { return };
    verdict(out, message, info, info.has("groupIdToken"), info.time("cacheExpiryDateTime"));
    display::contents(out, info.obj("personalMessage").into_iter());
}

fn verdict(
    out: &mut Vec<Effect>,
    message: &Message<'_>,
    info: Obj<'_>,
    with_group: bool,
    expires_at: Option<Timestamp>,
) {
    let status = field::text(info, "status");
    let token = presented(message);
    out.push(if status == "Accepted" {
        AcceptToken { token, with_group, expires_at }.into()
    } else {
        RefuseToken { token, status }.into()
    });
}

fn transaction_event(out: &mut Vec<Effect>, message: &Message<'_>, version: Version, root: Obj<'_>) {
    token_info(out, message, root);
    if root.has("totalCost") {
        out.push(commerce::cost("total-cost", root.num("totalCost")));
    }
    let first = root.obj("updatedPersonalMessage").into_iter();
    if version == Version::V21 {
        display::contents(out, first.chain(root.objs("updatedPersonalMessageExtra")));
        if let Some(limit) = root.obj("transactionLimit") {
            out.push(
                LimitTransaction {
                    cost_milli: limit.num("maxCost").map(number::milli),
                    energy_wh: limit.num("maxEnergy").map(number::whole),
                    time_s: limit.int("maxTime"),
                    soc_percent: limit.int("maxSoC"),
                }
                .into(),
            );
        }
    } else {
        display::contents(out, first);
    }
    acknowledge_if_empty(out);
}

fn transfer(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    let status = field::text(root, "status");
    if status != "Accepted" && !root.has("data") {
        out.push(Decline { code: status }.into());
        return;
    }
    let (vendor, name) = match message.request {
        Some(RequestMemo::Vendor { vendor, message }) => (vendor.clone(), message.clone()),
        Some(RequestMemo::Nothing | RequestMemo::Token(_) | RequestMemo::Profile(_)) | None => {
            (String::new(), String::new())
        }
    };
    data::vendor_data(out, message, vendor, name, root.get("data"));
}

/// The worst state in a chain is the chain's.
fn chain_status(out: &mut Vec<Effect>, root: Obj<'_>) {
    let worst = root.objs("certificateStatus").find(|item| item.text("status").is_none_or(|s| s != "Good"));
    let status =
        worst.and_then(|item| item.text("status")).map_or_else(|| "Good".to_owned(), Cow::into_owned);
    out.push(SignCertificate { status }.into());
}

fn pulled_schedule(out: &mut Vec<Effect>, message: &Message<'_>, root: Obj<'_>) {
    let id = match message.request {
        Some(RequestMemo::Profile(id)) => Some(*id),
        Some(RequestMemo::Nothing | RequestMemo::Token(_) | RequestMemo::Vendor { .. }) | None => None,
    };
    match root.obj("scheduleUpdate") {
        Some(update) => profile::update(out, id, update),
        None => status(out, root),
    }
}
