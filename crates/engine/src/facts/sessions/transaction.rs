//! A transaction, while it runs and when it is over.

use serde::{Deserialize, Serialize};

use super::meter::Meter;
use super::owner::{Beginner, Group};
use crate::facts::Mark;

/// A transaction that runs. Times `*_ms` are in ms since the Unix epoch, by the station's clock where not said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Transaction {
    /// Number (1.6) or name (2.x).
    pub(super) id: String,
    /// EVSE, in 1.6 connector, where known.
    pub(super) evse: Option<i64>,
    /// Connector of the EVSE (2.x).
    pub(super) connector: Option<i64>,
    /// Who is charged for it.
    pub(super) owner: Option<Mark>,
    /// Whose group that is.
    pub(super) group: Group,
    /// Who began it.
    pub(super) beginner: Beginner,
    /// When it began, if that was told.
    pub(super) begun_ms: Option<i64>,
    /// When it was last told of, by our clock.
    pub(super) heard_ms: i64,
    /// The time of the last event.
    pub(super) event_ms: i64,
    /// The number of the last event (2.x).
    pub(super) seq: Option<i64>,
    /// Whether energy flows.
    pub(super) flow: Flow,
    /// Whether the driver or a command has ended it, so that only the cable is left.
    pub(super) stopped: bool,
    /// What its meter said.
    pub(super) meter: Meter,
    /// Most that the vehicle says it can take, in W.
    pub(super) wish_w: Option<i64>,
    /// Its connector was said to be free, at this time by our clock.
    pub(super) freed_ms: Option<i64>,
}

/// Whether energy flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Flow {
    /// Not told.
    #[default]
    Unknown,
    /// Not yet, or not any more.
    No,
    /// It does.
    Yes,
    /// It did, and can again.
    Paused,
}

impl Flow {
    /// 2.x `chargingState`.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "Charging" => Self::Yes,
            "SuspendedEV" | "SuspendedEVSE" => Self::Paused,
            "EVConnected" | "Idle" => Self::No,
            _ => Self::Unknown,
        }
    }
}

impl Transaction {
    /// Whether somebody charges, or has paid to. A cable that waits for its driver is not enough.
    pub(super) fn is_active(&self) -> bool {
        match self.flow {
            Flow::Yes | Flow::Paused => true,
            Flow::No | Flow::Unknown => self.owner.is_some() && !self.stopped,
        }
    }

    /// What is kept of it when it is over.
    pub(super) fn over(&self, mark: Mark, end: End) -> Ended {
        Ended {
            mark,
            evse: self.evse,
            begun_ms: self.begun_ms,
            ended_ms: end.at_ms,
            heard_ms: end.heard_ms,
            seq: end.seq,
            mwh: end.mwh,
            lost: end.lost,
        }
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) at_ms: i64,
    pub(super) heard_ms: i64,
    pub(super) seq: Option<i64>,
    pub(super) mwh: Option<i64>,
    pub(super) lost: bool,
}

/// A transaction that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    /// Of its id.
    pub(super) mark: Mark,
    pub(super) evse: Option<i64>,
    pub(super) begun_ms: Option<i64>,
    /// By the station's clock.
    pub(super) ended_ms: i64,
    /// By ours.
    pub(super) heard_ms: i64,
    pub(super) seq: Option<i64>,
    /// The last register.
    pub(super) mwh: Option<i64>,
    /// Nobody told of its end: another took its place. It may still be told.
    pub(super) lost: bool,
}
