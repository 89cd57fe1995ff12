//! Effects, Cedar bundles and the combination of several parties' verdicts.
//!
//! A party writes a [`Bundle`] of Cedar policies about [`effect`]s. [`Policies`] holds the bundles of every
//! party with a stake in a station; [`Policies::decide`] asks each of them about each effect of a message and
//! combines the answers into one [`Ruling`]: refused if anyone refuses, held if anyone holds, forwarded only
//! if everyone permits everything.
//!
//! Nothing here reads a file, a clock or a socket: bundles arrive as text, time as an argument.
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

mod assumed;
pub mod bundle;
pub mod circumstances;
mod context;
pub mod decide;
pub mod doubt;
pub mod effect;
pub mod explain;
mod facts;
pub mod limit;
mod memory;
pub mod pack;
pub mod party;
pub mod reason;
pub mod reference;
pub mod requirement;
pub mod ruling;
pub mod schema;
mod slice;
pub mod station;
pub mod subject;

pub use assumed::Assumed;
pub use bundle::{Bundle, BundleProblems, BundleSource, Problem};
pub use circumstances::{Authentication, Circumstances, MessageFacts, SessionFacts};
pub use decide::Policies;
pub use doubt::{Doubt, Doubts};
pub use limit::Limit;
pub use party::{InvalidParty, PartyId};
pub use reason::ReasonCode;
pub use requirement::{Alert, Requirement};
pub use ruling::{Cause, Finding, Ruling, Verdict};
pub use station::{CsmsFacts, Envelope, Standing, StationFacts};
pub use subject::{About, Subject};
