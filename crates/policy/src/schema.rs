//! The Cedar schema: what policies can name and read, generated from the effect table.

use std::fmt::Write as _;
use std::sync::OnceLock;

use cedar_policy::Schema;

use crate::circumstances::{MessageFacts, SessionFacts};
use crate::doubt::Doubt;
use crate::effect::{AttributeSpec, AttributeType, EffectKind, Group, Source};
use crate::station::{CsmsFacts, StationFacts};

/// What every context has beside the attributes of the effect.
pub const RESERVED: [&str; 4] = ["message", "session", "doubts", "now"];

/// Parts of a [`crate::effect::Url`] with their types and documentation.
pub const URL: &[AttributeSpec] = &[
    part("readable", AttributeType::Flag, "Whether the text is an absolute URL with a host."),
    part("scheme", AttributeType::Text, "Lower case, without `:`."),
    part("host", AttributeType::Text, "Lower case, IPv6 in brackets, without port."),
    part("port", AttributeType::Long, "Explicit port, or the scheme's default, or 0."),
    part("path", AttributeType::Text, "As it stands, without query and fragment; `/` where there is none."),
    part("credentials", AttributeType::Flag, "Whether user name or password stand in it."),
    part("private", AttributeType::Flag, "Whether the host is loopback, link-local, private or not public."),
    part(
        "suspicious",
        AttributeType::Flag,
        "Whether it has characters that a shell or a parser could misread.",
    ),
];

const fn part(name: &'static str, kind: AttributeType, doc: &'static str) -> AttributeSpec {
    AttributeSpec { name, kind, optional: false, doc }
}

/// The schema in Cedar's own syntax. `docs/reference/chargewarden.cedarschema` is a copy.
pub fn text() -> String {
    let mut out = String::from(
        "// Generated from the table of effects: `cargo xtask generate`. Do not edit.\n\
         //\n\
         // principal  who causes the effect: a Csms by commands and answers, a Station by reports\n\
         // action     the effect; its groups are its parents\n\
         // resource   the other side\n\
         // context    the attributes of the effect, and `message`, `session`, `doubts`, `now`\n\n",
    );
    record(&mut out, "type Url =", URL);
    record(&mut out, "type Message =", MessageFacts::ATTRIBUTES);
    record(&mut out, "type Session =", SessionFacts::ATTRIBUTES);
    record(&mut out, "type Doubts =", Doubt::ATTRIBUTES);
    out.push_str(
        "entity Party;\n\
         entity Site;\n\
         entity Group;\n\
         entity Area;\n\
         // A management system, in the party that runs it.\n",
    );
    record(&mut out, "entity Csms in [Party] =", CsmsFacts::ATTRIBUTES);
    out.push_str("// A station, in every party with a stake in it.\n");
    record(&mut out, "entity Station in [Party, Site, Group, Area] =", StationFacts::ATTRIBUTES);
    out.push_str(
        "// A named list of `lists.toml`.\n\
         entity List = {\n  members: Set<String>,\n};\n\n",
    );
    for group in Group::ALL {
        let _ = writeln!(out, "action \"{}\";", group.name());
    }
    for &effect in EffectKind::ALL {
        action(&mut out, effect);
    }
    out
}

fn action(out: &mut String, effect: EffectKind) {
    let _ = write!(out, "\n// {}\naction \"{}\"", effect.doc().trim(), effect.name());
    let groups: Vec<String> =
        effect.groups().iter().map(|group| format!("Action::\"{}\"", group.name())).collect();
    if !groups.is_empty() {
        let _ = write!(out, " in [{}]", groups.join(", "));
    }
    let (principal, resource) = match effect.source() {
        Source::Csms => ("Csms", "Station"),
        Source::Station => ("Station", "Csms"),
        Source::Both => ("Csms, Station", "Station, Csms"),
    };
    let _ =
        writeln!(out, " appliesTo {{\n  principal: [{principal}],\n  resource: [{resource}],\n  context: {{");
    for spec in effect.attributes() {
        field(out, "    ", spec);
    }
    out.push_str(
        "    message: Message,\n    session: Session,\n    doubts: Doubts,\n    now: datetime,\n  },\n};\n",
    );
}

fn record(out: &mut String, head: &str, fields: &[AttributeSpec]) {
    let _ = writeln!(out, "{head} {{");
    for spec in fields {
        field(out, "  ", spec);
    }
    out.push_str("};\n\n");
}

fn field(out: &mut String, indent: &str, spec: &AttributeSpec) {
    let Some(kind) = type_name(spec.kind) else { return };
    let optional = if spec.optional { "?" } else { "" };
    let _ = writeln!(out, "{indent}// {}\n{indent}{}{optional}: {kind},", spec.doc.trim(), spec.name);
}

/// The type as Cedar spells it; nothing for what policies do not see.
pub(crate) fn type_name(kind: AttributeType) -> Option<&'static str> {
    match kind {
        AttributeType::Flag => Some("Bool"),
        AttributeType::Long => Some("Long"),
        AttributeType::Text => Some("String"),
        AttributeType::Texts => Some("Set<String>"),
        AttributeType::Time => Some("datetime"),
        AttributeType::Url => Some("Url"),
        AttributeType::Token => None,
    }
}

/// The schema, parsed once.
#[expect(clippy::expect_used, reason = "the text is generated from a constant table; a test parses it")]
pub(crate) fn parsed() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let (schema, _warnings) =
            Schema::from_cedarschema_str(&text()).expect("the generated schema is valid");
        schema
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_one() {
        let (_, warnings) = Schema::from_cedarschema_str(&text()).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(warnings.map(|w| w.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn effects_and_groups_have_names_of_their_own() {
        let mut names: Vec<&str> = EffectKind::ALL.iter().map(|e| e.name()).collect();
        names.extend(Group::ALL.map(Group::name));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for &effect in EffectKind::ALL {
            for spec in effect.attributes() {
                assert!(!RESERVED.contains(&spec.name), "{effect}: `{}` is taken", spec.name);
            }
        }
    }

    #[test]
    fn no_token_is_visible() {
        assert!(!text().contains(" token:") && !text().contains(" token?:"), "id tokens are secret");
        assert!(text().contains("token_type: String"));
    }
}
