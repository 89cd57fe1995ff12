//! Reference documentation, generated from the same tables as the code.

use std::fmt::Write as _;

use crate::circumstances::{MessageFacts, SessionFacts};
use crate::effect::{AttributeSpec, EffectKind, Group, Source, Weight};
use crate::reason::ReasonCode;
use crate::schema;
use crate::station::StationFacts;

/// Every generated file: its path below `docs/reference/` and its content.
pub fn files() -> [(&'static str, String); 3] {
    [
        ("chargewarden.cedarschema", schema::text()),
        ("effects.md", effects_markdown()),
        ("reasons.md", reasons_markdown()),
    ]
}

/// What a message can do, and what policies can read of it.
pub fn effects_markdown() -> String {
    let mut out = String::from(
        "# Effects\n\n\
         Generated from `crates/policy/src/effect/table.rs`. A policy names an effect as `Action::\"name\"`, or a group of them, \
         and reads its attributes from `context`. An attribute in *italics* may be absent: test `context has name` before you \
         read it. **Durable** means that the record is on disk before the message goes on.\n\n\
         ## Groups\n\n| Group | Effects |\n|---|---|\n",
    );
    for group in Group::ALL {
        let members: Vec<String> = EffectKind::ALL
            .iter()
            .filter(|effect| effect.groups().contains(&group))
            .map(|effect| format!("[`{effect}`](#{effect})"))
            .collect();
        let _ = writeln!(out, "| `{}` | {} |", group.name(), members.join(" "));
    }
    out.push_str("\n`unknown-effect` is in no group, and only a `permit` that names it permits it.\n");

    out.push_str("\n## Known with every effect\n");
    table(&mut out, "context.message.", MessageFacts::ATTRIBUTES);
    table(&mut out, "context.session.", SessionFacts::ATTRIBUTES);
    out.push_str("\n`context.now` is the time of the decision (`datetime`, UTC).\n\n## Known of a station\n");
    table(&mut out, "", StationFacts::ATTRIBUTES);
    out.push_str("\n## Parts of a URL\n");
    table(&mut out, "", schema::URL);

    out.push_str("\n## The effects\n");
    for &effect in EffectKind::ALL {
        section(&mut out, effect);
    }
    out
}

fn section(out: &mut String, effect: EffectKind) {
    let by = match effect.source() {
        Source::Csms => "a management system",
        Source::Station => "a station",
        Source::Both => "either side",
    };
    let groups: Vec<String> = effect.groups().iter().map(|group| format!("`{}`", group.name())).collect();
    let groups = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
    let durable = match effect.weight() {
        Weight::Consequential => " · durable",
        Weight::Routine => "",
    };
    let _ = writeln!(out, "\n### {effect}\n\n{}\n\nBy {by} · {groups}{durable}", effect.doc().trim());
    let visible: Vec<AttributeSpec> =
        effect.attributes().iter().copied().filter(|spec| schema::type_name(spec.kind).is_some()).collect();
    table(out, "", &visible);
}

fn table(out: &mut String, prefix: &str, fields: &[AttributeSpec]) {
    if fields.is_empty() {
        return;
    }
    out.push_str("\n| Attribute | Type | Meaning |\n|---|---|---|\n");
    for spec in fields {
        let Some(kind) = schema::type_name(spec.kind) else { continue };
        let name = format!("`{prefix}{}`", spec.name);
        let name = if spec.optional { format!("*{name}*") } else { name };
        let _ = writeln!(out, "| {name} | {kind} | {} |", spec.doc.trim().replace('|', "\\|"));
    }
}

/// Why something was not passed on.
pub fn reasons_markdown() -> String {
    let mut out = String::from(
        "# Reason codes\n\n\
         Generated from `crates/policy/src/reason.rs`. The same code stands in the answer to the peer, the evidence, the metric \
         label and the console. 2.x answers carry the second column as `statusInfo.reasonCode`; a policy with `@code(\"…\")` \
         replaces it, and a refused `lower-security` is always `NoSecurityDowngrade`.\n\n\
         | Code | `reasonCode` | Meaning | What to do |\n|---|---|---|---|\n",
    );
    for &code in ReasonCode::ALL {
        let _ = writeln!(out, "| `{code}` | `{}` | {} | {} |", code.status(), code.doc(), code.remedy());
    }
    out
}
