//! Whom a certificate names.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::x509::X509Name;

/// The names that matter. A name that stands there twice, or that cannot be read as text, is none: readers would
/// choose differently.
pub(super) struct Subject {
    pub(super) common_name: String,
    pub(super) organisation: String,
}

impl Subject {
    pub(super) fn of(name: &X509Name<'_>) -> Self {
        Self {
            common_name: only(name.iter_common_name().map(|attribute| attribute.as_str())),
            organisation: only(name.iter_organization().map(|attribute| attribute.as_str())),
        }
    }

    pub(super) fn names_host(&self) -> bool {
        names_host(&self.common_name)
    }
}

fn only<'n, E>(mut names: impl Iterator<Item = Result<&'n str, E>>) -> String {
    match (names.next(), names.next()) {
        (Some(Ok(name)), None) => name.to_owned(),
        (Some(_) | None, _) => String::new(),
    }
}

/// Whether one of the alternative names is a host, an address or a URL, and not the name itself.
pub(super) fn any_host(names: &[GeneralName<'_>], common_name: &str) -> bool {
    names.iter().any(|name| match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) => *name != common_name,
        GeneralName::URI(_) | GeneralName::IPAddress(_) => true,
        GeneralName::OtherName(..)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => false,
    })
}

/// Whether a name looks like a URL, an address or a host: a server's name, never a station's (1.6 security paper,
/// A00.FR.511).
pub(super) fn names_host(name: &str) -> bool {
    let before_path = name.split('/').next().unwrap_or_default();
    let host = match before_path.rsplit_once(':') {
        Some((host, port))
            if (!host.contains(':') || host.ends_with(']')) && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            host
        }
        Some(_) | None => before_path,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    name.contains("://")
        || host.starts_with("*.")
        || host.parse::<IpAddr>().is_ok()
        || host.eq_ignore_ascii_case("localhost")
        || is_domain(host)
}

/// `EVB-P17.2` is a serial number, `cs17.example.com` a domain: its last label is two letters or more and nothing else.
fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    labels.split('.').all(is_label) && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::names_host;

    #[test]
    fn stations_are_told_from_hosts() {
        for host in [
            "cs17.example.com",
            "csms.example.com:443",
            "https://a/b",
            "192.0.2.1",
            "[2001:db8::1]:443",
            "2001:db8::1",
            "*.example",
            "LOCALHOST",
            "csms.example.com/ocpp",
        ] {
            assert!(names_host(host), "{host}");
        }
        for serial in ["", "CS-1", "EVB-P17.2", "DE*ABC*E1", "SN 123/4", "a:b", "1.2"] {
            assert!(!names_host(serial), "{serial}");
        }
    }
}
