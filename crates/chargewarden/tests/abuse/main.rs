//! What is done about those who try: delays, sources, incumbents, high-water marks. And that the true station is never locked out by it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "../world/mod.rs"]
mod world;

mod incumbent;
mod knock;
mod ratchet;
mod throttle;
mod timing;
