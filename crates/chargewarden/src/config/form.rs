//! The form of the configuration file. The doc comments here are the reference: they stand in `docs/reference/config.schema.json`.

use std::path::PathBuf;

use chargewarden_proxy::Bounds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Wait;

/// Configuration of Chargewarden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How often it is looked whether the inventory file, certificates, revocation lists or password files were renewed; what was is
    /// taken over. `0s`: never; only when asked to (`chargewarden reload`, SIGHUP).
    pub reload_interval: Wait,
    /// Where stations connect. Without any: 127.0.0.1:9000 without TLS.
    pub listen: Vec<Listen>,
    /// The management systems behind the service.
    pub csms: Vec<Csms>,
    /// The parties with jurisdiction, in the order in which they are asked. A message is forwarded only if every one allows it.
    pub parties: Vec<Party>,
    /// What sites can carry.
    pub site: Vec<Site>,
    /// Which stations may connect.
    pub inventory: Inventory,
    /// Where state and evidence are kept.
    pub store: Store,
    /// Health, readiness, metrics.
    pub admin: Admin,
    /// Bounds and waits.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            reload_interval: Wait(std::time::Duration::from_secs(5)),
            listen: Vec::new(),
            csms: Vec::new(),
            parties: Vec::new(),
            site: Vec::new(),
            inventory: Inventory::default(),
            store: Store::default(),
            admin: Admin::default(),
            limits: Limits::default(),
            log: Log::default(),
        }
    }
}

/// A place where stations connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Address and port. Port 0 lets the system choose.
    pub address: String,
    /// The security profiles served here: 0 to 3. When left out: `[1]` without TLS, `[2]` with TLS, `[2, 3]` where station
    /// certificates are asked for.
    pub profiles: Vec<u8>,
    /// Networks, such as `10.0.0.0/8`, whose connections begin with a PROXY header of version 2. It is required from them and
    /// read from no others.
    pub proxy_from: Vec<String>,
    /// TLS. Without it, every secret and command can be read on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenTls>,
    /// Permits a listener without TLS on an address that others can reach: secrets and commands then cross the network readable.
    pub danger_allow_plain_nonloopback: bool,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            address: "127.0.0.1:9000".to_owned(),
            profiles: Vec::new(),
            proxy_from: Vec::new(),
            tls: None,
            danger_allow_plain_nonloopback: false,
        }
    }
}

/// TLS of a place where stations connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListenTls {
    /// Our certificates: one with an ECDSA key and one with an RSA key serve every station (OCPP asks for both kinds).
    pub certificates: Vec<KeyPair>,
    /// PEM files of the authorities of station certificates. Without any, no certificate is asked for and profile 3 is not served.
    pub client_anchors: Vec<PathBuf>,
    /// Revocation lists of those authorities, PEM or DER.
    pub crls: Vec<PathBuf>,
    /// The organisation (`O`) that a station certificate must name: the operator of the stations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Permits station certificates without `crls`: a stolen key then stays good until its certificate expires.
    pub danger_without_revocation: bool,
    /// The lowest TLS version: `1.2` or `1.3`.
    pub min_version: String,
}

impl Default for ListenTls {
    fn default() -> ListenTls {
        ListenTls {
            certificates: Vec::new(),
            client_anchors: Vec::new(),
            crls: Vec::new(),
            organisation: None,
            danger_without_revocation: false,
            min_version: "1.2".to_owned(),
        }
    }
}

/// A certificate and its key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyPair {
    /// PEM file of the certificate, followed by those above it.
    pub chain: PathBuf,
    /// PEM file of its key (PKCS#8, SEC1 or PKCS#1).
    pub key: PathBuf,
}

/// A management system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Csms {
    /// Its name in inventory, policies, metrics and evidence: `[a-z][a-z0-9-]*`, at most 32 characters.
    pub name: String,
    /// The party that runs it: a name of `parties`.
    pub party: String,
    /// `wss://host[:port]/path`, or `ws://…`; the station's id is appended as one more path segment.
    pub url: String,
    /// TLS; needed for `wss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<CsmsTls>,
    /// User name for its Basic authentication; the station's id when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File that holds the password for its Basic authentication; one trailing newline is ignored. The station's own
    /// secret is never passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable that holds the password, instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// How it is told that a command was refused.
    pub refusals: Refusals,
    /// Permits a connection without TLS to an address that is not this machine.
    pub danger_allow_plain_nonloopback: bool,
}

/// TLS of the connection to a management system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsmsTls {
    /// PEM files of the anchors its certificate must lead to. Nothing else is trusted, no public authority either.
    pub anchors: Vec<PathBuf>,
    /// Revocation lists, PEM or DER. With any, every certificate of its chain must be covered by one that has not expired.
    pub crls: Vec<PathBuf>,
    /// The name its certificate must have, among its alternative names; the host of the URL when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// PEM file of our certificate, followed by those above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The lowest TLS version: `1.2` or `1.3`.
    pub min_version: String,
}

impl Default for CsmsTls {
    fn default() -> CsmsTls {
        CsmsTls {
            anchors: Vec::new(),
            crls: Vec::new(),
            server_name: None,
            certificate: None,
            key: None,
            min_version: "1.2".to_owned(),
        }
    }
}

/// How a management system is told that a command was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refusals {
    /// With the action's own negative status where it has one, else with `CALLERROR` `SecurityError`.
    #[default]
    OwnStatus,
    /// Always with `CALLERROR` `SecurityError`.
    CallError,
}

/// A party with jurisdiction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Party {
    /// Its name: `[a-z][a-z0-9-]*`, at most 32 characters.
    pub name: String,
    /// Its policy bundles: directories, or `builtin:cso-baseline` for the pack that ships in the program. Each bundle is asked on its
    /// own, and each must allow.
    pub bundles: Vec<String>,
}

/// What a site can carry: what the limits of its stations are held against.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// Its name, as stations say it in `site`.
    pub name: String,
    /// Most that its stations may draw together, in kW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_kw: Option<f64>,
    /// Most that it may feed back, in kW. Nothing when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_kw: Option<f64>,
}

/// Which stations may connect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inventory {
    /// TOML file of `[[station]]` entries: the truth of which stations there are and where they belong. The store is brought into
    /// line with it at start and on reload; secrets that were rotated since stay. Without it, stations are added by command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Stations given by the program that embeds the gateway (demo, tests); not a setting.
    #[serde(skip)]
    pub stations: Vec<StationEntry>,
}

/// A station of the inventory file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StationEntry {
    /// The id it dials in with, and its Basic user name: 1 to 48 of `A-Z a-z 0-9 - _ = + | @ . *`.
    pub id: String,
    /// Its one security profile: 1 (secret without TLS), 2 (secret over TLS), 3 (certificate over TLS), or 0 (nothing), which
    /// needs `danger_unauthenticated_until`.
    pub profile: u8,
    /// Until when a station of profile 0 may connect, `YYYY-MM-DD`: anybody who knows its id can be it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger_unauthenticated_until: Option<String>,
    /// Its secret as an argon2id PHC string, for profiles 1 and 2; make one with `chargewarden station hash`. A secret that
    /// was rotated since stays in force until this value changes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub secret_hash: String,
    /// Its secret is the one of the factory: the station is only provisioned until it is replaced.
    pub factory: bool,
    /// The common name of its certificate, for profile 3; its id when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_name: Option<String>,
    /// The versions it may speak: `1.6`, `2.0.1`, `2.1`.
    pub versions: Vec<String>,
    /// The management system it is relayed to: a name of `csms`. May be left out when there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csms: Option<String>,
    /// The site it stands on, for policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its groups, for policies.
    pub groups: Vec<String>,
    /// The part of the grid it is connected to, for policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// How many EVSEs (1.6: connectors) it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evses: Option<u32>,
    /// Most that each of them carries, in kW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evse_max_kw: Option<f64>,
    /// Most that it carries as a whole, in kW; all of its EVSEs together when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_kw: Option<f64>,
    /// The party that owns it; the first of `parties` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The parties with jurisdiction over it; all of `parties` when left out.
    pub parties: Vec<String>,
    /// The networks it may come from, such as `10.0.0.0/8`; any when left out.
    pub sources: Vec<String>,
    /// What it may do differently: `any-user-name`, `no-subprotocol`, `hex-key`.
    pub tolerances: Vec<String>,
    /// Its own access to the management system, where it differs from that of `csms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamEntry>,
}

impl Default for StationEntry {
    fn default() -> StationEntry {
        StationEntry {
            id: String::new(),
            profile: 2,
            danger_unauthenticated_until: None,
            secret_hash: String::new(),
            factory: false,
            certificate_name: None,
            versions: Vec::new(),
            csms: None,
            site: None,
            groups: Vec::new(),
            area: None,
            evses: None,
            evse_max_kw: None,
            max_kw: None,
            owner: None,
            parties: Vec::new(),
            sources: Vec::new(),
            tolerances: Vec::new(),
            upstream: None,
        }
    }
}

/// A station's own access to its management system. What is left out is that of `csms`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamEntry {
    /// Where, instead of the URL of `csms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The path segment, instead of the station's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// User name for Basic authentication; the identity when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File that holds the password; one trailing newline is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable that holds the password, instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// PEM file of our certificate, followed by those above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// Where state and evidence are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Directory of the embedded store and its keys; made with mode 0700 when it is not there. One process may use it.
    pub path: PathBuf,
    /// Name of the evidence log, in checkpoints. Fixed when the log begins.
    pub log_name: String,
}

impl Default for Store {
    fn default() -> Store {
        Store { path: PathBuf::from("chargewarden-data"), log_name: "chargewarden.local/evidence".to_owned() }
    }
}

/// Health, readiness, metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Address and port. Port 0 lets the system choose.
    pub address: String,
    /// Names besides `localhost`, `127.0.0.1` and `[::1]` under which it may be asked (protects against DNS rebinding).
    pub hosts: Vec<String>,
    /// Permits an address that others can reach. Nobody has to sign in to read metrics.
    pub danger_allow_nonloopback: bool,
}

impl Default for Admin {
    fn default() -> Admin {
        Admin { address: "127.0.0.1:8080".to_owned(), hosts: Vec::new(), danger_allow_nonloopback: false }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or directives such as `info,chargewarden_proxy=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Bounds and waits. Reaching one is counted by `chargewarden_bounds_hit_total`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest message, in bytes: 1024 to 16777216. A longer one ends the connection with 1009.
    pub frame_bytes: usize,
    /// Handshakes under way at once. A further one displaces one that has sent no request, of the address with the most.
    pub handshakes: usize,
    /// Handshakes under way at once from one address (of IPv6: one /64).
    pub handshakes_per_address: usize,
    /// Connections a second, after a burst of `handshakes`.
    pub handshakes_per_second: u32,
    /// Connections a second from one address, after a burst of `handshakes_per_address`.
    pub handshakes_per_second_per_address: u32,
    /// Stations connected at once.
    pub sessions: usize,
    /// Station secrets being verified at once. Each takes a core and about 19 MiB for some 20 ms.
    pub secret_checks: usize,
    /// How long an attempt may wait for its secret to be verified.
    pub secret_wait: Wait,
    /// Failures to prove an id, of one address, before delays begin.
    pub guesses_per_address: u32,
    /// Failures to prove one id, of one address and of all together, before delays begin.
    pub guesses_per_station: u32,
    /// The longest delay, and the time after which one failure is forgotten.
    pub guess_delay_max: Wait,
    /// Admissions of one station a minute.
    pub admissions_per_station: u32,
    /// How often, within `lost_challenge_window`, an address may come with the id of a station that is connected and lives.
    pub lost_challenges: u32,
    /// See `lost_challenges`.
    pub lost_challenge_window: Wait,
    /// How long such an address is kept out.
    pub address_quarantine: Wait,
    /// From accept to the answer of the upgrade.
    pub handshake_wait: Wait,
    /// How long a management system has to accept a connection and its upgrade.
    pub dial_wait: Wait,
    /// How long a connected station has to answer the ping that decides whether a second connection of its id replaces it.
    pub incumbent_wait: Wait,
    /// Quiet time after which a peer is pinged.
    pub ping_interval: Wait,
    /// How long a pong may take.
    pub pong_wait: Wait,
    /// How long a peer may take to receive what is written to it.
    pub write_wait: Wait,
    /// How long a message may be under way from first to last byte.
    pub message_wait: Wait,
    /// How long a close handshake may take.
    pub close_wait: Wait,
    /// Messages a second that one peer may send, averaged over `tick`.
    pub messages_per_second: u32,
    /// When a management system is lost, its stations are closed spread over this time.
    pub csms_lost_spread: Wait,
    /// On shutdown, sessions are closed spread over this time.
    pub drain_spread: Wait,
    /// On shutdown, how long to wait for the last sessions.
    pub drain_wait: Wait,
    /// How often a session looks at what is due.
    pub tick: Wait,
    /// How long a CALL may stay unanswered before its answer is not accepted any more.
    pub answer_wait: Wait,
}

impl Default for Limits {
    fn default() -> Limits {
        let bounds = Bounds::default();
        Limits {
            frame_bytes: bounds.frame_bytes,
            handshakes: bounds.handshakes,
            handshakes_per_address: bounds.handshakes_per_address,
            handshakes_per_second: bounds.handshakes_per_second,
            handshakes_per_second_per_address: bounds.handshakes_per_second_per_address,
            sessions: bounds.sessions,
            secret_checks: bounds.secret_checks,
            secret_wait: Wait(bounds.secret_wait),
            guesses_per_address: bounds.guesses_per_address,
            guesses_per_station: bounds.guesses_per_station,
            guess_delay_max: Wait(bounds.guess_delay_max),
            admissions_per_station: bounds.admissions_per_station,
            lost_challenges: bounds.lost_challenges,
            lost_challenge_window: Wait(bounds.lost_challenge_window),
            address_quarantine: Wait(bounds.address_quarantine),
            handshake_wait: Wait(bounds.handshake_wait),
            dial_wait: Wait(bounds.dial_wait),
            incumbent_wait: Wait(bounds.incumbent_wait),
            ping_interval: Wait(bounds.ping_interval),
            pong_wait: Wait(bounds.pong_wait),
            write_wait: Wait(bounds.write_wait),
            message_wait: Wait(bounds.message_wait),
            close_wait: Wait(bounds.close_wait),
            messages_per_second: bounds.messages_per_second,
            csms_lost_spread: Wait(bounds.csms_lost_spread),
            drain_spread: Wait(bounds.drain_spread),
            drain_wait: Wait(bounds.drain_wait),
            tick: Wait(bounds.tick),
            answer_wait: Wait(std::time::Duration::from_millis(
                chargewarden_engine::SessionLimits::ANSWER_MS,
            )),
        }
    }
}

impl Limits {
    /// The proxy's part of them.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            frame_bytes: self.frame_bytes,
            handshakes: self.handshakes,
            handshakes_per_address: self.handshakes_per_address,
            handshakes_per_second: self.handshakes_per_second,
            handshakes_per_second_per_address: self.handshakes_per_second_per_address,
            sessions: self.sessions,
            secret_checks: self.secret_checks,
            secret_wait: self.secret_wait.0,
            guesses_per_address: self.guesses_per_address,
            guesses_per_station: self.guesses_per_station,
            guess_delay_max: self.guess_delay_max.0,
            admissions_per_station: self.admissions_per_station,
            lost_challenges: self.lost_challenges,
            lost_challenge_window: self.lost_challenge_window.0,
            address_quarantine: self.address_quarantine.0,
            handshake_wait: self.handshake_wait.0,
            dial_wait: self.dial_wait.0,
            incumbent_wait: self.incumbent_wait.0,
            ping_interval: self.ping_interval.0,
            pong_wait: self.pong_wait.0,
            write_wait: self.write_wait.0,
            message_wait: self.message_wait.0,
            close_wait: self.close_wait.0,
            messages_per_second: self.messages_per_second,
            csms_lost_spread: self.csms_lost_spread.0,
            drain_spread: self.drain_spread.0,
            drain_wait: self.drain_wait.0,
            tick: self.tick.0,
            ..Bounds::default()
        }
    }
}
