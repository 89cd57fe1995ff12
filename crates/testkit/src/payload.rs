//! The messages simulators send, one small typed function each.
//!
//! Every message here is valid in the version its module names; `tests/payloads.rs` holds them
//! against the catalogue.

pub mod v16;
pub mod v2x;

use serde_json::Value;

/// An action and its request, ready for [`Link::call`](crate::Link::call).
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Action name as spelled on the wire.
    pub action: &'static str,
    /// Request.
    pub payload: Value,
}

impl Message {
    pub(crate) fn new(action: &'static str, payload: Value) -> Message {
        Message { action, payload }
    }
}

/// What is printed on the station's back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nameplate {
    /// Maker, at most 20 characters.
    pub vendor: String,
    /// Model, at most 20 characters.
    pub model: String,
    /// Serial number, at most 25 characters.
    pub serial: String,
    /// Firmware version, at most 50 characters.
    pub firmware: String,
}

impl Default for Nameplate {
    fn default() -> Nameplate {
        Nameplate {
            vendor: "Example".to_owned(),
            model: "Twin-22".to_owned(),
            serial: "EX-000001".to_owned(),
            firmware: "3.1.4".to_owned(),
        }
    }
}

/// A reading of the energy meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Energy delivered since the meter was made, in watt-hours.
    pub energy_wh: u32,
    /// Power drawn now, in watts.
    pub power_w: u32,
}
