//! Where settings come from: the file, with the environment over it.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Config, Problems};

/// `CHARGEWARDEN_LISTEN__ADDRESS` overrides `listen.address`, `CHARGEWARDEN_CSMS__0__URL` overrides `csms[0].url`.
pub const ENV_PREFIX: &str = "CHARGEWARDEN_";

/// Between the parts of a path in an environment variable.
const ENV_SEPARATOR: &str = "__";

/// Problems of form reported at most.
const PROBLEMS_MAX: usize = 64;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Not set: the default.
    Default,
    /// The file.
    File,
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File => f.write_str("file"),
            Origin::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// What was read, before it is checked.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The settings in force.
    pub config: Config,
    /// The directory relative paths start from.
    pub base: PathBuf,
    file: Table,
    environment: BTreeMap<String, String>,
}

/// One setting in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The key path.
    pub key: String,
    /// The value, as TOML writes it.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Reads a file, with the process's environment over it.
///
/// # Errors
/// Everything that is wrong with the form.
pub fn read_file(path: &Path) -> Result<Sources, Problems> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let mut problems = Problems::default();
        problems.add(path.display().to_string(), format!("cannot be read: {error}"));
        problems
    })?;
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    read_text(
        &text,
        base,
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// Reads a text, with these environment variables over it.
///
/// # Errors
/// Everything that is wrong with the form.
pub fn read_text(
    text: &str,
    base: PathBuf,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Sources, Problems> {
    let mut problems = Problems::default();
    let file: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            problems.add("", error.to_string().trim_end());
            return Err(problems);
        }
    };
    let mut merged = Value::Table(file.clone());
    let mut overrides = BTreeMap::new();
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(ENV_PREFIX).filter(|path| !path.is_empty()) else { continue };
        let parts: Vec<String> = path.split(ENV_SEPARATOR).map(str::to_ascii_lowercase).collect();
        match set(&mut merged, &parts, literal(&value)) {
            Ok(()) => {
                overrides.insert(key_path(&parts), name);
            }
            Err(why) => problems.add(name.clone(), why),
        }
    }
    let config = form(merged, &overrides, &mut problems);
    problems.none_or(Sources { config, base, file, environment: overrides })
}

impl Sources {
    /// Every setting in force and where it comes from, by key path.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        let mut leaves = Vec::new();
        if let Ok(table) = Table::try_from(&self.config) {
            collect(String::new(), &Value::Table(table), &mut leaves);
        }
        let mut set = Vec::new();
        collect(String::new(), &Value::Table(self.file.clone()), &mut set);
        let in_file = |key: &str| set.iter().any(|(path, _)| path == key);
        leaves
            .into_iter()
            .map(|(key, value)| {
                let origin = match self.environment.get(&key) {
                    Some(name) => Origin::Environment(name.clone()),
                    None if in_file(&key) => Origin::File,
                    None => Origin::Default,
                };
                Effective { key, value: value.to_string(), origin }
            })
            .collect()
    }
}

fn collect(path: String, value: &Value, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(below, value, leaves);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (number, item) in items.iter().enumerate() {
                collect(format!("{path}[{number}]"), item, leaves);
            }
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_) => leaves.push((path, value.clone())),
    }
}

/// Reads the table into the form. What does not fit is noted and taken out, until the rest fits: so all of it is found.
fn form(mut merged: Value, overrides: &BTreeMap<String, String>, problems: &mut Problems) -> Config {
    for _ in 0..PROBLEMS_MAX {
        let error = match serde_path_to_error::deserialize(merged.clone()) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let path = error.path().to_string();
        let from = overrides.get(&path).map(|name| format!(" (set by {name})")).unwrap_or_default();
        problems.add(path, format!("{}{from}", error.inner().to_string().trim_end()));
        if !take_out(&mut merged, error.path()) {
            break;
        }
    }
    Config::deserialize(Value::Table(Table::new())).unwrap_or_default()
}

fn take_out(value: &mut Value, path: &serde_path_to_error::Path) -> bool {
    use serde_path_to_error::Segment;
    let mut segments: Vec<&Segment> = path.iter().collect();
    let Some(last) = segments.pop() else { return false };
    let mut place = value;
    for segment in segments {
        let below = match segment {
            Segment::Map { key } => place.get_mut(key.as_str()),
            Segment::Seq { index } => place.get_mut(*index),
            Segment::Enum { .. } | Segment::Unknown => Some(&mut *place),
        };
        // An enumeration's variant is not a place of its own.
        let Some(below) = below else { return false };
        place = below;
    }
    match (last, place) {
        (Segment::Map { key }, Value::Table(table)) => table.remove(key).is_some(),
        (Segment::Seq { index }, Value::Array(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

/// An environment value: TOML where it is a number, a truth value or a list, else the text itself.
fn literal(text: &str) -> Value {
    let parsed =
        toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut table| table.remove("value"));
    match parsed {
        Some(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Array(_))) => value,
        Some(_) | None => Value::String(text.to_owned()),
    }
}

fn set(place: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *place = value;
        return Ok(());
    };
    match place {
        Value::Table(table) => {
            let fresh = || {
                if rest.first().is_some_and(|next| is_number(next)) {
                    Value::Array(vec![])
                } else {
                    Value::Table(Table::new())
                }
            };
            set(table.entry(first.clone()).or_insert_with(fresh), rest, value)
        }
        Value::Array(items) => {
            let number: usize =
                first.parse().map_err(|_| format!("`{first}` is not the number of an entry"))?;
            if number > items.len() {
                return Err(format!("there is no entry {number}: the list has {}", items.len()));
            }
            if number == items.len() {
                items.push(Value::Table(Table::new()));
            }
            let Some(item) = items.get_mut(number) else { return Err("no such entry".to_owned()) };
            set(item, rest, value)
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            Err(format!("`{first}` cannot stand below a single value"))
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn key_path(parts: &[String]) -> String {
    let mut path = String::new();
    for part in parts {
        if is_number(part) {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Sources, Problems> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read_text(text, PathBuf::new(), environment)
    }

    #[test]
    fn every_problem_of_form_is_reported_at_once() {
        let text = r#"
            [[listen]]
            adress = "127.0.0.1:9000"
            danger_allow_plain_nonloopback = "yes"
            [[csms]]
            name = 5
            [limits]
            tick = "5 parsecs"
            frame_bytes = -1
            [tls]
            on = true
        "#;
        let problems = read(text, &[]).unwrap_err().to_string();
        for expected in [
            "listen[0].adress: unknown field `adress`, expected one of `address`",
            "listen[0].danger_allow_plain_nonloopback: invalid type: string \"yes\", expected a boolean",
            "csms[0].name: invalid type: integer `5`, expected a string",
            "limits.tick: `5 parsecs` is not a time",
            "limits.frame_bytes: invalid value: integer `-1`",
            "tls: unknown field `tls`",
        ] {
            assert!(problems.contains(expected), "`{expected}` is not in:\n{problems}");
        }
    }

    #[test]
    fn the_environment_is_laid_over_the_file() {
        let text = "[[listen]]\naddress = \"127.0.0.1:9000\"\n[[csms]]\nname = \"main\"\nurl = \"ws://a/\"\n";
        let environment = [
            ("CHARGEWARDEN_LISTEN__0__ADDRESS", "127.0.0.1:0"),
            ("CHARGEWARDEN_CSMS__0__URL", "ws://b/"),
            ("CHARGEWARDEN_CSMS__1__NAME", "second"),
            ("CHARGEWARDEN_LIMITS__HANDSHAKES", "7"),
            ("CHARGEWARDEN_ADMIN__HOSTS", "[\"a\", \"b\"]"),
            ("PATH", "/bin"),
        ];
        let sources = read(text, &environment).unwrap();
        let config = &sources.config;
        assert_eq!(config.listen[0].address, "127.0.0.1:0");
        assert_eq!((config.csms[0].name.as_str(), config.csms[0].url.as_str()), ("main", "ws://b/"));
        assert_eq!(config.csms[1].name, "second");
        assert_eq!((config.limits.handshakes, config.admin.hosts.len()), (7, 2));
        let effective = sources.effective();
        let origin =
            |key: &str| effective.iter().find(|setting| setting.key == key).map(|s| s.origin.to_string());
        assert_eq!(origin("csms[0].url").unwrap(), "environment CHARGEWARDEN_CSMS__0__URL");
        assert_eq!(origin("csms[0].name").unwrap(), "file");
        assert_eq!(origin("limits.tick").unwrap(), "default");
    }

    #[test]
    fn a_misspelled_variable_is_a_problem() {
        let problems =
            read("", &[("CHARGEWARDEN_LISTEN__0__ADRESS", "x"), ("CHARGEWARDEN_CSMS__3__URL", "x")]);
        let problems = problems.unwrap_err().to_string();
        assert!(problems.contains("listen[0].adress: unknown field"), "{problems}");
        assert!(problems.contains("(set by CHARGEWARDEN_LISTEN__0__ADRESS)"), "{problems}");
        assert!(
            problems.contains("CHARGEWARDEN_CSMS__3__URL: there is no entry 3: the list has 0"),
            "{problems}"
        );
    }
}
