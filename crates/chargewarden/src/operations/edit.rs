//! What a command says about a station, laid over its entry. An empty text takes a value away.

use std::{collections::BTreeSet, path::Path};

use chargewarden_admin::control::{Declined, Kind, StationEdit, UpstreamEdit};
use chargewarden_store::{SealKey, Source, Station as Stored, UPSTREAM_PASSWORD, Upstream};

use crate::{
    config::{Around, StationEntry, watts},
    inventory,
};

/// Longest reason of a quarantine, in characters: one line for the people who look at it.
const REASON_CHARS_MAX: usize = 200;

/// A station of which only the id is known.
pub(super) fn fresh(id: &str, around: &Around) -> Stored {
    let entry = StationEntry { id: id.to_owned(), ..StationEntry::default() };
    inventory::of_entry(&entry, around, Source::Command)
}

/// Lays the edit over the entry. Whether what comes out makes sense is checked when it is resolved. Relative paths start from
/// `base`.
pub(super) fn apply(
    station: &mut Stored,
    edit: &StationEdit,
    seal: &SealKey,
    base: &Path,
) -> Result<(), Declined> {
    let StationEdit {
        profile,
        unauthenticated_until,
        factory,
        certificate_name,
        versions,
        csms,
        site,
        groups,
        area,
        evses,
        evse_max_kw,
        max_kw,
        owner,
        parties,
        sources,
        tolerances,
        upstream,
    } = edit;
    if let Some(profile) = profile {
        station.profile = *profile;
    }
    if let Some(factory) = factory {
        station.factory = *factory;
    }
    text(&mut station.unauthenticated_until, unauthenticated_until);
    text(&mut station.certificate_name, certificate_name);
    text(&mut station.csms, csms);
    text(&mut station.site, site);
    text(&mut station.area, area);
    stated(&mut station.evses, "evses", evses, |text| text.parse().map_err(|_| "not a number".to_owned()))?;
    stated(&mut station.evse_max_w, "evse_max_kw", evse_max_kw, kilowatts)?;
    stated(&mut station.max_w, "max_kw", max_kw, kilowatts)?;
    if let Some(owner) = owner {
        station.owner.clone_from(owner);
    }
    set(&mut station.versions, versions);
    set(&mut station.groups, groups);
    set(&mut station.tolerances, tolerances);
    list(&mut station.parties, parties);
    list(&mut station.sources, sources);
    apply_upstream(station, upstream, seal, base)
}

fn apply_upstream(
    station: &mut Stored,
    edit: &UpstreamEdit,
    seal: &SealKey,
    base: &Path,
) -> Result<(), Declined> {
    let UpstreamEdit { url, identity, user, password, certificate, key } = edit;
    let mut upstream = station.upstream.take().unwrap_or_default();
    text(&mut upstream.url, url);
    text(&mut upstream.identity, identity);
    text(&mut upstream.user, user);
    let path = |value: &Option<String>| {
        value.as_ref().map(|value| match value.as_str() {
            "" => String::new(),
            path => base.join(path).to_string_lossy().into_owned(),
        })
    };
    text(&mut upstream.certificate, &path(certificate));
    text(&mut upstream.key, &path(key));
    if let Some(password) = password {
        (upstream.password_file, upstream.password_env) = (None, None);
        upstream.password = match password.expose() {
            "" => None,
            password => {
                check_password(password)?;
                let sealed = seal.seal(&station.id, UPSTREAM_PASSWORD, password.as_bytes());
                Some(sealed.map_err(|problem| Declined::new(Kind::Invalid, UPSTREAM_PASSWORD, problem))?)
            }
        };
    }
    if upstream.user.is_some()
        && upstream.password.is_none()
        && upstream.password_file.is_none()
        && upstream.password_env.is_none()
    {
        return Err(Declined::new(Kind::Invalid, "upstream.user", "a user needs a password"));
    }
    station.upstream = (upstream != Upstream::default()).then_some(upstream);
    Ok(())
}

/// What a header of HTTP can carry.
fn check_password(password: &str) -> Result<(), Declined> {
    if password.chars().any(char::is_control) {
        return Err(Declined::new(Kind::Invalid, UPSTREAM_PASSWORD, "it has a control character"));
    }
    Ok(())
}

/// A number that is stated as text.
fn stated<T>(
    place: &mut Option<T>,
    key: &str,
    edit: &Option<String>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<(), Declined> {
    let Some(text) = edit else { return Ok(()) };
    *place = match text.trim() {
        "" => None,
        text => {
            Some(read(text).map_err(|what| Declined::new(Kind::Invalid, key, format!("`{text}`: {what}")))?)
        }
    };
    Ok(())
}

/// W of a text in kW.
fn kilowatts(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "not a number".to_owned()).and_then(watts)
}

fn text(place: &mut Option<String>, edit: &Option<String>) {
    if let Some(value) = edit {
        *place = Some(value.clone()).filter(|value| !value.is_empty());
    }
}

fn set(place: &mut BTreeSet<String>, edit: &Option<Vec<String>>) {
    if let Some(values) = edit {
        *place = values.iter().filter(|value| !value.is_empty()).cloned().collect();
    }
}

fn list(place: &mut Vec<String>, edit: &Option<Vec<String>>) {
    if let Some(values) = edit {
        *place = values.iter().filter(|value| !value.is_empty()).cloned().collect();
    }
}

/// Whether an edit changes what the inventory file says. Credentials, standing and what was learned are the store's.
pub(super) fn touches_file(edit: &StationEdit) -> bool {
    let upstream = UpstreamEdit { password: None, ..edit.upstream.clone() };
    let rest = StationEdit { factory: None, upstream, ..edit.clone() };
    rest != StationEdit::default()
}

/// Checks the reason of a quarantine.
pub(super) fn reason(text: &str) -> Result<String, Declined> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > REASON_CHARS_MAX || text.chars().any(char::is_control) {
        let what = format!("say why, in one line of at most {REASON_CHARS_MAX} characters");
        return Err(Declined::new(Kind::Invalid, "reason", what));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_station_carries_is_stated_and_taken_away() {
        let mut place = None;
        let mut edit = |text: &str| {
            let done = stated(&mut place, "max_kw", &Some(text.to_owned()), kilowatts);
            (done.map_err(|declined| declined.problems[0].what.clone()), place)
        };
        assert_eq!(edit("22.08"), (Ok(()), Some(22_080)));
        assert_eq!(edit("many"), (Err("`many`: not a number".to_owned()), Some(22_080)));
        let (unfit, _) = edit("-1");
        assert!(unfit.unwrap_err().contains("not a power in kW"));
        assert_eq!(edit(""), (Ok(()), None));
    }
}
