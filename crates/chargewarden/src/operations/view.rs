//! A station as it is shown: everything but secrets.

use chargewarden_admin::control::{Connected, Filter, Standing, StationMarks, StationView, UpstreamView};
use chargewarden_ocpp::Timestamp;
use chargewarden_store::{Marks, Station as Stored, Upstream};

/// `problem`: why it cannot be used as things are.
pub(super) fn view(
    station: &Stored,
    marks: Option<Marks>,
    problem: Option<String>,
    connected: Option<bool>,
) -> StationView {
    let standing = match (&problem, &station.quarantine, station.factory) {
        (Some(_), _, _) => Standing::Unusable,
        (None, Some(_), _) => Standing::Quarantined,
        (None, None, true) => Standing::Factory,
        (None, None, false) => Standing::Active,
    };
    StationView {
        id: station.id.clone(),
        standing,
        because: problem.or_else(|| station.quarantine.clone()),
        profile: station.profile,
        unauthenticated_until: station.unauthenticated_until.clone(),
        secret: station.credential.is_some(),
        secret_proposed: station.proposed.is_some(),
        certificate_name: station.certificate_name.clone(),
        versions: station.versions.iter().cloned().collect(),
        csms: station.csms.clone(),
        site: station.site.clone(),
        groups: station.groups.iter().cloned().collect(),
        area: station.area.clone(),
        evses: station.evses,
        evse_max_w: station.evse_max_w,
        max_w: station.max_w,
        owner: station.owner.clone(),
        parties: station.parties.clone(),
        sources: station.sources.clone(),
        tolerances: station.tolerances.iter().cloned().collect(),
        source: station.source.name().to_owned(),
        upstream: station.upstream.as_ref().map(upstream),
        marks: marks.map(|marks| StationMarks {
            profile: marks.profile,
            tls: marks.tls,
            version: marks.version,
            address: marks.address,
            at: Timestamp::from_millis(marks.at_ms).to_string(),
        }),
        connected: connected.map(|connected| if connected { Connected::Yes } else { Connected::No }),
    }
}

fn upstream(upstream: &Upstream) -> UpstreamView {
    let password = match (&upstream.password, &upstream.password_file, &upstream.password_env) {
        (Some(_), _, _) => Some("sealed".to_owned()),
        (None, Some(file), _) => Some(format!("file {file}")),
        (None, None, Some(name)) => Some(format!("environment {name}")),
        (None, None, None) => None,
    };
    UpstreamView {
        url: upstream.url.clone(),
        identity: upstream.identity.clone(),
        user: upstream.user.clone(),
        password,
        certificate: upstream.certificate.clone(),
        key: upstream.key.clone(),
    }
}

/// Whether a station may fit a filter, as far as its entry alone tells.
pub(super) fn may_fit(station: &Stored, filter: &Filter) -> bool {
    let Filter { site, group, standing: _, profile, csms } = filter;
    let is = |value: &Option<String>, wanted: &Option<String>| wanted.is_none() || value == wanted;
    is(&station.site, site)
        && is(&station.csms, csms)
        && group.as_ref().is_none_or(|group| station.groups.contains(group))
        && profile.is_none_or(|profile| station.profile == profile)
}
