//! The catalogue's notation, parsed.

use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a catalogue file, and where.
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// One version's file.
#[derive(Default)]
pub(crate) struct Catalogue {
    pub(crate) version: String,
    pub(crate) enums: BTreeMap<String, Vec<String>>,
    pub(crate) types: BTreeMap<String, Type>,
    pub(crate) actions: Vec<Action>,
    /// The member that stands in every closed object.
    every: Option<Member>,
}

/// The members of an object.
pub(crate) struct Type {
    pub(crate) open: bool,
    pub(crate) members: Vec<Member>,
}

/// One member of an object.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// What a value looks like.
#[derive(Clone, PartialEq)]
pub(crate) enum Shape {
    Text { max: Option<u32> },
    Uri { max: Option<u32> },
    Time,
    Integer { min: Option<i64>, max: Option<i64> },
    Number { min: Option<f64>, max: Option<f64>, decimals: Option<u8> },
    Flag,
    Any,
    Choice(Vec<String>),
    Named(String),
    List { of: Box<Shape>, min: u32, max: Option<u32> },
}

/// One action.
pub(crate) struct Action {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) sender: String,
    pub(crate) send: bool,
    pub(crate) kept: bool,
    pub(crate) summary: String,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) request: Vec<Member>,
    pub(crate) response: Vec<Member>,
}

/// How a negative answer to the action is written.
pub(crate) enum Refusal {
    Error,
    Status { path: Vec<String>, value: String },
    Each { items: String, results: String, status: String, value: String, copied: Vec<String> },
}

/// What the indented lines below belong to.
enum Open {
    Nothing,
    Enum(String),
    Type(String),
    Action,
}

/// Parses one file and checks that all names exist.
pub(crate) fn parse(text: &str) -> Result<Catalogue, Problem> {
    let mut catalogue = Catalogue::default();
    let mut open = Open::Nothing;
    for (index, raw) in text.lines().enumerate() {
        let line = index + 1;
        let content = raw.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let done = if raw.starts_with(' ') {
            catalogue.indented(line, content, &open)
        } else {
            catalogue.declaration(line, content).map(|opened| open = opened)
        };
        done.map_err(|what| Problem { line, what })?;
    }
    catalogue.finish()?;
    Ok(catalogue)
}

impl Catalogue {
    fn declaration(&mut self, line: usize, content: &str) -> Result<Open, String> {
        let words: Vec<&str> = content.split_whitespace().collect();
        match words.as_slice() {
            ["version", version] => {
                self.version = (*version).to_owned();
                Ok(Open::Nothing)
            }
            ["every", ..] => {
                let rest = content.strip_prefix("every").unwrap_or_default();
                self.every = Some(member(line, rest)?);
                Ok(Open::Nothing)
            }
            ["enum", name] => {
                self.fresh(name)?;
                self.enums.insert((*name).to_owned(), Vec::new());
                Ok(Open::Enum((*name).to_owned()))
            }
            ["type", name] | ["open", "type", name] => {
                self.fresh(name)?;
                let kind = Type { open: words.len() == 3, members: Vec::new() };
                self.types.insert((*name).to_owned(), kind);
                Ok(Open::Type((*name).to_owned()))
            }
            ["action", name, sender, flags @ ..] => {
                if !["station", "csms", "either"].contains(sender) {
                    return Err(format!("sender `{sender}` is none of station, csms, either"));
                }
                if let Some(flag) = flags.iter().find(|flag| !["send", "kept"].contains(*flag)) {
                    return Err(format!("unknown flag `{flag}` (send, kept)"));
                }
                if self.actions.iter().any(|action| action.name == *name) {
                    return Err(format!("action `{name}` is there twice"));
                }
                self.actions.push(Action {
                    line,
                    name: (*name).to_owned(),
                    sender: (*sender).to_owned(),
                    send: flags.contains(&"send"),
                    kept: flags.contains(&"kept"),
                    summary: String::new(),
                    refusal: None,
                    request: Vec::new(),
                    response: Vec::new(),
                });
                Ok(Open::Action)
            }
            _ => Err(format!("`{content}` declares nothing (version, every, enum, type, open type, action)")),
        }
    }

    fn fresh(&self, name: &str) -> Result<(), String> {
        if self.enums.contains_key(name) || self.types.contains_key(name) {
            return Err(format!("`{name}` is there twice"));
        }
        Ok(())
    }

    fn indented(&mut self, line: usize, content: &str, open: &Open) -> Result<(), String> {
        match open {
            Open::Nothing => Err("an indented line that belongs to nothing".to_owned()),
            Open::Enum(name) => {
                let values = self.enums.entry(name.clone()).or_default();
                values.extend(content.split_whitespace().map(str::to_owned));
                Ok(())
            }
            Open::Type(name) => {
                let member = member(line, content)?;
                if let Some(kind) = self.types.get_mut(name) {
                    kind.members.push(member);
                }
                Ok(())
            }
            Open::Action => {
                let action = self.actions.last_mut().ok_or("no action")?;
                let (sign, rest) = content.split_at_checked(1).unwrap_or((content, ""));
                match sign {
                    "=" => action.summary = rest.trim().to_owned(),
                    "!" => action.refusal = Some(refusal(rest.trim())?),
                    ">" => action.request.push(member(line, rest)?),
                    "<" => action.response.push(member(line, rest)?),
                    _ => return Err(format!("`{content}` starts with none of = ! > <")),
                }
                Ok(())
            }
        }
    }

    /// Adds the member that stands everywhere, and checks names and completeness.
    fn finish(&mut self) -> Result<(), Problem> {
        if let Some(every) = &self.every {
            for kind in self.types.values_mut().filter(|kind| !kind.open) {
                kind.members.push(every.clone());
            }
            for action in &mut self.actions {
                action.request.push(every.clone());
                if !action.send {
                    action.response.push(every.clone());
                }
            }
        }
        for kind in self.types.values() {
            self.known(&kind.members)?;
        }
        for action in &self.actions {
            self.known(&action.request)?;
            self.known(&action.response)?;
            let problem =
                |what: &str| Problem { line: action.line, what: format!("`{}` {what}", action.name) };
            if action.summary.is_empty() {
                return Err(problem("has no summary (= …)"));
            }
            if action.send && (action.refusal.is_some() || !action.response.is_empty()) {
                return Err(problem("is never answered, so it has neither refusal nor response"));
            }
            if !action.send && action.refusal.is_none() {
                return Err(problem("does not say how it is refused (! …)"));
            }
        }
        Ok(())
    }

    fn known(&self, members: &[Member]) -> Result<(), Problem> {
        let mut names = BTreeSet::new();
        for member in members {
            let problem = |what: String| Problem { line: member.line, what };
            if !names.insert(&member.name) {
                return Err(problem(format!("member `{}` is there twice", member.name)));
            }
            if let Shape::Named(name) = member.shape.innermost()
                && !self.enums.contains_key(name)
                && !self.types.contains_key(name)
            {
                return Err(problem(format!("`{name}` is not declared")));
            }
        }
        // `Object` keeps the set of members it has seen in one 64-bit word.
        match members.first() {
            Some(member) if members.len() > 64 => {
                Err(Problem { line: member.line, what: "more than 64 members".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

impl Shape {
    /// The shape itself, or that of a list's items.
    pub(crate) fn innermost(&self) -> &Shape {
        if let Shape::List { of, .. } = self { of.innermost() } else { self }
    }
}

/// `name shape` or `name? shape`.
fn member(line: usize, text: &str) -> Result<Member, String> {
    let (name, shape) = text.trim().split_once(' ').ok_or_else(|| format!("`{text}` is no `name shape`"))?;
    let (name, required) = match name.strip_suffix('?') {
        Some(name) => (name, false),
        None => (name, true),
    };
    Ok(Member { line, name: name.to_owned(), required, shape: self::shape(shape.trim())? })
}

/// The shape after a member's name.
fn shape(text: &str) -> Result<Shape, String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (of, counts) = rest.rsplit_once(']').ok_or_else(|| format!("`{text}` lacks a `]`"))?;
        let (min, max) = range::<u32>(arguments(counts)?)?;
        return Ok(Shape::List { of: Box::new(shape(of)?), min: min.unwrap_or(0), max });
    }
    if text.contains('|') {
        return Ok(Shape::Choice(text.split('|').map(str::to_owned).collect()));
    }
    let (name, rest) = text.split_at(text.find('(').unwrap_or(text.len()));
    let within = arguments(rest)?;
    let shape = match name {
        "string" => Shape::Text { max: within.map(number).transpose()? },
        "uri" => Shape::Uri { max: within.map(number).transpose()? },
        "datetime" => Shape::Time,
        "integer" => {
            let (min, max) = range(within)?;
            Shape::Integer { min, max }
        }
        "number" => match within.and_then(|text| text.strip_prefix("step ")) {
            Some(step) => Shape::Number { min: None, max: None, decimals: Some(decimals(step)?) },
            None => {
                let (min, max) = range(within)?;
                Shape::Number { min, max, decimals: None }
            }
        },
        "boolean" => Shape::Flag,
        "any" => Shape::Any,
        name if name.starts_with(|c: char| c.is_ascii_uppercase()) && within.is_none() => {
            Shape::Named(name.to_owned())
        }
        _ => return Err(format!("`{text}` is no shape")),
    };
    Ok(shape)
}

/// The text between the parentheses, if there are any.
fn arguments(text: &str) -> Result<Option<&str>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let within = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    within.map(Some).ok_or_else(|| format!("`{text}` is not in parentheses"))
}

/// `low..high`, either may be missing.
fn range<T: std::str::FromStr>(text: Option<&str>) -> Result<(Option<T>, Option<T>), String> {
    let Some(text) = text else { return Ok((None, None)) };
    let (low, high) = text.split_once("..").ok_or_else(|| format!("`{text}` is no range"))?;
    let side = |text: &str| if text.is_empty() { Ok(None) } else { number(text).map(Some) };
    Ok((side(low)?, side(high)?))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// `0.1` is one decimal, `0.01` two.
fn decimals(step: &str) -> Result<u8, String> {
    let zeroes = step.strip_prefix("0.").and_then(|text| text.strip_suffix('1'));
    match zeroes {
        Some(zeroes) if zeroes.len() < 9 && zeroes.bytes().all(|byte| byte == b'0') => {
            u8::try_from(zeroes.len() + 1).map_err(|error| error.to_string())
        }
        _ => Err(format!("step `{step}` is not 0.1, 0.01, …")),
    }
}

/// `error`, `path.to.status Value`, or `each items -> results status Value; copied members`.
fn refusal(text: &str) -> Result<Refusal, String> {
    let (text, copied) = text.split_once(';').unwrap_or((text, ""));
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["error"] => Ok(Refusal::Error),
        [path, value] => Ok(Refusal::Status {
            path: path.split('.').map(str::to_owned).collect(),
            value: (*value).to_owned(),
        }),
        ["each", items, "->", results, status, value] => Ok(Refusal::Each {
            items: (*items).to_owned(),
            results: (*results).to_owned(),
            status: (*status).to_owned(),
            value: (*value).to_owned(),
            copied: copied.split_whitespace().map(str::to_owned).collect(),
        }),
        _ => Err(format!("`{text}` is no refusal")),
    }
}
