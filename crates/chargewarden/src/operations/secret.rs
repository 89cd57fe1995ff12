//! The secret of a station that people set: checked or made here, hashed, shown once, forgotten.

use chargewarden_admin::control::{Declined, Kind, SecretText};
use chargewarden_ocpp::Version;
use chargewarden_proxy::{Profile, Secret, Tolerance, check_password, fresh_password, hash_station_secret};
use chargewarden_store::{Credential, Station as Stored};

/// What a station's secret may be.
pub(super) struct SecretRule {
    id: String,
    versions: Vec<Version>,
    hex_key: bool,
}

/// A secret that is about to be in force.
pub(super) struct Made {
    secret: Secret,
    /// Whether it was made here, and nobody has it yet.
    fresh: bool,
    hex_key: bool,
}

impl SecretRule {
    /// The rule for a station. None when its profile has no secret.
    pub(super) fn of(station: &Stored) -> Option<SecretRule> {
        if !Profile::of_number(station.profile).is_some_and(Profile::has_secret) {
            return None;
        }
        Some(SecretRule {
            id: station.id.clone(),
            // What is no version is found when the entry is checked.
            versions: station.versions.iter().filter_map(|version| version.parse().ok()).collect(),
            hex_key: station.tolerances.contains(Tolerance::HexKey.name()),
        })
    }

    /// Checks the secret given, or makes one.
    pub(super) fn take_or_make(&self, given: Option<SecretText>) -> Result<Made, Declined> {
        let Some(given) = given else {
            let secret = fresh_password(&self.versions, self.hex_key, getrandom::fill).map_err(|error| {
                Declined::new(Kind::Unavailable, "secret", format!("no random bytes: {error}"))
            })?;
            return Ok(Made { secret, fresh: true, hex_key: self.hex_key });
        };
        let secret = Secret::new(given.expose().as_bytes().to_vec());
        check_password(&secret, &self.id, &self.versions, self.hex_key)
            .map_err(|problem| Declined::new(Kind::Invalid, "secret", problem))?;
        Ok(Made { secret, fresh: false, hex_key: self.hex_key })
    }
}

impl Made {
    /// Its slow hash.
    pub(super) async fn hash(&self) -> Result<Credential, Declined> {
        let failed = |what: String| Declined::new(Kind::Unavailable, "secret", what);
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| failed(format!("no random bytes: {error}")))?;
        let (secret, hex_key) = (self.secret.clone(), self.hex_key);
        let hash = tokio::task::spawn_blocking(move || hash_station_secret(&secret, hex_key, &salt)).await;
        match hash {
            Ok(Ok(phc)) => Ok(Credential::from_phc(phc)),
            Ok(Err(problem)) => Err(Declined::new(Kind::Invalid, "secret", problem)),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// The secret itself, to be sent to the station.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// What its owner has to be shown: only what was made here.
    pub(super) fn shown(&self) -> Option<SecretText> {
        let text = || SecretText::new(String::from_utf8_lossy(self.secret.expose()).into_owned());
        self.fresh.then(text)
    }
}

/// A station of a profile without secrets has none.
pub(super) fn not_for(station: &Stored) -> Declined {
    let what = format!("a station of profile {} has no secret", station.profile);
    Declined::new(Kind::Invalid, "secret", what)
}
