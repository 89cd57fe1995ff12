//! From what the store keeps to what the proxy reads: by the same checks as an entry of the file, and what no file says.

use std::sync::Arc;

use chargewarden_proxy::{CsmsCredentials, Resolve, Secret, Station};
use chargewarden_store::{SealKey, Station as Stored, UPSTREAM_PASSWORD};

use super::to_entry;
use crate::config::{Around, Problems, check_station};

/// Resolves entries against `around`; sealed passwords open with `seal`.
pub(crate) fn resolver(around: Around, seal: SealKey) -> Arc<Resolve> {
    Arc::new(move |stored| resolve(stored, &around, &seal))
}

fn resolve(stored: &Stored, around: &Around, seal: &SealKey) -> Result<Station, String> {
    let mut problems = Problems::default();
    let mut entry = to_entry(stored);
    // A user whose password is sealed has one; the check of the form does not see it.
    let sealed = stored.upstream.as_ref().and_then(|upstream| upstream.password.as_ref());
    let user = match entry.upstream.as_mut() {
        Some(upstream) if sealed.is_some() => upstream.user.take(),
        Some(_) | None => None,
    };
    let checked = check_station("", entry, around, &mut problems);
    let Some(mut station) = checked.filter(|_| problems.is_empty()) else {
        return Err(told(&problems));
    };
    station.secrets.proposed = stored.proposed.as_ref().map(|hash| hash.as_phc().to_owned());
    station.secrets.deferred = stored.proposed_deferred;
    station.quarantine.clone_from(&stored.quarantine);
    if let (Some(sealed), Some(upstream)) = (sealed, station.upstream.as_mut()) {
        let password = seal
            .open(&stored.id, UPSTREAM_PASSWORD, sealed)
            .map_err(|problem| format!("{UPSTREAM_PASSWORD}: {problem}"))?;
        upstream.credentials = Some(CsmsCredentials { user, password: Secret::new(password.to_vec()) });
    }
    Ok(station)
}

/// The problems in one line; the keys stand alone, without the place of an entry in a file.
fn told(problems: &Problems) -> String {
    let lines: Vec<String> =
        problems.0.iter().map(|problem| problem.to_string().trim_start_matches('.').to_owned()).collect();
    lines.join("; ")
}
