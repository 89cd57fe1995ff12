//! The security profiles of OCPP (1.6 security whitepaper and 2.x, A00): what a connection offers, what a station must offer.

use std::fmt;

/// A security profile. A station has exactly one (requirement R-A01); a higher one is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// 0: neither TLS nor a secret. Only by an exception that ends on a date.
    Unauthenticated,
    /// 1: a secret by Basic authentication, without TLS.
    Basic,
    /// 2: a secret by Basic authentication, over TLS.
    TlsBasic,
    /// 3: a client certificate, over TLS.
    TlsCertificate,
}

impl Profile {
    /// All of them, the weakest first.
    pub const ALL: [Profile; 4] =
        [Profile::Unauthenticated, Profile::Basic, Profile::TlsBasic, Profile::TlsCertificate];

    /// OCPP's number: 0 to 3.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Profile::Unauthenticated => 0,
            Profile::Basic => 1,
            Profile::TlsBasic => 2,
            Profile::TlsCertificate => 3,
        }
    }

    /// The profile of OCPP's number; none above 3.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.number() == number)
    }

    /// What a connection offers. A certificate next to a secret is an offer of either; `wanted`, what the station is
    /// provisioned for, says which of them counts.
    #[must_use]
    pub fn offered(tls: bool, certificate: bool, secret: bool, wanted: Option<Profile>) -> Profile {
        match (tls, certificate, secret) {
            (false, _, false) => Profile::Unauthenticated,
            (false, _, true) => Profile::Basic,
            (true, true, true) if wanted == Some(Profile::TlsCertificate) => Profile::TlsCertificate,
            (true, true, false) => Profile::TlsCertificate,
            // TLS without anything is judged as a secret that is missing.
            (true, _, _) => Profile::TlsBasic,
        }
    }

    /// Whether the station proves itself by a secret.
    #[must_use]
    pub fn has_secret(self) -> bool {
        matches!(self, Profile::Basic | Profile::TlsBasic)
    }

    /// Whether it is spoken over TLS.
    #[must_use]
    pub fn has_tls(self) -> bool {
        matches!(self, Profile::TlsBasic | Profile::TlsCertificate)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for profile in Profile::ALL {
            assert_eq!(Profile::of_number(profile.number()), Some(profile));
        }
        assert_eq!(Profile::of_number(4), None);
    }

    #[test]
    fn the_offer_is_what_was_brought() {
        let offered = Profile::offered;
        assert_eq!(offered(false, false, false, None), Profile::Unauthenticated);
        assert_eq!(offered(false, false, true, None), Profile::Basic);
        assert_eq!(offered(true, false, true, None), Profile::TlsBasic);
        assert_eq!(offered(true, false, false, None), Profile::TlsBasic);
        assert_eq!(offered(true, true, false, Some(Profile::TlsBasic)), Profile::TlsCertificate);
        assert_eq!(offered(true, true, true, Some(Profile::TlsBasic)), Profile::TlsBasic);
        assert_eq!(offered(true, true, true, Some(Profile::TlsCertificate)), Profile::TlsCertificate);
    }
}
