//! What writing a setting does, as data.

use std::cmp::Ordering;

use super::SettingClass;
use super::value;

/// A setting that a standard names.
#[derive(Debug)]
pub(super) struct Row {
    /// The 1.6 key, or the variable, as the standard spells it.
    pub(super) name: &'static str,
    pub(super) class: SettingClass,
    pub(super) consequence: Consequence,
}

/// A component that a standard names.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) name: &'static str,
    /// Class of variables that any component can have.
    pub(super) class: SettingClass,
    /// Its own variables.
    pub(super) variables: &'static [Row],
}

pub(super) const fn row(name: &'static str, class: SettingClass, consequence: Consequence) -> Row {
    Row { name, class, consequence }
}

/// What writing does beside changing a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// Nothing.
    Plain,
    /// Replaces a secret.
    Secret,
    /// Connects the station elsewhere, or otherwise.
    Repoint,
    /// Orders the connections.
    Priority,
    /// Sets the security profile.
    Profile,
    /// Sets the security profile of one connection.
    SlotProfile,
    /// Lowers security.
    Lower(When),
    /// Installs a trust anchor.
    Anchor,
    /// Lets more people charge.
    Weaken(When),
    /// Lets the holder of a token charge or stop others; the value is the token.
    WeakenSecretly,
    /// Makes the station tell less.
    Blind(When),
    /// Allows or steers discharge.
    Discharge(When),
    /// Takes away every limit.
    LiftLimits(When),
    /// Takes away limits from outside.
    LiftExternal(When),
    /// Puts into service, or out of it.
    Serve,
    /// Releases a cable.
    Unlock,
    /// Limits power, in W.
    PowerW,
    /// Limits current, in A.
    PowerA,
    /// Limits discharge, in W.
    DischargePower,
    /// Sets a price.
    Price,
    /// Shows drivers a text, or an address behind a code.
    Message,
}

/// The values with which a consequence follows. A value that cannot be read counts as the bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Every value.
    Any,
    /// Every value but `true`.
    NotTrue,
    /// Every value but `false`.
    NotFalse,
    /// Every value but 0.
    NotZero,
    /// Every value but whole numbers from .. to.
    Outside(i64, i64),
    /// The empty list.
    Empty,
    /// A list without the energy register that bills are made from.
    WithoutEnergy,
    /// Every value but `All`.
    NotAll,
}

/// What the energy that is billed is called among measurands.
const ENERGY_REGISTER: &str = "Energy.Active.Import.Register";

impl When {
    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::NotTrue => value::flag(text) != Some(true),
            Self::NotFalse => value::flag(text) != Some(false),
            Self::NotZero => value::number(text) != Some(0),
            Self::Outside(from, to) => !value::number(text).is_some_and(|n| (from..=to).contains(&n)),
            Self::Empty => value::members(text).next().is_none(),
            Self::WithoutEnergy => {
                !value::members(text).any(|member| member.eq_ignore_ascii_case(ENERGY_REGISTER))
            }
            Self::NotAll => !text.trim().eq_ignore_ascii_case("all"),
        }
    }
}

/// The row of that name, compared as OCPP compares names: without regard to case.
pub(super) fn find(rows: &'static [Row], name: &str) -> Option<&'static Row> {
    let at = rows.binary_search_by(|row| compare(row.name, name)).ok()?;
    rows.get(at)
}

/// The component of that name.
pub(super) fn find_component(components: &'static [Component], name: &str) -> Option<&'static Component> {
    let at = components.binary_search_by(|component| compare(component.name, name)).ok()?;
    components.get(at)
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}
