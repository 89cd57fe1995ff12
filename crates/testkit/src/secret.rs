//! Hashes of secrets that nobody will guess at.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// An argon2id PHC string with the least parameters there are, for stations that live as long as a demo or a test. It is
/// quick to check, and as quick to guess at: never for a secret that anybody keeps.
///
/// # Panics
///
/// Never: the parameters are fixed, and a salt of 16 bytes is always taken.
#[expect(clippy::expect_used, reason = "fixed parameters")]
pub fn quick_hash(secret: &str, salt: &[u8; 16]) -> String {
    let parameters = Params::new(Params::MIN_M_COST, 1, 1, None).expect("the least parameters are valid");
    let salt = SaltString::encode_b64(salt).expect("16 bytes are a salt");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password(secret.as_bytes(), &salt)
        .expect("a short text can be hashed")
        .to_string()
}
