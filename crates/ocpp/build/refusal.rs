//! Proves, when the crate is built, that each refusal is a complete answer of its action.

use crate::notation::{Action, Catalogue, Member, Problem, Refusal, Shape};

/// Checks the refusals and the acknowledgements of all actions.
pub(crate) fn check(catalogue: &Catalogue) -> Result<(), Problem> {
    for action in &catalogue.actions {
        let checked = match &action.refusal {
            None | Some(Refusal::Error) => Ok(()),
            Some(Refusal::Status { path, value }) => status(catalogue, &action.response, path, value),
            Some(Refusal::Each { .. }) => each(catalogue, action),
        };
        checked.map_err(|what| Problem {
            line: action.line,
            what: format!("refusal of `{}`: {what}", action.name),
        })?;
    }
    Ok(())
}

/// Walks to the status member; what it passes must need nothing else.
fn status(catalogue: &Catalogue, members: &[Member], path: &[String], value: &str) -> Result<(), String> {
    let [name, rest @ ..] = path else { return Err("no member".to_owned()) };
    let member = find(members, name)?;
    complete(members, &[name.as_str()])?;
    if rest.is_empty() {
        has_value(catalogue, member, value)
    } else {
        status(catalogue, object(catalogue, member)?, rest, value)
    }
}

fn each(catalogue: &Catalogue, action: &Action) -> Result<(), String> {
    let Some(Refusal::Each { items, results, status, value, copied }) = &action.refusal else {
        return Ok(());
    };
    let asked = find(&action.request, items)?;
    let answered = find(&action.response, results)?;
    complete(&action.response, &[results.as_str()])?;
    let result = object(catalogue, answered)?;
    has_value(catalogue, find(result, status)?, value)?;
    let mut given = vec![status.as_str()];
    for name in copied {
        let target = find(result, name)?;
        let (source, always) = if let Ok(item) = object(catalogue, asked) {
            let source = find(item, name)?;
            (&source.shape, source.required)
        } else {
            (asked.shape.innermost(), asked.required)
        };
        if *source != target.shape {
            return Err(format!("`{name}` differs between request and response"));
        }
        if target.required && !always {
            return Err(format!("`{name}` may be missing in the request"));
        }
        given.push(name);
    }
    complete(result, &given)
}

/// Nothing but the given members is required.
fn complete(members: &[Member], given: &[&str]) -> Result<(), String> {
    match members.iter().find(|member| member.required && !given.contains(&member.name.as_str())) {
        Some(member) => Err(format!("leaves `{}` out, which is required", member.name)),
        None => Ok(()),
    }
}

fn find<'m>(members: &'m [Member], name: &str) -> Result<&'m Member, String> {
    members.iter().find(|member| member.name == name).ok_or_else(|| format!("there is no `{name}`"))
}

fn object<'m>(catalogue: &'m Catalogue, member: &Member) -> Result<&'m [Member], String> {
    if let Shape::Named(name) = member.shape.innermost()
        && let Some(kind) = catalogue.types.get(name)
    {
        return Ok(&kind.members);
    }
    Err(format!("`{}` is no object", member.name))
}

fn has_value(catalogue: &Catalogue, member: &Member, value: &str) -> Result<(), String> {
    let values = if let Shape::Choice(values) = &member.shape {
        Some(values)
    } else if let Shape::Named(name) = &member.shape {
        catalogue.enums.get(name)
    } else {
        None
    };
    match values {
        Some(values) if values.iter().any(|known| known == value) => Ok(()),
        Some(_) => Err(format!("`{value}` is no value of `{}`", member.name)),
        None => Err(format!("`{}` is no enumeration", member.name)),
    }
}
