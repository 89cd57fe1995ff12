//! Checking a station's secret: slow the first time, fast after, and the same for known and unknown ids.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, password_hash::Salt};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{
    checks::Checks,
    directory::{Secrets, Station},
    handshake::StationId,
    origin::Origin,
    refusal::Reason,
    secret::Secret,
    tolerance::Tolerance,
};

/// The check of station secrets.
pub(crate) struct Credentials {
    /// Bounds the memory and cores that checks take.
    checks: Arc<Checks>,
    memory: Arc<Memory>,
    /// Keys the fast path; drawn at start, so the tags are worthless outside this process.
    key: [u8; 32],
    /// The tag of what was last proven, per station. Bounded by the inventory: only known ids get in.
    proven: Mutex<HashMap<StationId, [u8; 32]>>,
}

/// Which of a station's secrets was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The one in force.
    Current,
    /// The one that was sent to the station and whose acceptance was not known: it took it.
    Proposed,
}

impl Credentials {
    /// `key` from a random source.
    pub(crate) fn new(checks: Checks, key: [u8; 32]) -> Credentials {
        Credentials { checks: Arc::new(checks), memory: Arc::default(), key, proven: Mutex::default() }
    }

    /// The fast path: whether this secret was the last that was proven.
    pub(crate) fn known(&self, station: &Station, secret: &Secret) -> Option<Shown> {
        let secret = readable(station, secret);
        let tags = ways(&station.secrets).map(|(shown, hash)| (shown, self.tag(&station.id, hash, &secret)));
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let proof = proven.get(&station.id)?;
        tags.into_iter().find(|(_, tag)| bool::from(proof.ct_eq(tag))).map(|(shown, _)| shown)
    }

    /// Which of the station's secrets this is, if any; for a station that is unknown or has none, the same work on `decoy`. Whether a
    /// second secret is proposed makes no difference: both hashes have one salt, so one pass serves for both (see [`hash_beside`]).
    ///
    /// # Errors
    /// [`Reason::Busy`]: too many checks wait.
    pub(crate) async fn check(
        &self,
        station: Option<&Arc<Station>>,
        decoy: &Arc<str>,
        secret: &Secret,
        origin: Origin,
    ) -> Result<Option<Shown>, Reason> {
        let secrets = station.map(|station| station.secrets.clone()).unwrap_or_default();
        let secret = station.map_or(Cow::Borrowed(secret), |station| readable(station, secret)).into_owned();
        let (candidate, memory, decoy) = (secret.clone(), Arc::clone(&self.memory), Arc::clone(decoy));
        let slot = self.checks.slot(origin).await?;
        let checked = tokio::task::spawn_blocking(move || {
            let shown = verify(&secrets, &decoy, &candidate, &memory);
            // Here, and not where it is waited for: who goes away meanwhile does not make room before the work is done.
            drop(slot);
            shown
        });
        let shown = checked.await.unwrap_or(None);
        let (Some(station), Some(shown)) = (station, shown) else { return Ok(None) };
        if let Some((_, hash)) = ways(&station.secrets).find(|(way, _)| *way == shown) {
            let tag = self.tag(&station.id, hash, &secret);
            self.proven.lock().unwrap_or_else(PoisonError::into_inner).insert(station.id.clone(), tag);
        }
        Ok(Some(shown))
    }

    /// Hashes a secret that the station is about to be sent: see [`hash_beside`]. Waits for its turn like a check.
    ///
    /// # Errors
    /// No random bytes, or a hash in force that cannot be read.
    pub(crate) async fn hash(&self, station: Arc<Station>, secret: Secret) -> Result<String, HashProblem> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| HashProblem::Random)?;
        let _slot = self.checks.slot(Origin::OURSELVES).await;
        let hashed = tokio::task::spawn_blocking(move || hash_beside(&station, &secret, &salt)).await;
        hashed.unwrap_or(Err(HashProblem::Form))
    }

    /// Binds secret, station and the stored hash: a rotated secret invalidates the proof by itself.
    fn tag(&self, station: &StationId, hash: &str, secret: &Secret) -> [u8; 32] {
        let mut block = [0; 64]; // HMAC pads a short key with zeros
        block.iter_mut().zip(self.key).for_each(|(place, byte)| *place = byte);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&block).into());
        for part in [station.as_str().as_bytes(), hash.as_bytes(), secret.expose()] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Working memory of checks, kept between them: never more pieces than checks at once. Given back to the allocator
/// it would stay with whichever thread had it last, up to 19 MiB each (measured: 380 MiB after 1,500 first sign-ins).
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn borrow(&self, blocks: usize) -> Vec<Block> {
        let mut piece = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if piece.len() < blocks {
            piece.resize(blocks, Block::default());
        }
        piece
    }

    fn give_back(&self, piece: Vec<Block>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// A station's hashes, the proposed one first: a secret that is both is the one the station took.
fn ways(secrets: &Secrets) -> impl Iterator<Item = (Shown, &str)> {
    let proposed = secrets.proposed.as_deref().map(|hash| (Shown::Proposed, hash));
    let current = secrets.current.as_deref().map(|hash| (Shown::Current, hash));
    proposed.into_iter().chain(current)
}

/// Which of the secrets is the one shown. Any trouble with a stored hash is a no; so is that there is none, after the same
/// work.
fn verify(secrets: &Secrets, decoy: &str, secret: &Secret, memory: &Memory) -> Option<Shown> {
    let mut digests: Vec<(String, Vec<u8>)> = Vec::with_capacity(1);
    let mut digest = |hash: &str| {
        let (how, _) = hash.rsplit_once('$')?;
        if let Some((_, found)) = digests.iter().find(|(known, _)| known == how) {
            return Some(found.clone());
        }
        let (argon2, salt, expected) = parts(hash)?;
        let mut piece = memory.borrow(argon2.params().block_count());
        let mut found = vec![0; expected.len()];
        let hashed = argon2.hash_password_into_with_memory(secret.expose(), &salt, &mut found, &mut piece);
        memory.give_back(piece);
        hashed.ok()?;
        digests.push((how.to_owned(), found.clone()));
        Some(found)
    };
    if secrets.current.is_none() && secrets.proposed.is_none() {
        digest(decoy);
        return None;
    }
    // All of them, whichever is right: what an attempt takes says nothing about which it was.
    let mut shown = None;
    for (way, hash) in ways(secrets) {
        let right = digest(hash)
            .zip(parts(hash))
            .is_some_and(|(found, (_, _, expected))| bool::from(found.ct_eq(&expected)));
        if right && shown.is_none() {
            shown = Some(way);
        }
    }
    shown
}

/// The secret as it was hashed. Some stations of 1.6 take an `AuthorizationKey` for hexadecimal digits and show the bytes that
/// these stand for; the digits, in small letters, are what is hashed ([`Tolerance::HexKey`]).
fn readable<'s>(station: &Station, secret: &'s Secret) -> Cow<'s, Secret> {
    let bytes = secret.expose();
    // A text is a text. Of random keys of 16 bytes one in 7 million is printable throughout; such a key is not taken.
    let text = bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    if text || !KEY_BYTES.contains(&bytes.len()) || !station.tolerances.contains(&Tolerance::HexKey) {
        return Cow::Borrowed(secret);
    }
    Cow::Owned(Secret::new(hexadecimal(bytes)))
}

/// Whether two hexadecimal digits stand for a printable character.
fn stands_for_printable(digits: &[u8]) -> bool {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    match digits {
        [high, low] => {
            value(high).zip(value(low)).is_some_and(|(high, low)| (0x20..=0x7e).contains(&(high * 16 + low)))
        }
        _ => false,
    }
}

/// Bytes of a 1.6 key (requirement R-A05).
const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=20;

/// In small letters. Made in one piece, so that no copy is left behind.
pub(crate) fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].iter().filter_map(|digit| DIGITS.get(usize::from(*digit))));
    }
    out
}

/// What a stored hash says: how it was made, the salt, the result.
fn parts(hash: &str) -> Option<(Argon2<'static>, Vec<u8>, Vec<u8>)> {
    let parsed = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(parsed.algorithm).ok()?;
    let version = argon2::Version::try_from(parsed.version?).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let mut salt = [0; Salt::MAX_LENGTH];
    let salt = parsed.salt?.decode_b64(&mut salt).ok()?.to_vec();
    Some((Argon2::new(algorithm, version, params), salt, parsed.hash?.as_bytes().to_vec()))
}

/// [`hash_cost`] of what [`hash_secret`] makes: 19 MiB and 2 passes (OWASP's first choice).
pub const HASH_COST_DEFAULT: u64 = 19_456 * 2;

/// Most memory a stored hash may ask for, in KiB: what one connection attempt may cost us.
pub const HASH_MEMORY_KIB_MAX: u32 = 64 * 1024;

/// Most passes a stored hash may ask for.
pub const HASH_PASSES_MAX: u32 = 8;

/// What a stored hash costs whoever guesses: memory in KiB times passes. None when it is no argon2 hash.
#[must_use]
pub fn hash_cost(hash: &str) -> Option<u64> {
    let parsed = PasswordHash::new(hash).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    Some(u64::from(params.m_cost()) * u64::from(params.t_cost()))
}

/// Why a stored hash cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HashProblem {
    /// Not PHC form.
    #[error("not a PHC string (make one with `chargewarden station hash`)")]
    Form,
    /// Another algorithm.
    #[error("algorithm `{0}` is not argon2id")]
    Algorithm(String),
    /// The bytes that a hexadecimal key stands for could be taken for text.
    #[error("the bytes that this hexadecimal key stands for could be taken for text; make another")]
    Ambiguous,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// Parameters beyond what a connection attempt may cost.
    #[error(
        "it asks for more than {HASH_MEMORY_KIB_MAX} KiB or {HASH_PASSES_MAX} passes for each attempt to connect"
    )]
    Cost,
}

/// Checks the form and cost of a stored hash when the inventory is read.
///
/// # Errors
/// What is wrong with it.
pub fn check_hash(hash: &str) -> Result<(), HashProblem> {
    let parsed = PasswordHash::new(hash).map_err(|_| HashProblem::Form)?;
    if parsed.algorithm != argon2::ARGON2ID_IDENT {
        return Err(HashProblem::Algorithm(parsed.algorithm.to_string()));
    }
    let params = Params::try_from(&parsed).map_err(|_| HashProblem::Form)?;
    if parts(hash).is_none() {
        return Err(HashProblem::Form);
    }
    if params.m_cost() > HASH_MEMORY_KIB_MAX || params.t_cost() > HASH_PASSES_MAX {
        return Err(HashProblem::Cost);
    }
    Ok(())
}

/// Hashes a secret into PHC form with the default parameters (argon2id, 19 MiB, 2 passes: OWASP's first choice) and the
/// salt given (16 bytes from a random source).
///
/// # Errors
/// Secrets that argon2 cannot take (longer than 4 GiB).
pub fn hash_secret(secret: &Secret, salt: &[u8; 16]) -> Result<String, HashProblem> {
    use argon2::{PasswordHasher, password_hash::SaltString};
    let salt = SaltString::encode_b64(salt).map_err(|_| HashProblem::Form)?;
    Argon2::default()
        .hash_password(secret.expose(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| HashProblem::Form)
}

/// Hashes a secret that a station is about to be sent, so that it is checked in one pass with the one in force: with that one's
/// salt and parameters, or, where there is none, as [`hash_secret`] does.
///
/// One salt for two secrets of one station costs an attacker who has both hashes one search in place of two; both are
/// random, or at least not on any list, and one of them lives for the seconds of a rotation. What it buys: neither whether a station
/// exists nor whether it is being given another secret shows in the time that a wrong secret takes.
///
/// # Errors
/// A hash in force that cannot be read; secrets that argon2 cannot take.
pub(crate) fn hash_beside(
    station: &Station,
    secret: &Secret,
    salt: &[u8; 16],
) -> Result<String, HashProblem> {
    let secret = &*as_hashed(secret, station.tolerances.contains(&Tolerance::HexKey))?;
    let Some(current) = &station.secrets.current else { return hash_secret(secret, salt) };
    let (argon2, salt, _) = parts(current).ok_or(HashProblem::Form)?;
    let salt = argon2::password_hash::SaltString::encode_b64(&salt).map_err(|_| HashProblem::Form)?;
    argon2::PasswordHasher::hash_password(&argon2, secret.expose(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| HashProblem::Form)
}

/// Hashes a secret that people give a station, as [`hash_secret`] does. `hex_key`: the station has the tolerance of that name.
///
/// # Errors
/// [`HashProblem::Ambiguous`]; secrets that argon2 cannot take.
pub fn hash_station_secret(secret: &Secret, hex_key: bool, salt: &[u8; 16]) -> Result<String, HashProblem> {
    hash_secret(&*as_hashed(secret, hex_key)?, salt)
}

/// A key in hexadecimal digits is hashed in small letters, where it is tolerated: see [`readable`].
fn as_hashed(secret: &Secret, hex_key: bool) -> Result<Cow<'_, Secret>, HashProblem> {
    let bytes = secret.expose();
    let digits = (2 * KEY_BYTES.start()..=2 * KEY_BYTES.end()).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_hexdigit);
    if !hex_key || !digits {
        return Ok(Cow::Borrowed(secret));
    }
    if bytes.chunks_exact(2).all(stands_for_printable) {
        return Err(HashProblem::Ambiguous);
    }
    Ok(Cow::Owned(Secret::new(bytes.to_ascii_lowercase())))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{collections::BTreeSet, net::IpAddr, time::Duration};

    use super::*;
    use chargewarden_ocpp::refusal::RefusalStyle;

    use crate::{
        directory::{Csms, Secrets},
        profile::Profile,
    };

    /// What `chargewarden station hash` makes, of a secret nobody kept.
    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$L0V4sTq0m9wZ8hYpQe3nYg$yb8J2v0xq3ZkH1mS5oD7uR4wT6nC9aF2eG8iK0lM1pQ";

    fn credentials() -> Credentials {
        Credentials::new(Checks::new(1, Duration::from_secs(60)), [7; 32])
    }

    async fn check(
        credentials: &Credentials,
        station: Option<&Arc<Station>>,
        secret: &Secret,
    ) -> Option<Shown> {
        let from = "192.0.2.1".parse::<IpAddr>().unwrap();
        credentials.check(station, &HASH.into(), secret, from.into()).await.unwrap()
    }

    pub(crate) fn station(secret: &str, salt: u8) -> Arc<Station> {
        let csms = Csms {
            name: "main".into(),
            party: "cnp".parse().unwrap(),
            url: "ws://127.0.0.1/".parse().unwrap(),
            credentials: None,
            refusals: RefusalStyle::OwnStatus,
            tls: None,
        };
        Arc::new(Station {
            id: StationId::parse("CS-1").unwrap(),
            profile: Profile::Basic,
            unauthenticated_until: None,
            secrets: Secrets {
                current: Some(hash_secret(&Secret::new(secret.into()), &[salt; 16]).unwrap()),
                proposed: None,
                deferred: false,
            },
            factory: false,
            quarantine: None,
            certificate_name: None,
            versions: vec![],
            site: String::new(),
            groups: vec![],
            area: String::new(),
            envelope: Default::default(),
            owner: "cso".parse().unwrap(),
            parties: vec!["cso".parse().unwrap()],
            sources: vec![],
            tolerances: BTreeSet::new(),
            csms: Arc::new(csms),
            upstream: None,
        })
    }

    #[test]
    fn stored_hashes_are_checked() {
        check_hash(station("x", 1).secrets.current.as_deref().unwrap()).unwrap();
        assert_eq!(check_hash("hunter2"), Err(HashProblem::Form));
        let costly = HASH.replace("m=19456", "m=1048576");
        assert_eq!(check_hash(&costly), Err(HashProblem::Cost));
        let other = HASH.replace("argon2id", "argon2i");
        assert_eq!(check_hash(&other), Err(HashProblem::Algorithm("argon2i".into())));
        assert_eq!(
            check_hash("$argon2id$v=19$m=19456,t=2,p=1$L0V4sTq0m9wZ8hYpQe3nYg"),
            Err(HashProblem::Form)
        );
    }

    #[tokio::test]
    async fn a_proven_secret_is_known_until_it_is_rotated() {
        let credentials = credentials();
        let (right, wrong) = (Secret::new(b"right".to_vec()), Secret::new(b"wrong".to_vec()));
        let old = station("right", 1);
        assert_eq!(credentials.known(&old, &right), None);
        assert_eq!(check(&credentials, Some(&old), &wrong).await, None);
        assert_eq!(check(&credentials, None, &right).await, None);
        assert_eq!(check(&credentials, Some(&old), &right).await, Some(Shown::Current));
        assert_eq!(credentials.known(&old, &right), Some(Shown::Current));
        assert_eq!(credentials.known(&old, &wrong), None);
        let rotated = station("right", 2);
        assert_eq!(credentials.known(&rotated, &right), None);
    }

    /// The station with another secret proposed.
    fn proposing(old: &Arc<Station>, secret: &str) -> Arc<Station> {
        let hash = hash_beside(old, &Secret::new(secret.into()), &[9; 16]).unwrap();
        let current = old.secrets.current.clone();
        Arc::new(Station {
            secrets: Secrets { current, proposed: Some(hash), deferred: false },
            ..Station::clone(old)
        })
    }

    #[tokio::test]
    async fn both_secrets_are_good_while_one_is_proposed() {
        let credentials = credentials();
        let both = proposing(&station("old", 1), "new");
        let [old, new, wrong] = ["old", "new", "wrong"].map(|text| Secret::new(text.into()));
        assert_eq!(check(&credentials, Some(&both), &wrong).await, None);
        assert_eq!(check(&credentials, Some(&both), &old).await, Some(Shown::Current));
        assert_eq!(credentials.known(&both, &old), Some(Shown::Current));
        assert_eq!(check(&credentials, Some(&both), &new).await, Some(Shown::Proposed));
        assert_eq!(credentials.known(&both, &new), Some(Shown::Proposed));
        // It was taken: what was proven stays proven, and the old one is wrong.
        let current = both.secrets.proposed.clone();
        let after = Station {
            secrets: Secrets { current, proposed: None, deferred: false },
            ..Station::clone(&both)
        };
        assert_eq!(credentials.known(&after, &new), Some(Shown::Current));
        assert_eq!(check(&credentials, Some(&Arc::new(after)), &old).await, None);
    }

    #[test]
    fn one_pass_serves_for_both_secrets() {
        let both = proposing(&station("old", 1), "new");
        let how = |hash: &Option<String>| hash.as_deref().unwrap().rsplit_once('$').unwrap().0.to_owned();
        assert_eq!(how(&both.secrets.current), how(&both.secrets.proposed));
        assert_ne!(both.secrets.current, both.secrets.proposed);
        let bare = Station { secrets: Secrets::default(), ..Station::clone(&both) };
        check_hash(&hash_beside(&bare, &Secret::new(b"new".to_vec()), &[9; 16]).unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_station_may_show_the_bytes_of_hexadecimal_digits() {
        let credentials = credentials();
        let digits = "9f3b61d20c7e4a58b16d02f7ac9e5b3480d1c6e2";
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let plain = station(digits, 1);
        let tolerated =
            Arc::new(Station { tolerances: BTreeSet::from([Tolerance::HexKey]), ..Station::clone(&plain) });
        let (text, key) = (Secret::new(digits.into()), Secret::new(bytes(digits)));
        assert_eq!(check(&credentials, Some(&plain), &key).await, None);
        assert_eq!(check(&credentials, Some(&tolerated), &key).await, Some(Shown::Current));
        assert_eq!(credentials.known(&tolerated, &key), Some(Shown::Current));
        assert_eq!(check(&credentials, Some(&tolerated), &text).await, Some(Shown::Current));
        let printable = Secret::new(b"3132333435363738393a3b3c3d3e3f40".to_vec());
        assert_eq!(hash_beside(&tolerated, &printable, &[9; 16]), Err(HashProblem::Ambiguous));
        let capital = proposing(&tolerated, &digits.replace('9', "8").to_ascii_uppercase());
        let key = Secret::new(bytes(&digits.replace('9', "8")));
        assert_eq!(check(&credentials, Some(&capital), &key).await, Some(Shown::Proposed));
    }
}
