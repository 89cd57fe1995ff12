//! The program as it is deployed: started as a process, spoken to over sockets, killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod advisories;
mod corpus;
mod csms;
mod events;
mod floods;
mod gateway;
mod hostile;
mod inventory;
mod kill;
mod marks;
mod reload;
mod rotation;
mod secrets;
mod standing;
mod station;
mod victim;
mod wire;
