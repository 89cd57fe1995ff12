//! TLS on the station side, over real sockets: who comes in, what is recorded of who does not, files that change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod balancer;
mod door;
mod offers;
mod reload;
#[path = "../world/mod.rs"]
mod world;

use serde_json::Value;

/// The connections among the records that have this value in a field.
fn connections<'r>(records: &'r [Value], field: &str, value: &str) -> Vec<&'r Value> {
    records
        .iter()
        .map(|record| &record["connection"])
        .filter(|connection| connection[field] == value)
        .collect()
}

/// The records, once what was refused in its handshake is among them: it learns that before it is recorded.
async fn settled(world: world::World) -> Vec<Value> {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    world.records().await
}

/// The refusals among the records: reason and detail, in order.
fn refusals(records: &[Value]) -> Vec<(&str, &str)> {
    connections(records, "stage", "refused")
        .into_iter()
        .map(|refused| (refused["reason"].as_str().unwrap(), refused["detail"].as_str().unwrap_or_default()))
        .collect()
}
