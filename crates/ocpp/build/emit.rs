//! Writes the parsed catalogue as Rust statics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::notation::{Action, Catalogue, Member, Refusal, Shape};

/// The whole generated file.
pub(crate) fn emit(catalogues: &[Catalogue]) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = actions(&mut out, catalogues);
    for catalogue in catalogues {
        let _ = version(&mut out, catalogue);
    }
    out
}

fn actions(out: &mut String, catalogues: &[Catalogue]) -> std::fmt::Result {
    let mut names: BTreeMap<&str, (&str, Vec<&str>)> = BTreeMap::new();
    for catalogue in catalogues {
        for action in &catalogue.actions {
            let entry = names.entry(&action.name).or_insert((&action.summary, Vec::new()));
            entry.1.push(&catalogue.version);
        }
    }
    writeln!(out, "/// Every action of every version.")?;
    writeln!(out, "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Action {{")?;
    for (name, (summary, versions)) in &names {
        writeln!(out, "    /// {summary} ({})\n    {name},", versions.join(", "))?;
    }
    writeln!(out, "}}\n\nimpl Action {{")?;
    writeln!(out, "    /// Every action, by name.\n    pub const ALL: [Action; {}] = [", names.len())?;
    for name in names.keys() {
        writeln!(out, "        Action::{name},")?;
    }
    writeln!(
        out,
        "    ];\n\n    /// The name on the wire.\n    pub const fn name(self) -> &'static str {{\n        match self {{"
    )?;
    for name in names.keys() {
        writeln!(out, "            Action::{name} => \"{name}\",")?;
    }
    writeln!(
        out,
        "        }}\n    }}\n\n    fn named(name: &str) -> Option<Action> {{\n        Some(match name {{"
    )?;
    for name in names.keys() {
        writeln!(out, "            \"{name}\" => Action::{name},")?;
    }
    writeln!(out, "            _ => return None,\n        }})\n    }}\n}}\n")?;
    writeln!(out, "static SPECS: [[Option<&ActionSpec>; {}]; {}] = [", names.len(), catalogues.len())?;
    for catalogue in catalogues {
        let known: BTreeSet<&str> = catalogue.actions.iter().map(|action| action.name.as_str()).collect();
        writeln!(out, "    [")?;
        for name in names.keys() {
            if known.contains(name) {
                writeln!(out, "        Some(&{}::action::{name}),", module(catalogue))?;
            } else {
                writeln!(out, "        None,")?;
            }
        }
        writeln!(out, "    ],")?;
    }
    writeln!(out, "];")
}

fn module(catalogue: &Catalogue) -> String {
    format!("v{}", catalogue.version.replace('.', ""))
}

fn version(out: &mut String, catalogue: &Catalogue) -> std::fmt::Result {
    const NAMES: &str = "#[expect(non_upper_case_globals, reason = \"named as on the wire\")]";
    writeln!(out, "\nmod {} {{", module(catalogue))?;
    writeln!(out, "    {NAMES}\n    mod choice {{\n        use crate::shape::Choice;")?;
    for (name, values) in &catalogue.enums {
        writeln!(
            out,
            "        pub(super) static {name}: Choice = Choice {{ name: {name:?}, values: &{values:?} }};"
        )?;
    }
    const PATHS: &str = "#[expect(unused_qualifications, reason = \"the same path everywhere\")]";
    writeln!(
        out,
        "    }}\n    {NAMES}\n    {PATHS}\n    mod object {{\n        use super::{{choice, object}};"
    )?;
    writeln!(out, "        use crate::shape::{{Choice, List, Member, Object, Shape}};")?;
    for (name, kind) in &catalogue.types {
        write!(out, "        pub(super) static {name}: Object = ")?;
        object(out, catalogue, name, &kind.members, kind.open)?;
        writeln!(out, ";")?;
    }
    writeln!(
        out,
        "    }}\n    {NAMES}\n    pub(super) mod action {{\n        use super::{{choice, object}};"
    )?;
    writeln!(out, "        use crate::action::{{Action, ActionSpec, Form, Refusal, Sender}};")?;
    writeln!(out, "        use crate::shape::{{Choice, List, Member, Object, Shape}};")?;
    for action in &catalogue.actions {
        spec(out, catalogue, action)?;
    }
    writeln!(out, "    }}\n}}")
}

fn spec(out: &mut String, catalogue: &Catalogue, action: &Action) -> std::fmt::Result {
    let name = &action.name;
    let sender = match action.sender.as_str() {
        "station" => "Station",
        "csms" => "Csms",
        _ => "Either",
    };
    writeln!(
        out,
        "        pub(in super::super) static {name}: ActionSpec = ActionSpec {{ action: Action::{name},"
    )?;
    writeln!(
        out,
        "            sender: Sender::{sender}, kept: {}, summary: {:?},",
        action.kept, action.summary
    )?;
    writeln!(out, "            form: Form::{},", if action.send { "Send" } else { "Call" })?;
    write!(out, "            request: &")?;
    object(out, catalogue, &format!("{name}Request"), &action.request, false)?;
    write!(out, ",\n            response: ")?;
    if action.send {
        write!(out, "None")?;
    } else {
        write!(out, "Some(&")?;
        object(out, catalogue, &format!("{name}Response"), &action.response, false)?;
        write!(out, ")")?;
    }
    write!(out, ",\n            refusal: ")?;
    match &action.refusal {
        None => write!(out, "Refusal::Silence")?,
        Some(Refusal::Error) => write!(out, "Refusal::Error")?,
        Some(Refusal::Status { path, value }) => {
            write!(out, "Refusal::Status {{ path: &{path:?}, value: {value:?} }}")?;
        }
        Some(Refusal::Each { items, results, status, value, copied }) => write!(
            out,
            "Refusal::Each {{ items: {items:?}, results: {results:?}, status: {status:?}, value: {value:?}, copied: &{copied:?} }}"
        )?,
    }
    writeln!(out, " }};")
}

fn object(
    out: &mut String,
    catalogue: &Catalogue,
    name: &str,
    members: &[Member],
    open: bool,
) -> std::fmt::Result {
    let required = members.iter().enumerate().filter(|(_, member)| member.required);
    let required = required.fold(0_u64, |mask, (index, _)| mask | 1 << index);
    write!(out, "Object {{ name: {name:?}, open: {open}, required: {required}, members: &[")?;
    for member in members {
        write!(out, "Member {{ name: {:?}, required: {}, shape: ", member.name, member.required)?;
        shape_of(out, catalogue, &member.shape)?;
        write!(out, " }}, ")?;
    }
    write!(out, "] }}")
}

fn shape_of(out: &mut String, catalogue: &Catalogue, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Text { max } | Shape::Uri { max } => write!(out, "Shape::Text {{ max: {max:?} }}"),
        Shape::Time => write!(out, "Shape::Time"),
        Shape::Integer { min, max } => write!(out, "Shape::Integer {{ min: {min:?}, max: {max:?} }}"),
        Shape::Number { min, max, decimals } => {
            write!(out, "Shape::Number {{ min: {min:?}, max: {max:?}, decimals: {decimals:?} }}")
        }
        Shape::Flag => write!(out, "Shape::Flag"),
        Shape::Any => write!(out, "Shape::Any"),
        Shape::Choice(values) => write!(out, "Shape::Choice(&Choice {{ name: \"\", values: &{values:?} }})"),
        Shape::Named(name) if catalogue.enums.contains_key(name) => {
            write!(out, "Shape::Choice(&choice::{name})")
        }
        Shape::Named(name) => write!(out, "Shape::Object(&object::{name})"),
        Shape::List { of, min, max } => {
            write!(out, "Shape::List(&List {{ min: {min}, max: {max:?}, of: ")?;
            shape_of(out, catalogue, of)?;
            write!(out, " }})")
        }
    }
}
