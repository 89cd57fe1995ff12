//! Simulated stations and management systems for tests, benches and the demo.
//!
//! Everything here speaks over real loopback WebSockets and knows nothing of the gateway, so that
//! the same pieces run against each other directly, and through whatever stands between them:
//!
//! - [`Station`] dials, boots, sends calls, and answers by a [`Behaviour`];
//! - [`Csms`] listens on a free port, answers ordinary messages, and lets a test send any text;
//! - [`fleet`] is a dozen stations of mixed versions with live charging sessions;
//! - [`payload`] writes the messages, one small typed function each;
//! - [`answers`] is what an ordinary, obliging peer answers.
//! - [`tls`] is TLS at either end;
//! - [`pki`] makes throw-away authorities, certificates and revocation lists.
//!
//! Both ends keep a [`Transcript`] of every text frame they sent and received.

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

pub mod answers;
mod behaviour;
mod clock;
pub mod csms;
mod envelope;
pub mod fleet;
mod link;
pub mod payload;
pub mod pki;
mod secret;
pub mod station;
pub mod tls;
mod transcript;
mod upgrade;

pub use behaviour::{Behaviour, Reply};
pub use csms::Csms;
pub use envelope::Envelope;
pub use link::{ANSWER_WAIT, Answer, CallFailure, Closed, Link};
pub use secret::quick_hash;
pub use station::Station;
pub use transcript::{Direction, Line, Transcript};
