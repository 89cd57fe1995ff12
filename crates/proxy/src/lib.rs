//! Listeners, admission, one task per station session, connections to the CSMS.
//!
//! [`Proxy::start`] listens. A connection is judged in the order of [`handshake`] and `admission`: what can be judged without
//! knowing anyone first, then who it is, whether it is connected already, and whether its CSMS takes it. Only then is the
//! upgrade answered and a session begun, one task for both sockets, which feeds the core and carries out its steps.
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

mod admission;
mod arrival;
mod authentication;
mod bounds;
mod checks;
mod clock;
mod credential;
mod decoy;
mod dial;
mod directory;
mod doors;
mod ending;
mod gateway;
pub mod handshake;
mod incumbent;
mod listener;
mod meters;
mod origin;
mod pace;
mod password;
mod placements;
mod presence;
mod profile;
mod proxy_header;
mod quarantine;
mod ratchet;
mod recorder;
mod refusal;
mod remembered;
mod roster;
mod rotation;
mod secret;
mod session;
mod socket;
mod standing;
mod states;
mod throttle;
pub mod tls;
mod tolerance;
mod transport;
mod turns;
pub mod upstream;

pub use bounds::Bounds;
pub use credential::{
    HASH_COST_DEFAULT, HASH_MEMORY_KIB_MAX, HASH_PASSES_MAX, HashProblem, check_hash, hash_cost, hash_secret,
    hash_station_secret,
};
pub use directory::{Csms, CsmsCredentials, CsmsTls, KeyPairFiles, Secrets, Station, TlsVersion, Upstream};
pub use gateway::{FreshTls, Plan, Proxy, StartError};
pub use handshake::{StationId, StationIdProblem};
pub use listener::{ListenerPlan, ListenerTls};
pub use origin::source_name;
pub use password::{
    PASSWORD_MIN, PasswordProblem, check_password, fits as password_fits, fresh_password, password_max,
};
pub use placements::{STANDINGS, read_standings, store_standings};
pub use profile::Profile;
pub use refusal::Reason;
pub use roster::{Applied, ROTATION_WAIT, Resolve, Roster, RosterError};
pub use rotation::Rotated;
pub use secret::Secret;
pub use tolerance::{Tolerance, UnknownTolerance};
