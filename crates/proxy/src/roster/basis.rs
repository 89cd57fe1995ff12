//! What a session stands on, and what a change of the inventory is called.

use chargewarden_store::Station as Stored;

use crate::{directory::Station, presence::Withdrawn};

/// What a session that was opened for `before` loses when the station becomes `after`. None: it may go on.
///
/// A password that was proposed and came into force is the station's own doing: its session goes on.
///
/// Tolerances and the date of an exception are asked about at admission alone. The credentials that we present to a CSMS are
/// used when it is dialled: the connection that stands stays.
pub(super) fn withdrawn(before: &Station, after: &Station) -> Option<Withdrawn> {
    if after.quarantine.is_some() && before.quarantine.is_none() {
        return Some(Withdrawn::Quarantined);
    }
    let same = before.profile == after.profile
        && (before.secrets.current == after.secrets.current
            || (after.secrets.current.is_some() && before.secrets.proposed == after.secrets.current))
        && before.certificate_name == after.certificate_name
        && before.factory == after.factory
        && before.quarantine.is_some() == after.quarantine.is_some()
        && before.versions == after.versions
        && before.owner == after.owner
        && before.parties == after.parties
        && before.site == after.site
        && before.groups == after.groups
        && before.area == after.area
        && before.envelope == after.envelope
        && before.sources == after.sources
        && before.csms.name == after.csms.name
        && before.csms.party == after.csms.party
        && before.csms.url == after.csms.url
        && reaches(before) == reaches(after);
    (!same).then_some(Withdrawn::Changed)
}

/// Where a station's own access leads, where it has one.
fn reaches(station: &Station) -> (Option<&http::Uri>, Option<&str>) {
    let upstream = station.upstream.as_ref();
    (
        upstream.and_then(|upstream| upstream.url.as_ref()),
        upstream.and_then(|upstream| upstream.identity.as_deref()),
    )
}

/// What evidence calls the change of an entry.
pub(super) fn word(before: &Stored, after: &Stored) -> &'static str {
    match (&before.quarantine, &after.quarantine) {
        (None, Some(_)) => "quarantined",
        (Some(_), None) => "released",
        (None, None) | (Some(_), Some(_)) if before.credential != after.credential => "credential-rotated",
        (None, None) | (Some(_), Some(_)) if before.proposed != after.proposed => match after.proposed {
            Some(_) => "rotation-proposed",
            None => "rotation-rejected",
        },
        (None, None) | (Some(_), Some(_)) if before.proposed_deferred != after.proposed_deferred => {
            "rotation-deferred"
        }
        (None, None) | (Some(_), Some(_)) => "changed",
    }
}
