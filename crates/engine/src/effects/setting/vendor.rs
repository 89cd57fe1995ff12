//! Vendors' own spellings of dangerous settings.
//!
//! A key that no standard names is unknown, and policies refuse what is unknown. This module adds
//! what such a key probably does, so that the refusal says why and so that a party that allows
//! some unknown keys does not allow a second door to what it forbids.

use super::SettingClass;
use super::consequence::{Consequence, Row, When};
use super::keys::KEYS;
use super::variables::COMPONENTS;
use crate::effects::url;

/// What a vendor's setting probably does, most dangerous first, each thing once.
pub(super) fn suspicions(name: &str, value: &str) -> Vec<(Consequence, SettingClass)> {
    let folded = fold(name);
    let words = words(name);
    let mut found: Vec<(Consequence, SettingClass)> = SPELLINGS
        .iter()
        .filter(|spelling| spelling.matches(&folded, &words))
        .map(|spelling| (spelling.consequence, spelling.class))
        .collect();
    found.extend(standard_within(&folded));
    let address = url::looks_like(value) || url::looks_like_host(value);
    if address && !found.iter().any(|(_, class)| *class == SettingClass::Credential) {
        found.push((Consequence::Repoint, SettingClass::Endpoint));
    }
    // The order of connections is told by an effect of its own.
    if found.iter().any(|(consequence, _)| *consequence == Consequence::Priority) {
        found.retain(|(consequence, _)| *consequence != Consequence::Repoint);
    }
    let mut kinds = Vec::new();
    found.retain(|(consequence, _)| {
        let kind = std::mem::discriminant(consequence);
        let first = !kinds.contains(&kind);
        kinds.push(kind);
        first
    });
    found
}

/// One family of spellings.
struct Spelling {
    consequence: Consequence,
    class: SettingClass,
    /// Anywhere in the folded name.
    within: &'static [&'static str],
    /// A word of the name, or its beginning or end; too short to look for elsewhere.
    words: &'static [&'static str],
}

impl Spelling {
    fn matches(&self, folded: &str, words: &[String]) -> bool {
        let word = |short: &str| {
            words.iter().any(|word| word == short)
                || (short.len() > 2 && (folded.starts_with(short) || folded.ends_with(short)))
        };
        self.within.iter().any(|part| folded.contains(part)) || self.words.iter().any(|short| word(short))
    }
}

const SPELLINGS: &[Spelling] = &[
    Spelling {
        consequence: Consequence::Secret,
        class: SettingClass::Credential,
        within: &[
            "accesskey",
            "accesstoken",
            "apikey",
            "authkey",
            "authorizationkey",
            "authtoken",
            "basicauth",
            "bearertoken",
            "clientkey",
            "credential",
            "encryptionkey",
            "hmackey",
            "httpauth",
            "passcode",
            "passphrase",
            "passwd",
            "password",
            "presharedkey",
            "privatekey",
            "secret",
            "sharedkey",
            "signingkey",
            "simpin",
            "vpnkey",
            "wepkey",
            "wifikey",
            "wlankey",
            "wpakey",
        ],
        words: &["pass", "pin", "psk", "puk", "pwd"],
    },
    Spelling {
        consequence: Consequence::Profile,
        class: SettingClass::SecurityProfile,
        within: &["ocppsecurity", "securitylevel", "securitymode", "securityprofile"],
        words: &[],
    },
    Spelling {
        consequence: Consequence::Anchor,
        class: SettingClass::Trust,
        within: &[
            "cacert",
            "cabundle",
            "cachain",
            "castore",
            "rootca",
            "rootcert",
            "trustanchor",
            "truststore",
        ],
        words: &[],
    },
    Spelling {
        consequence: Consequence::Lower(When::Any),
        class: SettingClass::Trust,
        within: &[
            "allowdowngrade",
            "backdoor",
            "certcheck",
            "certificatecheck",
            "certvalid",
            "certverif",
            "certificatevalid",
            "certificateverif",
            "checkcert",
            "cipher",
            "debugmode",
            "debugport",
            "developermode",
            "engineeringmode",
            "factorydefault",
            "factorymode",
            "factoryreset",
            "hostnameverif",
            "ignorecert",
            "insecure",
            "keylog",
            "peerverif",
            "plaintext",
            "profiledowngrade",
            "remoteaccess",
            "remoteshell",
            "resetdefault",
            "resettodefault",
            "resettofactory",
            "restoredefault",
            "rootlogin",
            "selfsigned",
            "servicemode",
            "serviceport",
            "skipverif",
            "ssl",
            "starttls",
            "telnet",
            "testmode",
            "tls",
            "trustall",
            "unencrypted",
            "unsecure",
            "validatecert",
            "verifycert",
            "verifycommonname",
            "verifycsms",
            "verifyhost",
            "verifypeer",
            "verifyserver",
            "webinterface",
            "webserver",
            "wildcard",
        ],
        words: &["adb", "debug", "shell", "ssh", "webui"],
    },
    Spelling {
        consequence: Consequence::Repoint,
        class: SettingClass::Endpoint,
        within: &[
            "accesspoint",
            "apnname",
            "backend",
            "backoffice",
            "bootstrap",
            "broker",
            "centralserver",
            "centralsystem",
            "chargeboxid",
            "chargepointid",
            "chargestationid",
            "chargingstationid",
            "cloudaddress",
            "configurationpriority",
            "controlcenter",
            "controlcentre",
            "cpid",
            "csms",
            "dnsserver",
            "domainname",
            "endpoint",
            "failover",
            "fallbackserver",
            "gateway",
            "hostaddress",
            "hostname",
            "ipaddress",
            "managementsystem",
            "nameserver",
            "networkconfig",
            "networkconnection",
            "networkprofile",
            "ocppaddress",
            "ocppcloud",
            "ocpphost",
            "ocppid",
            "ocppip",
            "ocpppath",
            "ocppport",
            "ocppserver",
            "ocppu",
            "peeraddress",
            "platformaddress",
            "portaladdress",
            "proxy",
            "redirect",
            "remotehost",
            "serveraddr",
            "serverhost",
            "serverip",
            "serverloc",
            "servername",
            "serverpath",
            "serverport",
            "serveruri",
            "serverurl",
            "stationid",
            "tunnel",
            "websocketaddress",
            "websocketpath",
            "websocketport",
            "wsaddress",
            "wspath",
            "wsport",
            "wsserver",
        ],
        words: &[
            "apn", "dns", "domain", "fqdn", "host", "ip", "mqtt", "server", "ssid", "uri", "url", "vpn",
            "wss",
        ],
    },
    Spelling {
        consequence: Consequence::Weaken(When::NotFalse),
        class: SettingClass::Authorization,
        within: &[
            "acceptall",
            "allowall",
            "allowoffline",
            "allowunknown",
            "alwaysauthor",
            "anonymous",
            "authbypass",
            "authdisabled",
            "autocharge",
            "autostart",
            "bypassauth",
            "defaultidtag",
            "defaulttag",
            "disableauth",
            "freeaccess",
            "freecharg",
            "freemode",
            "freeplay",
            "freeuse",
            "freevend",
            "localidtag",
            "masterid",
            "masterkey",
            "masterpass",
            "mastertag",
            "noauth",
            "offlinetx",
            "openaccess",
            "plugandcharge",
            "plugandplay",
            "plugcharge",
            "plugncharge",
            "publicaccess",
            "skipauth",
            "unauthor",
            "unknownid",
            "whitelist",
        ],
        words: &[],
    },
    Spelling {
        consequence: Consequence::Weaken(When::NotTrue),
        class: SettingClass::Authorization,
        within: &[
            "authenabled",
            "authentication",
            "authmethod",
            "authmode",
            "authorisation",
            "authorizationenabled",
            "authorizationmethod",
            "authorizationmode",
            "authorizationrequired",
            "authorizationtype",
            "authrequired",
            "enableauth",
            "enablerfid",
            "requireauth",
            "rfidenabled",
        ],
        words: &["rfid"],
    },
    Spelling {
        consequence: Consequence::Blind(When::Any),
        class: SettingClass::Telemetry,
        within: &[
            "disableevent",
            "disablelog",
            "disablemeter",
            "disablenotif",
            "disablereport",
            "disablestatus",
            "disabletelemetry",
            "eventfilter",
            "heartbeat",
            "logdisable",
            "metervalue",
            "muteevent",
            "sampleinterval",
            "securityevent",
            "securitylog",
            "suppress",
        ],
        words: &[],
    },
];

/// Names shorter than this are too common to be looked for inside others.
const NAME_CHARACTERS_MIN: usize = 12;

/// Standard settings whose name stands inside a vendor's: `Acme.AuthorizationKey`, `x_MaxEnergyOnInvalidId`.
fn standard_within(folded: &str) -> impl Iterator<Item = (Consequence, SettingClass)> + '_ {
    let variables = COMPONENTS.iter().flat_map(|component| component.variables);
    let named = |row: &&Row| {
        !matches!(row.consequence, Consequence::Plain | Consequence::SlotProfile)
            && row.name.len() >= NAME_CHARACTERS_MIN
            && folded.contains(&row.name.to_ascii_lowercase())
    };
    KEYS.iter().chain(variables).filter(named).map(|row| (row.consequence, row.class))
}

/// Lower case, letters and digits only, letters that only look like Latin ones replaced.
fn fold(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).filter_map(latin).collect()
}

/// The words of a name: split where neither letter nor digit stands, and before capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        let folded = c.to_lowercase().next().and_then(latin);
        if (c.is_uppercase() && before_lower) || folded.is_none() {
            words.push(String::new());
        }
        before_lower = c.is_lowercase() || c.is_numeric();
        if let (Some(letter), Some(word)) = (folded, words.last_mut()) {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The Latin letter or digit that a lower-case character is, or looks like.
fn latin(c: char) -> Option<char> {
    Some(match c {
        'a'..='z' | '0'..='9' => c,
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'а' | 'α' => 'a',
        'ь' => 'b',
        'ç' | 'ć' | 'č' | 'с' => 'c',
        'ԁ' | 'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'е' | 'ё' | 'ε' => 'e',
        'ğ' | 'ɡ' => 'g',
        'һ' => 'h',
        'ì'..='ï' | 'ī' | 'ı' | 'і' | 'ї' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ł' | 'ӏ' => 'l',
        'м' => 'm',
        'ñ' | 'ń' | 'ň' | 'п' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ř' | 'г' => 'r',
        'ś' | 'ş' | 'š' | 'ѕ' => 's',
        'т' | 'τ' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ѡ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'ý' | 'ÿ' | 'у' | 'γ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '\u{ff41}'..='\u{ff5a}' | '\u{ff10}'..='\u{ff19}' => {
            // Full-width forms stand 0xfee0 above ASCII.
            return char::from_u32(u32::from(c) - 0xfee0);
        }
        _ => return None,
    })
}
