//! The tests of a bundle (`tests/*.toml`), run.
//!
//! A case is put to the bundle's policies as a session would put it; a sequence is played in a [`crate::World`], with the
//! ledger and all that is learned of stations.

mod fleet;
mod message;
mod verdict;

use std::sync::Arc;

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::bundle::trial::{Case, Lists, Said, Sequence};
use chargewarden_policy::{Bundle, BundleProblems, BundleSource, Policies};
pub use message::{Explained, Given, Unexplained, explain};
pub use verdict::Verdict;

/// When it is in a case that does not say: a Monday morning.
const NOW_MS: i64 = 1_767_607_200_000;

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// File within the bundle.
    pub file: String,
    /// The test.
    pub name: String,
    /// The version of OCPP that it was run in.
    pub version: Version,
    /// Nothing, or how it came otherwise.
    pub differs: Option<Difference>,
}

/// What was expected, and what came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Each line as `-` (expected, and did not come), `+` (came, and was not expected) or ` `.
    pub lines: Vec<(char, String)>,
    /// What the message would have done, and why it was decided so, for people.
    pub explained: String,
}

/// Runs the tests of a bundle whose names `only` accepts, against that bundle alone.
///
/// # Errors
/// What is wrong with the bundle.
pub fn run(source: &BundleSource, only: &dyn Fn(&str) -> bool) -> Result<Vec<Ended>, BundleProblems> {
    let bundle = Arc::new(Bundle::compile(source)?);
    let mut variants = Variants { source, compiled: vec![(Arc::default(), Arc::clone(&bundle))] };
    let mut all = Vec::new();
    for case in bundle.trials().cases.iter().filter(|case| only(&case.name)) {
        let policies = Policies::new(vec![variants.with(&case.lists)?]);
        all.extend(case.versions.iter().map(|version| Ended {
            file: case.file.clone(),
            name: case.name.clone(),
            version: *version,
            differs: run_case(&policies, case, *version),
        }));
    }
    for sequence in bundle.trials().sequences.iter().filter(|sequence| only(&sequence.name)) {
        let bundle = variants.with(&sequence.lists)?;
        all.extend(sequence.versions.iter().map(|version| Ended {
            file: sequence.file.clone(),
            name: sequence.name.clone(),
            version: *version,
            differs: run_sequence(&bundle, sequence, *version),
        }));
    }
    Ok(all)
}

/// A bundle with lists filled in otherwise.
struct Variants<'s> {
    source: &'s BundleSource,
    compiled: Vec<(Arc<Lists>, Arc<Bundle>)>,
}

impl Variants<'_> {
    fn with(&mut self, lists: &Arc<Lists>) -> Result<Arc<Bundle>, BundleProblems> {
        if let Some((_, bundle)) = self.compiled.iter().find(|(of, _)| of == lists) {
            return Ok(Arc::clone(bundle));
        }
        let bundle = Arc::new(Bundle::compile(&self.source.clone().with_lists(lists))?);
        self.compiled.push((Arc::clone(lists), Arc::clone(&bundle)));
        Ok(bundle)
    }
}

fn run_case(policies: &Policies, case: &Case, version: Version) -> Option<Difference> {
    let (frame, call) = frames(&case.said);
    let given = Given {
        version,
        from: case.from,
        frame: frame.as_bytes(),
        call: call.as_deref().map(str::as_bytes),
        assumed: &case.assumed,
        doubts: case.doubts,
        now: Timestamp::from_millis(NOW_MS),
    };
    match explain(&given, policies) {
        Ok(explained) => {
            let text = chargewarden_policy::explain::render(&explained.effects, &explained.ruling);
            verdict::compare(&case.expectation, &Verdict::of(&explained.ruling), text)
        }
        Err(why) => Some(Difference::broken(why.to_string())),
    }
}

fn run_sequence(bundle: &Arc<Bundle>, sequence: &Sequence, version: Version) -> Option<Difference> {
    let played = match fleet::play(bundle, sequence, version) {
        Ok(played) => played,
        Err(why) => return Some(Difference::broken(why)),
    };
    let mut difference = verdict::compare(&sequence.expectation, &played.verdict, played.told);
    if let (Some(first), true) = (sequence.first, played.first != sequence.first) {
        let difference = difference.get_or_insert_with(Difference::default);
        let stopped = played
            .first
            .map_or("none is stopped".to_owned(), |first| format!("message {first} is the first stopped"));
        difference.lines.push(('-', format!("message {first} is the first stopped")));
        difference.lines.push(('+', stopped));
    }
    difference
}

/// The frame, and the call that it answers.
fn frames(said: &Said) -> (String, Option<String>) {
    let call = |action: &str, payload: &str| {
        let action = serde_json::Value::from(action);
        format!("[2,\"t\",{action},{payload}]")
    };
    match said {
        Said::Call { action, payload } => (call(action, payload), None),
        Said::Answer { action, payload, answer } => {
            (format!("[3,\"t\",{answer}]"), Some(call(action, payload)))
        }
        Said::Frame(frame) => (frame.clone(), None),
    }
}

impl Difference {
    /// The test could not run.
    fn broken(why: String) -> Self {
        Self { lines: vec![('+', why)], explained: String::new() }
    }
}
