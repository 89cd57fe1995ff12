//! `limits.toml`: how much of an effect is too much, over time and over stations.
//!
//! ```toml
//! [[limit]]
//! id = "restart-fleet"
//! reason = "too many stations restart"
//! effects = ["restart", "disable"]
//! scope = "fleet"
//! window = "1h"
//! max = { stations_percent = 5 }
//! over = "hold cso:1"
//! ```

mod fields;
mod maximum;
mod window;

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::annotation::{ID_CHARS_MAX, REASON_CHARS_MAX};
use super::manifest::malformed;
use super::spelling::nearest;
use super::{BundleProblems, BundleSource, LIMITS, PolicyInfo, Problem};
use crate::doubt::{Doubt, Doubts};
use crate::effect::{EffectKind, Group, Source};
use crate::limit::{By, Limit, Maximum, Over, Scope};
use crate::party::is_name;
use crate::requirement::{Alert, Requirement};
use fields::{Fields, Trouble, Value, choice};

/// Most limits of a bundle: each message asks every one of them.
const LIMITS_MAX: usize = 256;

/// Fields of a limit.
const FIELDS: [&str; 12] = [
    "id",
    "reason",
    "effects",
    "when",
    "scope",
    "each",
    "window",
    "by",
    "max",
    "over",
    "alert",
    "quarantine",
];

/// Reads the limits, with all that is wrong with them.
pub(super) fn read(source: &BundleSource, problems: &mut BundleProblems) -> Vec<Limit> {
    let Some(text) = source.files.get(LIMITS) else { return Vec::new() };
    let file = match DeTable::parse(text) {
        Ok(file) => file,
        Err(error) => {
            problems.add(malformed(LIMITS, text, &error));
            return Vec::new();
        }
    };
    let mut reader = Reader { text, problems, limits: Vec::new(), ids: BTreeSet::new() };
    for (key, value) in file.get_ref() {
        match (&**key.get_ref(), value.get_ref()) {
            ("limit", DeValue::Array(limits)) => {
                if limits.len() > LIMITS_MAX {
                    let what = format!("{} limits, more than {LIMITS_MAX}", limits.len());
                    reader.tell(Trouble::at(key.span().start, what));
                }
                for limit in limits.iter() {
                    reader.limit(limit);
                }
            }
            ("limit", _) => {
                reader.tell(Trouble::at(key.span().start, "limits are written `[[limit]]`"));
            }
            (other, _) => {
                let what = format!("unknown field `{other}`: the file has `[[limit]]` alone");
                reader.tell(Trouble::at(key.span().start, what).meant(nearest(other, ["limit"])));
            }
        }
    }
    reader.limits
}

/// Which effects are counted by any of them, in the order of the enumeration.
pub(super) fn effects(limits: &[Limit]) -> Vec<bool> {
    let counted = |effect: &EffectKind| limits.iter().any(|limit| limit.effects.contains(effect));
    EffectKind::ALL.iter().map(counted).collect()
}

/// A limit and a policy of the same name could not be told apart in a record.
pub(super) fn distinguish(
    source: &BundleSource,
    limits: &[Limit],
    policies: &[PolicyInfo],
    problems: &mut BundleProblems,
) {
    let Some(text) = source.files.get(LIMITS) else { return };
    for limit in limits {
        let Some(policy) = policies.iter().find(|policy| policy.id == limit.id) else { continue };
        let offset = text.find(&format!("\"{}\"", limit.id)).unwrap_or(0);
        let what = format!("`{}` is the id of a policy as well ({}:{})", limit.id, policy.file, policy.line);
        problems.add(Problem::at(LIMITS, text, offset, what));
    }
}

struct Reader<'r> {
    text: &'r str,
    problems: &'r mut BundleProblems,
    limits: Vec<Limit>,
    ids: BTreeSet<Arc<str>>,
}

impl Reader<'_> {
    fn tell(&mut self, trouble: Trouble) {
        let Trouble { offset, what, meant } = trouble;
        self.problems.add(Problem::at(LIMITS, self.text, offset, what).suggest(meant));
    }

    /// What was read, or nothing and a problem.
    fn note<T>(&mut self, read: Result<T, Trouble>) -> Option<T> {
        read.map_err(|trouble| self.tell(trouble)).ok()
    }

    fn limit(&mut self, value: &Value<'_>) {
        let start = value.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            return self.tell(Trouble::at(start, "limits are written `[[limit]]`"));
        };
        let fields = Fields { what: "limit", start, table };
        for trouble in fields.unknown(&FIELDS) {
            self.tell(trouble);
        }
        let id = self.note(fields.text("id").and_then(id));
        if let Some(known) = &id
            && !self.ids.insert(Arc::clone(known))
        {
            let offset = fields.start_of("id");
            self.tell(Trouble::at(offset, format!("`{known}` is the id of another limit as well")));
        }
        let reason = self.note(fields.text("reason").and_then(reason));
        let effects = self.effects(&fields);
        let when = self.when(&fields);
        let scope = self.note(fields.text("scope").and_then(|scope| choice("scope", scope, &SCOPES)));
        let each = self.note(fields.optional("each", |each| choice("each", each, &EACH), false));
        let window_ms = self.note(fields.text("window").and_then(window::parse));
        let by = self.note(fields.optional("by", |by| choice("by", by, &BY), By::Sent));
        let max = match fields.table("max") {
            Ok(max) => self.maximum(&max, scope),
            Err(trouble) => self.note(Err(trouble)),
        };
        let over = self.note(fields.text("over").and_then(over));
        let alert = self.note(fields.optional("alert", alert, None));
        let quarantine = self.note(fields.flag("quarantine"));
        if let Some(effects) = &effects {
            self.sense(&fields, effects, when.unwrap_or_default(), max.unwrap_or_default());
        }
        let limit = (|| {
            Some(Limit {
                id: id?,
                reason: reason?,
                effects: effects?,
                when: when?,
                scope: scope?,
                each_csms: each?,
                window_ms: window_ms?,
                by: by?,
                max: max?,
                over: over?,
                alert: alert?,
                quarantine: quarantine?,
            })
        })();
        self.limits.extend(limit);
    }

    fn effects(&mut self, fields: &Fields<'_, '_>) -> Option<BTreeSet<EffectKind>> {
        let names = fields.list("effects", "names of effects or groups");
        let names = self.note(names)?;
        if names.is_empty() {
            self.tell(Trouble::at(fields.start_of("effects"), "`effects` is empty: it would count nothing"));
            return None;
        }
        let mut effects = BTreeSet::new();
        let mut sound = true;
        for (offset, name) in names {
            if let Some(effect) = EffectKind::parse(name) {
                effects.insert(effect);
            } else if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == name) {
                effects.extend(EffectKind::ALL.iter().filter(|effect| effect.groups().contains(&group)));
            } else {
                let known = EffectKind::ALL.iter().map(|effect| effect.name());
                let meant = nearest(name, known.chain(Group::ALL.map(Group::name)));
                self.tell(Trouble::at(offset, format!("unknown effect `{name}`")).meant(meant));
                sound = false;
            }
        }
        sound.then_some(effects)
    }

    fn when(&mut self, fields: &Fields<'_, '_>) -> Option<Doubts> {
        if !fields.has("when") {
            return Some(Doubts::NONE);
        }
        let names = self.note(fields.list("when", "names of doubts"))?;
        if names.is_empty() {
            let what = "`when` is empty: leave it out where every message counts";
            self.tell(Trouble::at(fields.start_of("when"), what));
            return None;
        }
        let mut doubts = Doubts::NONE;
        let mut sound = true;
        for (offset, name) in names {
            if let Some(doubt) = Doubt::parse(name) {
                doubts.add(doubt);
            } else {
                let meant = nearest(name, Doubt::ALL.iter().map(|doubt| doubt.name()));
                self.tell(Trouble::at(offset, format!("unknown doubt `{name}`")).meant(meant));
                sound = false;
            }
        }
        sound.then_some(doubts)
    }

    fn maximum(&mut self, fields: &Fields<'_, '_>, scope: Option<Scope>) -> Option<Maximum> {
        let (max, troubles) = maximum::read(fields, scope);
        let sound = troubles.is_empty();
        troubles.into_iter().for_each(|trouble| self.tell(trouble));
        sound.then_some(max)
    }

    /// A limit that can never count is a mistake.
    fn sense(&mut self, fields: &Fields<'_, '_>, effects: &BTreeSet<EffectKind>, when: Doubts, max: Maximum) {
        let by_csms = effects.iter().any(|effect| effect.source().csms());
        let by_station = effects.iter().any(|effect| effect.source().station());
        for doubt in when.iter() {
            let (raised, by) = match doubt.source() {
                Source::Csms => (by_csms, "management systems"),
                Source::Station => (by_station, "stations"),
                Source::Both => (true, ""),
            };
            if !raised {
                let what = format!(
                    "`{}` is a doubt about what {by} say, and none of the effects is theirs",
                    doubt.name()
                );
                self.tell(Trouble::at(fields.start_of("when"), what));
            }
        }
        if !by_csms && (max.kw.is_some() || max.power_percent.is_some()) {
            let what = "power changes by commands, and none of the effects is of a management system";
            self.tell(Trouble::at(fields.start_of("max"), what));
        }
    }
}

const SCOPES: [(&str, Scope); 4] =
    [("station", Scope::Station), ("site", Scope::Site), ("area", Scope::Area), ("fleet", Scope::Fleet)];
const EACH: [(&str, bool); 2] = [("all", false), ("csms", true)];
const BY: [(&str, By); 2] = [("sent", By::Sent), ("effect", By::Acting)];

fn id((offset, text): (usize, &str)) -> Result<Arc<str>, Trouble> {
    if is_name(text, ID_CHARS_MAX) {
        return Ok(text.into());
    }
    let rule = "lower-case letters, digits and `-`, a letter first";
    Err(Trouble::at(offset, format!("`{text}`: an id has {rule}, at most {ID_CHARS_MAX}")))
}

fn reason((offset, text): (usize, &str)) -> Result<Arc<str>, Trouble> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > REASON_CHARS_MAX || text.chars().any(char::is_control) {
        let rule = format!("1 to {REASON_CHARS_MAX} characters on one line");
        return Err(Trouble::at(offset, format!("`reason` has {length} characters: a reason has {rule}")));
    }
    Ok(text.into())
}

fn over((offset, text): (usize, &str)) -> Result<Over, Trouble> {
    if text == "refuse" {
        return Ok(Over::Refuse);
    }
    match text.strip_prefix("hold ") {
        Some(who) => Requirement::from_str(who)
            .map(Over::Hold)
            .map_err(|error| Trouble::at(offset, format!("`over`: {error}"))),
        None => {
            let what = format!("`over = \"{text}\"`: it is `refuse` or `hold` with approvals (`hold cso:1`)");
            Err(Trouble::at(offset, what).meant(nearest(text, ["refuse", "hold cso:1"])))
        }
    }
}

fn alert((offset, text): (usize, &str)) -> Result<Option<Alert>, Trouble> {
    Alert::parse(text).map(Some).ok_or_else(|| {
        let levels = Alert::ALL.map(Alert::name);
        let what = format!("`alert = \"{text}\"`: the levels are {}", levels.join(", "));
        Trouble::at(offset, what).meant(nearest(text, levels))
    })
}
