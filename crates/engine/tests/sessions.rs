//! Charging sessions: each doubt with what raises it and its honest twin, in each version; and a station that does its
//! ordinary work and raises none.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

#[path = "sessions/commands.rs"]
mod commands;
#[path = "sessions/meters.rs"]
mod meters;
#[path = "sessions/ordinary.rs"]
mod ordinary;
#[path = "sessions/play.rs"]
mod play;
#[path = "sessions/reports.rs"]
mod reports;
mod scene;
