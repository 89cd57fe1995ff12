//! How connectors are said to stand.

use chargewarden_ocpp::{Obj, Version};
use chargewarden_policy::{Doubt, Doubts};

use super::book::INTRODUCTION_MS;
use super::evse::Connector;
use super::scene::Scene;
use super::status::Status;
use super::time::{SKEW_MS, is_old, ms};
use super::transaction::{Flow, Transaction};
use super::{Learned, Sessions};

/// A status as it was told.
struct Told {
    evse: i64,
    connector: i64,
    status: Status,
    at_ms: Option<i64>,
}

impl Sessions {
    /// `StatusNotification`.
    pub(super) fn status_notification(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let root = scene.root;
        let v16 = scene.version == Version::V16;
        let (evse, connector, status) = if v16 {
            (root.int("connectorId"), Some(1), root.text("status"))
        } else {
            (root.int("evseId"), root.int("connectorId"), root.text("connectorStatus"))
        };
        let status = status.and_then(|status| Status::parse(&status));
        let (Some(evse), Some(connector), Some(status)) = (evse, connector, status) else {
            return Learned::Nothing;
        };
        self.told(Told { evse, connector, status, at_ms: root.time("timestamp").map(ms) }, scene, out)
    }

    /// 2.x `NotifyEvent`: the same as the variable `AvailabilityState` of a connector.
    pub(super) fn notify_event(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let mut learned = Learned::Nothing;
        for event in scene.root.objs("eventData") {
            if let Some(told) = availability(event) {
                learned.also(self.told(told, scene, out));
            }
        }
        learned
    }

    fn told(&mut self, told: Told, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        let Told { evse, connector, status, at_ms } = told;
        let now_ms = scene.now_ms;
        out.add_if(at_ms.is_some_and(|at_ms| at_ms > now_ms.saturating_add(SKEW_MS)), Doubt::Misdated);
        if evse <= 0 {
            // The station as a whole (1.6).
            return Learned::Nothing;
        }
        if self.line.booted_ms().is_some_and(|booted_ms| now_ms.saturating_sub(booted_ms) <= INTRODUCTION_MS)
        {
            self.introduced = true;
        }
        let at = self.running.iter().rposition(|known| {
            known.evse == Some(evse) && known.connector.is_none_or(|known| known == connector)
        });
        let at = at.filter(|_| scene.version == Version::V16 || self.is_alone(evse, at));
        let session = at.and_then(|at| self.running.get(at)).is_some_and(|known| self.is_certain(known));
        let last = self.stand(Connector { evse, connector, status, heard_ms: now_ms });
        let changed = last.is_none_or(|last| last.status != status);
        if let Some(last) = last {
            let known = last.heard_ms >= self.line.steady_ms();
            let legal = last.status.may_become(status, scene.version, session);
            out.add_if(known && !legal, Doubt::StatusIllegal);
            out.add_if(changed && at_ms.is_some_and(|at_ms| is_old(at_ms, now_ms)), Doubt::Misdated);
        }
        if status.is_free() && session {
            self.freed(at, now_ms, out);
        }
        if status == Status::Faulted && changed {
            out.add_if(self.most_are_faulty(), Doubt::FaultyTogether);
        }
        if scene.version == Version::V16
            && let Some(known) = at.and_then(|at| self.running.get_mut(at))
        {
            flow(known, status, at_ms.unwrap_or(now_ms));
        }
        if let Some(evse) = self.evse_mut(evse) {
            evse.clear |= status.is_clear();
        }
        if changed { Learned::Now } else { Learned::Nothing }
    }

    /// Whether the transaction can only be on one connector: the EVSE has no other, or it has said on which it is.
    fn is_alone(&self, evse: i64, at: Option<usize>) -> bool {
        let said = at.and_then(|at| self.running.get(at)).is_some_and(|known| known.connector.is_some());
        said || self.connectors.iter().filter(|connector| connector.evse == evse).count() <= 1
    }

    fn is_certain(&self, known: &Transaction) -> bool {
        known.is_active() && !self.is_uncertain(known)
    }

    /// A connector is free on which a session runs. Stations that always say so before they end the session are known
    /// after the first time; of them it counts when the session goes on.
    fn freed(&mut self, at: Option<usize>, now_ms: i64, out: &mut Doubts) {
        let habit = self.frees_first;
        if let Some(known) = at.and_then(|at| self.running.get_mut(at)) {
            // The cable that waits for its session to be paid is no longer in: nobody charges.
            let flows = matches!(known.flow, Flow::Yes | Flow::Paused);
            out.add_if(flows && !habit, Doubt::FreeWhileCharging);
            if flows {
                known.freed_ms = Some(now_ms);
            }
        }
    }

    /// Two, and more than half.
    fn most_are_faulty(&self) -> bool {
        let faulty = self.connectors.iter().filter(|known| known.status == Status::Faulted).count();
        faulty >= 2 && faulty * 2 > self.connectors.len()
    }
}

/// What a 1.6 status says of the session on the connector.
pub(super) fn flow(known: &mut Transaction, status: Status, at_ms: i64) {
    let flow = match status {
        Status::Charging => Flow::Yes,
        Status::SuspendedEv | Status::SuspendedEvse => Flow::Paused,
        Status::Available | Status::Preparing | Status::Finishing => Flow::No,
        Status::Occupied | Status::Reserved | Status::Unavailable | Status::Faulted => known.flow,
    };
    if flow == Flow::Yes {
        known.freed_ms = None;
    }
    known.flow = flow;
    known.meter.flows(flow == Flow::Yes, at_ms);
}

fn availability(event: Obj<'_>) -> Option<Told> {
    let component = event.obj("component")?;
    let variable = event.obj("variable")?;
    let is = |object: Obj<'_>, name: &str| object.text("name").is_some_and(|text| text == name);
    if !is(component, "Connector") || !is(variable, "AvailabilityState") {
        return None;
    }
    let evse = component.obj("evse")?;
    Some(Told {
        evse: evse.int("id")?,
        connector: evse.int("connectorId").unwrap_or(1),
        status: Status::parse(&event.text("actualValue")?)?,
        at_ms: event.time("timestamp").map(ms),
    })
}
