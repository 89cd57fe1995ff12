//! What is known of a station. Learned only from messages that were accepted.

mod certificates;
mod state;

pub use certificates::{Certificates, OpenRequest};
pub use state::{Boot, Commanded, StateProblem, StationState};
