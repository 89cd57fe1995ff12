//! A station's password while it is being replaced: wiped when dropped, never printed, held to the rules of its version.

use std::fmt;

use chargewarden_ocpp::Version;
use zeroize::Zeroizing;

use crate::effects;

/// Fewest characters of a password, in every version (R-A05; 1.6: bytes).
pub const PASSWORD_CHARACTERS_MIN: usize = 16;

/// Most bytes of a password in 1.6: what 40 hexadecimal digits stand for.
pub const PASSWORD_BYTES_MAX_1_6: usize = 20;

/// A password as it stands in the command that sets it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a station is not given a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Not as long as the version wants it.
    #[error("OCPP {0} wants a password of {length}", length = lengths(*.0))]
    Length(Version),
    /// Control characters cannot be sent in HTTP Basic authentication.
    #[error("the password has control characters")]
    Control,
    /// Few different characters, or a run of neighbours.
    #[error("the password is easily guessed")]
    Weak,
}

impl Password {
    /// Takes the text over. What a caller keeps of it is the caller's to wipe.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for whoever hashes it or writes it into a command.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a station speaking `version` may be given it.
    ///
    /// In 1.6 it is 16 to 20 bytes of text, or 32 to 40 hexadecimal digits that stand for as many bytes; 16 to 40
    /// characters in 2.0.1 and 16 to 64 in 2.1.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(&self, version: Version) -> Result<(), PasswordProblem> {
        let characters = self.0.chars().count();
        let fits = match version {
            Version::V16 => {
                (PASSWORD_CHARACTERS_MIN..=PASSWORD_BYTES_MAX_1_6).contains(&self.0.len())
                    || self.is_hex_key()
            }
            Version::V201 => (PASSWORD_CHARACTERS_MIN..=40).contains(&characters),
            Version::V21 => (PASSWORD_CHARACTERS_MIN..=64).contains(&characters),
        };
        if !fits {
            return Err(PasswordProblem::Length(version));
        }
        if self.0.chars().any(char::is_control) {
            return Err(PasswordProblem::Control);
        }
        if effects::is_weak_secret(&self.0) {
            return Err(PasswordProblem::Weak);
        }
        Ok(())
    }

    /// Whether it is the hexadecimal form of an `AuthorizationKey`: of 16 to 20 bytes.
    pub fn is_hex_key(&self) -> bool {
        let digits = self.0.len();
        digits.is_multiple_of(2)
            && (2 * PASSWORD_CHARACTERS_MIN..=2 * PASSWORD_BYTES_MAX_1_6).contains(&digits)
            && self.0.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl PartialEq for Password {
    /// Not in constant time: for tests, and for what both sides of know.
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

fn lengths(version: Version) -> &'static str {
    match version {
        Version::V16 => "16 to 20 bytes, or as hexadecimal digits",
        Version::V201 => "16 to 40 characters",
        Version::V21 => "16 to 64 characters",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many characters, no two neighbours alike.
    fn of(length: usize) -> Password {
        Password::new("q7Zf-3xT_9bLw2Rk".chars().cycle().take(length).collect())
    }

    #[test]
    fn lengths_are_those_of_the_version() {
        for (version, good, bad) in [
            (Version::V16, &[16, 20][..], &[0, 15, 21, 40, 64][..]),
            (Version::V201, &[16, 20, 40], &[15, 41, 64]),
            (Version::V21, &[16, 40, 64], &[15, 65]),
        ] {
            for length in good {
                assert_eq!(of(*length).check(version), Ok(()), "{version} {length}");
            }
            for length in bad {
                assert_eq!(of(*length).check(version), Err(PasswordProblem::Length(version)), "{length}");
            }
        }
    }

    #[test]
    fn hexadecimal_keys_stand_for_bytes() {
        let digits = "9f3b61d20c7e4a58b16d02f7ac9e5b3480d1c6e2f7";
        for (length, fits) in [(30, false), (32, true), (38, true), (39, false), (40, true), (42, false)] {
            let key = Password::new(digits.get(..length).unwrap().to_owned());
            assert_eq!(key.check(Version::V16).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn guessable_passwords_and_control_characters_are_refused() {
        for (text, problem) in [
            ("aaaaaaaaaaaaaaaaaa", PasswordProblem::Weak),
            ("abcdefghijklmnopqr", PasswordProblem::Weak),
            ("q7Zf-3xT_9bLw2\nRk", PasswordProblem::Control),
        ] {
            assert_eq!(Password::new(text.to_owned()).check(Version::V16), Err(problem), "{text:?}");
        }
    }

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", of(16)), "Password(..)");
    }
}
