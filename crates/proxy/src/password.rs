//! What a station's password may be in each version of OCPP (requirement R-A05), and how a fresh one is made.

use chargewarden_ocpp::Version;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{credential::hexadecimal, secret::Secret};

/// Shortest password, in bytes for 1.6 and in characters for 2.x (1.6 security whitepaper A00.FR.205, 2.x A00.FR.205).
pub const PASSWORD_MIN: usize = 16;

/// Hexadecimal digits of a 1.6 key written out: 16 to 20 bytes at two digits each.
const HEX_DIGITS: std::ops::RangeInclusive<usize> = 32..=40;

/// Fewest different characters of a password that people chose. A random one of 16 has at least ten of them, practically
/// always; `aaaaaaaaaaaaaaaa` and `0101010101010101` have one and two.
const DISTINCT_MIN: usize = 6;

/// Why a text cannot be a station's password. Says nothing of the text but its length.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasswordProblem {
    /// Below [`PASSWORD_MIN`].
    #[error("{length} characters are too few: OCPP {version} asks for {PASSWORD_MIN} to {max}")]
    TooShort {
        /// The version that asks for it.
        version: Version,
        /// How many there are.
        length: usize,
        /// How many there may be.
        max: usize,
    },
    /// Above what the version allows.
    #[error("{length} characters are too many: OCPP {version} asks for {PASSWORD_MIN} to {max}")]
    TooLong {
        /// The version that asks for it.
        version: Version,
        /// How many there are.
        length: usize,
        /// How many there may be.
        max: usize,
    },
    /// Not UTF-8, which 2.x asks for.
    #[error("it is not text in UTF-8, as OCPP {0} asks")]
    NotText(Version),
    /// A control character: stations and people lose it on the way.
    #[error("it has a control character, such as a tab or a line break")]
    Control,
    /// A few characters over and over.
    #[error("it has fewer than {DISTINCT_MIN} different characters, and can be guessed")]
    Repetitive,
    /// The station's id, which is public, is most of it.
    #[error("it contains the station's id, which is public")]
    ContainsId,
}

/// Checks a password that is to be set: every one of `versions` must be able to carry it. `hex_key` tolerates a 1.6 key that is
/// written as hexadecimal digits. No versions: any of them.
///
/// # Errors
/// The first rule it breaks.
pub fn check_password(
    password: &Secret,
    id: &str,
    versions: &[Version],
    hex_key: bool,
) -> Result<(), PasswordProblem> {
    for version in if versions.is_empty() { &Version::ALL } else { versions } {
        fits(password, *version, hex_key)?;
    }
    let bytes = password.expose();
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen.get_mut(usize::from(*byte)).into_iter().for_each(|seen| *seen = true));
    if seen.iter().filter(|seen| **seen).count() < DISTINCT_MIN {
        return Err(PasswordProblem::Repetitive);
    }
    // A short id is in many a good password by chance.
    let telling = id.len() * 2 >= PASSWORD_MIN;
    if telling && bytes.windows(id.len()).any(|part| part.eq_ignore_ascii_case(id.as_bytes())) {
        return Err(PasswordProblem::ContainsId);
    }
    Ok(())
}

/// Whether a station that speaks `version` can have this password: the form alone.
///
/// # Errors
/// The first rule it breaks.
pub fn fits(password: &Secret, version: Version, hex_key: bool) -> Result<(), PasswordProblem> {
    let bytes = password.expose();
    let max = password_max(version);
    let length = match version {
        // Any bytes: 1.6 stations may be given a binary key.
        Version::V16 if hex_key && is_hex_key(bytes) => return Ok(()),
        Version::V16 => bytes.len(),
        Version::V201 | Version::V21 => {
            let text = std::str::from_utf8(bytes).map_err(|_| PasswordProblem::NotText(version))?;
            if text.chars().any(char::is_control) {
                return Err(PasswordProblem::Control);
            }
            text.chars().count()
        }
    };
    if length < PASSWORD_MIN {
        return Err(PasswordProblem::TooShort { version, length, max });
    }
    if length > max {
        return Err(PasswordProblem::TooLong { version, length, max });
    }
    Ok(())
}

/// Longest password of a version: bytes of 1.6 (whitepaper A00.FR.205), characters of 2.0.1 (A00.FR.205) and of 2.1, whose
/// schema allows 64.
#[must_use]
pub fn password_max(version: Version) -> usize {
    match version {
        Version::V16 => 20,
        Version::V201 => 40,
        Version::V21 => 64,
    }
}

fn is_hex_key(bytes: &[u8]) -> bool {
    HEX_DIGITS.contains(&bytes.len())
        && bytes.len().is_multiple_of(2)
        && bytes.iter().all(u8::is_ascii_hexdigit)
}

/// What fresh passwords are made of: letters and digits that nobody mistakes for each other when they are read out or typed
/// from paper. 55 of them: 20 characters carry 115 bits, 40 carry 231.
const ALPHABET: &[u8; 55] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ2345678";

/// Length of a fresh password where 2.x alone is spoken: 2.0.1's longest.
const FRESH_CHARS: usize = 40;

/// Makes a password that every one of `versions` can carry: 20 characters where 1.6 is spoken, else 40. At least one letter is not a
/// hexadecimal digit, so that no station takes it for a key in hexadecimal. A station of 1.6 with `hex_key` gets such a key, 40
/// digits, which the other versions can carry, too. `random` fills with random bytes.
///
/// # Errors
/// What `random` fails with.
pub fn fresh_password<E>(
    versions: &[Version],
    hex_key: bool,
    mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Secret, E> {
    if hex_key && (versions.is_empty() || versions.contains(&Version::V16)) {
        return fresh_hex_key(random);
    }
    let length = if versions.is_empty() || versions.contains(&Version::V16) {
        password_max(Version::V16)
    } else {
        FRESH_CHARS
    };
    loop {
        let mut password = Zeroizing::new(Vec::<u8>::with_capacity(length));
        let mut bytes = Zeroizing::new([0_u8; 64]);
        while password.len() < length {
            random(&mut *bytes)?;
            // Bytes past the last whole multiple of the alphabet would make its first letters likelier.
            let fair =
                bytes.iter().filter(|byte| usize::from(**byte) < 256 / ALPHABET.len() * ALPHABET.len());
            let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
            let missing = length - password.len();
            password.extend(letters.take(missing));
        }
        if password.iter().any(|letter| letter.is_ascii_alphabetic() && !letter.is_ascii_hexdigit()) {
            return Ok(Secret::new(std::mem::take(&mut *password)));
        }
    }
}

/// A 1.6 key in hexadecimal: 20 random bytes of which at least one cannot be taken for text.
fn fresh_hex_key<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Secret, E> {
    let mut key = Zeroizing::new([0; 20]);
    loop {
        random(&mut *key)?;
        if !key.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return Ok(Secret::new(hexadecimal(&*key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A password of so many different enough characters.
    fn of(length: usize) -> Secret {
        Secret::new(b"ghijkmnpqr".iter().copied().cycle().take(length).collect())
    }

    fn judged(length: usize, versions: &[Version]) -> &'static str {
        match check_password(&of(length), "CS-1", versions, false) {
            Ok(()) => "ok",
            Err(PasswordProblem::TooShort { .. }) => "short",
            Err(PasswordProblem::TooLong { .. }) => "long",
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn boundaries_of_each_version() {
        use Version::{V16, V21, V201};
        for (versions, expected) in [
            (vec![V16], ["short", "ok", "ok", "long", "long", "long", "long", "long"]),
            (vec![V201], ["short", "ok", "ok", "ok", "ok", "long", "long", "long"]),
            (vec![V21], ["short", "ok", "ok", "ok", "ok", "ok", "ok", "long"]),
            (vec![V16, V201], ["short", "ok", "ok", "long", "long", "long", "long", "long"]),
            (vec![V201, V21], ["short", "ok", "ok", "ok", "ok", "long", "long", "long"]),
            (vec![], ["short", "ok", "ok", "long", "long", "long", "long", "long"]),
        ] {
            let found = [15, 16, 20, 21, 40, 41, 64, 65].map(|length| judged(length, &versions));
            assert_eq!(found, expected, "{versions:?}");
        }
    }

    #[test]
    fn a_key_in_hexadecimal_needs_the_tolerance() {
        for (digits, tolerated) in
            [(30, false), (32, true), (33, false), (40, true), (41, false), (42, false)]
        {
            let key = Secret::new(b"0123456789abcdef".iter().copied().cycle().take(digits).collect());
            assert_eq!(fits(&key, Version::V16, true).is_ok(), tolerated, "{digits}");
            assert!(fits(&key, Version::V16, false).is_err(), "{digits}");
        }
    }

    #[test]
    fn characters_are_counted_and_classes_are_kept() {
        let check = |text: &[u8], version| {
            check_password(&Secret::new(text.to_vec()), "CS-0001-A", &[version], false)
        };
        assert_eq!(check("ÄÖÜäöüßéèêçñõåøæ".as_bytes(), Version::V201), Ok(()));
        assert!(matches!(
            check("ÄÖÜäöüßéèêçñõåøæ".as_bytes(), Version::V16),
            Err(PasswordProblem::TooLong { length: 32, .. })
        ));
        let binary: Vec<u8> = (240..=255).collect();
        assert_eq!(check(&binary, Version::V16), Ok(()));
        assert_eq!(check(&binary, Version::V21), Err(PasswordProblem::NotText(Version::V21)));
        assert_eq!(check(b"abcdefghijkl\tmnop", Version::V21), Err(PasswordProblem::Control));
        assert_eq!(check(b"abababababababab", Version::V16), Err(PasswordProblem::Repetitive));
        assert_eq!(check(b"xyz-cs-0001-a-secret", Version::V16), Err(PasswordProblem::ContainsId));
    }

    #[test]
    fn a_problem_never_shows_the_password() {
        for problem in [
            check_password(&Secret::new(b"hunter2".to_vec()), "CS-1", &[Version::V16], false),
            check_password(&Secret::new(b"hunter2\n12345678".to_vec()), "CS-1", &[Version::V21], false),
        ] {
            let problem = problem.unwrap_err();
            assert!(!format!("{problem} {problem:?}").contains("hunter2"));
        }
    }

    #[test]
    fn fresh_ones_fit_and_differ() {
        let mut number = 0_u32;
        let mut random = |bytes: &mut [u8]| {
            number += 1;
            let mut block = number;
            for byte in bytes {
                block = block.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = block.to_be_bytes()[0];
            }
            Ok::<(), ()>(())
        };
        for (versions, length) in [
            (vec![Version::V16], 20),
            (vec![Version::V16, Version::V21], 20),
            (vec![Version::V201], 40),
            (vec![], 20),
        ] {
            let one = fresh_password(&versions, false, &mut random).unwrap();
            let two = fresh_password(&versions, false, &mut random).unwrap();
            assert_ne!(one, two);
            assert_eq!(one.expose().len(), length);
            assert_eq!(check_password(&one, "CS-1", &versions, false), Ok(()));
            assert!(one.expose().iter().any(|letter| (b'g'..=b'z').contains(&letter.to_ascii_lowercase())));
        }
        let hex = fresh_password(&[Version::V16, Version::V201], true, &mut random).unwrap();
        assert_eq!(hex.expose().len(), 40);
        assert_eq!(check_password(&hex, "CS-1", &[Version::V16, Version::V201], true), Ok(()));
        // Nothing but hexadecimal digits is drawn again.
        let mut draws = 0;
        let stubborn = |bytes: &mut [u8]| {
            draws += 1;
            bytes.fill(if draws == 1 { 0 } else { 20 });
            Ok::<(), ()>(())
        };
        assert_eq!(fresh_password(&[Version::V16], false, stubborn).unwrap().expose(), b"w".repeat(20));
    }

    #[test]
    fn the_alphabet_has_no_doubles_and_nothing_to_mistake() {
        let letters: std::collections::BTreeSet<u8> = ALPHABET.iter().copied().collect();
        assert_eq!(letters.len(), ALPHABET.len());
        assert!(!letters.iter().any(|letter| b"0OolI19".contains(letter)));
    }
}
