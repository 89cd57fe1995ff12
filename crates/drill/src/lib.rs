//! The attack catalogue and a week of ordinary work, played against the real core in a simulated world.
//!
//! [`world`] has stations and management systems in memory, and a clock that goes as fast as it is told. Every message
//! goes through [`chargewarden_engine::Session`], with the policies and limits of real bundles; only sockets are missing.
//! What needs sockets is played by the `drill` command itself. [`trial`] runs the tests that bundles bring.
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

pub mod attack;
pub mod trial;
pub mod week;
pub mod wire;
pub mod world;

pub use attack::{Drill, Entry, Intensity, Kind};
pub use world::{Outcome, Plan, StationPlan, World};
