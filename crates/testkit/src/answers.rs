//! What an ordinary, obliging peer answers, per version.
//!
//! A test that needs something else wraps these in a closure of its own.

mod csms;
mod station;

pub use csms::csms_answer;
pub use station::station_answer;
