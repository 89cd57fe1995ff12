//! The files that the configuration names: certificates by their lifetimes, everything by its permissions.

use std::path::Path;

use chargewarden_ocpp::Timestamp;
use chargewarden_proxy::upstream::{certificates_in, revocation_lists_in};

use super::{
    finding::{Code, Finding},
    lifetime::{self, Role},
    permissions::{self, Kind},
};
use crate::config::{Settings, Sources};

/// Lifetimes of what the configuration names.
pub(crate) fn certificates(settings: &Settings, sources: &Sources, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, listen) in sources.config.listen.iter().enumerate() {
        let Some(tls) = &listen.tls else { continue };
        let at = format!("listen[{number}].tls");
        let mut rsa = false;
        for (number, pair) in tls.certificates.iter().enumerate() {
            let place = format!("{at}.certificates[{number}]");
            rsa |= chain(&place, Role::Own, &sources.base.join(&pair.chain), now, &mut found);
        }
        if !rsa {
            found.push(Finding::new(
                Code::RsaMissing,
                format!("{at}.certificates"),
                "the listener has no RSA certificate; stations that know RSA only cannot connect (requirement R-A09)",
                "add one unless every station takes ECDSA",
            ));
        }
        for (number, path) in tls.client_anchors.iter().enumerate() {
            let place = format!("{at}.client_anchors[{number}]");
            chain(&place, Role::Anchor, &sources.base.join(path), now, &mut found);
        }
        for (number, path) in tls.crls.iter().enumerate() {
            list(&format!("{at}.crls[{number}]"), &sources.base.join(path), now, &mut found);
        }
        if !tls.client_anchors.is_empty() && tls.crls.is_empty() {
            found.push(Finding::new(
                Code::CrlMissing,
                format!("{at}.crls"),
                "station certificates are not checked for revocation: a stolen key stays good until it expires",
                "name the revocation lists of the authorities in `client_anchors`",
            ));
        }
    }
    for csms in settings.around.csms.values() {
        let Some(tls) = &csms.tls else { continue };
        let place = format!("csms {}", csms.name);
        found.extend(
            tls.anchors().iter().filter_map(|facts| lifetime::certificate(&place, Role::Anchor, facts, now)),
        );
        found.extend(tls.crls().iter().filter_map(|facts| lifetime::revocation_list(&place, facts, now)));
        found.extend(tls.own().and_then(|facts| lifetime::certificate(&place, Role::Own, facts, now)));
        if tls.crls().is_empty() {
            found.push(Finding::new(
                Code::CsmsCrlMissing,
                place,
                "its certificate is not checked for revocation",
                "name the revocation lists of its authority in `crls`, or let it use certificates of a few days",
            ));
        }
    }
    for station in &settings.stations {
        let own =
            station.upstream.as_ref().and_then(|upstream| upstream.tls.as_ref()).and_then(|tls| tls.own());
        let shared = station.csms.tls.as_ref().and_then(|tls| tls.own());
        let place = format!("upstream certificate of station {}", station.id);
        let own = own.filter(|own| Some(*own) != shared);
        found.extend(own.and_then(|facts| lifetime::certificate(&place, Role::Own, facts, now)));
    }
    found
}

/// Judges every certificate of a file; whether the first has an RSA key.
fn chain(place: &str, role: Role, path: &Path, now: Timestamp, found: &mut Vec<Finding>) -> bool {
    match certificates_in(path) {
        Ok(all) => {
            found.extend(all.iter().filter_map(|facts| lifetime::certificate(place, role, facts, now)));
            all.first().is_some_and(|leaf| leaf.is_rsa)
        }
        Err(what) => {
            found.push(unseen(place, what));
            false
        }
    }
}

fn list(place: &str, path: &Path, now: Timestamp, found: &mut Vec<Finding>) {
    match revocation_lists_in(path) {
        Ok(all) => found.extend(all.iter().filter_map(|facts| lifetime::revocation_list(place, facts, now))),
        Err(what) => found.push(unseen(place, what)),
    }
}

fn unseen(place: &str, what: String) -> Finding {
    Finding::new(Code::FileUnseen, place, what, "run `doctor` as the user that the service runs as")
}

/// Permissions of everything that the configuration names, and of the store.
pub(crate) fn files(settings: &Settings, sources: &Sources, config: &Path) -> Vec<Finding> {
    let mut all: Vec<(String, &Path, Kind)> = vec![("configuration".to_owned(), config, Kind::Trusted)];
    let form = &sources.config;
    all.extend(form.inventory.file.as_deref().map(|path| ("inventory.file".to_owned(), path, Kind::Hashes)));
    for (number, listen) in form.listen.iter().enumerate() {
        let Some(tls) = &listen.tls else { continue };
        let at = format!("listen[{number}].tls");
        for (number, pair) in tls.certificates.iter().enumerate() {
            all.push((format!("{at}.certificates[{number}].chain"), &pair.chain, Kind::Trusted));
            all.push((format!("{at}.certificates[{number}].key"), &pair.key, Kind::Secret));
        }
        trusted(&format!("{at}.client_anchors"), &tls.client_anchors, &mut all);
        trusted(&format!("{at}.crls"), &tls.crls, &mut all);
    }
    for (number, csms) in form.csms.iter().enumerate() {
        let at = format!("csms[{number}]");
        all.extend(
            csms.password_file.as_deref().map(|path| (format!("{at}.password_file"), path, Kind::Secret)),
        );
        let Some(tls) = &csms.tls else { continue };
        trusted(&format!("{at}.tls.anchors"), &tls.anchors, &mut all);
        trusted(&format!("{at}.tls.crls"), &tls.crls, &mut all);
        all.extend(
            tls.certificate.as_deref().map(|path| (format!("{at}.tls.certificate"), path, Kind::Trusted)),
        );
        all.extend(tls.key.as_deref().map(|path| (format!("{at}.tls.key"), path, Kind::Secret)));
    }
    let mut found: Vec<Finding> = all
        .into_iter()
        .flat_map(|(place, path, kind)| permissions::look(&place, &sources.base.join(path), kind))
        .collect();
    found.extend(store(&settings.store));
    found
}

fn trusted<'a>(at: &str, paths: &'a [std::path::PathBuf], all: &mut Vec<(String, &'a Path, Kind)>) {
    let each = paths.iter().enumerate();
    all.extend(each.map(|(number, path)| (format!("{at}[{number}]"), path.as_path(), Kind::Trusted)));
}

/// The store's directory and its files. Before the first start there is none.
fn store(directory: &Path) -> Vec<Finding> {
    if !directory.exists() {
        return Vec::new();
    }
    let mut found = permissions::look("store.path", directory, Kind::Secret);
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    // Nobody gets at the files but through the directory, so what counts in it are those that are secrets by themselves:
    // they are what is copied elsewhere, with their modes.
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "key")) {
        found.extend(permissions::look("store.path", path, Kind::Secret));
    }
    found
}
