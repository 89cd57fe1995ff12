//! The table of settings as a page of documentation.

use std::fmt::Write as _;

use super::consequence::{Consequence, Row, When};
use super::generic::GENERIC;
use super::keys::KEYS;
use super::variables::COMPONENTS;

const HEAD: &str = "# Settings

Generated from the tables in `crates/engine/src/effects/setting/`; do not edit.

Names are compared without regard to case, as OCPP does, and blanks around them are ignored. A
setting that is not listed has the class `unknown` and `standard == false`; what its name or value
looks like (an endpoint, a secret, a security profile, a way round authorization) adds the effect
that it probably has.

*Effect* is what writing the setting does. Where a condition stands with it, other values are
`change-setting`. A value that cannot be read as the type the setting has counts as the bad one.

";

/// The page `docs/reference/settings.md`.
pub fn settings_reference() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("## Keys of 1.6\n\n| Key | Class | Effect |\n|---|---|---|\n");
    KEYS.iter().for_each(|row| line(&mut page, "", row));
    page.push_str("\n## Variables of 2.0.1 and 2.1\n\n| Variable | Class | Effect |\n|---|---|---|\n");
    for component in COMPONENTS {
        component.variables.iter().for_each(|row| line(&mut page, &format!("{}.", component.name), row));
    }
    page.push_str("\n## Components\n\n");
    page.push_str("Any of the variables below, in any of these components, is standard too. It has the\n");
    page.push_str("component's class unless it has one of its own.\n\n| Component | Class |\n|---|---|\n");
    for component in COMPONENTS {
        let _ = writeln!(page, "| `{}` | {} |", component.name, component.class.name());
    }
    page.push_str("\n## Variables of any component\n\n| Variable | Class | Effect |\n|---|---|---|\n");
    GENERIC.iter().for_each(|row| line(&mut page, "", row));
    page
}

fn line(page: &mut String, prefix: &str, row: &Row) {
    let effect = effect(row.consequence);
    // Writing to a String cannot fail.
    let _ = writeln!(page, "| `{prefix}{}` | {} | {effect} |", row.name, row.class.name());
}

fn effect(consequence: Consequence) -> String {
    match consequence {
        Consequence::Plain => "`change-setting`".to_owned(),
        Consequence::Secret => "`replace-credential`".to_owned(),
        Consequence::Repoint | Consequence::Priority => "`repoint`".to_owned(),
        Consequence::Profile => "`lower-security`, with the profile".to_owned(),
        Consequence::SlotProfile => "`repoint` and `lower-security`, with the profile".to_owned(),
        Consequence::Lower(when) => told("lower-security", when),
        Consequence::Anchor => "`install-trust-anchor`".to_owned(),
        Consequence::Weaken(when) => told("weaken-authorization", when),
        Consequence::WeakenSecretly => "`weaken-authorization`, without the value".to_owned(),
        Consequence::Blind(when) => told("blind-telemetry", when),
        Consequence::Discharge(when) => format!("{}, and `change-setting`", told("discharge", when)),
        Consequence::LiftLimits(when) => told("lift-power-limit", when),
        Consequence::LiftExternal(when) => format!("{} (external)", told("lift-power-limit", when)),
        Consequence::Serve => "`enable` or `disable`".to_owned(),
        Consequence::Unlock => "`unlock-cable` and `change-setting`".to_owned(),
        Consequence::PowerW | Consequence::PowerA => "`set-power`".to_owned(),
        Consequence::DischargePower => "`discharge`".to_owned(),
        Consequence::Price => "`set-price`, `show-message` and `change-setting`".to_owned(),
        Consequence::Message => "`show-message` and `change-setting`".to_owned(),
    }
}

fn told(effect: &str, when: When) -> String {
    let condition = match when {
        When::Any => return format!("`{effect}`"),
        When::NotTrue => "unless `true`".to_owned(),
        When::NotFalse => "unless `false`".to_owned(),
        When::NotZero => "unless 0".to_owned(),
        When::Outside(from, to) => format!("outside {from} to {to}"),
        When::Empty => "when emptied".to_owned(),
        When::WithoutEnergy => "without `Energy.Active.Import.Register`".to_owned(),
        When::NotAll => "unless `All`".to_owned(),
    };
    format!("`{effect}` {condition}")
}
