//! HTTP Basic authentication as OCPP uses it: the user name is the station id.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};

use super::{StationId, single};
use crate::{refusal::Reason, secret::Secret};

/// The longest secret that is looked at. OCPP 2.1 allows 64 characters of UTF-8, that is at most 256 bytes.
pub const SECRET_BYTES_MAX: usize = 256;

/// Credentials as sent; the secret is not yet proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic {
    secret: Secret,
    user_is_id: bool,
}

impl Basic {
    /// Whether the user name is the id in the path, as it has to be (requirement R-A04).
    #[must_use]
    pub fn user_is_id(&self) -> bool {
        self.user_is_id
    }

    /// The secret as the station sent it.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }
}

/// Reads the credentials, where there are any.
pub(super) fn read(headers: &HeaderMap, station: &StationId) -> Result<Option<Basic>, Reason> {
    let Some(value) = single(headers, &header::AUTHORIZATION)? else { return Ok(None) };
    let Some((scheme, token)) = split_at_space(value) else { return Err(Reason::MalformedCredentials) };
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(Reason::MalformedCredentials);
    }
    let decoded = Secret::new(STANDARD.decode(token.trim_ascii()).map_err(|_| Reason::MalformedCredentials)?);
    let Some(colon) = decoded.expose().iter().position(|byte| *byte == b':') else {
        return Err(Reason::MalformedCredentials);
    };
    let (user, secret) = decoded.expose().split_at(colon);
    let secret = secret.get(1..).unwrap_or_default();
    if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
        return Err(Reason::MalformedCredentials);
    }
    let user_is_id = user == station.as_str().as_bytes();
    Ok(Some(Basic { secret: Secret::new(secret.to_vec()), user_is_id }))
}

fn split_at_space(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    Some((value.get(..space)?, value.get(space + 1..)?))
}
