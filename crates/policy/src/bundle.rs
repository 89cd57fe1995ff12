//! A party's policies: from text to something that decides, or to the list of all that is wrong with it.

mod annotation;
mod complaint;
mod limits;
mod lists;
mod manifest;
mod policy;
mod problem;
mod spelling;
mod statement;
pub mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cedar_policy::{Context, Entities, EntityUid};
use chargewarden_ocpp::Side;
use sha2::{Digest as _, Sha256};

use crate::decide::silence;
use crate::effect::EffectKind;
use crate::limit::Limit;
use crate::party::PartyId;
use crate::slice::{Nature, Slice, entity_type};
use crate::subject::uid;

pub use lists::List;
pub use policy::PolicyInfo;
pub use problem::{BundleProblems, Problem};
pub use trial::Trials;

/// The file that says whose bundle it is.
pub const MANIFEST: &str = "bundle.toml";
/// The file of named lists.
pub const LISTS: &str = "lists.toml";
/// The file of limits.
pub const LIMITS: &str = "limits.toml";

/// The files of a bundle as they were found.
#[derive(Clone, Debug)]
pub struct BundleSource {
    /// Whose bundle it is to be.
    pub party: PartyId,
    /// Content by path within the bundle, with `/` between parts.
    pub files: BTreeMap<String, String>,
}

impl BundleSource {
    /// The same bundle with these members in its lists. Of a file of lists that cannot be read nothing is changed: the
    /// bundle will say what is wrong with it.
    #[must_use]
    pub fn with_lists(mut self, lists: &trial::Lists) -> Self {
        let Some(text) = self.files.get_mut(LISTS) else { return self };
        let Ok(mut table) = text.parse::<toml::Table>() else { return self };
        for (name, members) in lists {
            let list = table.get_mut(name).and_then(toml::Value::as_table_mut);
            if let Some(list) = list {
                let members = members.iter().map(|member| member.as_str().into()).collect();
                list.insert("members".to_owned(), toml::Value::Array(members));
            }
        }
        if let Ok(filled) = toml::to_string(&table) {
            *text = filled;
        }
        self
    }
}

/// A party's policies, checked and ready to decide.
pub struct Bundle {
    party: PartyId,
    name: String,
    version: String,
    description: String,
    digest: [u8; 32],
    lists: BTreeMap<String, List>,
    limits: Vec<Limit>,
    /// By effect.
    limited: Vec<bool>,
    policies: Vec<PolicyInfo>,
    trials: Trials,
    /// By who causes it, then by effect.
    slices: BySide<Vec<Option<Slice>>>,
    memory: usize,
    entities: Entities,
    actions: Vec<EntityUid>,
    /// A station and a management system that no policy looks at.
    anybody: BySide<EntityUid>,
}

impl Bundle {
    /// Checks and prepares a bundle.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the files.
    pub fn compile(source: &BundleSource) -> Result<Self, BundleProblems> {
        let mut problems = BundleProblems::new(source.party.clone());
        for path in source.files.keys() {
            if !is_known(path) {
                problems.add(unknown_file(path));
            }
        }
        let manifest = manifest::read(source, &mut problems);
        let lists = lists::read(source, &mut problems);
        let limits = limits::read(source, &mut problems);
        let compiled = policy::read(source, &lists, &mut problems);
        limits::distinguish(source, &limits, &compiled.policies, &mut problems);
        let limited = limits.iter().map(|limit| &*limit.id);
        let ids: BTreeSet<&str> = compiled.policies.iter().map(|policy| &*policy.id).chain(limited).collect();
        let trials = trial::read(source, &ids, &lists, &mut problems);

        let (Some(manifest), true) = (manifest, problems.is_empty()) else { return Err(problems) };
        let entities = match lists::entities(&lists) {
            Ok(entities) => entities,
            Err(why) => return Err(problems.with(Problem::in_file(LISTS, why))),
        };
        let mut bundle = Self {
            party: source.party.clone(),
            name: manifest.name,
            version: manifest.version,
            description: manifest.description,
            digest: digest(source),
            lists,
            limited: limits::effects(&limits),
            limits,
            policies: Vec::new(),
            trials,
            slices: BySide::default(),
            memory: 0,
            entities,
            actions: EffectKind::ALL.iter().map(|effect| uid("Action", effect.name())).collect(),
            anybody: BySide {
                station: uid(entity_type(Side::Station), ""),
                csms: uid(entity_type(Side::Csms), ""),
            },
        };
        for side in [Side::Station, Side::Csms] {
            for &effect in EffectKind::ALL {
                match bundle.slice_for(&compiled.rules, effect, side) {
                    Ok(slice) => bundle.slices.of_mut(side).push(slice),
                    Err((policy, why)) => {
                        problems.add(compiled.at(&policy, why));
                    }
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        bundle.policies = compiled.policies;
        Ok(bundle)
    }

    fn slice_for(
        &mut self,
        rules: &[crate::slice::Rule],
        effect: EffectKind,
        side: Side,
    ) -> Result<Option<Slice>, (String, String)> {
        let source = effect.source();
        let can = match side {
            Side::Station => source.station(),
            Side::Csms => source.csms(),
        };
        if !can {
            return Ok(None);
        }
        let mut slice = Slice::cut(rules, effect, side, silence(&self.party, effect))?;
        if slice.reads.nothing() {
            let (principal, resource) = self.anybody(side);
            let opinion = slice.put(principal, resource, self.uid(effect), Context::empty(), &self.entities);
            slice.nature = Nature::Constant(opinion);
        } else if !slice.reads.message() {
            slice.nature = Nature::BySubject(self.memory);
            self.memory += 1;
        } else if slice.reads.recur() {
            slice.nature = Nature::ByMessage;
        }
        Ok(Some(slice))
    }

    /// Whose bundle it is.
    pub fn party(&self) -> &PartyId {
        &self.party
    }

    /// Its name, as the manifest states it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, as the manifest states it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is for, as the manifest states it; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// SHA-256 over all files: `chargewarden-bundle-v1`, a line feed, then for each file in the order of the
    /// paths' bytes the length of the path, the path, the length of the content and the content. Lengths are
    /// in bytes, as 8 bytes, most significant first.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The digest in lower-case hexadecimal.
    pub fn digest_hex(&self) -> String {
        use fmt::Write as _;
        self.digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Its lists, by name.
    pub fn lists(&self) -> &BTreeMap<String, List> {
        &self.lists
    }

    /// Its limits, in the order in which they are written.
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// Whether one of its limits counts this effect.
    pub fn limits_effect(&self, effect: EffectKind) -> bool {
        self.limited.get(effect as usize).copied().unwrap_or(false)
    }

    /// Its policies, in the order of files and lines.
    pub fn policies(&self) -> &[PolicyInfo] {
        &self.policies
    }

    /// Ids of what can stop a message, and so deserves a test: each `forbid`, each limit.
    pub fn ids_to_test(&self) -> impl Iterator<Item = &str> {
        let forbids = self.policies.iter().filter(|policy| !policy.permits).map(|policy| &*policy.id);
        forbids.chain(self.limits.iter().map(|limit| &*limit.id))
    }

    /// What its author expects of it.
    pub fn trials(&self) -> &Trials {
        &self.trials
    }

    /// Whether `side` can cause `effect` at all, so that policies are asked about it.
    pub fn knows(&self, effect: EffectKind, side: Side) -> bool {
        self.slice(effect, side).is_some()
    }

    pub(crate) fn slice(&self, effect: EffectKind, side: Side) -> Option<&Slice> {
        self.slices.of(side).get(effect as usize).and_then(Option::as_ref)
    }

    /// How many opinions depend on the subject alone.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    pub(crate) fn lists_in_cedar(&self) -> &Entities {
        &self.entities
    }

    #[expect(clippy::indexing_slicing, reason = "one uid for each effect, in the order of the enumeration")]
    pub(crate) fn uid(&self, effect: EffectKind) -> &EntityUid {
        &self.actions[effect as usize]
    }

    /// Principal and resource for policies that look at neither.
    pub(crate) fn anybody(&self, side: Side) -> (&EntityUid, &EntityUid) {
        (self.anybody.of(side), self.anybody.of(side.other()))
    }
}

/// One for each side.
#[derive(Default)]
struct BySide<T> {
    station: T,
    csms: T,
}

impl<T> BySide<T> {
    fn of(&self, side: Side) -> &T {
        match side {
            Side::Station => &self.station,
            Side::Csms => &self.csms,
        }
    }

    fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Station => &mut self.station,
            Side::Csms => &mut self.csms,
        }
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({} {} {} {})", self.party, self.name, self.version, self.digest_hex())
    }
}

fn is_known(path: &str) -> bool {
    let file = std::path::Path::new(path);
    let extension = file.extension().and_then(|e| e.to_str());
    path == MANIFEST
        || path == LISTS
        || path == LIMITS
        || path == "README.md"
        || extension == Some("cedar")
        || (path.starts_with("tests/") && extension == Some("toml"))
}

fn unknown_file(path: &str) -> Problem {
    let known = [MANIFEST, LISTS, LIMITS, "README.md"];
    let problem = Problem::in_file(
        path,
        "not a file of a bundle (`bundle.toml`, `lists.toml`, `limits.toml`, `*.cedar`, `tests/*.toml`, `README.md`)",
    );
    problem.suggest(spelling::nearest(path, known))
}

fn digest(source: &BundleSource) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"chargewarden-bundle-v1\n");
    for (path, content) in &source.files {
        for part in [path, content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize().into()
}
