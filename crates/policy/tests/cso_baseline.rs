//! The shipped pack `cso-baseline`: what it lets through, what it refuses, what it holds.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod scene;

use std::sync::{Arc, LazyLock};

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::effect::*;
use chargewarden_policy::{About, Bundle, Circumstances, Policies, Subject, Verdict, explain, pack};
use scene::{about, command, report};

fn policies() -> &'static Policies {
    static POLICIES: LazyLock<Policies> = LazyLock::new(compiled);
    &POLICIES
}

fn compiled() -> Policies {
    let bundle = Bundle::compile(&pack::cso_baseline("cso".parse().unwrap()))
        .unwrap_or_else(|problems| panic!("{problems}"));
    Policies::new(vec![Arc::new(bundle)])
}

/// Puts each effect to the pack. A row reads: what it is, what is said to it.
///
/// An answer is `forward`, `refuse ID…` or `hold REQUIREMENT ID…`, with the policies that refuse or hold, and
/// `alert LEVEL` where one is raised.
fn converse(
    circumstances: &Circumstances,
    rows: impl IntoIterator<Item = (&'static str, Effect, &'static str)>,
) {
    let policies = policies();
    // By the owner's own management system: what is the owner's alone has tests of its own (`packs/cso-baseline/tests`).
    let subject = Subject::new(About { csms_party: "cso".parse().unwrap(), ..about() }, policies);
    let mut wrong = String::new();
    for (what, effect, expected) in rows {
        let effects = [effect];
        let ruling = policies.decide(&subject, circumstances, &effects);
        let said = answer(&ruling);
        if said != expected {
            wrong += &format!(
                "\n{what}\n  expected {expected}\n  said     {said}\n{}",
                explain::render(&effects, &ruling)
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn answer(ruling: &chargewarden_policy::Ruling) -> String {
    let mut words = vec![match &ruling.verdict {
        Verdict::Forward => "forward".to_owned(),
        Verdict::Refuse(_) => "refuse".to_owned(),
        Verdict::Hold(requirement) => format!("hold {requirement}"),
    }];
    for cause in ruling.causes().filter(|cause| cause.code.is_some()) {
        words.push(
            cause.policy.as_ref().map_or_else(|| "nobody-permits".to_owned(), |policy| policy.to_string()),
        );
    }
    words.extend(ruling.alert().map(|level| format!("alert {level}")));
    words.join(" ")
}

fn url(text: &str) -> Url {
    let (scheme, rest) = text.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (credentials, host) = host.rsplit_once('@').map_or((false, host), |(_, host)| (true, host));
    Url {
        readable: true,
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port: 443,
        path: format!("/{path}"),
        credentials,
        private: host.starts_with("10.") || host == "169.254.169.254" || host == "localhost",
        suspicious: text.contains(['$', '`', ';', '|']),
    }
}

fn profile() -> SetPower {
    SetPower {
        evse: Some(1),
        purpose: "tx",
        stack_level: 0,
        lowest_w: Some(4_140),
        highest_w: Some(11_000),
        lowest_ma: Some(6_000),
        zero_s: None,
        step_w: Some(-6_860),
        step_at: None,
        absurd: false,
        consistent: true,
        effective_at: None,
        ends_at: None,
        profile_kind: "relative",
        recurs_s: None,
        recurs_at: None,
        periods: 2,
        shortest_s: Some(900),
        reversals: 0,
        swings: 0,
        ordered: true,
        transaction: Some("tx-88".to_owned()),
        profile: Some(1),
        local_time: false,
        random_delay_s: None,
    }
}

fn firmware(at: &str) -> InstallFirmware {
    let signer = "ab".repeat(32);
    InstallFirmware { url: url(at), signed: true, signer, retrieve_at: None, install_at: None }
}

fn setting(key: &str, standard: bool) -> ChangeSetting {
    ChangeSetting {
        key: key.to_owned(),
        class: if standard { "charging" } else { "unknown" },
        standard,
        value: "1".to_owned(),
        number: Some(1),
        url: None,
        attribute: "Actual",
    }
}

fn logs(to: &str) -> Effect {
    ExtractLogs { url: url(to), log: "diagnostics" }.into()
}

fn vendor(name: &str) -> Effect {
    VendorData { vendor: name.to_owned(), message_id: String::new(), bytes: 12 }.into()
}

fn list(full: bool, accepted: i64, grouped: i64) -> Effect {
    let (version, entries, refused) = (7, accepted, 0);
    ChangeLocalList { full, version, entries, accepted, refused, grouped }.into()
}

fn message(has_link: bool, format: &str) -> Effect {
    ShowMessage {
        clears: false,
        priority: "NormalCycle".to_owned(),
        has_link,
        links: i64::from(has_link),
        account: false,
        url: None,
        format: format.to_owned(),
        effective_at: None,
    }
    .into()
}

fn price(means: &'static str, cost_milli: i64) -> Effect {
    SetPrice { means, cost_milli: Some(cost_milli), ..no_price() }.into()
}

fn tariff(kwh_milli: i64) -> Effect {
    SetPrice { kwh_lowest_milli: Some(kwh_milli), kwh_highest_milli: Some(kwh_milli), ..no_price() }.into()
}

fn no_price() -> SetPrice {
    SetPrice {
        means: "tariff",
        cost_milli: None,
        tariff: String::new(),
        currency: "EUR".to_owned(),
        kwh_lowest_milli: None,
        kwh_highest_milli: None,
        minute_highest_milli: None,
        fixed_highest_milli: None,
        least_milli: None,
        most_milli: None,
        tax_percent: None,
        effective_at: None,
    }
}

fn lift(purpose: Option<&'static str>, by_id: bool) -> Effect {
    LiftPowerLimit { evse: Some(1), purpose, stack_level: None, by_id, profile: by_id.then_some(4) }.into()
}

fn start(token_type: &str) -> Effect {
    StartCharging {
        evse: Some(1),
        token: Some(Token::new("04A1B2C3")),
        token_type: token_type.to_owned(),
        with_group: false,
        with_profile: false,
    }
    .into()
}

fn reserve(hours: i64) -> Effect {
    let ends_at = Timestamp::from_millis(command().now.as_millis() + hours * 3_600_000);
    Reserve { evse: Some(1), token: None, ends_at: Some(ends_at), reservation: Some(3), with_group: false }
        .into()
}

#[test]
fn ordinary_operation_passes() {
    converse(
        &command(),
        [
            ("start a session", start("ISO14443"), "forward"),
            ("stop it", StopCharging { transaction: "17".to_owned() }.into(), "forward"),
            ("limit it", profile().into(), "forward"),
            ("pause it", SetPower { lowest_w: Some(0), highest_w: Some(0), ..profile() }.into(), "forward"),
            (
                "a day and night profile",
                SetPower { reversals: 6, shortest_s: Some(3_600), purpose: "default", ..profile() }.into(),
                "forward",
            ),
            ("clear its profile", lift(Some("tx"), false), "forward"),
            ("clear a profile by its id", lift(None, true), "forward"),
            ("reserve for an hour", reserve(1), "forward"),
            ("give a reservation up", CancelReservation { reservation: 3 }.into(), "forward"),
            (
                "help a driver whose cable is stuck",
                UnlockCable { evse: Some(1), connector: Some(1) }.into(),
                "forward",
            ),
            ("restart a station", Restart { evse: None, immediate: false }.into(), "forward"),
            ("take a connector out of service", Disable { evse: Some(1), connector: None }.into(), "forward"),
            ("put it back", Enable { evse: Some(1), connector: None }.into(), "forward"),
            (
                "ask for a status",
                TriggerReport { report: "StatusNotification".to_owned(), evse: None, custom: String::new() }
                    .into(),
                "forward",
            ),
            (
                "read settings",
                ReadSettings { subject: "settings", all: false, keys: vec!["HeartbeatInterval".to_owned()] }
                    .into(),
                "forward",
            ),
            ("change a standard setting", setting("TxCtrlr.EVConnectionTimeOut", true).into(), "forward"),
            ("fetch diagnostics", logs("https://logs.example.com/in"), "forward"),
            ("fetch diagnostics by sftp", logs("sftp://logs.example.com/in"), "forward"),
            ("install signed software", firmware("https://firmware.example.com/a.bin").into(), "forward"),
            ("stop to publish", PublishFirmware { url: None, checksum: String::new() }.into(), "forward"),
            ("add tokens to the list", list(false, 12, 0), "forward"),
            ("replace the list", list(true, 400, 0), "forward"),
            ("add members of a group", list(false, 1, 1), "forward alert low"),
            ("empty the cache", ClearTokenCache {}.into(), "forward"),
            ("show a text", message(false, "UTF8"), "forward"),
            ("set a price", price("total-cost", 12_340), "forward"),
            ("a listed vendor's data", vendor("com.example.listed"), "forward"),
        ],
    );
}

#[test]
fn energy_cannot_be_abused() {
    let with = |change: fn(&mut SetPower)| {
        let mut profile = profile();
        change(&mut profile);
        Effect::from(profile)
    };
    converse(
        &command(),
        [
            ("C18 below zero", with(|p| p.absurd = true), "refuse power-absurd alert high"),
            ("C18 out of order", with(|p| p.ordered = false), "refuse power-malformed alert medium"),
            ("C18 wrong purpose", with(|p| p.consistent = false), "refuse power-malformed alert medium"),
            ("C19 forged", with(|p| p.purpose = "external"), "refuse power-forged-external alert high"),
            (
                "C21 oscillating",
                with(|p| (p.reversals, p.shortest_s) = (40, Some(5))),
                "refuse power-oscillates alert high",
            ),
            (
                "C16 one watt",
                with(|p| (p.lowest_w, p.highest_w) = (Some(1), Some(1))),
                "hold cso:1 power-starves alert medium",
            ),
            (
                "C16 zero for good",
                with(|p| (p.purpose, p.highest_w, p.zero_s) = ("default", Some(0), Some(315_360_000))),
                "hold cso:1 power-off-for-good alert medium",
            ),
            ("C20 lift everything", lift(None, false), "hold cso:1 lift-protective alert high"),
            (
                "C20 lift the station's limit",
                lift(Some("max"), false),
                "hold cso:1 lift-protective alert high",
            ),
            (
                "C23 feed back",
                Discharge {
                    evse: None,
                    power_w: Some(9_000),
                    mode: "CentralSetpoint".to_owned(),
                    effective_at: None,
                }
                .into(),
                "hold cso:1 discharge-asks alert high",
            ),
            (
                "C24 grid functions",
                SetDerControl {
                    control: "FreqDroop".to_owned(),
                    clears: false,
                    is_default: true,
                    priority: Some(0),
                    effective_at: None,
                    duration_s: None,
                    id: "1".to_owned(),
                    values: Vec::new(),
                }
                .into(),
                "hold cso:1 der-asks alert high",
            ),
            ("C13 nobody's session", start("NoAuthorization"), "refuse start-for-nobody alert medium"),
            ("C15 a day's reservation", reserve(24), "refuse reserve-too-long alert low"),
        ],
    );
}

#[test]
fn software_comes_from_where_it_should() {
    let at = |text: &str| Effect::from(firmware(text));
    converse(
        &command(),
        [
            ("C01 another host", at("https://evil.example/a.bin"), "refuse firmware-host alert critical"),
            ("C01 plain http", at("http://firmware.example.com/a.bin"), "refuse firmware-url alert high"),
            (
                "C01 plain ftp, another host",
                at("ftp://203.0.113.9/evil.bin"),
                "refuse firmware-host firmware-url alert critical",
            ),
            (
                "C01 credentials",
                at("https://u:p@firmware.example.com/a.bin"),
                "refuse firmware-url alert high",
            ),
            ("P02 a shell", at("https://firmware.example.com/$(reboot)"), "refuse firmware-url alert high"),
            ("inside the site", at("https://10.0.0.5/a.bin"), "refuse firmware-host alert critical"),
            (
                "C02 unsigned in 2.x",
                InstallFirmware {
                    signed: false,
                    signer: String::new(),
                    ..firmware("https://firmware.example.com/a")
                }
                .into(),
                "hold cso:2 firmware-unsigned alert high",
            ),
            (
                "C02 published from another host",
                PublishFirmware { url: Some(url("https://203.0.113.9/a.bin")), checksum: String::new() }
                    .into(),
                "refuse publish-url alert critical",
            ),
            (
                "not a URL",
                InstallFirmware { url: Url::default(), ..firmware("https://x/") }.into(),
                "refuse firmware-host firmware-url alert critical",
            ),
        ],
    );
}

fn profile_written(security_profile: Option<i64>) -> Effect {
    LowerSecurity { security_profile, key: "SecurityCtrlr.SecurityProfile".to_owned() }.into()
}

/// After the time of the scene, and before it.
const LATER_MS: i64 = 1_800_000_000_000;
const EARLIER_MS: i64 = 1_780_000_000_000;

fn anchor(certificate_use: &str) -> InstallTrustAnchor {
    InstallTrustAnchor {
        certificate_use: certificate_use.to_owned(),
        fingerprint: "00".repeat(32),
        readable: true,
        is_authority: true,
        self_signed: true,
        common_name: "Root".to_owned(),
        key: "ec",
        key_bits: 256,
        key_hash: "11".repeat(32),
        hash: "sha256",
        issuer_key_id: String::new(),
        not_before: Some(Timestamp::from_millis(EARLIER_MS)),
        not_after: Some(Timestamp::from_millis(LATER_MS)),
    }
}

fn request() -> RequestCertificate {
    RequestCertificate {
        certificate_use: "ChargingStationCertificate".to_owned(),
        signing: true,
        readable: true,
        proven: true,
        common_name: "CP-1".to_owned(),
        organisation: "Example CSO".to_owned(),
        names_host: false,
        key: "ec",
        key_bits: 256,
        key_hash: "22".repeat(32),
        hash: "sha256",
    }
}

fn issued() -> ReplaceStationCertificate {
    ReplaceStationCertificate {
        certificate_use: "ChargingStationCertificate".to_owned(),
        fingerprint: "00".repeat(32),
        certificates: 2,
        readable: true,
        common_name: "CP-1".to_owned(),
        organisation: "Example CSO".to_owned(),
        names_host: false,
        is_authority: false,
        key: "ec",
        key_bits: 256,
        key_hash: "22".repeat(32),
        hash: "sha256",
        not_before: Some(Timestamp::from_millis(EARLIER_MS)),
        not_after: Some(Timestamp::from_millis(LATER_MS)),
    }
}

fn named(name: &str) -> String {
    name.to_owned()
}

/// S08: an authority sees only requests that match the station.
#[test]
fn stations_ask_for_their_own_certificates_only() {
    let v2g = || named("V2GCertificate");
    converse(
        &report(),
        [
            ("its own", request().into(), "forward"),
            (
                "unreadable",
                RequestCertificate { readable: false, proven: false, ..request() }.into(),
                "refuse certificate-request-unreadable alert high",
            ),
            (
                "a key it does not hold",
                RequestCertificate { proven: false, ..request() }.into(),
                "refuse certificate-request-unreadable alert high",
            ),
            (
                "another station",
                RequestCertificate { common_name: named("CP-2"), ..request() }.into(),
                "refuse certificate-request-name alert critical",
            ),
            (
                "two names, or none",
                RequestCertificate { common_name: String::new(), ..request() }.into(),
                "refuse certificate-request-name alert critical",
            ),
            (
                "a host",
                RequestCertificate { names_host: true, ..request() }.into(),
                "refuse certificate-request-name alert critical",
            ),
            (
                "another organisation",
                RequestCertificate { organisation: named("Evil"), ..request() }.into(),
                "refuse certificate-request-organisation alert high",
            ),
            (
                "RSA 1024",
                RequestCertificate { key: "rsa", key_bits: 1024, ..request() }.into(),
                "refuse certificate-request-weak alert high",
            ),
            ("RSA 2048", RequestCertificate { key: "rsa", key_bits: 2048, ..request() }.into(), "forward"),
            (
                "a curve that nobody knows",
                RequestCertificate { key: "other", key_bits: 0, ..request() }.into(),
                "refuse certificate-request-weak alert high",
            ),
            (
                "SHA-1",
                RequestCertificate { hash: "sha1", ..request() }.into(),
                "refuse certificate-request-weak alert high",
            ),
            (
                "for vehicles, by their rules",
                RequestCertificate { certificate_use: v2g(), common_name: named("DEABCE1"), ..request() }
                    .into(),
                "forward",
            ),
            (
                "for vehicles, weak",
                RequestCertificate { certificate_use: v2g(), hash: "md5", ..request() }.into(),
                "refuse certificate-request-weak alert high",
            ),
            (
                "a contract certificate is the vehicle's",
                RequestCertificate { signing: false, readable: false, ..request() }.into(),
                "forward",
            ),
        ],
    );
}

#[test]
fn stations_do_not_ask_all_day() {
    let asked = |requests_today, request_triggered| {
        let mut about = about();
        (about.facts.requests_today, about.facts.request_triggered) = (requests_today, request_triggered);
        let policies = policies();
        answer(&policies.decide(&Subject::new(about, policies), &report(), &[request().into()]))
    };
    assert_eq!(asked(0, false), "forward");
    assert_eq!(asked(1, false), "forward alert medium");
    assert_eq!(asked(3, false), "forward alert medium");
    assert_eq!(asked(4, false), "refuse certificate-requests-too-many alert high");
    assert_eq!(asked(4, true), "forward");
}

/// R-F04, C08: a certificate only for the key that the station asked with.
#[test]
fn stations_get_what_they_asked_for() {
    let given = |requested: Option<&str>, v2g: Option<&str>, issued: ReplaceStationCertificate| {
        let mut about = about();
        about.facts.requested_key = requested.map(|key| key.repeat(32));
        about.facts.requested_v2g_key = v2g.map(|key| key.repeat(32));
        let policies = policies();
        answer(&policies.decide(&Subject::new(about, policies), &command(), &[issued.into()]))
    };
    let vehicles = || ReplaceStationCertificate {
        certificate_use: named("V2GCertificate"),
        common_name: named("DEABCE1"),
        ..issued()
    };
    let unasked = "refuse station-certificate-unasked alert critical";
    assert_eq!(given(Some("22"), None, issued()), "forward");
    assert_eq!(given(None, None, issued()), unasked);
    assert_eq!(given(Some("33"), None, issued()), unasked);
    assert_eq!(given(None, Some("22"), issued()), unasked);
    assert_eq!(given(None, Some("22"), vehicles()), "forward");
    assert_eq!(given(Some("22"), None, vehicles()), unasked);
    let unreadable = ReplaceStationCertificate { readable: false, key_hash: String::new(), ..issued() };
    assert_eq!(given(Some("22"), None, unreadable), unasked);
    for unfit in [
        ReplaceStationCertificate { is_authority: true, ..issued() },
        ReplaceStationCertificate { hash: "sha1", ..issued() },
        ReplaceStationCertificate { not_after: Some(Timestamp::from_millis(EARLIER_MS)), ..issued() },
    ] {
        assert_eq!(given(Some("22"), None, unfit), "refuse station-certificate-unfit alert high");
    }
    for misnamed in [
        ReplaceStationCertificate { common_name: named("CP-2"), ..issued() },
        ReplaceStationCertificate { organisation: String::new(), ..issued() },
        ReplaceStationCertificate { names_host: true, ..issued() },
    ] {
        assert_eq!(given(Some("22"), None, misnamed), "refuse station-certificate-name alert high");
    }
}

#[test]
fn trust_is_not_for_sale() {
    let key = String::new;
    converse(
        &command(),
        [
            (
                "C07 network profile",
                Repoint {
                    url: Some(url("wss://evil.example/ocpp")),
                    slot: Some(1),
                    security_profile: Some(2),
                    means: "network-profile",
                    key: key(),
                }
                .into(),
                "refuse repoint alert critical",
            ),
            (
                "C07 order of profiles",
                Repoint { url: None, slot: None, security_profile: None, means: "priority", key: key() }
                    .into(),
                "refuse repoint alert critical",
            ),
            ("C06 downgrade", profile_written(Some(1)), "refuse lower-security alert critical"),
            ("C06 to no security", profile_written(Some(0)), "refuse lower-security alert critical"),
            ("C06 below zero", profile_written(Some(-1)), "refuse lower-security alert critical"),
            ("C06 a switch that allows it", profile_written(None), "refuse lower-security alert critical"),
            (
                "C06 no such profile",
                profile_written(Some(4)),
                "refuse lower-security raise-security alert critical",
            ),
            ("as it is", profile_written(Some(2)), "forward"),
            ("raised", profile_written(Some(3)), "hold cso:1 raise-security alert medium"),
            (
                "C05 password",
                ReplaceCredential { key: "AuthorizationKey".to_owned(), length: 20, weak: false }.into(),
                "refuse replace-credential alert critical",
            ),
            (
                "C08 rogue authority",
                anchor("CSMSRootCertificate").into(),
                "refuse unlisted-anchor alert critical",
            ),
            (
                "C08 no authority at all",
                InstallTrustAnchor { is_authority: false, ..anchor("CSMSRootCertificate") }.into(),
                "refuse anchor-unfit unlisted-anchor alert critical",
            ),
            (
                "C09 anchor removed",
                RemoveTrustAnchor {
                    serial: "01".to_owned(),
                    issuer_key_hash: "ab".to_owned(),
                    issuer_name_hash: "cd".to_owned(),
                }
                .into(),
                "refuse remove-anchor alert critical",
            ),
        ],
    );
}

#[test]
fn settings_data_and_prices_are_watched() {
    let key = |key: &str| key.to_owned();
    converse(
        &command(),
        [
            (
                "C26 offline charging for everybody",
                WeakenAuthorization { key: key("AllowOfflineTxForUnknownId"), value: key("true") }.into(),
                "refuse weaken-authorization alert high",
            ),
            ("C25 an empty list", list(true, 0, 0), "hold cso:1 list-emptied alert high"),
            (
                "C27 heartbeat once an hour",
                BlindTelemetry { key: key("HeartbeatInterval"), value: key("3600"), number: Some(3600) }
                    .into(),
                "refuse blind-telemetry alert high",
            ),
            ("a vendor's setting", setting("VendorMagic", false).into(), "refuse unknown-setting alert high"),
            (
                "a URL where none belongs",
                ChangeSetting {
                    url: Some(url("http://10.0.0.5/x")),
                    ..setting("DisplayMessageCtrlr.Foo", true)
                }
                .into(),
                "refuse setting-with-url alert high",
            ),
            ("C04 logs elsewhere", logs("https://drop.attacker.example/in"), "refuse log-host alert high"),
            ("C04 logs by plain ftp", logs("ftp://logs.example.com/in"), "refuse log-url alert high"),
            (
                "C04 metadata service",
                logs("http://169.254.169.254/latest"),
                "refuse log-host log-host-private log-url alert critical",
            ),
            ("P02 a shell", logs("https://logs.example.com/`reboot`"), "refuse log-url alert high"),
            ("C28 an unlisted vendor", vendor("org.evil"), "refuse unlisted-vendor-data alert medium"),
            (
                "C30 read",
                ReadCustomerData { named: true }.into(),
                "hold cso:1 read-customer-asks alert medium",
            ),
            (
                "C30 erase",
                EraseCustomerData { named: true }.into(),
                "hold cso:1 erase-customer-asks alert medium",
            ),
            ("C31 a link", message(true, "UTF8"), "refuse message-with-link alert high"),
            ("C31 HTML", message(false, "HTML"), "refuse message-with-link alert high"),
            ("C32 99 EUR a kWh", tariff(99_000), "hold cso:1 price-out-of-band alert high"),
            ("C32 for nothing", tariff(0), "forward alert medium"),
            ("0.59 EUR a kWh", tariff(590), "forward"),
            ("C32 a price below zero", price("tariff", -1), "refuse price-below-zero alert high"),
            ("unknown", Unknown { action: key("Teleport") }.into(), "refuse nobody-permits"),
        ],
    );
}

#[test]
fn answers_are_commands_too() {
    let mut answer = command();
    answer.message.answer = true;
    answer.message.action = "Heartbeat";
    let clock = |skew_s| Effect::from(SetClock { skew_s });
    let heartbeat = |interval_s| Effect::from(SetHeartbeat { interval_s });
    converse(
        &answer,
        [
            ("nothing else", Acknowledge {}.into(), "forward"),
            ("no", Decline { code: "InternalError".to_owned() }.into(), "forward"),
            ("a good clock", clock(2), "forward"),
            ("C33 a clock ahead", clock(31), "refuse clock-off alert medium"),
            ("C33 a clock behind", clock(-31_536_000), "refuse clock-off alert medium"),
            (
                "a token accepted",
                AcceptToken { token: Some(Token::new("04A1B2C3")), with_group: false, expires_at: None }
                    .into(),
                "forward",
            ),
            ("a transaction numbered", AssignTransaction { transaction: 17 }.into(), "forward"),
        ],
    );
    answer.message.action = "BootNotification";
    converse(
        &answer,
        [
            ("accepted", AdmitStation { status: "Accepted".to_owned() }.into(), "forward"),
            ("a good clock", clock(-2), "forward"),
            ("a doubtful clock", clock(60), "forward alert medium"),
            ("C33 a wrong clock", clock(86_400), "refuse clock-off-at-boot alert high"),
            ("an ordinary interval", heartbeat(300), "forward"),
            ("the station's choice", heartbeat(0), "forward alert low"),
            ("four hours", heartbeat(14_400), "forward alert low"),
            ("C33 parked for 68 years", heartbeat(i64::from(i32::MAX)), "refuse heartbeat-parked alert high"),
            ("C33 a flood", heartbeat(1), "refuse heartbeat-parked alert high"),
        ],
    );
}

#[test]
fn reports_pass() {
    let event = |event: &str| Effect::from(ReportSecurityEvent { event: event.to_owned(), standard: true });
    converse(
        &report(),
        [
            ("a heartbeat", Heartbeat {}.into(), "forward"),
            (
                "a status",
                ReportStatus { evse: Some(1), status: "Available".to_owned(), error: "NoError".to_owned() }
                    .into(),
                "forward",
            ),
            ("a meter", ReportMeter { evse: Some(1), values: 3 }.into(), "forward"),
            ("an outcome", ReportOutcome { status: "Accepted".to_owned(), accepted: true }.into(), "forward"),
            ("an event", event("StartupOfTheDevice"), "forward"),
            ("an event to hear of", event("TamperDetectionActivated"), "forward alert high"),
            ("a listed vendor's data", vendor("com.example.listed"), "forward"),
            ("another vendor's data", vendor("org.evil"), "refuse unlisted-vendor-data alert medium"),
            ("unknown", Unknown { action: "Teleport".to_owned() }.into(), "refuse nobody-permits"),
        ],
    );
}

#[test]
fn the_pack_can_be_anybodys() {
    for party in ["cso", "cnp"] {
        let bundle = Bundle::compile(&pack::cso_baseline(party.parse().unwrap())).unwrap();
        assert_eq!(bundle.party().as_str(), party);
        assert_eq!(bundle.name(), "cso-baseline");
        assert!(bundle.policies().iter().all(|policy| policy.permits || !policy.reason.is_empty()));
    }
}

#[test]
fn an_explanation_reads_well() {
    let policies = policies();
    let subject = Subject::new(about(), policies);
    let effects = [
        Repoint {
            url: Some(url("wss://evil.example/ocpp")),
            slot: Some(1),
            security_profile: Some(2),
            means: "network-profile",
            key: String::new(),
        }
        .into(),
        start("ISO14443"),
    ];
    let ruling = policies.decide(&subject, &command(), &effects);
    insta::assert_snapshot!(explain::render(&effects, &ruling));
    insta::assert_snapshot!(serde_json::to_string_pretty(&explain::explain(&effects, &ruling)).unwrap());
}

/// A few values of everything that the pack reads, so that questions recur and differ.
fn any_effect() -> impl proptest::strategy::Strategy<Value = Effect> {
    use proptest::prelude::*;
    let hosts = prop::sample::select(vec![
        "firmware.example.com",
        "logs.example.com",
        "evil.example",
        "10.0.0.5",
        "",
    ]);
    let schemes = prop::sample::select(vec!["https", "http", "sftp", ""]);
    let url = (hosts, schemes, any::<[bool; 4]>()).prop_map(
        |(host, scheme, [readable, credentials, private, suspicious])| Url {
            readable,
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port: 443,
            path: "/".to_owned(),
            credentials,
            private,
            suspicious,
        },
    );
    let watts = || prop::option::of(prop::sample::select(vec![0, 1, 1379, 1380, 11_000]));
    let purposes = prop::sample::select(vec!["max", "default", "tx", "external"]);
    prop_oneof![
        (-40i64..40).prop_map(|skew_s| SetClock { skew_s }.into()),
        (-1i64..32).prop_map(|interval_s| SetHeartbeat { interval_s }.into()),
        (url.clone(), any::<bool>()).prop_map(|(url, signed)| {
            let signer = String::new();
            InstallFirmware { url, signed, signer, retrieve_at: None, install_at: None }.into()
        }),
        prop::option::of(url.clone()).prop_map(|url| PublishFirmware { url, checksum: String::new() }.into()),
        url.clone().prop_map(|url| ExtractLogs { url, log: "security" }.into()),
        (prop::option::of(url), any::<bool>()).prop_map(|(url, standard)| ChangeSetting {
            url,
            ..setting("A.B", standard)
        }
        .into()),
        (purposes, watts(), any::<[bool; 3]>(), 0i64..4, prop::option::of(50i64..70)).prop_map(
            |(purpose, highest_w, [absurd, ordered, consistent], reversals, shortest_s)| {
                SetPower {
                    purpose,
                    highest_w,
                    absurd,
                    ordered,
                    consistent,
                    reversals,
                    shortest_s,
                    ..profile()
                }
                .into()
            }
        ),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// A thread that has judged much and one that has judged nothing say the same.
    #[test]
    fn memory_changes_nothing(effects in proptest::collection::vec(any_effect(), 1..24)) {
        let policies = policies();
        let subject = Subject::new(about(), policies);
        let told = |effects: &[Effect]| explain::render(effects, &policies.decide(&subject, &command(), effects));
        let warm: Vec<String> = effects.iter().map(|effect| told(std::slice::from_ref(effect))).collect();
        for (effect, warm) in effects.iter().zip(warm) {
            let again = told(std::slice::from_ref(effect));
            let cold = std::thread::scope(|scope| scope.spawn(|| told(std::slice::from_ref(effect))).join()).unwrap();
            proptest::prop_assert_eq!(&warm, &again);
            proptest::prop_assert_eq!(&warm, &cold);
        }
    }
}
