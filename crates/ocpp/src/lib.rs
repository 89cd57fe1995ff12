//! OCPP-J frames, strict JSON and the catalogue of all actions of 1.6, 2.0.1 and 2.1.
//!
//! Bytes become a [`Frame`] (who says what), a frame's payload becomes a [`Payload`] (validated against
//! the catalogue and indexed, in one pass), and what does not fit becomes a [`Violation`].
//!
//! ```
//! use chargewarden_ocpp::{Frame, Header, Limits, Version};
//!
//! let bytes = br#"[2,"17","Authorize",{"idTag":"4F1A"}]"#;
//! let frame = Frame::open(bytes, Version::V16, &Limits::default())?;
//! let Header::Call { action, .. } = frame.header() else { return Ok(()) };
//! let Some(spec) = action.spec(Version::V16) else { return Ok(()) };
//! let payload = frame.read(spec.request)?;
//! assert_eq!(payload.root().text("idTag").as_deref(), Some("4F1A"));
//! # Ok::<(), chargewarden_ocpp::Violation>(())
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

pub mod action;
pub mod catalogue;
mod check;
mod error_code;
mod escape;
mod fault;
mod frame;
mod header;
mod limits;
mod number;
mod payload;
pub mod refusal;
pub mod sample;
mod scan;
mod security_event;
pub mod shape;
mod tape;
mod timestamp;
mod value;
mod version;
mod violation;
mod write;

pub use action::{Action, ActionSpec, Form, Refusal, Sender};
pub use error_code::ErrorCode;
pub use frame::Frame;
pub use header::{Header, MessageType};
pub use limits::Limits;
pub use payload::{Arr, Obj, Payload};
pub use security_event::SecurityEvent;
pub use shape::{Object, Shape};
pub use timestamp::{NotATimestamp, Timestamp};
pub use value::{Str, Value};
pub use version::{Side, UnknownVersion, Version};
pub use violation::{Rule, Violation};
