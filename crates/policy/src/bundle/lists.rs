//! `lists.toml`: named sets of texts that policies look things up in.
//!
//! ```toml
//! [firmware-hosts]
//! about = "Where stations may fetch software from"
//! members = ["firmware.example.com"]
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{Entities, Entity, RestrictedExpression};
use serde::Deserialize;

use super::manifest::malformed;
use super::{BundleProblems, BundleSource, LISTS, Problem};
use crate::party::is_name;
use crate::subject::uid;

/// Longest name of a list, in characters.
const NAME_CHARS_MAX: usize = 64;
/// Most members of a list. Looking one up is a search, but every bundle keeps them in memory.
const MEMBERS_MAX: usize = 100_000;

/// A named set of texts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// Its members.
    pub members: Vec<String>,
}

pub(super) fn read(source: &BundleSource, problems: &mut BundleProblems) -> BTreeMap<String, List> {
    let Some(text) = source.files.get(LISTS) else { return BTreeMap::new() };
    let lists: BTreeMap<String, List> = match toml::from_str(text) {
        Ok(lists) => lists,
        Err(error) => {
            problems.add(malformed(LISTS, text, &error));
            return BTreeMap::new();
        }
    };
    for (name, list) in &lists {
        let mut bad = |what: String| {
            let offset = text.find(&format!("[{name}]")).unwrap_or(0);
            problems.add(Problem::at(LISTS, text, offset, what));
        };
        if !is_name(name, NAME_CHARS_MAX) {
            bad(format!("`{name}` cannot name a list (lower-case letters, digits and `-`, a letter first)"));
        }
        if list.members.len() > MEMBERS_MAX {
            bad(format!("list `{name}` has more than {MEMBERS_MAX} members"));
        }
        let mut seen = BTreeSet::new();
        for member in &list.members {
            if member.is_empty() || !seen.insert(member) {
                bad(format!("list `{name}`: `{member}` is empty or stands twice"));
            }
            if name.ends_with("-hosts") && !is_host(member) {
                bad(format!(
                    "list `{name}`: `{member}` is not a host in lower case, without scheme, port or path"
                ));
            }
        }
    }
    lists
}

/// Whether `text` can equal the `host` of a URL attribute: anything else would never match.
fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(v6) => {
            v6.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase() || c == ':' || c == '.')
        }
        None => {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_'))
        }
    }
}

/// The lists as Cedar has them.
pub(super) fn entities(lists: &BTreeMap<String, List>) -> Result<Entities, String> {
    let entity = |(name, list): (&String, &List)| {
        let members = list.members.iter().map(|member| RestrictedExpression::new_string(member.clone()));
        let attributes = HashMap::from([("members".to_owned(), RestrictedExpression::new_set(members))]);
        Entity::new(uid("List", name), attributes, HashSet::new()).map_err(|e| e.to_string())
    };
    let entities: Vec<Entity> = lists.iter().map(entity).collect::<Result<_, _>>()?;
    Entities::from_entities(entities, None).map_err(|e| e.to_string())
}
