//! The host of a URL: a name, or an address in any spelling that a resolver accepts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::HOST_NAME_MAX;

/// A host as it would be resolved.
pub(super) struct Host {
    /// Lower case, IDNA in ASCII form, addresses in their usual spelling, IPv6 in brackets, no
    /// trailing dot.
    pub(super) name: String,
    /// Whether it is an address.
    pub(super) address: bool,
    /// Whether it is not public, in any reading.
    pub(super) private: bool,
    /// Whether it is written in an unusual way.
    pub(super) odd: bool,
}

impl Host {
    /// Reads a host; nothing where readers would disagree, or none would accept it.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return read_ipv6(inner.strip_suffix(']')?);
        }
        let ascii = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            match url::Host::parse(text).ok()? {
                url::Host::Domain(name) => name,
                // Digits of another script that turn into an address.
                url::Host::Ipv4(_) | url::Host::Ipv6(_) => return None,
            }
        };
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        let odd = !text.is_ascii() || name.len() != ascii.len();
        if name.is_empty() || name.len() > HOST_NAME_MAX || !name.split('.').all(is_label) {
            return None;
        }
        if name.rsplit('.').next().is_some_and(is_number) {
            return read_ipv4(name, odd);
        }
        Some(Self { private: is_private_name(name), name: name.to_owned(), address: false, odd })
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a last label makes the whole host an address (URL standard, "ends in a number").
fn is_number(label: &str) -> bool {
    label.bytes().all(|b| b.is_ascii_digit())
        || label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Names that public DNS does not have, or that are known to lead to private addresses.
const PRIVATE_SUFFIXES: &[&str] = &[
    "arpa",
    "corp",
    "home",
    "internal",
    "intra",
    "intranet",
    "invalid",
    "lan",
    "lvh.me",
    "local",
    "localdomain",
    "localhost",
    "localtest.me",
    "nip.io",
    "onion",
    "private",
    "sslip.io",
    "test",
    "xip.io",
];

fn is_private_name(name: &str) -> bool {
    let under =
        |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || PRIVATE_SUFFIXES.iter().any(under)
}

/// An IPv4 address with one to four parts, each decimal, octal (leading 0) or hexadecimal, as
/// `inet_aton` and the URL standard read it.
fn read_ipv4(name: &str, odd: bool) -> Option<Host> {
    let address = ipv4(name, true)?;
    let plain = address.to_string();
    // A reader that does not know octal sees another address.
    let other = ipv4(name, false).unwrap_or(address);
    Some(Host {
        odd: odd || plain != name,
        private: is_private_v4(address) || is_private_v4(other),
        address: true,
        name: plain,
    })
}

fn ipv4(name: &str, octal: bool) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = name.split('.').map(|part| ipv4_part(part, octal)).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(leading.len()).ok()?;
    if *last >= 1 << room {
        return None;
    }
    let bits = leading.iter().fold(0, |bits, part| (bits << 8) | part);
    u32::try_from((bits << room) | last).ok().map(Ipv4Addr::from)
}

fn ipv4_part(part: &str, octal: bool) -> Option<u64> {
    if let Some(digits) = part.strip_prefix("0x") {
        return if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 16).ok() };
    }
    if octal && part.len() > 1 && part.starts_with('0') {
        return u64::from_str_radix(part, 8).ok();
    }
    part.parse().ok()
}

fn read_ipv6(text: &str) -> Option<Host> {
    // A zone (`fe80::1%eth0`) is not part of a URL that leaves the machine.
    let address: Ipv6Addr = text.parse().ok()?;
    let embedded = embedded_v4(address);
    let usual = match address.to_ipv4_mapped() {
        // The URL standard writes mapped addresses in hexadecimal.
        Some(_) => mapped_in_hex(address),
        None => format!("[{address}]"),
    };
    Some(Host {
        odd: embedded.is_some() || usual != format!("[{}]", text.to_ascii_lowercase()),
        private: is_private_v6(address) || embedded.is_some_and(is_private_v4),
        address: true,
        name: usual,
    })
}

fn mapped_in_hex(address: Ipv6Addr) -> String {
    let [.., high, low] = address.segments();
    format!("[::ffff:{high:x}:{low:x}]")
}

/// The IPv4 address inside an IPv6 address: mapped, compatible, NAT64, 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// IPv4 that is not globally reachable (IANA special-purpose registry, RFC 6890), multicast, and
/// the one public address that a cloud answers with its own services.
fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0 | 10 | 127, ..) => true,
        (100, 64..=127, _) => true, // RFC 6598, shared
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        (192, 0, 0 | 2) => true, // protocol assignments, documentation
        (192, 88, 99) => true,   // RFC 7526
        (192, 168, _) => true,
        (198, 18 | 19, _) => true, // RFC 2544
        (198, 51, 100) | (203, 0, 113) => true,
        (224..=255, ..) => true,
        (168, 63, 129) => true, // Azure's 168.63.129.16
        _ => false,
    }
}

/// IPv6 outside global unicast, or special-purpose within it.
fn is_private_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x64, 0xff9b, 0, ..] => false, // NAT64: what it embeds decides
        [0x2001, 0xdb8, ..] => true,
        [0x2001, 0..=0x1ff, ..] => true,
        [0x3fff, 0..=0xfff, ..] => true,
        [0x2000..=0x3fff, ..] => false,
        [0, 0, 0, 0, 0, 0xffff, ..] => false, // mapped: what it embeds decides
        _ => true,
    }
}
