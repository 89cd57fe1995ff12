//! What stands before a policy: `@id`, `@reason`, `@code`, `@hold`, `@alert`, `@quarantine`.

use std::sync::Arc;

use cedar_policy::{Effect, Policy};

use super::spelling::nearest;
use crate::party::is_name;
use crate::requirement::{Alert, Requirement};

/// Longest policy id, in characters: it stands in every record that it causes.
pub(super) const ID_CHARS_MAX: usize = 64;
/// Longest reason, in characters. The refusal that carries it has 255 for everything (OCPP-J, error description).
pub(super) const REASON_CHARS_MAX: usize = 160;
/// Longest status code, in characters (OCPP 2.x, statusInfo.reasonCode).
pub(super) const CODE_CHARS_MAX: usize = 20;

const KNOWN: [&str; 6] = ["id", "reason", "code", "hold", "alert", "quarantine"];

/// The annotations of a policy, read.
#[derive(Default)]
pub(super) struct Annotations {
    pub(super) id: Option<String>,
    pub(super) reason: Arc<str>,
    pub(super) code: Option<Arc<str>>,
    pub(super) hold: Option<Requirement>,
    pub(super) alert: Option<Alert>,
    pub(super) quarantine: bool,
}

/// Something wrong with an annotation: its name (empty where the policy lacks one), what, and what was meant.
pub(super) struct Wrong {
    pub(super) annotation: String,
    pub(super) what: String,
    pub(super) meant: Option<&'static str>,
}

/// Reads the annotations of `policy`, with all that is wrong with them.
pub(super) fn read(policy: &Policy) -> (Annotations, Vec<Wrong>) {
    let mut found = Annotations::default();
    let mut wrong = Vec::new();
    for (name, value) in policy.annotations() {
        if let Err((what, meant)) = found.take(name, value, policy.effect()) {
            wrong.push(Wrong { annotation: name.to_owned(), what, meant });
        }
    }
    let mut missing = |what: &str| {
        wrong.push(Wrong { annotation: String::new(), what: what.to_owned(), meant: None });
    };
    if policy.annotation("id").is_none() {
        missing("the policy has no `@id(\"…\")`");
    }
    if policy.effect() == Effect::Forbid && policy.annotation("reason").is_none() {
        missing("the `forbid` has no `@reason(\"…\")` for the person it refuses");
    }
    (found, wrong)
}

impl Annotations {
    fn take(
        &mut self,
        name: &str,
        value: &str,
        effect: Effect,
    ) -> Result<(), (String, Option<&'static str>)> {
        let plain = |what: String| (what, None);
        let only_forbid = |known: &str| match effect {
            Effect::Forbid => Ok(()),
            Effect::Permit => {
                Err(plain(format!("`@{known}` says how to refuse, so it stands on `forbid` only")))
            }
        };
        match name {
            "id" => {
                if !is_name(value, ID_CHARS_MAX) {
                    let rule = "lower-case letters, digits and `-`, a letter first";
                    return Err(plain(format!(
                        "`@id(\"{value}\")`: an id has {rule}, at most {ID_CHARS_MAX}"
                    )));
                }
                self.id = Some(value.to_owned());
            }
            "reason" => {
                let length = value.chars().count();
                if value.trim().is_empty() || length > REASON_CHARS_MAX || value.chars().any(char::is_control)
                {
                    let rule = format!("1 to {REASON_CHARS_MAX} characters on one line");
                    return Err(plain(format!("`@reason` has {length} characters: a reason has {rule}")));
                }
                self.reason = value.into();
            }
            "code" => {
                only_forbid("code")?;
                let fits = (1..=CODE_CHARS_MAX).contains(&value.len());
                if !fits || !value.chars().all(|c| c.is_ascii_alphanumeric()) {
                    let rule = format!("1 to {CODE_CHARS_MAX} letters and digits");
                    return Err(plain(format!("`@code(\"{value}\")`: a status code has {rule}")));
                }
                self.code = Some(value.into());
            }
            "hold" => {
                only_forbid("hold")?;
                self.hold = Some(value.parse().map_err(|e| plain(format!("`@hold`: {e}")))?);
            }
            "alert" => {
                let Some(level) = Alert::parse(value) else {
                    let levels = Alert::ALL.map(Alert::name);
                    let what = format!("`@alert(\"{value}\")`: the levels are {}", levels.join(", "));
                    return Err((what, nearest(value, levels)));
                };
                self.alert = Some(level);
            }
            "quarantine" => {
                if !value.is_empty() {
                    return Err(plain("`@quarantine` takes no value".to_owned()));
                }
                self.quarantine = true;
            }
            _ => return Err((format!("unknown annotation `@{name}`"), nearest(name, KNOWN))),
        }
        Ok(())
    }
}
