//! What is learned of charging profiles, and from what.

use chargewarden_ocpp::{Action, Obj, Side, Version};

use super::super::sessions::{self, Running};
use super::super::{Heard, Learned, StationState};
use super::Power;
use super::order::Order;
use super::profile::{Awaited, Installed};
use crate::effects::MessageKind;

/// Actions whose calls have to be kept until they are answered.
pub(super) fn wants_call(action: Action) -> bool {
    matches!(
        action,
        Action::SetChargingProfile
            | Action::ClearChargingProfile
            | Action::RemoteStartTransaction
            | Action::RequestStartTransaction
            | Action::UpdateDynamicSchedule
            | Action::UsePriorityCharging
            | Action::StartTransaction
    )
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    match (heard.message.from, heard.message.kind) {
        (Side::Station, MessageKind::Result) => {
            let order = accepted(&sessions::running(state).collect::<Vec<_>>(), heard);
            from_answer(&mut state.power, order, heard)
        }
        (Side::Station, MessageKind::Call | MessageKind::Send) => from_report(&mut state.power, heard),
        (Side::Csms, MessageKind::Result) => from_reply(&mut state.power, heard),
        (Side::Csms, MessageKind::Call | MessageKind::Send) | (_, MessageKind::Error) => Learned::Nothing,
    }
}

/// The order that a station has taken with its answer.
pub(super) fn accepted(running: &[Running<'_>], heard: &Heard<'_>) -> Option<Order> {
    // Other rooms keep calls of their own, whose answers look otherwise.
    let call = heard.call.filter(|call| wants_call(call.action))?;
    let root = heard.message.payload.root();
    let status = root.text("status");
    // What is unknown to the station is not installed either, whatever we thought.
    let unknown =
        heard.message.action == Action::ClearChargingProfile && status.as_deref() == Some("Unknown");
    if status.as_deref() != Some("Accepted") && !unknown {
        return None;
    }
    let mut order = Order::of(running, call, heard.about, |token| heard.token(token))?;
    if let Order::Install(profile) = &mut order
        && profile.awaits.is_some()
        && call.version != Version::V16
        && let Some(begun) = root.text("transactionId")
    {
        // The session ran already (2.x).
        profile.awaits = None;
        profile.transaction = Some(begun.into_owned());
    }
    Some(order)
}

/// A station has answered a command.
pub(super) fn from_answer(power: &mut Power, order: Option<Order>, heard: &Heard<'_>) -> Learned {
    let root = heard.message.payload.root();
    let read = |result: Obj<'_>| {
        let name = result.obj("variable").and_then(|variable| variable.text("name"));
        power.setting(name, result.text("attributeValue"))
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "few messages are about profiles")]
    match heard.message.action {
        Action::GetConfiguration => {
            let keys = root.objs("configurationKey");
            keys.map(|key| power.setting(key.text("key"), key.text("value"))).max().unwrap_or_default()
        }
        Action::GetVariables => root.objs("getVariableResult").map(read).max().unwrap_or_default(),
        _ => order.map(|order| power.obey(order, heard)).unwrap_or_default(),
    }
}

/// A station reports.
pub(super) fn from_report(power: &mut Power, heard: &Heard<'_>) -> Learned {
    let message = heard.message;
    let (root, now_ms) = (message.payload.root(), message.now.as_millis());
    #[expect(clippy::wildcard_enum_match_arm, reason = "few messages are about profiles")]
    let changed = match message.action {
        Action::TransactionEvent => transaction_event(power, heard, root),
        Action::StopTransaction => root.int("transactionId").is_some_and(|id| power.end(&id.to_string())),
        Action::ReportChargingProfiles => reported(power, message.version, root, now_ms),
        Action::NotifyPriorityCharging => {
            let stated = root.text("transactionId").zip(root.flag("activated"));
            stated.is_some_and(|(transaction, on)| {
                let order = Order::Priority { transaction: transaction.into_owned(), on };
                power.apply(order, message.version, now_ms)
            })
        }
        Action::NotifyReport => {
            let read = |data: Obj<'_>| {
                let name = data.obj("variable").and_then(|variable| variable.text("name"));
                let value = data.objs("variableAttribute").find_map(|attribute| attribute.text("value"));
                power.setting(name, value)
            };
            root.objs("reportData").map(read).max() == Some(Learned::Now)
        }
        _ => false,
    };
    if changed { Learned::Now } else { Learned::Nothing }
}

/// A management system has answered a report.
pub(super) fn from_reply(power: &mut Power, heard: &Heard<'_>) -> Learned {
    let message = heard.message;
    let (root, now_ms) = (message.payload.root(), message.now.as_millis());
    #[expect(clippy::wildcard_enum_match_arm, reason = "few messages are about profiles")]
    match message.action {
        Action::StartTransaction => {
            let Some(call) = heard.call.map(|call| call.payload.root()) else { return Learned::Nothing };
            let Some(number) = root.int("transactionId") else { return Learned::Nothing };
            let token = call.text("idTag").map(|token| heard.token(&token));
            let evse = call.int("connectorId");
            let begun = power.begin(&number.to_string(), evse, &Awaited { token, start: None }, now_ms);
            if begun { Learned::Now } else { Learned::Nothing }
        }
        Action::PullDynamicScheduleUpdate => {
            let Some(order) = Order::of_pull(message) else { return Learned::Nothing };
            power.turns.note(power.target(&order), &order, now_ms);
            let changed = power.apply(order, message.version, now_ms);
            if changed { Learned::Later } else { Learned::Nothing }
        }
        _ => Learned::Nothing,
    }
}

fn transaction_event(power: &mut Power, heard: &Heard<'_>, root: Obj<'_>) -> bool {
    let Some(info) = root.obj("transactionInfo") else { return false };
    let Some(transaction) = info.text("transactionId") else { return false };
    let stated = root.obj("idToken").and_then(|token| token.text("idToken"));
    let awaited =
        Awaited { token: stated.map(|token| heard.token(&token)), start: info.int("remoteStartId") };
    let evse = root.obj("evse").and_then(|evse| evse.int("id"));
    match root.text("eventType").as_deref() {
        Some("Ended") => power.end(&transaction),
        Some("Started") => power.begin(&transaction, evse, &awaited, heard.message.now.as_millis()),
        // The token can come after the cable.
        Some(_) | None if awaited.start.is_some() || awaited.token.is_some() => {
            power.begin(&transaction, evse, &awaited, heard.message.now.as_millis())
        }
        Some(_) | None => false,
    }
}

/// What a station says it has. What we have seen installed is known better.
fn reported(power: &mut Power, version: Version, root: Obj<'_>, now_ms: i64) -> bool {
    let evse = root.int("evseId").unwrap_or(0);
    let mut changed = !std::mem::replace(&mut power.told, true);
    for object in root.objs("chargingProfile") {
        let Some(profile) = Installed::read(version, evse, object, now_ms) else { continue };
        if power.profiles.iter().all(|known| known.id != profile.id) {
            changed |= power.apply(Order::Install(Box::new(profile)), version, now_ms);
        }
    }
    changed
}

impl Power {
    /// An order was taken.
    fn obey(&mut self, order: Order, heard: &Heard<'_>) -> Learned {
        let (version, now_ms) = (heard.message.version, heard.message.now.as_millis());
        let lasting = !matches!(order, Order::Update { .. });
        let tells = match &order {
            Order::Install(profile) => profile.purpose.is_protective(),
            Order::Clear(selection) => selection.is_all(),
            Order::Update { .. } | Order::Priority { .. } => false,
        };
        self.turns.note(self.target(&order), &order, now_ms);
        let changed = self.apply(order, version, now_ms);
        let news = tells && !std::mem::replace(&mut self.told, true);
        if (changed && lasting) || news {
            Learned::Now
        } else if changed {
            Learned::Later
        } else {
            Learned::Nothing
        }
    }

    /// A setting of the station: how many periods a schedule may have.
    fn setting(
        &mut self,
        name: Option<std::borrow::Cow<'_, str>>,
        value: Option<std::borrow::Cow<'_, str>>,
    ) -> Learned {
        let named = name.is_some_and(|name| {
            name.eq_ignore_ascii_case("ChargingScheduleMaxPeriods")
                || name.eq_ignore_ascii_case("PeriodsPerSchedule")
        });
        let Some(stated) = value.filter(|_| named).and_then(|value| value.trim().parse().ok()) else {
            return Learned::Nothing;
        };
        if self.periods_max == Some(stated) {
            return Learned::Nothing;
        }
        self.periods_max = Some(stated);
        Learned::Now
    }
}
