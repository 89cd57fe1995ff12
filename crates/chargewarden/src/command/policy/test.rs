//! `chargewarden policy test`: the tests that bundles bring, run.

use chargewarden_drill::trial::{self, Difference, Ended};
use chargewarden_policy::Bundle;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    Exit,
    command::say,
    config::{self, BUILTIN_PREFIX, Problems},
};

/// Options of `policy test`.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Bundle directories, or `builtin:cso-baseline`.
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<String>,
    /// Run only tests whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came of a bundle's tests.
struct Tested<'a> {
    place: &'a str,
    ended: Vec<Ended>,
    /// Policies that refuse or hold, and limits, that no test expects.
    untested: Vec<String>,
}

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let mut problems = Problems::default();
        let mut tested = Vec::new();
        for place in &self.bundles {
            match self.test(place) {
                Ok(of_bundle) => tested.push(of_bundle),
                Err(found) => problems.0.extend(found.0),
            }
        }
        if self.json {
            let bundles: Vec<Value> = tested.iter().map(Tested::json).collect();
            say(serde_json::to_string_pretty(&json!({ "bundles": bundles, "problems": problems }))?);
        } else {
            tested.iter().for_each(Tested::print);
            if !problems.is_empty() {
                say(&problems);
            }
        }
        let failed = tested.iter().any(|tested| tested.failed() > 0);
        Ok(if failed || !problems.is_empty() { Exit::Finding } else { Exit::Ok })
    }

    fn test<'a>(&self, place: &'a str) -> Result<Tested<'a>, Problems> {
        let only = |name: &str| self.only.as_ref().is_none_or(|text| name.contains(text.as_str()));
        let source = super::source(place)?;
        let bundle = Bundle::compile(&source).map_err(|found| config::told(place, &found))?;
        let mentioned = bundle.trials().mentioned();
        let untested = bundle.ids_to_test().filter(|id| !mentioned.contains(id)).map(str::to_owned).collect();
        let ended = trial::run(&source, &only).map_err(|found| config::told(place, &found))?;
        Ok(Tested { place, ended, untested })
    }
}

impl Tested<'_> {
    fn failed(&self) -> usize {
        self.ended.iter().filter(|ended| ended.differs.is_some()).count()
    }

    fn print(&self) {
        for ended in &self.ended {
            let Some(differs) = &ended.differs else { continue };
            // As an editor opens it; of a shipped pack there is no file to open.
            let folder = if self.place.starts_with(BUILTIN_PREFIX) { ":" } else { "/" };
            say(format_args!("{}{folder}{}: {} ({})", self.place, ended.file, ended.name, ended.version));
            for (mark, line) in &differs.lines {
                say(format_args!("  {mark} {line}"));
            }
            for line in differs.explained.lines() {
                say(format_args!("    | {line}"));
            }
        }
        let (failed, run) = (self.failed(), self.ended.len());
        say(format_args!("{}: {} passed, {failed} failed", self.place, run - failed));
        if !self.untested.is_empty() {
            say(format_args!("  no test expects {}", self.untested.join(", ")));
        }
    }

    fn json(&self) -> Value {
        let ended: Vec<Value> = self.ended.iter().map(json_of).collect();
        let failed = self.failed();
        let passed = self.ended.len() - failed;
        json!({ "bundle": self.place, "passed": passed, "failed": failed, "tests": ended, "untested": self.untested })
    }
}

fn json_of(ended: &Ended) -> Value {
    let lines = |differs: &Difference, mark: char| -> Vec<String> {
        differs.lines.iter().filter(|(of, _)| *of == mark).map(|(_, line)| line.clone()).collect()
    };
    let differs = ended.differs.as_ref();
    json!({
        "file": ended.file, "name": ended.name, "version": ended.version.to_string(),
        "passed": differs.is_none(),
        "expected": differs.map(|differs| lines(differs, '-')),
        "came": differs.map(|differs| lines(differs, '+')),
        "explained": differs.map(|differs| &differs.explained),
    })
}
