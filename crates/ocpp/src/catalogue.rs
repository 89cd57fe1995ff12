//! The catalogue as documentation.

use std::fmt::Write;

use crate::action::{Action, ActionSpec, Form, Refusal, Sender};
use crate::shape::{Object, Shape};
use crate::version::Version;

/// The catalogue as a page of Markdown: per version, every action with who sends it, what it takes and
/// how it is refused.
pub fn render_markdown() -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = render(&mut out);
    out
}

fn render(out: &mut String) -> std::fmt::Result {
    writeln!(out, "# OCPP actions\n")?;
    writeln!(out, "Generated from `crates/ocpp/catalogue`; not edited by hand.\n")?;
    writeln!(
        out,
        "Members that may be left out end in `?`. *Kept* messages are repeated by the station until"
    )?;
    writeln!(out, "they are answered, so they are always acknowledged.")?;
    for version in Version::ALL {
        let specs: Vec<_> = Action::ALL.into_iter().filter_map(|action| action.spec(version)).collect();
        writeln!(out, "\n## OCPP {version} ({} actions)\n", specs.len())?;
        writeln!(out, "| Action | Sent by | What it is for | Request | Refused by |\n|---|---|---|---|---|")?;
        for spec in specs {
            row(out, spec)?;
        }
    }
    Ok(())
}

fn row(out: &mut String, spec: &ActionSpec) -> std::fmt::Result {
    let sender = match spec.sender {
        Sender::Station => "station",
        Sender::Csms => "CSMS",
        Sender::Either => "both",
    };
    let form = match spec.form {
        Form::Call => "",
        Form::Send => " (SEND)",
    };
    let kept = if spec.kept { " *Kept.*" } else { "" };
    write!(out, "| `{}` | {sender}{form} | {}{kept} | ", spec.action, spec.summary)?;
    members(out, spec.request)?;
    write!(out, " | ")?;
    match spec.refusal {
        Refusal::Error => write!(out, "CALLERROR")?,
        Refusal::Status { path, value } => write!(out, "`{}` = `{value}`", path.join("."))?,
        Refusal::Each { results, status, value, .. } => {
            write!(out, "each `{results}[].{status}` = `{value}`")?
        }
        Refusal::Silence => write!(out, "not answered")?,
    }
    writeln!(out, " |")
}

fn members(out: &mut String, shape: &Object) -> std::fmt::Result {
    // `customData` stands everywhere; saying so in every row hides the rest.
    let members = shape.members.iter().filter(|member| member.name != "customData");
    for (index, member) in members.enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let optional = if member.required { "" } else { "?" };
        write!(out, "{separator}`{}{optional}` {}", member.name, described(&member.shape))?;
    }
    Ok(())
}

/// A shape in a few words.
fn described(shape: &Shape) -> String {
    match shape {
        Shape::Text { max: Some(max) } => format!("string({max})"),
        Shape::Text { max: None } => "string".to_owned(),
        Shape::Time => "datetime".to_owned(),
        Shape::Integer { min, max } => format!("integer{}", range(*min, *max)),
        Shape::Number { min, max, decimals } => match decimals {
            Some(decimals) => format!("number, {decimals} decimal"),
            None => format!("number{}", range(*min, *max)),
        },
        Shape::Flag => "boolean".to_owned(),
        Shape::Choice(choice) if choice.name.is_empty() => choice.values.join("\\|"),
        Shape::Choice(choice) => choice.name.to_owned(),
        Shape::Object(object) => object.name.to_owned(),
        Shape::List(list) => {
            let (low, high) = (list.min, list.max.map_or_else(String::new, |max| max.to_string()));
            let count = if low == 0 && high.is_empty() { String::new() } else { format!(" ({low}..{high})") };
            // In brackets before parentheses a reader of Markdown would see a link.
            format!("list of {}{count}", described(&list.of))
        }
        Shape::Any => "any".to_owned(),
    }
}

fn range<T: ToString>(min: Option<T>, max: Option<T>) -> String {
    if min.is_none() && max.is_none() {
        return String::new();
    }
    let side = |bound: Option<T>| bound.map_or_else(String::new, |bound| bound.to_string());
    format!("({}..{})", side(min), side(max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_row() {
        let page = render_markdown();
        let expected: usize = Version::ALL
            .into_iter()
            .map(|version| Action::ALL.into_iter().filter(|action| action.spec(version).is_some()).count())
            .sum();
        assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), expected);
        assert!(page.contains(
            "| `ClearCache` | CSMS | Empties the authorization cache. |  | `status` = `Rejected` |"
        ));
    }

    #[test]
    fn versions_have_all_their_actions() {
        let count = |version| Action::ALL.into_iter().filter(|action| action.spec(version).is_some()).count();
        assert_eq!(Version::ALL.map(count), [39, 64, 91]);
    }
}
