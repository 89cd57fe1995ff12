//! The ledger against limits: edges, threads, and a slow model that is written independently of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "tests"
)]

mod edges;
mod model;
mod random;
mod scene;
mod threads;
