//! Which `Host` a request may name.
//!
//! A page anywhere on the web can make its visitor's browser ask 127.0.0.1, under a name of its own that it lets resolve there
//! (DNS rebinding), and then read the answer. Such a request names the page's host; it is refused.

/// The names under which this service may be asked, without port.
#[derive(Debug, Clone)]
pub struct Hosts(Vec<String>);

/// Always allowed: names that only mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Hosts {
    /// The loopback names and these.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Hosts {
        Hosts(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether the value of a `Host` header is allowed. The port does not matter.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        LOOPBACK.contains(&name.as_str()) || self.0.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names() {
        let hosts = Hosts::new(["Warden.example".to_owned()]);
        for good in
            ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "warden.example:1"]
        {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "127.0.0.1:x", "::1"]
        {
            assert!(!hosts.allows(bad), "{bad}");
        }
    }
}
