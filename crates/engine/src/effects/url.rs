//! URLs taken apart, with distrust.
//!
//! The station that will fetch or dial the URL may read it with curl, wget, a shell script or its
//! own three lines of C. So the text is read by a grammar that is narrower than any of theirs:
//! where two of them could disagree about the host, the URL is not readable and its parts stay
//! empty; where one of them could be led astray elsewhere in the text, it is suspicious.

mod host;

use chargewarden_policy::effect::Url;
use host::Host;

/// Longest host name in DNS, in characters.
const HOST_NAME_MAX: usize = 253;

/// Longest URL that any version has a member for, in characters: `ocppCsmsUrl` and `location` of 2.1.
/// 1.6 names no bound, and its stations have buffers.
const URL_MAX: usize = 2_000;

/// Takes a URL apart. Never fails: see [`Url::readable`].
pub(super) fn read(text: &str) -> Url {
    let Some(parts) = Parts::split(text) else {
        return unreadable(text);
    };
    let Some(host) = Host::read(parts.host) else {
        return unreadable(text);
    };
    let Some((port, odd_port)) = read_port(parts.port, &parts.scheme) else {
        return unreadable(text);
    };
    if !agrees(text, &parts.scheme, &host) {
        return unreadable(text);
    }
    Url {
        readable: true,
        suspicious: text.chars().count() > URL_MAX
            || odd_port
            || host.odd
            || parts.user == Some("")
            || odd_text(text)
            || odd_tail(parts.path, parts.query),
        credentials: parts.user.is_some(),
        private: host.private,
        host: host.name,
        port,
        path: if parts.path.is_empty() { "/".to_owned() } else { parts.path.to_owned() },
        scheme: parts.scheme,
    }
}

/// Takes apart a host without a scheme, such as `csms.example:9000/ocpp`. The scheme stays empty.
pub(super) fn read_host(text: &str) -> Url {
    let url = read(&format!("none://{}", text.trim()));
    Url { scheme: String::new(), ..url }
}

/// Whether the text would be read as a URL by a lenient reader: a scheme that names a transfer or
/// a connection, then a colon.
pub(super) fn looks_like(text: &str) -> bool {
    let text = text.trim_start();
    if text.contains("://") {
        return true;
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return text.starts_with("//") || text.starts_with("\\\\");
    };
    rest.starts_with(['/', '\\']) || SCHEMES.iter().any(|(name, _)| scheme.eq_ignore_ascii_case(name))
}

/// Whether the text looks like `host:port`, an IP address or a fully qualified name. A name needs
/// a port or small letters only: `Energy.Active.Import.Register` is none.
pub(super) fn looks_like_host(text: &str) -> bool {
    let text = text.trim();
    let authority = text.split(['/', '?']).next().unwrap_or(text);
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        Some(_) | None => (authority, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    if name.starts_with('[') || authority.matches(':').count() > 1 {
        return Host::read(name).is_some() || Host::read(&format!("[{authority}]")).is_some();
    }
    let Some(host) = Host::read(name) else { return false };
    let dotted = name.contains('.') && !name.bytes().any(|b| b.is_ascii_uppercase());
    let address = name.split('.').count() == 4 && host.address;
    let named = dotted && !host.address && top_label_is_a_word(name);
    address || named || (port.is_some() && !host.address)
}

fn top_label_is_a_word(name: &str) -> bool {
    let top = name.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic())
}

fn unreadable(text: &str) -> Url {
    Url { credentials: text.contains('@'), suspicious: true, ..Url::default() }
}

/// Schemes with the ports that stations assume. Others are read too, with port 0.
const SCHEMES: &[(&str, i64)] = &[
    ("ftp", 21),
    ("ftps", 990),
    ("http", 80),
    ("https", 443),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("scp", 22),
    ("sftp", 22),
    ("ssh", 22),
    ("tcp", 0),
    ("tftp", 69),
    ("ws", 80),
    ("wss", 443),
];

/// The pieces of the text, not yet judged.
struct Parts<'a> {
    scheme: String,
    user: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let mut letters = scheme.bytes();
        let begins = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
        if !begins || !letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return None;
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // `http://a\@b/`: some read `a`, others `b`. `http://a#@b/`, `http://a?@b/`: likewise.
        if tail.starts_with('\\') || (!tail.starts_with('/') && tail.contains('@')) {
            return None;
        }
        let (user, place) = match authority.split_once('@') {
            Some((_, place)) if place.contains('@') => return None,
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place)?;
        let (tail, _fragment) = tail.split_once('#').unwrap_or((tail, ""));
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (tail, None),
        };
        Some(Self { scheme: scheme.to_ascii_lowercase(), user, host, port, path, query })
    }
}

fn split_port(place: &str) -> Option<(&str, Option<&str>)> {
    if place.starts_with('[') {
        let close = place.find(']')?;
        let (host, rest) = place.split_at(close + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    match place.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((place, None)),
    }
}

/// The port, and whether it is written oddly.
fn read_port(port: Option<&str>, scheme: &str) -> Option<(i64, bool)> {
    let default = SCHEMES.iter().find(|(name, _)| *name == scheme).map_or(0, |(_, port)| *port);
    let Some(port) = port else { return Some((default, false)) };
    if port.is_empty() {
        return Some((default, true));
    }
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u16 = port.parse().ok()?;
    Some((number.into(), port.starts_with('0')))
}

/// Whether the URL standard's parser finds the same host, for the schemes it knows.
fn agrees(text: &str, scheme: &str, host: &Host) -> bool {
    if !matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp") {
        return true;
    }
    let Ok(url) = ::url::Url::parse(text) else { return false };
    let found = url.host_str().unwrap_or("");
    found.strip_suffix('.').unwrap_or(found) == host.name
}

/// Characters that no URL in OCPP needs and that a shell, a log or a sloppy reader trips over.
fn odd_text(text: &str) -> bool {
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || "\"'`$;|<>\\{}()^#*!".contains(c);
    text.chars().any(odd) || text.matches("://").count() > 1
}

/// Oddities behind the host: encoded dangers, path traversal, a second `@`, a bare `&`.
fn odd_tail(path: &str, query: Option<&str>) -> bool {
    let climbs = path.split('/').any(|segment| segment == ".." || segment == ".");
    climbs
        || path.contains(['@', '&'])
        || odd_escape(path, true)
        || query.is_some_and(|query| odd_escape(query, false) || odd_query(query))
}

/// `&` ends a command in a shell: it may only stand between `name=value` pairs.
fn odd_query(query: &str) -> bool {
    query.contains('@') || (query.contains('&') && query.split('&').any(|pair| !pair.contains('=')))
}

fn odd_escape(text: &str, in_path: bool) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter(|(_, b)| **b == b'%').any(|(at, _)| {
        let digits = (bytes.get(at + 1).copied(), bytes.get(at + 2).copied());
        let (Some(high), Some(low)) = digits else { return true };
        let (Some(high), Some(low)) = (hex(high), hex(low)) else { return true };
        let byte = high * 16 + low;
        byte < 0x20
            || byte == 0x7f
            || b"\"'`$;|<>\\%.".contains(&byte)
            || (in_path && b"/@&?#".contains(&byte))
    })
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
