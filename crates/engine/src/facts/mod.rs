//! What is known of a station. Learned only from messages that were accepted.

mod state;

pub use state::{Boot, Commanded, StateProblem, StationState};
