//! How each setting takes effect: while the service runs, or at its next start.

/// How a setting takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// On reload; what it does to sessions.
    Reload(&'static str),
    /// At the next start; why not before.
    Restart(&'static str),
}

/// Settings and how they take effect, by the beginning of the key path; the longest that fits counts. Numbers of entries are
/// left out: `csms.url` is `csms[0].url`.
pub(crate) const TABLE: &[(&str, How)] = &[
    ("listen", How::Restart("listeners are opened at start")),
    ("listen.tls", How::Reload("new handshakes use it; sessions end whose certificate is no longer good")),
    ("csms", How::Reload("new connections use it; sessions end when name, party or URL changed")),
    (
        "parties",
        How::Reload("policies decide the next message; sessions end when their jurisdiction changed"),
    ),
    ("site", How::Reload("sessions end whose site can carry more or less than before")),
    ("inventory", How::Reload("sessions end when what they stand on changed")),
    ("limits", How::Restart("bounds are taken by tasks and queues when they start")),
    ("limits.answer_wait", How::Reload("counts for the next call")),
    ("store", How::Restart("the data directory stays open while the service runs")),
    ("admin", How::Restart("the server for health and metrics is opened at start")),
    ("log", How::Restart("logging is set up at start")),
    ("reload_interval", How::Reload("counts from the next look on")),
];

/// How the setting of a key path takes effect. Nothing for a key that no setting has.
pub(crate) fn how(key: &str) -> Option<How> {
    let plain = without_numbers(key);
    let fits = |prefix: &str| {
        plain.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let rows = TABLE.iter().filter(|(prefix, _)| fits(prefix));
    rows.max_by_key(|(prefix, _)| prefix.len()).map(|(_, how)| *how)
}

fn without_numbers(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut inside = false;
    for letter in key.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::read_text;

    #[test]
    fn the_longest_row_counts() {
        assert!(matches!(how("csms[3].tls.anchors"), Some(How::Reload(_))));
        assert!(matches!(how("limits.sessions"), Some(How::Restart(_))));
        assert!(matches!(how("limits.answer_wait"), Some(How::Reload(_))));
        assert!(matches!(how("listen[0].tls.crls"), Some(How::Reload(_))));
        assert_eq!(how("limitsx"), None);
        assert_eq!(how("nonsense.x"), None);
    }

    #[test]
    fn every_setting_has_a_row() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/chargewarden.example.toml");
        let text = std::fs::read_to_string(path).unwrap();
        for text in [text.as_str(), ""] {
            let sources = read_text(text, Path::new(path).to_owned(), []).unwrap();
            for setting in sources.effective() {
                assert!(how(&setting.key).is_some(), "`{}` has no row", setting.key);
            }
        }
    }
}
