//! The management systems: where they are, what we present to them, and what they must present to us.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_policy::PartyId;
use chargewarden_proxy::{
    Csms, CsmsCredentials, CsmsTls, KeyPairFiles, Secret, Upstream,
    upstream::{FileProblem, UpstreamTls},
};
use http::Uri;

use super::{Config, Problems, Refusals, UpstreamEntry, listen::tls_version, resolve::name};

/// Longest path segment a station may have at its management system, in characters. OCPP 2.x allows 48 for an identity; a
/// secret one may be longer.
const IDENTITY_CHARS_MAX: usize = 128;

/// The management systems by name, those in which nothing is wrong.
pub(super) fn management_systems(
    config: &Config,
    base: &Path,
    parties: &[PartyId],
    problems: &mut Problems,
) -> BTreeMap<String, Arc<Csms>> {
    let mut systems = BTreeMap::new();
    let mut names = BTreeSet::new();
    if config.csms.is_empty() {
        problems.add("csms", "name at least one management system ([[csms]] with name, party and url)");
    }
    for (number, entry) in config.csms.iter().enumerate() {
        let at = format!("csms[{number}]");
        // The rules for names are those of parties.
        if name::<PartyId>(&format!("{at}.name"), &entry.name, problems).is_some()
            && !names.insert(&entry.name)
        {
            problems.add(format!("{at}.name"), format!("`{}` was already given", entry.name));
        }
        let party = name::<PartyId>(&format!("{at}.party"), &entry.party, problems);
        if let Some(party) = party.as_ref().filter(|party| !parties.contains(party)) {
            tracing::debug!(%party, "a management system is run by a party without policies");
        }
        let url = url(&format!("{at}.url"), &entry.url, problems)
            .filter(|url| plain_is_permitted(&at, url, entry.danger_allow_plain_nonloopback, problems));
        let tls = url.as_ref().and_then(|url| tls(&at, entry, url, base, problems));
        let password = Password {
            user: entry.user.as_deref(),
            file: entry.password_file.as_deref(),
            variable: entry.password_env.as_deref(),
        };
        let credentials = credentials(&at, &password, base, problems);
        let (Some(party), Some(url), Ok(credentials)) = (party, url, credentials) else { continue };
        let refusals = match entry.refusals {
            Refusals::OwnStatus => RefusalStyle::OwnStatus,
            Refusals::CallError => RefusalStyle::CallError,
        };
        let csms = Csms { name: entry.name.clone(), party, url, credentials, refusals, tls };
        systems.insert(entry.name.clone(), Arc::new(csms));
    }
    systems
}

/// A URL of a management system, with everything that can be judged by itself.
fn url(key: &str, text: &str, problems: &mut Problems) -> Option<Uri> {
    let mut fault = |what: String| {
        problems.add(key, what);
        None
    };
    let url: Uri = match text.parse() {
        Ok(url) => url,
        Err(error) => return fault(format!("`{text}` is not a URL: {error}")),
    };
    // Before anything else is said about it: what is said shows the URL.
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return fault("no credentials in the URL; use `user` and `password_file`".to_owned());
    }
    if !matches!(url.scheme_str(), Some("ws" | "wss")) {
        return fault(format!("`{text}` does not begin with `wss://` or `ws://`"));
    }
    if url.query().is_some() {
        return fault("a query cannot be kept when the station's id is appended; leave it out".to_owned());
    }
    if url.host().is_none_or(str::is_empty) {
        return fault(format!("`{text}` names no host"));
    }
    Some(url)
}

fn plain_is_permitted(at: &str, url: &Uri, danger_allowed: bool, problems: &mut Problems) -> bool {
    let host = url.host().unwrap_or_default();
    let permitted = is_tls(url) || is_this_machine(host) || danger_allowed;
    if !permitted {
        problems.add(
            format!("{at}.url"),
            format!(
                "`{host}` is another machine, and ws:// has no TLS; use wss://, or set \
                 `danger_allow_plain_nonloopback = true` if the network between is trusted"
            ),
        );
    }
    permitted
}

fn is_tls(url: &Uri) -> bool {
    url.scheme_str() == Some("wss")
}

/// Whether a host is this machine, so that nobody is in between.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS to a management system; none without `wss`, or when something is wrong.
fn tls(
    at: &str,
    entry: &super::Csms,
    url: &Uri,
    base: &Path,
    problems: &mut Problems,
) -> Option<UpstreamTls> {
    match (&entry.tls, is_tls(url)) {
        (Some(tls), true) => {
            let at = format!("{at}.tls");
            let files = tls_files(&at, tls, base, problems);
            let host = url.host().unwrap_or_default();
            UpstreamTls::read(&files, host).map_err(|found| add_all(&at, found, problems)).ok()
        }
        (None, true) => {
            problems.add(
                format!("{at}.tls"),
                "wss needs `[csms.tls]` with `anchors`: the root certificate (PEM) that the certificate of this \
                 management system leads to; public authorities are not trusted by themselves",
            );
            None
        }
        (Some(_), false) => {
            problems.add(format!("{at}.tls"), "the URL begins with ws:// and has no TLS; use wss://");
            None
        }
        (None, false) => None,
    }
}

fn tls_files(at: &str, entry: &super::CsmsTls, base: &Path, problems: &mut Problems) -> CsmsTls {
    let file = |path: &PathBuf| base.join(path);
    CsmsTls {
        anchors: entry.anchors.iter().map(file).collect(),
        crls: entry.crls.iter().map(file).collect(),
        server_name: entry.server_name.clone(),
        certificate: key_pair(at, entry.certificate.as_deref(), entry.key.as_deref(), base, problems),
        min_version: tls_version(&format!("{at}.min_version"), &entry.min_version, problems)
            .unwrap_or_default(),
    }
}

/// A certificate and its key: both, or neither.
fn key_pair(
    at: &str,
    certificate: Option<&Path>,
    key: Option<&Path>,
    base: &Path,
    problems: &mut Problems,
) -> Option<KeyPairFiles> {
    match (certificate, key) {
        (Some(chain), Some(key)) => Some(KeyPairFiles { chain: base.join(chain), key: base.join(key) }),
        (None, None) => None,
        (Some(_), None) => {
            problems.add(format!("{at}.key"), "a certificate needs its key");
            None
        }
        (None, Some(_)) => {
            problems.add(format!("{at}.certificate"), "a key needs its certificate");
            None
        }
    }
}

fn add_all(at: &str, found: Vec<FileProblem>, problems: &mut Problems) {
    for FileProblem { key, what } in found {
        problems.add(format!("{at}.{key}"), what);
    }
}

/// A station's own access to its management system, as the inventory file or the store has it. What is absent is that of the
/// management system's entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// Where.
    pub(crate) url: Option<String>,
    /// The path segment.
    pub(crate) identity: Option<String>,
    /// User and password.
    pub(crate) credentials: Option<CsmsCredentials>,
    /// Our certificate and its key.
    pub(crate) certificate: Option<KeyPairFiles>,
}

impl Access {
    /// Reads an entry of the inventory file. `at` is the key path of the entry.
    pub(super) fn read(at: &str, entry: &UpstreamEntry, base: &Path, problems: &mut Problems) -> Access {
        let password = Password {
            user: entry.user.as_deref(),
            file: entry.password_file.as_deref(),
            variable: entry.password_env.as_deref(),
        };
        Access {
            url: entry.url.clone(),
            identity: entry.identity.clone(),
            credentials: credentials(at, &password, base, problems).ok().flatten(),
            certificate: key_pair(at, entry.certificate.as_deref(), entry.key.as_deref(), base, problems),
        }
    }

    /// Makes it usable with the management system it belongs to. `at` is its key path.
    pub(crate) fn resolve(self, at: &str, csms: &Csms, problems: &mut Problems) -> Upstream {
        // Where the management system itself may be reached without TLS, so may this station's part of it.
        let danger_allowed = !is_tls(&csms.url) && !is_this_machine(csms.url.host().unwrap_or_default());
        let url = self
            .url
            .as_deref()
            .and_then(|text| url(&format!("{at}.url"), text, problems))
            .filter(|url| plain_is_permitted(at, url, danger_allowed, problems));
        if let Some(identity) = &self.identity {
            check_identity(at, identity, &self.credentials, problems);
        }
        let tls = self.tls(at, url.as_ref(), csms, problems);
        Upstream { url, identity: self.identity, credentials: self.credentials, tls }
    }

    fn tls(&self, at: &str, url: Option<&Uri>, csms: &Csms, problems: &mut Problems) -> Option<UpstreamTls> {
        if !is_tls(url.unwrap_or(&csms.url)) {
            if self.certificate.is_some() {
                problems.add(format!("{at}.certificate"), "a client certificate needs a wss:// URL");
            }
            return None;
        }
        let Some(shared) = &csms.tls else {
            // What is wrong with the entry of the management system was said there.
            if !is_tls(&csms.url) {
                let what =
                    format!("wss:// needs the anchors of `{}`: give it wss:// and `[csms.tls]`", csms.name);
                problems.add(format!("{at}.url"), what);
            }
            return None;
        };
        let mut tls = shared.clone();
        if let Some(host) = url.and_then(Uri::host) {
            tls = tls.for_host(host).map_err(|found| add_all(at, vec![found], problems)).ok()?;
        }
        match &self.certificate {
            None => Some(tls),
            Some(files) => tls.with_certificate(files).map_err(|found| add_all(at, found, problems)).ok(),
        }
    }
}

fn check_identity(at: &str, identity: &str, credentials: &Option<CsmsCredentials>, problems: &mut Problems) {
    let mut note = |what: &str| problems.add(format!("{at}.identity"), what);
    if identity.is_empty() || identity.chars().count() > IDENTITY_CHARS_MAX || matches!(identity, "." | "..")
    {
        note(&format!("1 to {IDENTITY_CHARS_MAX} characters, and not only dots"));
    }
    if identity.chars().any(char::is_control) {
        note("no control characters");
    }
    let is_user = credentials.as_ref().is_some_and(|credentials| credentials.user.is_none());
    if is_user && identity.contains(':') {
        note("a user name has no `:`; give `user`");
    }
}

/// Where a password is to be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Password<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) file: Option<&'a Path>,
    pub(super) variable: Option<&'a str>,
}

/// Reads user and password, where any are named.
pub(super) fn credentials(
    at: &str,
    entry: &Password<'_>,
    base: &Path,
    problems: &mut Problems,
) -> Result<Option<CsmsCredentials>, ()> {
    let password = match (entry.file, entry.variable) {
        (None, None) => {
            if entry.user.is_some() {
                problems.add(format!("{at}.user"), "a user needs `password_file` or `password_env`");
                return Err(());
            }
            return Ok(None);
        }
        (Some(_), Some(_)) => {
            problems.add(format!("{at}.password_env"), "give either `password_file` or `password_env`");
            return Err(());
        }
        (Some(file), None) => {
            let path = base.join(file);
            std::fs::read(&path).map_err(|error| {
                problems.add(
                    format!("{at}.password_file"),
                    format!("`{}` cannot be read: {error}", path.display()),
                );
            })?
        }
        (None, Some(variable)) => std::env::var(variable).map(String::into_bytes).map_err(|_| {
            problems.add(
                format!("{at}.password_env"),
                format!("the environment variable `{variable}` is not set"),
            );
        })?,
    };
    let end = password.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let password = password.get(..end).unwrap_or_default().to_vec();
    if password.is_empty() || password.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        problems.add(format!("{at}.password_file"), "the password is empty or has line breaks");
        return Err(());
    }
    if entry.user.is_some_and(|user| user.contains([':', '\n', '\r'])) {
        problems.add(format!("{at}.user"), "a user name has no `:` and no line breaks");
        return Err(());
    }
    Ok(Some(CsmsCredentials { user: entry.user.map(str::to_owned), password: Secret::new(password) }))
}

#[cfg(test)]
mod tests {
    use chargewarden_testkit::pki::{Authority, Leaf};

    use super::*;
    use crate::config::{read_text, resolve};

    /// What is wrong with a configuration whose files are in `place`.
    fn problems(place: &Path, csms: &str, station: &str) -> String {
        let text = format!(
            "[inventory]\nfile = \"stations.toml\"\n[[parties]]\nname = \"cso\"\nbundles = [\"builtin:cso-baseline\"]\n{csms}"
        );
        let hash = chargewarden_testkit::quick_hash("x", b"salt of the test");
        let entry =
            format!("[[station]]\nid = \"CS-1\"\nversions = [\"1.6\"]\nsecret_hash = \"{hash}\"\n{station}");
        std::fs::write(place.join("stations.toml"), entry).unwrap();
        let sources = read_text(&text, place.to_owned(), []).unwrap();
        match resolve(&sources.config, &sources.base) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

    fn csms(name: &str, url: &str, tls: &str) -> String {
        format!("[[csms]]\nname = \"{name}\"\nparty = \"cso\"\nurl = \"{url}\"\n{tls}")
    }

    #[test]
    fn every_file_and_every_contradiction_is_said_at_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        let root = Authority::root("root");
        root.write(folder, "root").unwrap();
        root.issue_to(folder, "one", &Leaf::station("one")).unwrap();
        root.issue_to(folder, "other", &Leaf::station("other")).unwrap();
        root.issue(&Leaf::server("old").authority().expired()).write(folder, "old").unwrap();
        std::fs::write(folder.join("nothing.pem"), "nothing here").unwrap();
        let text = [
            csms(
                "a",
                "wss://a.example/x",
                "[csms.tls]\nanchors = [\"none.pem\", \"nothing.pem\"]\ncrls = [\"root.pem\"]\n",
            ),
            csms("b", "wss://b.example/x", "[csms.tls]\nanchors = [\"old.pem\"]\nmin_version = \"1.1\"\n"),
            csms(
                "c",
                "wss://c.example/x",
                "[csms.tls]\nanchors = [\"root.pem\"]\ncertificate = \"one.pem\"\nkey = \"other.key\"\n",
            ),
            csms("d", "wss://d.example/x", "[csms.tls]\nserver_name = \"not a name\"\nkey = \"one.key\"\n"),
            csms("e", "ws://127.0.0.1/x", "[csms.tls]\nanchors = [\"root.pem\"]\n"),
            csms("f", "wss://f.example/x", ""),
            csms("g", "http://g.example/x", ""),
            csms("h", "wss://me:secret@h.example/x", ""),
        ];
        let problems = problems(folder, &text.concat(), "csms = \"e\"\n");
        for expected in [
            "csms[0].tls.anchors[0]: cannot read `",
            "csms[0].tls.anchors[1]: `",
            "nothing.pem` holds no certificate",
            "root.pem` holds no revocation list",
            "csms[1].tls.anchors: every anchor has expired; put the new one there: subject `CN=old`",
            "csms[1].tls.min_version: `1.1` is not `1.2` or `1.3`",
            "other.key` is not the key of the first certificate in `",
            "csms[3].tls.anchors: name the root certificate",
            "csms[3].tls.server_name: `not a name` is neither a host name nor an address",
            "csms[3].tls.certificate: a key needs its certificate",
            "csms[4].tls: the URL begins with ws:// and has no TLS",
            "csms[5].tls: wss needs `[csms.tls]` with `anchors`",
            "csms[6].url: `http://g.example/x` does not begin with `wss://` or `ws://`",
            "csms[7].url: no credentials in the URL",
        ] {
            assert!(problems.contains(expected), "`{expected}` is not in:\n{problems}");
        }
        assert!(!problems.contains("secret"), "a secret is shown:\n{problems}");
    }

    #[test]
    fn the_access_of_a_station_is_checked_with_its_csms() {
        let place = tempfile::tempdir().unwrap();
        let root = Authority::root("root");
        root.write(place.path(), "root").unwrap();
        root.issue_to(place.path(), "own", &Leaf::station("own")).unwrap();
        std::fs::write(place.path().join("password"), "a password").unwrap();
        let secure = csms("main", "wss://csms.example/x", "[csms.tls]\nanchors = [\"root.pem\"]\n");
        let plain = csms("main", "ws://127.0.0.1/x", "");
        for (csms, upstream, expected) in [
            (&secure, "identity = \"x\"\ncertificate = \"own.pem\"\nkey = \"own.key\"\n", ""),
            (&secure, "url = \"wss://other.example/y\"\n", ""),
            (&secure, "url = \"ws://127.0.0.1/y\"\n", ""),
            (&secure, "url = \"ws://other.example/y\"\n", "upstream.url: `other.example` is another machine"),
            (&secure, "url = \"wss://other.example/y?z\"\n", "upstream.url: a query cannot be kept"),
            (&secure, "certificate = \"own.pem\"\n", "upstream.key: a certificate needs its key"),
            (&secure, "certificate = \"root.pem\"\nkey = \"own.key\"\n", "upstream.key: `"),
            (&secure, "identity = \"..\"\n", "upstream.identity: 1 to 128 characters"),
            (
                &secure,
                "identity = \"a:b\"\npassword_file = \"password\"\n",
                "a user name has no `:`; give `user`",
            ),
            (&secure, "user = \"x\"\n", "upstream.user: a user needs `password_file` or `password_env`"),
            (&plain, "url = \"wss://other.example/y\"\n", "upstream.url: wss:// needs the anchors of `main`"),
            (
                &plain,
                "certificate = \"own.pem\"\nkey = \"own.key\"\n",
                "a client certificate needs a wss:// URL",
            ),
        ] {
            let found = problems(place.path(), csms, &format!("[station.upstream]\n{upstream}"));
            assert!(
                found.contains(expected) && found.is_empty() == expected.is_empty(),
                "{upstream}: {found}"
            );
        }
    }
}
