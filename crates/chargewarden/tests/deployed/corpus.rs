//! The corpus as it stands in the three TOML files.

use serde::Deserialize;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corpus<T> {
    case: Vec<T>,
}

impl<T: for<'de> Deserialize<'de>> Corpus<T> {
    /// Reads a file of the corpus.
    pub fn read(text: &str) -> Vec<T> {
        toml::from_str::<Self>(text).expect("the corpus is well-formed").case
    }
}

/// A hostile frame. The file's head explains the members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameCase {
    pub name: String,
    #[serde(default = "station")]
    pub from: String,
    #[serde(default = "oldest")]
    pub version: String,
    #[serde(default)]
    pub before: Vec<String>,
    #[serde(default)]
    pub make: String,
    pub text: String,
    #[serde(default)]
    pub probe: String,
    pub expect: String,
}

fn station() -> String {
    "station".into()
}

fn oldest() -> String {
    "1.6".into()
}

impl FrameCase {
    /// The text, with what is too long to write put in place.
    pub fn text(&self) -> String {
        match self.make.is_empty() {
            true => self.text.clone(),
            false => self.text.replacen("{}", &made(&self.make), 1),
        }
    }
}

/// `fill X n`: n times X. `nest [ n`: n brackets and their ends. `list n`: a list of n zeros.
pub fn made(recipe: &str) -> String {
    let words: Vec<_> = recipe.split(' ').collect();
    let count = |word: &str| word.parse::<usize>().expect("a count");
    match words[..] {
        ["fill", what, n] => what.repeat(count(n)),
        ["nest", "[", n] => "[".repeat(count(n)) + &"]".repeat(count(n)),
        ["nest", "{", n] => r#"{"a":"#.repeat(count(n)) + "1" + &"}".repeat(count(n)),
        ["list", n] => format!("[{}0]", "0,".repeat(count(n) - 1)),
        _ => panic!("no recipe `{recipe}`"),
    }
}

/// A hostile handshake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandshakeCase {
    pub name: String,
    #[serde(default)]
    pub request: Vec<String>,
    #[serde(default)]
    pub line: Option<String>,
    #[serde(default)]
    pub set: Vec<String>,
    #[serde(default)]
    pub drop: Vec<String>,
    #[serde(default)]
    pub raw: Option<String>,
    #[serde(default)]
    pub after: String,
    #[serde(default)]
    pub after_hex: String,
    pub expect: String,
}

impl HandshakeCase {
    /// The bytes to send for station `id` with `secret`. `model` is the request that must be let in.
    pub fn bytes(&self, model: &[String], id: &str, secret: &str) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone().into_bytes();
        }
        let mut lines = if self.request.is_empty() { model.to_vec() } else { self.request.clone() };
        if let Some(line) = &self.line {
            lines[0] = line.clone();
        }
        let named = |line: &str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        for name in self.drop.iter().map(|name| named(name)).chain(self.set.iter().map(|line| named(line))) {
            let head = lines.remove(0);
            lines.retain(|line| named(line) != name);
            lines.insert(0, head);
        }
        lines.extend(self.set.iter().cloned());
        let text = lines.iter().map(|line| expand(line, id, secret) + "\r\n").collect::<String>()
            + "\r\n"
            + &self.after;
        let mut bytes = text.into_bytes();
        bytes.extend(hex(&self.after_hex));
        bytes
    }
}

/// Puts values in place of `{id}`, `{secret}`, `{key}`, `{auth}`, `{basic:…}`, `{fill X n}`, `{headers n}`.
fn expand(line: &str, id: &str, secret: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let line = line
        .replace("{id-lower}", &id.to_ascii_lowercase())
        .replace("{id}", id)
        .replace("{secret}", secret)
        .replace("{key}", &STANDARD.encode(*b"sixteen bytes ok"))
        .replace("{auth}", &STANDARD.encode(format!("{id}:{secret}")));
    let mut line = line;
    while let Some(start) = line.find("{fill ") {
        let end = start + line[start..].find('}').expect("a closing brace");
        line = line[..start].to_owned() + &made(&line[start + 1..end]) + &line[end + 1..];
    }
    if let Some(start) = line.find("{basic:") {
        let end = line.rfind('}').expect("a closing brace");
        line = line[..start].to_owned() + &STANDARD.encode(&line[start + 7..end]) + &line[end + 1..];
    }
    if let Some(count) = line.strip_prefix("{headers ").and_then(|rest| rest.strip_suffix('}')) {
        let count: usize = count.parse().expect("a count");
        let headers: Vec<_> = (0..count).map(|n| format!("X-{n}: {n}")).collect();
        return headers.join("\r\n");
    }
    line
}

/// A hostile sequence of WebSocket frames.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireCase {
    pub name: String,
    pub hex: String,
    #[serde(default)]
    pub then: String,
    pub expect: String,
}

/// Reads hexadecimal with blanks, where `(…){n}` repeats.
pub fn hex(text: &str) -> Vec<u8> {
    if let Some(start) = text.find('(') {
        let end = text.find(')').expect("a closing parenthesis");
        let (open, close) = (text.find('{').expect("a count"), text.find('}').expect("a count"));
        let count: usize = text[open + 1..close].parse().expect("a count");
        return [hex(&text[..start]), hex(&text[start + 1..end]).repeat(count), hex(&text[close + 1..])]
            .concat();
    }
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(&two.iter().collect::<String>(), 16).expect("hexadecimal digits"))
        .collect()
}
