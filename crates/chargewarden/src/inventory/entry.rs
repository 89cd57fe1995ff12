//! An entry as it is written, and as the store keeps it.

use std::path::{Path, PathBuf};

use chargewarden_store::{Credential, Source, Station as Stored, Upstream};

use crate::config::{Around, StationEntry, UpstreamEntry, kilowatts, watts};

/// What the store keeps of an entry that is new. Relative paths become absolute ones, from `around.base`.
pub(crate) fn of_entry(entry: &StationEntry, around: &Around, source: Source) -> Stored {
    let credential = (!entry.secret_hash.is_empty()).then(|| Credential::from_phc(entry.secret_hash.clone()));
    let first = || around.parties.first().map(ToString::to_string).unwrap_or_default();
    Stored {
        id: entry.id.clone(),
        owner: entry.owner.clone().unwrap_or_else(first),
        parties: entry.parties.clone(),
        site: given(&entry.site),
        groups: entry.groups.iter().cloned().collect(),
        area: given(&entry.area),
        evses: entry.evses,
        evse_max_w: entry.evse_max_kw.and_then(|kw| watts(kw).ok()),
        max_w: entry.max_kw.and_then(|kw| watts(kw).ok()),
        versions: entry.versions.iter().cloned().collect(),
        csms: given(&entry.csms),
        profile: entry.profile,
        unauthenticated_until: given(&entry.danger_unauthenticated_until),
        file_credential: match source {
            Source::File => credential.clone(),
            Source::Command => None,
        },
        credential,
        proposed: None,
        proposed_deferred: false,
        factory: entry.factory,
        quarantine: None,
        certificate_name: given(&entry.certificate_name),
        sources: entry.sources.clone(),
        tolerances: entry.tolerances.iter().cloned().collect(),
        source,
        upstream: entry.upstream.as_ref().map(|upstream| upstream_of(upstream, &around.base)),
    }
}

fn upstream_of(entry: &UpstreamEntry, base: &Path) -> Upstream {
    let absolute = |path: &Option<PathBuf>| {
        path.as_ref().map(|path| base.join(path)).map(|path| {
            // Written again at each start: the same file must have the same name each time.
            std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
        })
    };
    Upstream {
        url: given(&entry.url),
        identity: given(&entry.identity),
        user: given(&entry.user),
        password: None,
        password_file: absolute(&entry.password_file),
        password_env: given(&entry.password_env),
        certificate: absolute(&entry.certificate),
        key: absolute(&entry.key),
    }
}

fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

/// The entry as it would be written, without what no file says: quarantine, sealed and proposed secrets.
pub(crate) fn to_entry(stored: &Stored) -> StationEntry {
    StationEntry {
        id: stored.id.clone(),
        profile: stored.profile,
        danger_unauthenticated_until: stored.unauthenticated_until.clone(),
        secret_hash: stored.credential.as_ref().map(|hash| hash.as_phc().to_owned()).unwrap_or_default(),
        factory: stored.factory,
        certificate_name: stored.certificate_name.clone(),
        versions: stored.versions.iter().cloned().collect(),
        csms: stored.csms.clone(),
        site: stored.site.clone(),
        groups: stored.groups.iter().cloned().collect(),
        area: stored.area.clone(),
        evses: stored.evses,
        evse_max_kw: stored.evse_max_w.map(kilowatts),
        max_kw: stored.max_w.map(kilowatts),
        owner: Some(stored.owner.clone()).filter(|owner| !owner.is_empty()),
        parties: stored.parties.clone(),
        sources: stored.sources.clone(),
        tolerances: stored.tolerances.iter().cloned().collect(),
        upstream: stored.upstream.as_ref().map(|upstream| UpstreamEntry {
            url: upstream.url.clone(),
            identity: upstream.identity.clone(),
            user: upstream.user.clone(),
            password_file: upstream.password_file.as_ref().map(PathBuf::from),
            password_env: upstream.password_env.clone(),
            certificate: upstream.certificate.as_ref().map(PathBuf::from),
            key: upstream.key.as_ref().map(PathBuf::from),
        }),
    }
}
