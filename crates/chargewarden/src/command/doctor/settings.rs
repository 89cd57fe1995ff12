//! What the configuration and the inventory allow: exposure, weak settings, weak stations.

use std::collections::HashMap;

use chargewarden_ocpp::Timestamp;
use chargewarden_proxy::{Csms, HASH_COST_DEFAULT, Profile, Station, hash_cost};

use super::finding::{Code, Finding, some_of};
use crate::config::Settings;

/// Looks at everything that is in force.
pub(crate) fn look(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    listeners(settings, &mut found);
    for csms in settings.around.csms.values() {
        management_system(csms, &mut found);
    }
    for key in &settings.dangers {
        found.push(Finding::new(
            Code::DangerSetting,
            key,
            "it is on",
            "turn it off, or write down who decided it and until when",
        ));
    }
    stations(&settings.stations, now, &mut found);
    found
}

fn listeners(settings: &Settings, found: &mut Vec<Finding>) {
    for (number, listener) in settings.listeners.iter().enumerate() {
        let place = format!("listen[{number}]");
        if listener.tls.is_none() && !listener.address.ip().is_loopback() {
            found.push(Finding::new(
                Code::PlainListener,
                place,
                format!("stations connect to {} without TLS: secrets and commands can be read and changed on the way", listener.address),
                "give the listener `[listen.tls]`, or let it listen on 127.0.0.1 behind something that has TLS",
            ));
        }
    }
    if !settings.admin.ip().is_loopback() {
        found.push(Finding::new(
            Code::AdminReachable,
            "admin.address",
            format!("health and metrics can be asked for at {}, and nobody has to sign in", settings.admin),
            "listen on 127.0.0.1, or restrict it to the machine that collects metrics",
        ));
    }
}

fn management_system(csms: &Csms, found: &mut Vec<Finding>) {
    let place = format!("csms {}", csms.name);
    let host = csms.url.host().unwrap_or_default();
    if csms.tls.is_none() && !crate::config::is_this_machine(host) {
        found.push(Finding::new(
            Code::PlainCsms,
            &place,
            format!("the connection to `{host}` has no TLS: what was decided can be changed on the way"),
            "use wss:// and `[csms.tls]`",
        ));
    }
    let certificate = csms.tls.as_ref().is_some_and(|tls| tls.own().is_some());
    if csms.credentials.is_none() && !certificate {
        found.push(Finding::new(
            Code::CsmsWithoutCredentials,
            place,
            "the service presents neither password nor certificate, so the CSMS can tell it from others by its address at most",
            "give the service a password (`password_file`) or a client certificate (`[csms.tls] certificate`, `key`) \
             that only it has, and let the CSMS ask for it",
        ));
    }
}

fn stations(stations: &[Station], now: Timestamp, found: &mut Vec<Finding>) {
    let ids = |which: &dyn Fn(&Station) -> bool| -> Vec<String> {
        stations.iter().filter(|station| which(station)).map(|station| station.id.to_string()).collect()
    };
    let mut note = |code, which: &dyn Fn(&Station) -> bool, what: &str, remedy: &str| {
        let ids = ids(which);
        if !ids.is_empty() {
            let what = format!("{} station(s) {what}: {}", ids.len(), some_of(&ids));
            found.push(Finding::new(code, "inventory", what, remedy));
        }
    };
    let live = |station: &Station| station.unauthenticated_until.is_some_and(|until| now < until);
    note(
        Code::StationUnauthenticated,
        &|station| station.profile == Profile::Unauthenticated && live(station),
        "may connect without proving who they are (profile 0)",
        "give each a secret and profile 1 or higher before the exception ends",
    );
    note(
        Code::StationPlainAnywhere,
        &|station| station.profile == Profile::Basic && station.sources.is_empty(),
        "of profile 1 may come from any address",
        "set `sources` to the networks they stand in",
    );
    note(
        Code::StationPlain,
        &|station| station.profile == Profile::Basic,
        "send passwords without TLS (profile 1)",
        "move them to profile 2 or 3",
    );
    note(
        Code::FactoryCredential,
        &|station| station.factory,
        "still have the credentials of the factory",
        "let them connect once: the service replaces the password; if they do not come, look why",
    );
    note(
        Code::WeakHash,
        &|station| station.secrets.current.as_deref().is_some_and(is_weak),
        "have hashes that are quicker to guess than those of `chargewarden station hash`",
        "rotate their secrets, or hash them again with `chargewarden station hash`",
    );
    note(
        Code::ToleranceGranted,
        &|station| !station.tolerances.is_empty(),
        "may deviate from the rules (`tolerances`)",
        "take the tolerances back when the firmware no longer needs them",
    );
    shared_hashes(stations, found);
}

/// The same salt and the same hash: somebody copied the line, and one password opens all of them.
fn shared_hashes(stations: &[Station], found: &mut Vec<Finding>) {
    let mut by_hash: HashMap<&str, Vec<String>> = HashMap::new();
    for station in stations {
        if let Some(hash) = &station.secrets.current {
            by_hash.entry(hash).or_default().push(station.id.to_string());
        }
    }
    let mut shared: Vec<_> = by_hash.into_values().filter(|ids| ids.len() > 1).collect();
    shared.sort();
    found.extend(shared.into_iter().map(|ids| {
        Finding::new(
            Code::SharedHash,
            "inventory",
            format!(
                "{} stations have the same hash, therefore the same password: {}",
                ids.len(),
                some_of(&ids)
            ),
            "give each station a password of its own (requirement R-A06)",
        )
    }));
}

fn is_weak(hash: &str) -> bool {
    hash_cost(hash).is_none_or(|cost| cost < HASH_COST_DEFAULT)
}
