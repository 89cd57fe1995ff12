//! A whole fleet over mutual TLS against the running program: all return at once, and what they stand on changes under them.
//!
//! A binary of its own: while two thousand stations shake hands, nothing else can be measured on the same machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod gateway;
mod returning;
mod stations;
