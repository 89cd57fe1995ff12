//! Where stations connect, and how that is secured.

use std::{collections::BTreeSet, path::Path};

use chargewarden_proxy::{KeyPairFiles, ListenerPlan, ListenerTls, Profile, TlsVersion};
use ipnet::IpNet;

use super::{KeyPair, Listen, ListenTls, Problems, resolve::address};

/// The listeners; without any entry the one for this machine only.
pub(super) fn listeners(entries: &[Listen], base: &Path, problems: &mut Problems) -> Vec<ListenerPlan> {
    let default = [Listen::default()];
    let entries = if entries.is_empty() { &default } else { entries };
    let resolved = entries.iter().enumerate();
    resolved
        .filter_map(|(number, entry)| listener(&format!("listen[{number}]"), entry, base, problems))
        .collect()
}

fn listener(at: &str, entry: &Listen, base: &Path, problems: &mut Problems) -> Option<ListenerPlan> {
    let address = address(&format!("{at}.address"), &entry.address, problems);
    if let Some(address) = address
        && entry.tls.is_none()
        && !address.ip().is_loopback()
        && !entry.danger_allow_plain_nonloopback
    {
        problems.add(
            format!("{at}.address"),
            format!(
                "`{address}` can be reached from outside, and this listener has no TLS; give it `[listen.tls]`, use \
                 127.0.0.1, or set `danger_allow_plain_nonloopback = true` if the network is trusted"
            ),
        );
    }
    let tls = entry.tls.as_ref().and_then(|tls| tls_files(&format!("{at}.tls"), tls, base, problems));
    Some(ListenerPlan {
        address: address?,
        profiles: profiles(at, entry, problems),
        tls,
        proxy_from: networks(&format!("{at}.proxy_from"), &entry.proxy_from, problems),
        danger_allow_plain_nonloopback: entry.danger_allow_plain_nonloopback,
    })
}

fn profiles(at: &str, entry: &Listen, problems: &mut Problems) -> BTreeSet<Profile> {
    let certificates = entry.tls.as_ref().is_some_and(|tls| !tls.client_anchors.is_empty());
    if entry.profiles.is_empty() {
        return match (&entry.tls, certificates) {
            (None, _) => BTreeSet::from([Profile::Basic]),
            (Some(_), false) => BTreeSet::from([Profile::TlsBasic]),
            (Some(_), true) => BTreeSet::from([Profile::TlsBasic, Profile::TlsCertificate]),
        };
    }
    let mut profiles = BTreeSet::new();
    for number in &entry.profiles {
        let Some(profile) = Profile::of_number(*number) else {
            problems.add(format!("{at}.profiles"), format!("`{number}` is not a security profile (0 to 3)"));
            continue;
        };
        if profile.has_tls() != entry.tls.is_some() {
            let what =
                if profile.has_tls() { "needs `[listen.tls]`" } else { "has no TLS, this listener has" };
            problems.add(format!("{at}.profiles"), format!("profile {profile} {what}"));
        }
        if profile == Profile::TlsCertificate && !certificates {
            problems.add(format!("{at}.profiles"), "profile 3 needs `tls.client_anchors`");
        }
        profiles.insert(profile);
    }
    profiles
}

fn tls_files(at: &str, entry: &ListenTls, base: &Path, problems: &mut Problems) -> Option<ListenerTls> {
    if entry.certificates.is_empty() {
        problems.add(
            format!("{at}.certificates"),
            "name at least one (`{ chain = \"…\", key = \"…\" }`); an ECDSA and an RSA one serve every station",
        );
    }
    let file = |path: &std::path::PathBuf| base.join(path);
    if !entry.client_anchors.is_empty() && entry.crls.is_empty() && !entry.danger_without_revocation {
        problems.add(
            format!("{at}.crls"),
            "name the revocation lists of `client_anchors`, or set `danger_without_revocation = true`: a stolen key \
             then stays good until its certificate expires",
        );
    }
    if !entry.client_anchors.is_empty() && entry.organisation.as_ref().is_none_or(String::is_empty) {
        problems.add(
            format!("{at}.organisation"),
            "name the organisation (`O`) that station certificates carry: the operator of the stations",
        );
    }
    Some(ListenerTls {
        certificates: entry.certificates.iter().map(|pair| key_pair(pair, base)).collect(),
        client_anchors: entry.client_anchors.iter().map(file).collect(),
        crls: entry.crls.iter().map(file).collect(),
        organisation: entry.organisation.clone(),
        danger_without_revocation: entry.danger_without_revocation,
        min_version: tls_version(&format!("{at}.min_version"), &entry.min_version, problems)?,
    })
}

fn key_pair(pair: &KeyPair, base: &Path) -> KeyPairFiles {
    KeyPairFiles { chain: base.join(&pair.chain), key: base.join(&pair.key) }
}

/// `1.2` or `1.3`.
pub(super) fn tls_version(key: &str, text: &str, problems: &mut Problems) -> Option<TlsVersion> {
    let version = TlsVersion::of_name(text);
    if version.is_none() {
        problems.add(key, format!("`{text}` is not `1.2` or `1.3`"));
    }
    version
}

/// Networks, a single address being a network of one.
pub(super) fn networks(key: &str, texts: &[String], problems: &mut Problems) -> Vec<IpNet> {
    let mut networks = Vec::with_capacity(texts.len());
    for text in texts {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        match network {
            Ok(network) if network.addr() == network.network() => networks.push(network),
            Ok(network) => problems.add(
                key,
                format!("`{text}` has bits behind its prefix; did you mean `{}`?", network.trunc()),
            ),
            Err(_) => problems.add(key, format!("`{text}` is not a network, such as `10.0.0.0/8`")),
        }
    }
    networks
}
