//! From what was written to what is run: values checked against each other, files read, policies compiled.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use chargewarden_engine::SessionLimits;
use chargewarden_policy::{Bundle, PartyId};
use chargewarden_proxy::{Bounds, ListenerPlan, Station};

use super::{
    Config, Effective, LogFormat, Problems, StationEntry, envelope,
    inventory::{self, Around},
    listen::listeners,
    policies::read_bundle,
    read_inventory,
    source::read_file,
    upstream::management_systems,
};

/// A configuration in which everything is known to be right.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where stations connect.
    pub listeners: Vec<ListenerPlan>,
    /// The parties with jurisdiction, in the order in which they are asked.
    pub parties: Vec<PartyId>,
    /// Their bundles, in the same order.
    pub bundles: Vec<Arc<Bundle>>,
    /// The stations of the inventory file, checked.
    pub stations: Vec<Station>,
    /// The same as they are written. None when there is no inventory file: commands say which stations there are.
    pub(crate) entries: Option<Vec<StationEntry>>,
    /// What entries refer to.
    pub(crate) around: Around,
    /// The inventory file.
    pub inventory_file: Option<PathBuf>,
    /// The configuration file; none when a program gave the configuration.
    pub(crate) file: Option<PathBuf>,
    /// The configuration as it was given.
    pub(crate) form: Config,
    /// Every setting and its origin; empty when a program gave the configuration.
    pub(crate) effective: Vec<Effective>,
    /// The files that are looked at from time to time.
    pub(crate) watched: Vec<PathBuf>,
    /// How often; zero: never.
    pub(crate) reload_interval: std::time::Duration,
    /// The proxy's bounds.
    pub bounds: Bounds,
    /// The core's bounds.
    pub session_limits: SessionLimits,
    /// Where state and evidence are kept.
    pub store: PathBuf,
    /// The name of the evidence log.
    pub log_name: String,
    /// Where the admin server listens.
    pub admin: SocketAddr,
    /// See [`super::Admin::danger_allow_nonloopback`].
    pub danger_admin_nonloopback: bool,
    /// Further names the admin server answers to.
    pub admin_hosts: Vec<String>,
    /// What is logged.
    pub log: Sink,
    /// The `danger_` settings in force, by key path.
    pub dangers: Vec<String>,
    /// The configuration as effective, without secrets: what evidence keeps the hash of.
    pub canonical: String,
}

/// Where the log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Directives of `tracing`'s filter.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// Checks a configuration. Relative paths start from `base`.
///
/// # Errors
/// Everything that is wrong.
pub fn resolve(config: &Config, base: &Path) -> Result<Settings, Problems> {
    let mut problems = Problems::default();
    let listeners = listeners(&config.listen, base, &mut problems);
    let (parties, bundles) = parties(config, base, &mut problems);
    let csms = management_systems(config, base, &parties, &mut problems);
    let sites = envelope::sites(config, &mut problems);
    let around = Around { base: base.to_owned(), parties: parties.clone(), csms, sites };
    let (stations, entries) = inventory(config, &around, &mut problems);
    let admin = address("admin.address", &config.admin.address, &mut problems);
    if let Some(admin) = admin
        && !admin.ip().is_loopback()
        && !config.admin.danger_allow_nonloopback
    {
        problems.add(
            "admin.address",
            format!("`{admin}` can be reached from outside; use 127.0.0.1, or set `danger_allow_nonloopback = true`"),
        );
    }
    limits(config, &mut problems);
    if config.store.path.as_os_str().is_empty() {
        problems.add("store.path", "name a directory");
    }
    if let Err(error) = config.log.level.parse::<tracing_subscriber::EnvFilter>() {
        problems.add("log.level", format!("`{}` is not a filter: {error}", config.log.level));
    }
    let (Some(admin), true) = (admin, problems.is_empty()) else {
        return Err(problems);
    };
    let limits = &config.limits;
    let mut session_limits = SessionLimits::default();
    session_limits.wire.frame_bytes = limits.frame_bytes;
    session_limits.answer_ms = u64::try_from(limits.answer_wait.0.as_millis()).unwrap_or(u64::MAX);
    Ok(Settings {
        listeners,
        parties: parties.into_iter().collect(),
        bundles,
        stations,
        watched: watched(config, entries.as_deref().unwrap_or_default(), base),
        entries,
        around,
        inventory_file: config.inventory.file.as_ref().map(|file| base.join(file)),
        file: None,
        form: config.clone(),
        effective: Vec::new(),
        reload_interval: config.reload_interval.0,
        bounds: limits.bounds(),
        session_limits,
        store: base.join(&config.store.path),
        log_name: config.store.log_name.clone(),
        admin,
        danger_admin_nonloopback: config.admin.danger_allow_nonloopback,
        admin_hosts: config.admin.hosts.clone(),
        log: Sink { level: config.log.level.clone(), format: config.log.format },
        dangers: dangers(config),
        canonical: toml::to_string(config).unwrap_or_default(),
    })
}

/// Reads a configuration file, with the process's environment over it, and checks it.
///
/// # Errors
/// Everything that is wrong.
pub fn load(file: &Path) -> Result<Settings, Problems> {
    let sources = read_file(file)?;
    let settings = resolve(&sources.config, &sources.base)?;
    Ok(Settings { file: Some(file.to_owned()), effective: sources.effective(), ..settings })
}

/// The files that others renew: they are taken over without anybody asking.
fn watched(config: &Config, entries: &[StationEntry], base: &Path) -> Vec<PathBuf> {
    let mut files: Vec<&PathBuf> = config.inventory.file.iter().collect();
    for tls in config.listen.iter().filter_map(|listen| listen.tls.as_ref()) {
        files.extend(tls.certificates.iter().flat_map(|pair| [&pair.chain, &pair.key]));
        files.extend(tls.client_anchors.iter().chain(&tls.crls));
    }
    for csms in &config.csms {
        files.extend(&csms.password_file);
        if let Some(tls) = &csms.tls {
            files.extend(tls.anchors.iter().chain(&tls.crls).chain(&tls.certificate).chain(&tls.key));
        }
    }
    for upstream in entries.iter().filter_map(|entry| entry.upstream.as_ref()) {
        files.extend(upstream.password_file.iter().chain(&upstream.certificate).chain(&upstream.key));
    }
    files.into_iter().map(|file| base.join(file)).collect()
}

pub(super) fn address(key: &str, text: &str, problems: &mut Problems) -> Option<SocketAddr> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        problems.add(key, format!("`{text}` is not an address and a port, such as `127.0.0.1:9000`"));
    }
    parsed
}

fn parties(config: &Config, base: &Path, problems: &mut Problems) -> (Vec<PartyId>, Vec<Arc<Bundle>>) {
    let (mut parties, mut bundles) = (Vec::new(), Vec::new());
    if config.parties.is_empty() {
        problems.add(
            "parties",
            "name at least one party with its policies; without policies everything is refused \
             (to begin: name = \"cso\", bundles = [\"builtin:cso-baseline\"])",
        );
    }
    for (number, entry) in config.parties.iter().enumerate() {
        let at = format!("parties[{number}]");
        let Some(party) = name::<PartyId>(&format!("{at}.name"), &entry.name, problems) else { continue };
        if parties.contains(&party) {
            problems.add(format!("{at}.name"), format!("`{party}` was already given"));
            continue;
        }
        if entry.bundles.is_empty() {
            problems.add(
                format!("{at}.bundles"),
                "name at least one bundle: a directory, or `builtin:cso-baseline`",
            );
        }
        for (number, place) in entry.bundles.iter().enumerate() {
            match read_bundle(&party, place, base) {
                Ok(bundle) => bundles.push(Arc::new(bundle)),
                Err(found) => {
                    for problem in found.0 {
                        problems.add(format!("{at}.bundles[{number}]: {}", problem.at), problem.what);
                    }
                }
            }
        }
        parties.push(party);
    }
    (parties, bundles)
}

pub(super) fn name<T: std::str::FromStr>(key: &str, text: &str, problems: &mut Problems) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    match text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            problems.add(key, error.to_string());
            None
        }
    }
}

fn inventory(
    config: &Config,
    around: &Around,
    problems: &mut Problems,
) -> (Vec<Station>, Option<Vec<StationEntry>>) {
    let mut entries = match &config.inventory.file {
        Some(file) => read_inventory(&around.base.join(file), problems),
        None => Vec::new(),
    };
    let given = config.inventory.stations.iter().cloned().enumerate();
    entries.extend(given.map(|(number, entry)| (format!("inventory.stations[{number}]"), entry)));
    let stations = inventory::stations(&entries, around, problems);
    if config.inventory.file.is_none() && entries.is_empty() {
        return (stations, None);
    }
    (stations, Some(entries.into_iter().map(|(_, entry)| entry).collect()))
}

fn limits(config: &Config, problems: &mut Problems) {
    let limits = &config.limits;
    let mut check = |key: &str, right: bool, what: &str| {
        if !right {
            problems.add(format!("limits.{key}"), what);
        }
    };
    check(
        "frame_bytes",
        (1024..=16 * 1024 * 1024).contains(&limits.frame_bytes),
        "between 1024 and 16777216",
    );
    for (key, number) in [
        ("handshakes", limits.handshakes),
        ("handshakes_per_address", limits.handshakes_per_address),
        ("sessions", limits.sessions),
        ("secret_checks", limits.secret_checks),
    ] {
        check(key, (1..=1_000_000).contains(&number), "between 1 and 1000000");
    }
    check("messages_per_second", limits.messages_per_second > 0, "at least 1");
    check("handshakes_per_second", limits.handshakes_per_second > 0, "at least 1");
    check("handshakes_per_second_per_address", limits.handshakes_per_second_per_address > 0, "at least 1");
    for (key, number) in [
        ("guesses_per_address", limits.guesses_per_address),
        ("guesses_per_station", limits.guesses_per_station),
        ("admissions_per_station", limits.admissions_per_station),
        ("lost_challenges", limits.lost_challenges),
    ] {
        check(key, (1..=1_000_000).contains(&number), "between 1 and 1000000");
    }
    for (key, wait) in [
        ("handshake_wait", limits.handshake_wait),
        ("dial_wait", limits.dial_wait),
        ("incumbent_wait", limits.incumbent_wait),
        ("ping_interval", limits.ping_interval),
        ("pong_wait", limits.pong_wait),
        ("write_wait", limits.write_wait),
        ("message_wait", limits.message_wait),
        ("tick", limits.tick),
        ("answer_wait", limits.answer_wait),
        ("secret_wait", limits.secret_wait),
        ("guess_delay_max", limits.guess_delay_max),
        ("lost_challenge_window", limits.lost_challenge_window),
        ("address_quarantine", limits.address_quarantine),
    ] {
        check(key, wait.0.as_millis() >= 10, "at least 10ms");
    }
    let dial = limits.dial_wait.0 + limits.incumbent_wait.0 * 2;
    check(
        "handshake_wait",
        limits.handshake_wait.0 >= dial,
        "at least `dial_wait` and twice `incumbent_wait`, which happen within it",
    );
}

fn dangers(config: &Config) -> Vec<String> {
    let csms = config.csms.iter().enumerate().map(|(number, csms)| {
        (format!("csms[{number}].danger_allow_plain_nonloopback"), csms.danger_allow_plain_nonloopback)
    });
    let listen = config.listen.iter().enumerate().flat_map(|(number, listen)| {
        let without_revocation = listen.tls.as_ref().is_some_and(|tls| tls.danger_without_revocation);
        [
            (
                format!("listen[{number}].danger_allow_plain_nonloopback"),
                listen.danger_allow_plain_nonloopback,
            ),
            (format!("listen[{number}].tls.danger_without_revocation"), without_revocation),
        ]
    });
    [("admin.danger_allow_nonloopback".to_owned(), config.admin.danger_allow_nonloopback)]
        .into_iter()
        .chain(listen)
        .chain(csms)
        .filter_map(|(key, on)| on.then_some(key))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{StationEntry, read_text};

    fn problems(text: &str, stations: Vec<StationEntry>) -> String {
        let mut sources = read_text(text, PathBuf::new(), []).unwrap();
        sources.config.inventory.stations = stations;
        resolve(&sources.config, &sources.base).unwrap_err().to_string()
    }

    #[test]
    fn the_example_is_right() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/chargewarden.example.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let base = Path::new(path).parent().unwrap().to_owned();
        let sources = read_text(&text, base, []).unwrap();
        let settings = resolve(&sources.config, &sources.base).unwrap();
        assert_eq!((settings.stations.len(), settings.dangers.len()), (2, 0));
    }

    #[test]
    fn an_empty_configuration_is_told_all_it_needs() {
        let problems = problems("", vec![]);
        for expected in ["parties: name at least one", "csms: name at least one"] {
            assert!(problems.contains(expected), "`{expected}` is not in:\n{problems}");
        }
    }

    #[test]
    fn every_problem_of_meaning_is_reported_at_once() {
        let text = r#"
            listen = [{ address = "nine thousand" }]
            admin = { address = "0.0.0.0:8080" }
            log = { level = "a=b=c" }
            limits = { frame_bytes = 10, handshake_wait = "1s", tick = "1ms" }
            [[parties]]
            name = "CSO"
            bundles = []
            [[parties]]
            name = "cso"
            bundles = ["builtin:nothing", "/no/such/bundle"]
            [[csms]]
            name = "main"
            party = "cnp"
            url = "wss://127.0.0.1/x"
            user = "me"
            [[csms]]
            name = "main"
            party = "cnp"
            url = "ws://me:secret@127.0.0.1/x"
            password_file = "/no/such/file"
            [[csms]]
            name = "far"
            party = "cnp"
            url = "ws://far.example/x"
        "#;
        let station = |id: &str, hash: &str, versions: &[&str], csms: Option<&str>| StationEntry {
            id: id.to_owned(),
            secret_hash: hash.to_owned(),
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            csms: csms.map(str::to_owned),
            ..StationEntry::default()
        };
        let stations = vec![
            station("CS 1", "hunter2", &["1.5"], Some("nobody")),
            station("CS-2", "", &[], None),
            station("CS-2", "", &["1.6", "1.6"], None),
        ];
        let problems = problems(text, stations);
        for expected in [
            "listen[0].address: `nine thousand` is not an address and a port",
            "admin.address: `0.0.0.0:8080` can be reached from outside",
            "log.level: `a=b=c` is not a filter",
            "limits.frame_bytes: between 1024 and 16777216",
            "limits.handshake_wait: at least `dial_wait`",
            "limits.tick: at least 10ms",
            "parties[0].name: `CSO` cannot name a party",
            "parties[1].bundles[0]: builtin:nothing: no such pack ships with this program (there is ",
            "parties[1].bundles[1]: /no/such/bundle: cannot be read",
            "csms[0].tls: wss needs `[csms.tls]` with `anchors`",
            "csms[0].user: a user needs `password_file` or `password_env`",
            "csms[1].name: `main` was already given",
            "csms[1].url: no credentials in the URL",
            "csms[1].password_file: `/no/such/file` cannot be read",
            "csms[2].url: `far.example` is another machine",
            "inventory.stations[0].id: ` ` may not stand in a station id",
            "inventory.stations[0].secret_hash: not a PHC string",
            "inventory.stations[0].versions: unknown OCPP version `1.5`",
            "inventory.stations[0].csms: `nobody` is not the name of a [[csms]]",
            "inventory.stations[1].versions: say which versions",
            "inventory.stations[1].csms: say which management system",
            "inventory.stations[2]: `CS-2` was already given by inventory.stations[1]",
            "inventory.stations[2].versions: `1.6` stands twice",
        ] {
            assert!(problems.contains(expected), "`{expected}` is not in:\n{problems}");
        }
        assert!(
            !problems.contains("hunter2") && !problems.contains("secret@"),
            "a secret is shown:\n{problems}"
        );
    }
}
