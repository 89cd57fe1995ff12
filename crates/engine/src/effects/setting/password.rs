//! The station's own password: which command writes it, and what became of it.
//!
//! The one password that the station shows when it connects is followed: 1.6 `AuthorizationKey`, 2.x
//! `SecurityCtrlr.BasicAuthPassword`. Passwords of other things (a VPN, an APN, a vendor's portal) are not.

use chargewarden_ocpp::{Action, Obj, Payload};
use chargewarden_policy::effect::Effect;

use super::Named;
use crate::password::Password;

/// What a command does to the station's own password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordWrite {
    /// Nothing.
    None,
    /// It replaces it.
    One(Password),
    /// It writes it in a way whose outcome cannot be followed; why, for the sender.
    Untraceable(&'static str),
}

/// What a command with these effects does to the station's own password.
pub(crate) fn password_write(action: Action, payload: &Payload<'_>, effects: &[Effect]) -> PasswordWrite {
    let mut keys = effects.iter().filter_map(|effect| {
        if let Effect::ReplaceCredential(replace) = effect { owner(&replace.key) } else { None }
    });
    let Some(first) = keys.next() else { return PasswordWrite::None };
    if keys.next().is_some() {
        return PasswordWrite::Untraceable("the station's password is written more than once");
    }
    if first == Owner::Slot {
        return PasswordWrite::Untraceable(
            "a network profile must not bring a password of its own; change BasicAuthPassword instead",
        );
    }
    let written = if action == Action::ChangeConfiguration {
        payload.root().text("value")
    } else if action == Action::SetVariables {
        payload
            .root()
            .objs("setVariableData")
            .filter(|item| names_it(*item))
            .find_map(|item| item.text("attributeValue"))
    } else {
        None
    };
    written.map_or(
        PasswordWrite::Untraceable("the answer would not say whether the password was changed"),
        |text| PasswordWrite::One(Password::new(text.into_owned())),
    )
}

/// The status a station gives a change of its password; none where the answer does not say.
pub(crate) fn password_status(action: Action, answer: &Payload<'_>) -> Option<String> {
    if action == Action::ChangeConfiguration {
        return answer.root().text("status").map(Into::into);
    }
    if action != Action::SetVariables {
        return None;
    }
    let mut stated = answer
        .root()
        .objs("setVariableResult")
        .filter(|item| names_it(*item))
        .filter_map(|item| item.text("attributeStatus"));
    let first = stated.next()?;
    // Two words about one thing: neither counts.
    stated.all(|other| other == first).then(|| first.into_owned())
}

/// Whose password it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Station,
    /// Of a network profile, used when the station changes over to it.
    Slot,
}

fn owner(key: &str) -> Option<Owner> {
    // As `trust::set_network_profile` names it.
    if key == "basicAuthPassword" {
        return Some(Owner::Slot);
    }
    if key == "AuthorizationKey" {
        return Some(Owner::Station);
    }
    let of = |component: &str| {
        let rest = key.strip_prefix(component)?;
        (rest.starts_with(['.', '[']) && rest.contains(".BasicAuthPassword")).then_some(())
    };
    of("SecurityCtrlr").map(|()| Owner::Station).or_else(|| of("NetworkConfiguration").map(|()| Owner::Slot))
}

fn names_it(item: Obj<'_>) -> bool {
    let (Some(component), Some(variable)) = (item.obj("component"), item.obj("variable")) else {
        return false;
    };
    owner(&Named::find(component, variable).key) == Some(Owner::Station)
}
