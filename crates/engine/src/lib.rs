//! The pure core: sessions, translation to effects, facts, verdicts, permits.
//!
//! [`Session::handle`] is one synchronous call from what arrived to an ordered list of [`Step`]s. It reads no clock, no
//! file, no socket and no random source: the same inputs give the same steps. A message reaches the other side only by
//! a [`Permit`], which only a verdict makes.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

pub mod effects;
mod events;
#[allow(dead_code, reason = "being built")]
mod facts;
mod hold;
mod input;
#[allow(dead_code, reason = "being built")]
mod ledger;
mod moment;
mod password;
mod rotation;
mod session;
mod standing;
mod step;
mod verdict;
mod world;

pub use events::events_reference;
pub use facts::{
    Boot, Certificates, Commanded, Conduct, Holdings, Mark, OpenRequest, Power, Sessions, StateProblem,
    StationState,
};
pub use hold::{Hold, Ticket};
pub use input::Input;
pub use ledger::{Budget, Claim, Excess, Figures, Ledger, Member, Outcome, Places, PowerChange, Stored};
pub use moment::Moment;
pub use password::{PASSWORD_BYTES_MAX_1_6, PASSWORD_CHARACTERS_MIN, Password, PasswordProblem};
pub use rotation::{Proposal, RotationOrigin, RotationOutcome};
pub use session::{Connected, Opening, OwnCallProblem, Session};
pub use standing::{Placed, Placing, QUARANTINE_MS, STANDINGS_MAX, Standings, WATCH_MS, Whom};
pub use step::{CallText, Durability, Step};
pub use verdict::Permit;
pub use world::{EvidenceHealth, SessionLimits, World};
