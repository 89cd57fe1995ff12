//! Health, readiness and metrics over HTTP; [`control`] over a Unix socket. Later the API and the console.
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

pub mod control;
mod host;
mod readiness;
mod server;

pub use host::Hosts;
pub use metrics_exporter_prometheus::PrometheusHandle;
pub use readiness::{Check, Readiness};
pub use server::{Admin, Plan, StartError, router};
