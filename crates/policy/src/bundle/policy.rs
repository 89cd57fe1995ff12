//! The `*.cedar` files of a bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, ValidationError, ValidationMode, ValidationWarning, Validator, pst,
};
use miette::Diagnostic;

use super::annotation::{self, Annotations};
use super::complaint::Complaints;
use super::lists::List;
use super::problem::place;
use super::spelling::nearest;
use super::statement::{Statement, split};
use super::{BundleProblems, BundleSource, Problem};
use crate::effect::{EffectKind, Group};
use crate::party::PartyId;
use crate::reason::ReasonCode;
use crate::requirement::{Alert, Requirement};
use crate::ruling::{Cause, Finding};
use crate::schema;
use crate::slice::Rule;

/// A policy as people refer to it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PolicyInfo {
    /// Its `@id`.
    pub id: Arc<str>,
    /// File within the bundle.
    pub file: String,
    /// Line of its first word, from 1.
    pub line: usize,
    /// Whether it is a `permit` and not a `forbid`.
    pub permits: bool,
    /// Its `@reason`; may be empty on a `permit`.
    pub reason: Arc<str>,
    /// Its `@hold`.
    pub hold: Option<Requirement>,
    /// Its `@alert`.
    pub alert: Option<Alert>,
    /// Whether it has `@quarantine`.
    pub quarantine: bool,
}

/// The policies of a bundle, read and checked.
pub(super) struct Compiled {
    pub(super) rules: Vec<Rule>,
    pub(super) policies: Vec<PolicyInfo>,
}

impl Compiled {
    /// A problem of the policy of that id.
    pub(super) fn at(&self, id: &str, what: String) -> Problem {
        match self.policies.iter().find(|policy| &*policy.id == id) {
            Some(policy) => {
                Problem { file: policy.file.clone(), line: policy.line, column: 1, what, hint: None }
            }
            None => Problem::in_file(id, what),
        }
    }
}

/// A policy that could be parsed, and where it stands.
struct Parsed<'s> {
    file: &'s str,
    text: &'s str,
    statement: Statement<'s>,
    policy: Policy,
}

impl Parsed<'_> {
    /// A problem at `offset` bytes into the policy.
    fn problem(&self, offset: usize, what: impl Into<String>) -> Problem {
        Problem::at(self.file, self.text, self.statement.offset + offset, what)
    }

    /// Whether the policy has that line of the file.
    fn contains(&self, line: usize) -> bool {
        let (first, _) = place(self.text, self.statement.offset);
        (first..first + self.statement.text.lines().count()).contains(&line)
    }

    /// Where `needle` stands in the policy, or its beginning.
    fn find(&self, needle: &str) -> usize {
        self.statement.text.find(needle).unwrap_or(0)
    }
}

pub(super) fn read(
    source: &BundleSource,
    lists: &BTreeMap<String, List>,
    problems: &mut BundleProblems,
) -> Compiled {
    let mut compiled = Compiled { rules: Vec::new(), policies: Vec::new() };
    let mut parsed: Vec<Parsed<'_>> = Vec::new();
    let mut first: BTreeMap<String, String> = BTreeMap::new();

    let cedar = source.files.iter().filter(|(path, _)| path.ends_with(".cedar"));
    for (file, text) in cedar {
        for statement in split(text) {
            // The number keeps policies apart whose ids are missing or not unique.
            let id = PolicyId::new(parsed.len().to_string());
            let policy = match Policy::parse(Some(id), statement.text) {
                Ok(policy) => policy,
                Err(errors) => {
                    for error in errors.iter() {
                        problems.add(diagnosed(file, text, statement.offset, error));
                    }
                    continue;
                }
            };
            let it = Parsed { file, text, statement, policy };
            let (annotations, wrong) = annotation::read(&it.policy);
            for wrong in wrong {
                let offset =
                    if wrong.annotation.is_empty() { 0 } else { it.find(&format!("@{}", wrong.annotation)) };
                problems.add(it.problem(offset, wrong.what).suggest(wrong.meant));
            }
            if let Some(id) = &annotations.id {
                let (line, _) = place(text, it.statement.offset);
                let here = format!("{file}:{line}");
                match first.get(id) {
                    Some(there) => {
                        problems.add(it.problem(it.find("@id"), format!("id `{id}` is taken by {there}")));
                    }
                    None => {
                        first.insert(id.clone(), here);
                    }
                }
            }
            compiled.add(&source.party, &it, annotations, problems);
            parsed.push(it);
        }
    }
    validate(&parsed, lists, problems);
    compiled
}

impl Compiled {
    fn add(&mut self, party: &PartyId, it: &Parsed<'_>, said: Annotations, problems: &mut BundleProblems) {
        let Some(id) = said.id else { return };
        let id: Arc<str> = id.into();
        let (line, _) = place(it.text, it.statement.offset);
        let permits = it.policy.effect() == Effect::Permit;
        self.policies.push(PolicyInfo {
            id: Arc::clone(&id),
            file: it.file.to_owned(),
            line,
            permits,
            reason: Arc::clone(&said.reason),
            hold: said.hold.clone(),
            alert: said.alert,
            quarantine: said.quarantine,
        });
        let body = match it.policy.to_pst() {
            Ok(pst::Policy::Static(policy)) => policy.body().clone().with_id(pst::PolicyID::from(&*id)),
            Ok(_) => return problems.add(it.problem(0, "templates are not policies")),
            Err(error) => return problems.add(it.problem(0, error.to_string())),
        };
        let (finding, code) = match (permits, &said.hold) {
            (true, _) => (Finding::Permitted, None),
            (false, Some(_)) => (Finding::Held, Some(ReasonCode::Held)),
            (false, None) => (Finding::Forbidden, Some(ReasonCode::PolicyDenied)),
        };
        let cause = Cause {
            party: Some(party.clone()),
            policy: Some(id),
            effect: None,
            finding,
            code,
            status: said.code.unwrap_or_default(),
            reason: said.reason,
            hold: said.hold,
            alert: said.alert,
            quarantine: said.quarantine,
        };
        self.rules.push(Rule { body, cause });
    }
}

/// Names first, with our own suggestions, then Cedar's strict validation.
fn validate(parsed: &[Parsed<'_>], lists: &BTreeMap<String, List>, problems: &mut BundleProblems) {
    let mut set = PolicySet::new();
    for it in parsed {
        for literal in it.policy.entity_literals() {
            let (ty, name) = (literal.type_name().to_string(), literal.id().unescaped().to_owned());
            let offset = it.find(&format!("{ty}::\"{name}\""));
            match ty.as_str() {
                "Action" if !is_action(&name) => {
                    let problem = it.problem(offset, format!("unknown effect `{name}`"));
                    problems.add(problem.suggest(nearest(&name, action_names())));
                }
                "List" if !lists.contains_key(&name) => {
                    let problem = it.problem(offset, format!("no list `{name}` in `lists.toml`"));
                    problems.add(problem.suggest(nearest(&name, lists.keys().map(String::as_str))));
                }
                _ => (),
            }
        }
        if let Err(error) = set.add(it.policy.clone()) {
            problems.add(it.problem(0, error.to_string()));
        }
    }
    let result = Validator::new(schema::parsed().clone()).validate(&set, ValidationMode::Strict);
    let of = |id: &PolicyId| {
        let number: usize = <PolicyId as AsRef<str>>::as_ref(id).parse().ok()?;
        parsed.get(number)
    };
    let mut complaints = Complaints::default();
    for error in result.validation_errors() {
        if matches!(error, ValidationError::UnrecognizedActionId(_)) {
            continue; // said above, in our words
        }
        if let Some(it) = of(error.policy_id()) {
            complaints.add(diagnosed(it.file, it.text, it.statement.offset, error));
        }
    }
    complaints.told(problems);
    for warning in result.validation_warnings() {
        let Some(it) = of(warning.policy_id()) else { continue };
        let place = it.problem(0, "");
        if problems.iter().any(|known| known.file == place.file && it.contains(known.line)) {
            continue; // a policy with a mistake is often impossible because of it
        }
        if matches!(
            warning,
            ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
        ) {
            // A policy that cannot match is a rule that somebody believes in and nobody keeps.
            problems.add(
                it.problem(0, "the policy can never match: no such effect has such a sender and receiver"),
            );
        } else {
            problems.add(diagnosed(it.file, it.text, it.statement.offset, warning));
        }
    }
}

fn is_action(name: &str) -> bool {
    action_names().any(|known| known == name)
}

fn action_names() -> impl Iterator<Item = &'static str> {
    EffectKind::ALL.iter().map(|effect| effect.name()).chain(Group::ALL.map(Group::name))
}

/// What Cedar says about a policy that begins `offset` bytes into `text`.
fn diagnosed(file: &str, text: &str, offset: usize, said: &dyn Diagnostic) -> Problem {
    let label = said.labels().and_then(|mut labels| labels.next());
    let within = label.as_ref().map_or(0, |label| label.offset());
    let what = said.to_string();
    let what = match what.split_once(", ") {
        // "for policy `3`, …": the number is ours, the place says it better.
        Some((head, rest)) if head.starts_with("for policy `") => rest.to_owned(),
        Some(_) | None => what,
    };
    let help = said.help().map(|help| help.to_string());
    Problem::at(file, text, offset + within, what).advise(help)
}
