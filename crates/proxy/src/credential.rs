//! Checking a station's secret: slow the first time, fast after, and the same for known and unknown ids.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, password_hash::Salt};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::{directory::Station, handshake::StationId, refusal::Reason, secret::Secret};

/// The hash that is verified for ids the inventory does not know, so that they take as long as known ones: argon2id with
/// the parameters `chargewarden station hash` uses (19 MiB, 2 passes), of a random secret nobody kept.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$L0V4sTq0m9wZ8hYpQe3nYg$yb8J2v0xq3ZkH1mS5oD7uR4wT6nC9aF2eG8iK0lM1pQ";

/// The check of station secrets.
pub(crate) struct Credentials {
    /// Bounds the memory and cores that checks take.
    slots: Semaphore,
    memory: Arc<Memory>,
    /// Keys the fast path; drawn at start, so the tags are worthless outside this process.
    key: [u8; 32],
    /// What was last proven, per station. Bounded by the inventory: only known ids get in.
    proven: Mutex<HashMap<StationId, Proof>>,
}

struct Proof {
    tag: [u8; 32],
    address: IpAddr,
}

/// Whether a secret was found right without the slow check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The same secret was proven before, from this address.
    Here,
    /// The same secret was proven before, from another address.
    Elsewhere,
    /// Nothing is known.
    No,
}

impl Credentials {
    /// `checks` secrets at once; `key` from a random source.
    pub(crate) fn new(checks: usize, key: [u8; 32]) -> Credentials {
        Credentials { slots: Semaphore::new(checks), memory: Arc::default(), key, proven: Mutex::default() }
    }

    /// The fast path: whether this secret was proven before.
    pub(crate) fn known(&self, station: &Station, secret: &Secret, address: IpAddr) -> Known {
        let tag = self.tag(station, secret);
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        match proven.get(&station.id) {
            Some(proof) if bool::from(proof.tag.ct_eq(&tag)) => {
                if proof.address == address {
                    Known::Here
                } else {
                    Known::Elsewhere
                }
            }
            Some(_) | None => Known::No,
        }
    }

    /// Proves a secret, or spends the same time on a decoy when the station is unknown.
    ///
    /// # Errors
    /// The true reason; the peer sees the same answer for both.
    pub(crate) async fn check(
        &self,
        station: Option<&Arc<Station>>,
        secret: &Secret,
        address: IpAddr,
    ) -> Result<(), Reason> {
        let hash = station.and_then(|station| station.secrets.current.as_deref()).unwrap_or(DECOY).to_owned();
        let has_secret = station.is_some_and(|station| station.secrets.current.is_some());
        // Closed never, so an error cannot happen; it would refuse.
        let Ok(_slot) = self.slots.acquire().await else { return Err(Reason::Busy) };
        let (candidate, memory) = (secret.clone(), Arc::clone(&self.memory));
        let right =
            tokio::task::spawn_blocking(move || verify(&hash, &candidate, &memory)).await.unwrap_or(false);
        match station {
            None => Err(Reason::UnknownStation),
            Some(_) if !right || !has_secret => Err(Reason::WrongSecret),
            Some(station) => {
                let proof = Proof { tag: self.tag(station, secret), address };
                self.proven.lock().unwrap_or_else(PoisonError::into_inner).insert(station.id.clone(), proof);
                Ok(())
            }
        }
    }

    /// Binds secret, station and the stored hash: a rotated secret invalidates the proof by itself.
    fn tag(&self, station: &Station, secret: &Secret) -> [u8; 32] {
        let mut block = [0; 64]; // HMAC pads a short key with zeros
        block.iter_mut().zip(self.key).for_each(|(place, byte)| *place = byte);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&block).into());
        let hash = station.secrets.current.as_deref().unwrap_or_default();
        for part in [station.id.as_str().as_bytes(), hash.as_bytes(), secret.expose()] {
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

/// Whether the secret is the one hashed. Any trouble with the stored hash is a no.
fn verify(hash: &str, secret: &Secret, memory: &Memory) -> bool {
    let Some((argon2, salt, expected)) = parts(hash) else { return false };
    let mut piece = memory.borrow(argon2.params().block_count());
    let mut found = vec![0; expected.len()];
    let hashed = argon2.hash_password_into_with_memory(secret.expose(), &salt, &mut found, &mut piece);
    memory.give_back(piece);
    hashed.is_ok() && bool::from(found.ct_eq(&expected))
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use super::*;
    use chargewarden_ocpp::refusal::RefusalStyle;

    use crate::{
        directory::{Csms, Secrets},
        profile::Profile,
    };

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn station(secret: &str, salt: u8) -> Arc<Station> {
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
            },
            factory: false,
            quarantine: None,
            certificate_name: None,
            versions: vec![],
            site: String::new(),
            groups: vec![],
            area: String::new(),
            owner: "cso".parse().unwrap(),
            parties: vec!["cso".parse().unwrap()],
            sources: vec![],
            tolerances: BTreeSet::new(),
            csms: Arc::new(csms),
            upstream: None,
        })
    }

    #[test]
    fn the_decoy_costs_what_a_real_one_costs() {
        check_hash(DECOY).unwrap();
        let params = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        assert_eq!(params(DECOY), params(station("x", 1).secrets.current.as_deref().unwrap()));
    }

    #[test]
    fn stored_hashes_are_checked() {
        check_hash(station("x", 1).secrets.current.as_deref().unwrap()).unwrap();
        assert_eq!(check_hash("hunter2"), Err(HashProblem::Form));
        let costly = DECOY.replace("m=19456", "m=1048576");
        assert_eq!(check_hash(&costly), Err(HashProblem::Cost));
        let other = DECOY.replace("argon2id", "argon2i");
        assert_eq!(check_hash(&other), Err(HashProblem::Algorithm("argon2i".into())));
        assert_eq!(
            check_hash("$argon2id$v=19$m=19456,t=2,p=1$L0V4sTq0m9wZ8hYpQe3nYg"),
            Err(HashProblem::Form)
        );
    }

    #[tokio::test]
    async fn a_proven_secret_is_known_until_it_is_rotated() {
        let credentials = Credentials::new(1, [7; 32]);
        let (right, wrong) = (Secret::new(b"right".to_vec()), Secret::new(b"wrong".to_vec()));
        let old = station("right", 1);
        assert_eq!(credentials.known(&old, &right, HERE), Known::No);
        assert_eq!(credentials.check(Some(&old), &wrong, HERE).await, Err(Reason::WrongSecret));
        assert_eq!(credentials.check(None, &right, HERE).await, Err(Reason::UnknownStation));
        assert_eq!(credentials.check(Some(&old), &right, HERE).await, Ok(()));
        assert_eq!(credentials.known(&old, &right, HERE), Known::Here);
        assert_eq!(credentials.known(&old, &right, Ipv4Addr::UNSPECIFIED.into()), Known::Elsewhere);
        assert_eq!(credentials.known(&old, &wrong, HERE), Known::No);
        let rotated = station("right", 2);
        assert_eq!(credentials.known(&rotated, &right, HERE), Known::No);
    }
}
