//! Cedar complains once for each action; people want to hear it once.

use std::collections::BTreeMap;

use super::{BundleProblems, Problem};

/// Complaints by what and where, each with the actions it was made for.
#[derive(Default)]
pub(super) struct Complaints(BTreeMap<Problem, Vec<Complaint>>);

/// A complaint about one action.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Complaint {
    /// Empty where it is about none in particular.
    action: String,
    hint: Option<String>,
}

impl Complaints {
    /// Takes a complaint apart into what is wrong and for which action.
    pub(super) fn add(&mut self, problem: Problem) {
        let (what, action) = match without_action(&problem.what) {
            Some(parts) => parts,
            None => (problem.what, String::new()),
        };
        let complaint = Complaint { action, hint: problem.hint };
        self.0.entry(Problem { what, hint: None, ..problem }).or_default().push(complaint);
    }

    pub(super) fn told(self, problems: &mut BundleProblems) {
        for (problem, mut complaints) in self.0 {
            complaints.sort();
            complaints.dedup();
            let hint = match complaints.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other.hint == first.hint) => {
                    first.hint.clone()
                }
                Some(_) | None => None,
            };
            let actions: Vec<&str> = complaints
                .iter()
                .map(|complaint| &*complaint.action)
                .filter(|action| !action.is_empty())
                .collect();
            let what = match actions.as_slice() {
                [] => problem.what,
                [one] => format!("{} of `{one}`", problem.what),
                [one, two] => format!("{} of `{one}` and `{two}`", problem.what),
                [one, two, rest @ ..] => {
                    format!("{} of `{one}`, `{two}` and {} more", problem.what, rest.len())
                }
            };
            problems.add(Problem { what, hint, ..problem });
        }
    }
}

/// "attribute `speed` in context for Action::\"boot\" not found", without the action, and the action.
fn without_action(what: &str) -> Option<(String, String)> {
    let (head, rest) = what.split_once(" for Action::\"")?;
    let (action, tail) = rest.split_once('"')?;
    let what = format!("{head}{tail}");
    let missing = what.strip_prefix("attribute ").and_then(|rest| rest.strip_suffix(" in context not found"));
    let what = match missing {
        Some(attribute) => format!("no attribute {attribute} in the context"),
        None => what,
    };
    Some((what, action.to_owned()))
}
