//! Chargewarden as a library: what the `chargewarden` command runs, startable in process by tests and the demo.
//!
//! [`config::read_file`] and [`config::resolve`] make [`config::Settings`]; [`Gateway::start`] runs them.
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

pub mod command;
pub mod config;
mod descriptors;
mod exit;
mod gateway;
mod herald;
mod inventory;
mod operations;
mod policies;
mod reload;
mod storage;
mod telemetry;

pub use exit::Exit;
pub use gateway::{Addresses, Gateway, StartError, Stopped};
pub use storage::StorageError;
pub use telemetry::{init as init_telemetry, metrics};
