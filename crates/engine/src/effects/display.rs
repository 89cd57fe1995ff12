//! Texts that drivers see, and the links in them.

use chargewarden_ocpp::{Obj, Version};
use chargewarden_policy::effect::{Effect, ShowMessage, Url};

use super::{account, field, url};

/// 2.x `SetDisplayMessage`.
pub(super) fn set_display_message(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let Some(info) = root.obj("message") else { return };
    let mut texts = Texts::default();
    if let Some(content) = info.obj("message") {
        texts.read(content);
    }
    if version == Version::V21 {
        info.objs("messageExtra").for_each(|content| texts.read(content));
    }
    let priority = field::text(info, "priority");
    out.push(texts.shown(priority, info.time("startDateTime")));
}

/// 2.x `ClearDisplayMessage`.
pub(super) fn clear_display_message(out: &mut Vec<Effect>) {
    let Texts { links, format, .. } = Texts::default();
    out.push(
        ShowMessage {
            clears: true,
            priority: String::new(),
            has_link: false,
            links,
            account: false,
            url: None,
            format: format.to_owned(),
            effective_at: None,
        }
        .into(),
    );
}

/// Texts with their formats (`MessageContent`), shown at once.
pub(super) fn contents<'p>(out: &mut Vec<Effect>, contents: impl Iterator<Item = Obj<'p>>) {
    let mut texts = Texts::default();
    let mut any = false;
    for content in contents {
        any = true;
        texts.read(content);
    }
    if any {
        out.push(texts.shown(String::new(), None));
    }
}

/// A text of which no format is stated.
pub(super) fn text(text: &str) -> Effect {
    let mut texts = Texts::default();
    texts.links_in(text);
    texts.shown(String::new(), None)
}

/// An address that drivers are sent to.
pub(super) fn link(address: &str) -> Effect {
    let mut texts = Texts { format: "URI", rank: rank("URI"), ..Texts::default() };
    texts.link(address);
    texts.shown(String::new(), None)
}

/// What is known of all texts of one message.
#[derive(Default)]
struct Texts {
    links: i64,
    account: bool,
    url: Option<Url>,
    format: &'static str,
    rank: u8,
}

impl Texts {
    fn read(&mut self, content: Obj<'_>) {
        let format = FORMATS
            .iter()
            .find(|(name, _)| content.text("format").is_some_and(|format| format == *name))
            .map_or("", |(name, _)| *name);
        let text = content.text("content").unwrap_or_default();
        if rank(format) > self.rank || self.format.is_empty() {
            self.format = format;
            self.rank = rank(format);
        }
        match format {
            "URI" | "QRCODE" => self.link(&text),
            _ => self.links_in(&text),
        }
    }

    fn link(&mut self, address: &str) {
        self.links += 1;
        self.url = (self.links == 1)
            .then(|| if url::looks_like(address) { url::read(address) } else { url::read_host(address) });
    }

    fn links_in(&mut self, text: &str) {
        self.account |= account::is_named(text);
        let plain = plain(&dotted(text));
        let breaks = |c: char| c.is_whitespace() || "\"'<>(){}[],;|*".contains(c);
        for word in plain.split(breaks) {
            let word = word.trim_matches(|c: char| ".:!?/".contains(c) && c != '/').trim_end_matches('/');
            let word = word.rsplit_once('=').map_or(word, |(name, value)| {
                if name.eq_ignore_ascii_case("href") || name.eq_ignore_ascii_case("src") {
                    value
                } else {
                    word
                }
            });
            if is_link(word) {
                self.link(word);
            }
        }
    }

    fn shown(self, priority: String, effective_at: Option<chargewarden_ocpp::Timestamp>) -> Effect {
        ShowMessage {
            clears: false,
            priority,
            has_link: self.links > 0,
            links: self.links,
            account: self.account,
            url: self.url,
            format: self.format.to_owned(),
            effective_at,
        }
        .into()
    }
}

/// Formats, with how much each can do to a driver.
const FORMATS: [(&str, u8); 5] = [("ASCII", 1), ("UTF8", 2), ("HTML", 3), ("QRCODE", 4), ("URI", 5)];

fn rank(format: &str) -> u8 {
    FORMATS.iter().find(|(name, _)| *name == format).map_or(0, |(_, rank)| *rank)
}

/// Ends of names that people read as such even where the dot before is a word.
const SPOKEN_ENDS: [&str; 14] =
    ["app", "biz", "com", "de", "eu", "example", "fr", "info", "io", "me", "net", "nl", "org", "uk"];

/// With ` dot ` made a dot, where the end of a name follows.
fn dotted(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let ends = |word: &&str| {
        let word = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_lowercase();
        SPOKEN_ENDS.contains(&word.as_str())
    };
    let mut dotted = String::with_capacity(text.len());
    let mut glue = "";
    let mut place = 0;
    while let Some(word) = words.get(place) {
        let spoken = word.eq_ignore_ascii_case("dot") && words.get(place + 1).is_some_and(ends);
        if spoken && place > 0 {
            dotted.push('.');
            glue = "";
        } else {
            dotted.push_str(glue);
            dotted.push_str(word);
            glue = " ";
        }
        place += 1;
    }
    dotted
}

/// Without characters that nobody sees, and with the dots that only look like dots made dots.
fn plain(text: &str) -> String {
    let unseen = ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
    text.replace("[.]", ".")
        .replace("(.)", ".")
        .chars()
        .filter(|c| !unseen.contains(c))
        .map(|c| match c {
            '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}' => '.',
            '\u{ff1a}' => ':',
            '\u{ff0f}' => '/',
            '\u{ff20}' => '@',
            _ => c,
        })
        .collect()
}

/// Whether a word is an address: with a scheme, of mail, or a name with a top-level domain.
fn is_link(word: &str) -> bool {
    if word.contains("://") || word.contains("//www") {
        return true;
    }
    let lower = word.to_lowercase();
    if lower.starts_with("www.") || ["mailto:", "tel:", "sms:"].iter().any(|scheme| lower.starts_with(scheme))
    {
        return true;
    }
    let place = lower.rsplit_once('@').map_or(lower.as_str(), |(_, place)| place);
    let host = place.split(['/', '?', '#']).next().unwrap_or("");
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    is_name(host) || is_address(host)
}

fn is_name(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    let (Some(top), Some(domain)) = (labels.next(), labels.next()) else { return false };
    let letters = top.chars().count();
    letters >= 2
        && top.chars().all(char::is_alphabetic)
        && domain.chars().count() >= 2
        && domain.chars().all(|c| c.is_alphanumeric() || c == '-')
}

fn is_address(host: &str) -> bool {
    host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(shown: &Effect) -> String {
        let Effect::ShowMessage(shown) = shown else { return "nothing".to_owned() };
        let host = shown.url.as_ref().map_or("-", |url| url.host.as_str());
        format!("{} {host}", shown.links)
    }

    #[test]
    fn links_are_found_in_texts() {
        for (shown, expected) in [
            ("Welcome! 0.39 EUR/kWh, idle fee 0.10 EUR/min.", "0 -"),
            ("Bitte Kabel abziehen.", "0 -"),
            ("Open Mon.-Fri. 8.00-18.00, e.g. today", "0 -"),
            ("Call us: 0800 123456", "0 -"),
            ("Pay at https://pay.example.com/x now", "1 pay.example.com"),
            ("Pay at pay.example.com.", "1 pay.example.com"),
            ("Pay at www.example.com/pay?id=1", "1 www.example.com"),
            ("<a href=\"http://evil.example/\">pay</a>", "1 evil.example"),
            ("write to help@example.com", "1 example.com"),
            ("pay[.]example[.]com", "1 pay.example.com"),
            ("pay\u{3002}example\u{3002}com", "1 pay.example.com"),
            ("pay.exa\u{200b}mple.com", "1 pay.example.com"),
            ("10.0.0.5/pay", "1 10.0.0.5"),
            ("a.example.com b.example.com", "2 -"),
            ("go to evil-pay dot example and pay", "1 evil-pay.example"),
            ("press the red dot to begin", "0 -"),
        ] {
            assert_eq!(told(&text(shown)), expected, "{shown}");
        }
    }
}
