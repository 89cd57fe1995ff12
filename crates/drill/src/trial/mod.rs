//! The tests of a bundle (`tests/*.toml`), run.
//!
//! A case is put to the bundle's policies as a session would put it; a sequence is played in a [`crate::World`], with the
//! ledger and all that is learned of stations.

mod fleet;
mod message;
mod verdict;

use std::sync::Arc;

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::bundle::trial::{Case, Said, Sequence};
use chargewarden_policy::{Bundle, Policies};
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
pub fn run(bundle: &Arc<Bundle>, only: &dyn Fn(&str) -> bool) -> Vec<Ended> {
    let policies = Policies::new(vec![Arc::clone(bundle)]);
    let trials = bundle.trials();
    let cases = trials.cases.iter().filter(|case| only(&case.name)).flat_map(|case| {
        let policies = &policies;
        case.versions.iter().map(move |version| Ended {
            file: case.file.clone(),
            name: case.name.clone(),
            version: *version,
            differs: run_case(policies, case, *version),
        })
    });
    let sequences = trials.sequences.iter().filter(|sequence| only(&sequence.name)).flat_map(|sequence| {
        sequence.versions.iter().map(move |version| Ended {
            file: sequence.file.clone(),
            name: sequence.name.clone(),
            version: *version,
            differs: run_sequence(bundle, sequence, *version),
        })
    });
    cases.chain(sequences).collect()
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
