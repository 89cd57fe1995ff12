//! Deviations of stations in the field that may be tolerated: named, off by default, granted per station (DESIGN 2.7).

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A deviation at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tolerance {
    /// The Basic user name may differ from the id in the path.
    AnyUserName,
    /// The station may offer no subprotocol; it is then taken to speak the only version that the inventory allows it.
    NoSubprotocol,
    /// The secret of OCPP 1.6 is written in hexadecimal: 40 digits stand for 20 bytes.
    HexKey,
}

/// A name that is not a tolerance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a tolerance (there is `any-user-name`, `no-subprotocol`, `hex-key`)")]
pub struct UnknownTolerance(String);

impl Tolerance {
    /// All of them.
    pub const ALL: [Tolerance; 3] = [Tolerance::AnyUserName, Tolerance::NoSubprotocol, Tolerance::HexKey];

    /// Its name in inventory and evidence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tolerance::AnyUserName => "any-user-name",
            Tolerance::NoSubprotocol => "no-subprotocol",
            Tolerance::HexKey => "hex-key",
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tolerance {
    type Err = UnknownTolerance;

    fn from_str(text: &str) -> Result<Tolerance, UnknownTolerance> {
        Tolerance::ALL
            .into_iter()
            .find(|tolerance| tolerance.name() == text)
            .ok_or_else(|| UnknownTolerance(text.to_owned()))
    }
}
