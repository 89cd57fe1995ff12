//! What a station says that a setting holds, in the terms in which writing it is judged.

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::Effect;

use super::consequence::{self, Consequence, Row};
use super::{Named, SettingClass, Write, keys};

/// What writing this value to a 1.6 key would do. Nothing where no value of the key weakens anything.
pub(crate) fn held_key(key: &str, value: &str) -> Vec<Effect> {
    consequence::find(keys::KEYS, key.trim())
        .map_or_else(Vec::new, |row| held(row.name.to_owned(), row, value))
}

/// What writing this value to a 2.x variable would do. Nothing where no value of the variable weakens anything.
pub(crate) fn held_variable(component: Obj<'_>, variable: Obj<'_>, value: &str) -> Vec<Effect> {
    let Named { key, row, .. } = Named::find(component, variable);
    row.map_or_else(Vec::new, |row| held(key, row, value))
}

fn held(key: String, row: &'static Row, value: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    if can_weaken(row.consequence) {
        let class: SettingClass = row.class;
        let (slot, evse, connector) = (None, None, None);
        let write = Write { key, class, standard: true, value, attribute: "Actual", slot, evse, connector };
        write.perform(&mut effects, Some(row));
    }
    effects
}

fn can_weaken(consequence: Consequence) -> bool {
    match consequence {
        Consequence::Profile | Consequence::Lower(_) | Consequence::Weaken(_) | Consequence::Blind(_) => true,
        Consequence::Plain
        | Consequence::Secret
        | Consequence::Repoint
        | Consequence::Priority
        | Consequence::SlotProfile
        | Consequence::Anchor
        | Consequence::WeakenSecretly
        | Consequence::Discharge(_)
        | Consequence::LiftLimits(_)
        | Consequence::LiftExternal(_)
        | Consequence::Serve
        | Consequence::Unlock
        | Consequence::PowerW
        | Consequence::PowerA
        | Consequence::DischargePower
        | Consequence::Price
        | Consequence::Message => false,
    }
}
