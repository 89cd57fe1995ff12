//! `tests/*.toml`: what a bundle's author expects of it.
//!
//! A `[[case]]` is one message and what is said to it. A `[[sequence]]` is a fleet and the commands that it gets, and which
//! of them is the first that is stopped. They are read when the bundle is, so that a test that cannot run is a problem
//! like any other; `chargewarden policy test` runs them.

mod case;
mod expectation;
mod sequence;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::lists::List;
use super::manifest::malformed;
use super::{BundleProblems, BundleSource, Problem};

pub use case::{Case, Said};
pub use expectation::{Expectation, Wanted};
pub use sequence::{FleetPlan, STATIONS_MAX, Sequence, Step};

/// Most cases and sequences of a bundle. Each costs a service that uses the bundle some memory.
const TRIALS_MAX: usize = 2_000;
/// Longest name of a case, in characters: it stands on one line of a report.
const NAME_CHARS_MAX: usize = 120;

/// Members of lists, by name.
pub type Lists = BTreeMap<String, Vec<String>>;

/// What a bundle's author expects of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// Single messages.
    pub cases: Vec<Case>,
    /// Many messages.
    pub sequences: Vec<Sequence>,
}

impl Trials {
    /// Ids of the policies and limits that are expected to say something.
    pub fn mentioned(&self) -> BTreeSet<&str> {
        let cases = self.cases.iter().map(|case| &case.expectation);
        let all = cases.chain(self.sequences.iter().map(|sequence| &sequence.expectation));
        all.flat_map(|expectation| expectation.by.iter().map(String::as_str)).collect()
    }
}

/// A file below `tests/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the file is about.
    #[serde(default, rename = "about")]
    _about: String,
    /// What all its cases assume; a case's own `state` goes before.
    #[serde(default)]
    state: toml::Table,
    /// Members that lists have instead, as whoever uses the bundle fills them in.
    #[serde(default)]
    lists: Lists,
    /// The fleet of all its sequences; a sequence's own `fleet` goes before.
    #[serde(default)]
    fleet: toml::Table,
    #[serde(default, rename = "case")]
    cases: Vec<case::Form>,
    #[serde(default, rename = "sequence")]
    sequences: Vec<sequence::Form>,
}

/// Reads the tests. `ids` are the policies and limits that the bundle has, `lists` its lists.
pub(super) fn read(
    source: &BundleSource,
    ids: &BTreeSet<&str>,
    lists: &BTreeMap<String, List>,
    problems: &mut BundleProblems,
) -> Trials {
    let mut trials = Trials::default();
    let files = source.files.iter().filter(|(path, _)| path.starts_with("tests/"));
    for (path, text) in files {
        match toml::from_str(text) {
            Ok(file) => {
                let names = BTreeSet::new();
                Reader { path, text, ids, lists, problems, trials: &mut trials, names }.file(file);
            }
            Err(error) => problems.add(malformed(path, text, &error)),
        }
    }
    let count = trials.cases.len() + trials.sequences.len();
    if count > TRIALS_MAX {
        problems.add(Problem::in_file("tests", format!("{count} tests, more than {TRIALS_MAX}")));
    }
    trials
}

struct Reader<'r> {
    path: &'r str,
    text: &'r str,
    ids: &'r BTreeSet<&'r str>,
    lists: &'r BTreeMap<String, List>,
    problems: &'r mut BundleProblems,
    trials: &'r mut Trials,
    names: BTreeSet<String>,
}

impl Reader<'_> {
    fn file(&mut self, file: File) {
        for name in file.lists.keys().filter(|name| !self.lists.contains_key(*name)) {
            let meant = super::spelling::nearest(name, self.lists.keys().map(String::as_str));
            let offset = self.text.find("[lists]").unwrap_or(0);
            let what = format!("the bundle has no list `{name}`");
            self.problems.add(Problem::at(self.path, self.text, offset, what).suggest(meant));
        }
        let lists = Arc::new(file.lists);
        for form in file.cases {
            let name = form.name.clone();
            match form.read(self.path, &file.state, &lists) {
                Ok(case) => {
                    self.check(&name, &case.expectation);
                    self.trials.cases.push(case);
                }
                Err(what) => self.problem(&name, what),
            }
        }
        for form in file.sequences {
            let name = form.name.clone();
            match form.read(self.path, &file.fleet, &lists) {
                Ok(sequence) => {
                    self.check(&name, &sequence.expectation);
                    self.trials.sequences.push(sequence);
                }
                Err(what) => self.problem(&name, what),
            }
        }
    }

    fn check(&mut self, name: &str, expectation: &Expectation) {
        let length = name.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            self.problem(name, format!("a test's name has 1 to {NAME_CHARS_MAX} characters on one line"));
        }
        if !self.names.insert(name.to_owned()) {
            self.problem(name, "another test of the file has the same name".to_owned());
        }
        for id in &expectation.by {
            if !self.ids.contains(id.as_str()) {
                let meant = super::spelling::nearest(id, self.ids.iter().copied());
                let what = format!("test `{name}`: no policy and no limit is called `{id}`");
                let offset = self.offset(name);
                self.problems.add(Problem::at(self.path, self.text, offset, what).suggest(meant));
            }
        }
    }

    fn problem(&mut self, name: &str, what: String) {
        let offset = self.offset(name);
        self.problems.add(Problem::at(self.path, self.text, offset, format!("test `{name}`: {what}")));
    }

    fn offset(&self, name: &str) -> usize {
        self.text.find(&format!("\"{name}\"")).unwrap_or(0)
    }
}

/// One text, or several.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Default for Texts {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl From<Texts> for Vec<String> {
    fn from(texts: Texts) -> Self {
        match texts {
            Texts::One(text) => vec![text],
            Texts::Many(texts) => texts,
        }
    }
}

/// A payload: JSON in a text, or a table.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "JSON in a text, or a table")]
enum Payload {
    Json(String),
    Table(toml::Table),
}

impl Payload {
    /// The payload as JSON.
    fn json(self, field: &str) -> Result<String, String> {
        let value = match self {
            // A number may stand for that of the message.
            Self::Json(text) => {
                serde_json::from_str::<serde_json::Value>(&text.replace("{n}", "1")).map(|_| text)
            }
            Self::Table(table) => serde_json::to_string(&table),
        };
        value.map_err(|error| format!("`{field}`: {error}"))
    }
}

/// Who sends it.
fn side(text: &str) -> Result<chargewarden_ocpp::Side, String> {
    match text {
        "csms" => Ok(chargewarden_ocpp::Side::Csms),
        "station" => Ok(chargewarden_ocpp::Side::Station),
        other => Err(format!("from `{other}` is neither `csms` nor `station`")),
    }
}

/// `first` with what only `second` has.
fn overlaid(mut first: toml::Table, second: &toml::Table) -> toml::Table {
    for (key, value) in second {
        first.entry(key.clone()).or_insert_with(|| value.clone());
    }
    first
}

#[cfg(test)]
mod tests {
    use crate::{Bundle, BundleSource};

    fn problems(tests: &str) -> String {
        let files = [
            ("bundle.toml", "party = \"cso\"\nname = \"test\"\nversion = \"1\"\n"),
            ("rules.cedar", "@id(\"all\") permit (principal, action, resource);"),
            ("tests/all.toml", tests),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        match Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files }) {
            Ok(bundle) => format!("{:#?}", bundle.trials()),
            Err(problems) => problems.to_string(),
        }
    }

    #[test]
    fn a_test_that_cannot_run_is_a_problem() {
        let head = "[[case]]\nname = \"it\"\nversion = \"1.6\"\nfrom = \"csms\"\naction = \"Reset\"\n";
        for (rest, expected) in [
            ("expect = \"forwards\"", "3:12: test `it`: expect `forwards`"),
            ("expect = \"forward\"\nby = \"al\"", "(did you mean `all`?)"),
            ("expect = \"forward\"\ndoubts = [\"meter_bakc\"]", "no doubt is called `meter_bakc`"),
            ("expect = \"forward\"\npayload = '{'", "test `it`: `payload`: EOF"),
            ("expect = \"forward\"\nstate = { booted = 1 }", "test `it`: state: "),
            ("expect = \"forward\"\nstate = { standing = \"odd\" }", "standing `odd` is none of"),
            ("expect = \"forward\"\nframe = '[2]'", "a frame says action and payload itself"),
            ("expect = \"refuse\"", "say by which policy"),
            ("expect = \"forward\"\nspeed = 1", "unknown field `speed`"),
            ("expect = \"forward\"\nalert = \"loud\"", "alert `loud`"),
        ] {
            let said = problems(&format!("{head}{rest}"));
            let expected = expected.trim_start_matches("3:12: ");
            assert!(said.contains(expected), "{rest}\n{said}");
        }
        let twice = format!("{head}expect = \"forward\"\n{head}expect = \"forward\"");
        assert!(problems(&twice).contains("has the same name"));
    }

    #[test]
    fn a_sequence_that_cannot_run_is_a_problem() {
        let head = "[[sequence]]\nname = \"it\"\nversion = \"1.6\"\nexpect = \"hold cso:1\"\nby = \"all\"\nfirst = 2\n";
        let step = "[[sequence.step]]\naction = \"Reset\"\n";
        for (rest, expected) in [
            (step.to_owned(), "stations: 1, after: 0, every: 0"),
            (format!("{step}stations = \"3-1\""), "`3-1` is not a station"),
            (format!("{step}stations = 9"), "the fleet has 4"),
            (format!("{step}every = \"1x\""), "every `1x`"),
            (String::new(), "has no `[[sequence.step]]`"),
        ] {
            let said = problems(&format!("{head}fleet = {{ stations = 4 }}\n{rest}"));
            let found =
                said.contains(expected) || expected.starts_with("stations: 1") && said.starts_with("Trials");
            assert!(found, "{rest}\n{said}");
        }
    }
}
