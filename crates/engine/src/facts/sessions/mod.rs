//! Charging sessions: transactions, connectors, meters, and when the station was connected.
//!
//! A report is judged by taking it in, on a copy: what is odd about it comes out of the same steps by which it is
//! learned. The station's word is all there is, so each part holds the others against it: the register against the
//! power, the status against the transaction, the claim to have been offline against what was heard of the station.

mod answer;
mod begin;
mod book;
mod command;
mod connectivity;
mod event;
mod evse;
mod meter;
mod needs;
mod owner;
mod quantity;
mod reading;
mod scene;
mod state_of_connector;
mod status;
mod time;
mod transaction;
mod values;

use chargewarden_ocpp::{Action, Side, Timestamp};
use chargewarden_policy::{Doubts, StationFacts};
use serde::{Deserialize, Serialize};

use super::{Boot, Heard, Learned, StationState};
use crate::effects::MessageKind;
use connectivity::Connectivity;
use evse::{Connector, Evse};
use owner::Tokens;
use scene::Scene;
use transaction::{Ended, Transaction};

/// What is kept of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    line: Connectivity,
    connectors: Vec<Connector>,
    evses: Vec<Evse>,
    /// How many connectors the station says it has (1.6 `NumberOfConnectors`).
    stated: Option<i64>,
    /// Whether it told how its connectors stand when it was taken in.
    introduced: bool,
    running: Vec<Transaction>,
    /// Over, oldest first.
    ended: Vec<Ended>,
    /// Whether more ran than are remembered.
    spilled: bool,
    /// Whether the station says that a connector is free before it ends the session on it.
    frees_first: bool,
    tokens: Tokens,
}

/// Connectors kept of a station: more than any has. Of others nothing is said.
const CONNECTORS_MAX: usize = 64;
/// Transactions that run at once.
const RUNNING_MAX: usize = 64;
/// Transactions that are over: two for each of 8 EVSEs.
const ENDED_MAX: usize = 16;

/// Whether something is learned from the answer to this call.
pub(super) fn wants_call(action: Action) -> bool {
    matches!(
        action,
        Action::StartTransaction | Action::RemoteStartTransaction | Action::RequestStartTransaction
    )
}

/// What is odd about a message.
pub(super) fn doubts(state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
    let limit = |evse: Option<i64>, at_ms: i64| {
        let _ = (evse, at_ms);
        None
    };
    let scene = Scene::new(heard, Some(&limit));
    match (heard.message.from, heard.message.kind) {
        (Side::Csms, MessageKind::Call | MessageKind::Send) => command::doubts(&state.sessions, &scene, out),
        (Side::Csms, MessageKind::Result) => answer::doubts(&state.sessions, &scene, out),
        (Side::Station, MessageKind::Call | MessageKind::Send) => {
            state.sessions.doubts_place(&scene, out);
            if is_of_sessions(heard.message.action) {
                state.sessions.clone().report(&scene, out);
            }
        }
        (Side::Station, MessageKind::Result | MessageKind::Error) | (Side::Csms, MessageKind::Error) => {}
    }
}

/// Takes in a message that was delivered.
pub(super) fn learn(state: &mut StationState, heard: &Heard<'_>) -> Learned {
    let scene = Scene::new(heard, None);
    match (heard.message.from, heard.message.kind) {
        (Side::Station, MessageKind::Call | MessageKind::Send) => state.sessions.hear(&scene),
        (Side::Csms, MessageKind::Result) => answer::of_csms(&mut state.sessions, &scene),
        (Side::Station, MessageKind::Result) => answer::of_station(&mut state.sessions, &scene),
        (Side::Csms, MessageKind::Call | MessageKind::Send)
        | (Side::Station | Side::Csms, MessageKind::Error) => Learned::Nothing,
    }
}

/// Tells policies what is known.
pub(super) fn describe(state: &StationState, facts: &mut StationFacts, _now: Timestamp) {
    let sessions = &state.sessions;
    facts.known = state.boot == Boot::Accepted && sessions.is_told();
    let active = sessions.running.iter().filter(|transaction| sessions.is_running(transaction));
    facts.transactions = i64::try_from(active.count()).unwrap_or(i64::MAX);
    facts.power_w = power_w(state).unwrap_or(0);
}

/// Reports that say something of sessions.
fn is_of_sessions(action: Action) -> bool {
    matches!(
        action,
        Action::MeterValues
            | Action::NotifyEVChargingNeeds
            | Action::NotifyEvent
            | Action::StartTransaction
            | Action::StatusNotification
            | Action::StopTransaction
            | Action::TransactionEvent
    )
}

impl Sessions {
    /// A station's connection begins.
    pub(crate) fn connect(&mut self) {
        self.line.connect();
    }

    /// It is over; true when that has to be kept.
    pub(crate) fn part(&mut self) -> bool {
        self.line.part()
    }

    /// Takes in what a station reports.
    fn hear(&mut self, scene: &Scene<'_>) -> Learned {
        let action = scene.heard.message.action;
        if action == Action::BootNotification {
            // Until it is taken in it keeps its reports to itself.
            return Learned::Nothing;
        }
        let mut learned = Learned::Nothing;
        if self.line.hear(scene.now_ms) {
            self.running.iter_mut().for_each(|transaction| transaction.meter.lose_track());
            learned = Learned::Later;
        }
        if is_of_sessions(action) {
            learned.also(self.report(scene, &mut Doubts::default()));
        }
        learned
    }

    /// Takes in a report, and says what is odd about it.
    fn report(&mut self, scene: &Scene<'_>, out: &mut Doubts) -> Learned {
        #[expect(clippy::wildcard_enum_match_arm, reason = "few reports say something of sessions")]
        match scene.heard.message.action {
            Action::MeterValues => self.meter_values(scene, out),
            Action::NotifyEVChargingNeeds => self.needs(scene, out),
            Action::NotifyEvent => self.notify_event(scene, out),
            Action::StartTransaction => self.start_transaction(scene, out),
            Action::StatusNotification => self.status_notification(scene, out),
            Action::StopTransaction => self.stop_transaction(scene, out),
            Action::TransactionEvent => self.transaction_event(scene, out),
            _ => Learned::Nothing,
        }
    }
}

/// A session that runs, as other rooms see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running<'a> {
    /// The transaction, as station and management system name it; the number of a 1.6 transaction as text. Empty while
    /// a 1.6 transaction has no number yet.
    pub(super) transaction: &'a str,
    /// EVSE (2.x) or connector (1.6), where known.
    pub(super) evse: Option<i64>,
    /// When it began.
    pub(super) began: Timestamp,
    /// Power that it draws, as last measured, in W; none while nothing was measured.
    pub(super) power_w: Option<i64>,
    /// Most that the vehicle can take, in W, where it was said.
    pub(super) wish_w: Option<i64>,
}

/// The sessions that run.
pub(super) fn running(state: &StationState) -> impl Iterator<Item = Running<'_>> {
    let sessions = &state.sessions;
    sessions.running.iter().filter(|transaction| sessions.is_running(transaction)).map(|transaction| {
        Running {
            transaction: &transaction.id,
            evse: transaction.evse,
            began: Timestamp::from_millis(transaction.begun_ms.unwrap_or(transaction.event_ms)),
            power_w: transaction.meter.power_w,
            wish_w: transaction.wish_w,
        }
    })
}

/// The power that the station's sessions draw, as last measured, in W; none while nothing was measured.
pub(super) fn power_w(state: &StationState) -> Option<i64> {
    let measured = running(state).filter_map(|session| session.power_w);
    measured.fold(None, |sum: Option<i64>, power_w| Some(sum.unwrap_or(0).saturating_add(power_w)))
}
