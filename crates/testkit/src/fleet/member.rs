//! The state of one station, changed by its life and by the commands it obeys.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

use super::roster::Entry;
use crate::Reply;
use crate::answers::station_answer;

/// A station as it is at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Station id.
    pub id: String,
    /// Connected and accepted by its management system.
    pub online: bool,
    /// In service; `false` after it was told to be inoperative.
    pub in_service: bool,
    /// A transaction is running.
    pub charging: bool,
    /// Power drawn now, in watts.
    pub power_w: u32,
    /// Meter, in watt-hours.
    pub energy_wh: u32,
    /// Transactions completed.
    pub completed: u32,
    /// Limit set by a charging profile, in watts.
    pub limit_w: Option<u32>,
    /// Where the last firmware came from, when a command installed one.
    pub firmware_from: Option<String>,
    /// Times it has booted.
    pub boots: u32,
    /// Commands obeyed, by action.
    pub commands: BTreeMap<String, u32>,
}

/// What a command wants of the station's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) start: bool,
    pub(crate) stop: bool,
    pub(crate) restart: bool,
    pub(crate) retire: bool,
}

/// One station: its entry, and what changes.
pub(crate) struct Member {
    pub(crate) entry: Entry,
    /// Wakes the life when a wish was made.
    pub(crate) stirred: Notify,
    now: Mutex<(Snapshot, Wishes)>,
}

impl Member {
    pub(crate) fn new(entry: Entry) -> Member {
        let snapshot = Snapshot { id: entry.id.clone(), in_service: true, ..Snapshot::default() };
        let now = Mutex::new((snapshot, Wishes::default()));
        Member { entry, stirred: Notify::new(), now }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.lock().0.clone()
    }

    pub(crate) fn wishes(&self) -> Wishes {
        self.lock().1
    }

    /// Changes the state and the wishes together.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Snapshot, &mut Wishes)) {
        let mut now = self.lock();
        let (snapshot, wishes) = &mut *now;
        change(snapshot, wishes);
    }

    pub(crate) fn retire(&self) {
        self.change(|_, wishes| wishes.retire = true);
        self.stirred.notify_one();
    }

    /// The most power it may draw now, in watts.
    pub(crate) fn allowed_w(&self) -> u32 {
        self.lock().0.limit_w.map_or(self.entry.rating_w, |limit| limit.min(self.entry.rating_w))
    }

    /// Does as the command says, and answers.
    pub(crate) fn obey(&self, action: &str, request: &Value) -> Reply {
        self.change(|state, wishes| {
            *state.commands.entry(action.to_owned()).or_default() += 1;
            match action {
                "RemoteStartTransaction" | "RequestStartTransaction" => wishes.start = true,
                "RemoteStopTransaction" | "RequestStopTransaction" => wishes.stop = true,
                "Reset" => wishes.restart = true,
                "ChangeAvailability" => {
                    let wanted = request.get("type").or(request.get("operationalStatus"));
                    state.in_service = wanted.and_then(Value::as_str) != Some("Inoperative");
                    wishes.stop |= !state.in_service;
                }
                "SetChargingProfile" => state.limit_w = first_limit_w(request),
                "ClearChargingProfile" => state.limit_w = None,
                "UpdateFirmware" | "SignedUpdateFirmware" => {
                    let from = request.pointer("/firmware/location").or(request.get("location"));
                    state.firmware_from = from.and_then(Value::as_str).map(str::to_owned);
                }
                _ => {}
            }
        });
        self.stirred.notify_one();
        station_answer(self.entry.version, action, request)
    }

    fn lock(&self) -> MutexGuard<'_, (Snapshot, Wishes)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first limit of the first schedule, in watts; amperes are taken at three times 230 V.
fn first_limit_w(request: &Value) -> Option<u32> {
    let schedule = request
        .pointer("/csChargingProfiles/chargingSchedule")
        .or(request.pointer("/chargingProfile/chargingSchedule/0"))?;
    let limit = schedule.pointer("/chargingSchedulePeriod/0/limit")?.as_f64()?;
    let per_unit = match schedule.get("chargingRateUnit")?.as_str()? {
        "A" => 690.0,
        _ => 1.0,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped; a fraction of a watt does not matter here"
    )]
    Some((limit * per_unit).clamp(0.0, 1e6) as u32)
}
