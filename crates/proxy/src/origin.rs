//! Where a connection comes from, as far as limits are concerned.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// An IPv4 address, or an IPv6 /64: a subscriber of IPv6 has that many addresses to come from, so they count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin(IpAddr);

impl Origin {
    /// Work of our own: nothing connects from the unspecified address.
    pub(crate) const OURSELVES: Origin = Origin(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Origin {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) => Origin(v4),
            IpAddr::V6(v6) => Origin(Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64)).into()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

/// The name under which connections from this address, or from this `/64` network, are counted; none where it is neither.
#[must_use]
pub fn source_name(text: &str) -> Option<String> {
    let address = text.strip_suffix("/64").unwrap_or(text);
    address.parse::<IpAddr>().ok().map(|address| Origin::from(address).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn one_subscriber_is_one_origin() {
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:0:0:2"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_eq!(origin("2001:db8::1").to_string(), "2001:db8::/64");
        assert_eq!(origin("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }
}
