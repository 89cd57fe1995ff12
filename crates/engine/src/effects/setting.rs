//! Settings: what writing one does.
//!
//! 1.6 has keys, 2.x has variables of components. Both are looked up in tables of what the
//! standards name ([`keys`], [`variables`]); the value decides with which consequence. What no
//! standard names is unknown, and [`vendor`] says what it looks like.

mod class;
mod consequence;
mod generic;
mod held;
mod keys;
mod password;
mod reference;
pub(super) mod value;
mod variables;
mod vendor;

pub use class::SettingClass;
pub(crate) use held::{held_key, held_variable};
pub(crate) use password::{PasswordWrite, password_status, password_write};
pub use reference::settings_reference;

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::{
    BlindTelemetry, ChangeSetting, Disable, Discharge, Effect, Enable, LiftPowerLimit, LowerSecurity,
    ReplaceCredential, Repoint, SetPower, UnlockCable, Url, WeakenAuthorization,
};

use super::{certificate, commerce, display, field, number, profile, url};
use consequence::{Consequence, Row};

/// One setting being written.
struct Write<'a> {
    key: String,
    class: SettingClass,
    standard: bool,
    value: &'a str,
    /// `Actual`, `Target`, `MinSet` or `MaxSet`.
    attribute: &'static str,
    /// The instance of the component, where it is a number: a configuration slot.
    slot: Option<i64>,
    evse: Option<i64>,
    connector: Option<i64>,
}

/// 1.6 `ChangeConfiguration`.
pub(super) fn change_configuration(out: &mut Vec<Effect>, root: Obj<'_>) {
    let key = field::text(root, "key");
    let value = root.text("value").unwrap_or_default();
    let known = consequence::find(keys::KEYS, key.trim());
    let write = Write {
        key: known.map_or_else(|| key.trim().to_owned(), |row| row.name.to_owned()),
        class: known.map_or(SettingClass::Unknown, |row| row.class),
        standard: known.is_some(),
        value: &value,
        attribute: "Actual",
        slot: None,
        evse: None,
        connector: None,
    };
    write.perform(out, known);
}

/// 2.x `SetVariables`: each variable on its own.
pub(super) fn set_variables(out: &mut Vec<Effect>, root: Obj<'_>) {
    for item in root.objs("setVariableData") {
        set_variable(out, item);
    }
}

/// One variable of `SetVariables`.
pub(crate) fn set_variable(out: &mut Vec<Effect>, item: Obj<'_>) {
    let (Some(component), Some(variable)) = (item.obj("component"), item.obj("variable")) else { return };
    let named = Named::find(component, variable);
    let evse = component.obj("evse");
    let value = item.text("attributeValue").unwrap_or_default();
    let write = Write {
        key: named.key,
        class: named.row.map_or(SettingClass::Unknown, |_| named.class),
        standard: named.row.is_some(),
        value: &value,
        attribute: attribute(&item.text("attributeType").unwrap_or_default()),
        slot: component.text("instance").and_then(|instance| value::number(&instance)),
        evse: evse.and_then(|evse| evse.int("id")),
        connector: evse.and_then(|evse| evse.int("connectorId")),
    };
    write.perform(out, named.row);
}

/// A variable of a component, by its name.
struct Named {
    key: String,
    row: Option<&'static Row>,
    class: SettingClass,
}

impl Named {
    fn find(component: Obj<'_>, variable: Obj<'_>) -> Self {
        let name = component.text("name").unwrap_or_default();
        let known = consequence::find_component(variables::COMPONENTS, name.trim());
        let of = variable.text("name").unwrap_or_default();
        let own = known.and_then(|component| consequence::find(component.variables, of.trim()));
        let row = own.or_else(|| known.and_then(|_| consequence::find(generic::GENERIC, of.trim())));
        let component_name = known.map_or(name.trim(), |component| component.name);
        let variable_name = row.map_or(of.trim(), |row| row.name);
        let key = format!("{component_name}{}.{variable_name}{}", instance(component), instance(variable));
        // A variable that any component can have is about what its component is about.
        let class = match (own, row, known) {
            (None, Some(row), Some(component)) if row.class == SettingClass::Device => component.class,
            (_, Some(row), _) => row.class,
            (_, None, _) => SettingClass::Unknown,
        };
        Self { key, row, class }
    }
}

fn instance(named: Obj<'_>) -> String {
    named.text("instance").map_or_else(String::new, |instance| format!("[{}]", instance.trim()))
}

/// `Component.Variable` as effects spell it.
pub(super) fn variable_key(component: Obj<'_>, variable: Option<Obj<'_>>) -> String {
    match variable {
        Some(variable) => Named::find(component, variable).key,
        None => format!("{}{}", field::text(component, "name").trim(), instance(component)),
    }
}

fn attribute(stated: &str) -> &'static str {
    match stated {
        "Target" => "Target",
        "MinSet" => "MinSet",
        "MaxSet" => "MaxSet",
        _ => "Actual",
    }
}

impl Write<'_> {
    fn perform(mut self, out: &mut Vec<Effect>, known: Option<&'static Row>) {
        if let Some(row) = known {
            let told = self.follow(out, row.consequence);
            if !told {
                self.change(out);
            }
            return;
        }
        let suspicions = vendor::suspicions(&self.key, self.value);
        if let Some((_, class)) = suspicions.first() {
            self.class = *class;
        }
        for (consequence, _) in &suspicions {
            self.follow(out, *consequence);
        }
        // Nobody knows what else a vendor's key does.
        self.change(out);
    }

    /// The effects of a consequence. Says whether they tell everything, so that the change of the
    /// setting need not be told as well.
    fn follow(&self, out: &mut Vec<Effect>, consequence: Consequence) -> bool {
        match consequence {
            Consequence::Plain => false,
            Consequence::Secret => tell(out, self.secret()),
            Consequence::Repoint => tell(out, self.repoint(self.means(), None)),
            Consequence::Priority => tell(out, self.repoint("priority", None)),
            Consequence::Profile => tell(out, self.profile()),
            Consequence::SlotProfile => {
                out.push(self.profile());
                tell(out, self.repoint(self.means(), value::number(self.value)))
            }
            Consequence::Lower(when) if when.holds(self.value) => {
                let key = self.key.clone();
                tell(out, LowerSecurity { security_profile: None, key }.into())
            }
            Consequence::Anchor => tell(out, self.anchor()),
            Consequence::Weaken(when) if when.holds(self.value) => {
                tell(out, self.weaken(value::kept(self.value)))
            }
            Consequence::WeakenSecretly => tell(out, self.weaken(String::new())),
            Consequence::Blind(when) if when.holds(self.value) => tell(out, self.blind()),
            Consequence::Discharge(when) if when.holds(self.value) => {
                out.push(self.discharge(None));
                false
            }
            Consequence::LiftLimits(when) if when.holds(self.value) => tell(out, self.lift(None)),
            Consequence::LiftExternal(when) if when.holds(self.value) => {
                tell(out, self.lift(Some("external")))
            }
            Consequence::Lower(_)
            | Consequence::Weaken(_)
            | Consequence::Blind(_)
            | Consequence::Discharge(_)
            | Consequence::LiftLimits(_)
            | Consequence::LiftExternal(_) => false,
            Consequence::Serve => tell(out, self.serve()),
            Consequence::Unlock => {
                out.push(UnlockCable { evse: self.evse, connector: self.connector }.into());
                false
            }
            Consequence::PowerW => tell(out, self.power(1.0, 1.0 / number::VOLTS)),
            Consequence::PowerA => tell(out, self.power(number::VOLTS * number::PHASES, 1.0)),
            Consequence::DischargePower => {
                let watts = value::decimal(self.value).map(|watts| number::whole(watts.abs()));
                tell(out, self.discharge(watts))
            }
            Consequence::Price => {
                out.push(commerce::stated("setting", self.value).into());
                out.push(display::text(self.value));
                false
            }
            Consequence::Message => {
                out.push(display::text(self.value));
                false
            }
        }
    }

    fn means(&self) -> &'static str {
        if self.standard { "setting" } else { "vendor-setting" }
    }

    fn secret(&self) -> Effect {
        let length = i64::try_from(self.value.chars().count()).unwrap_or(i64::MAX);
        ReplaceCredential { key: self.key.clone(), length, weak: value::is_weak(self.value) }.into()
    }

    fn repoint(&self, means: &'static str, security_profile: Option<i64>) -> Effect {
        let read = || url::read(self.value);
        let url = if self.class == SettingClass::Endpoint {
            Some(address(self.value).unwrap_or_else(read))
        } else {
            address(self.value)
        };
        Repoint { url, slot: self.slot, security_profile, means, key: self.key.clone() }.into()
    }

    fn profile(&self) -> Effect {
        LowerSecurity { security_profile: value::number(self.value), key: self.key.clone() }.into()
    }

    fn anchor(&self) -> Effect {
        certificate::anchor(self.key.clone(), self.value).into()
    }

    fn weaken(&self, value: String) -> Effect {
        WeakenAuthorization { key: self.key.clone(), value }.into()
    }

    fn blind(&self) -> Effect {
        let value = value::kept(self.value);
        BlindTelemetry { key: self.key.clone(), number: value::number(self.value), value }.into()
    }

    fn discharge(&self, power_w: Option<i64>) -> Effect {
        let mode = if power_w.is_some() { "limit".to_owned() } else { self.key.clone() };
        Discharge { evse: self.evse, power_w, mode, effective_at: None }.into()
    }

    fn lift(&self, purpose: Option<&'static str>) -> Effect {
        LiftPowerLimit { evse: None, purpose, stack_level: None, by_id: false, profile: None }.into()
    }

    fn serve(&self) -> Effect {
        let up = ["true", "available", "operative", "enabled"];
        let value = self.value.trim();
        if up.iter().any(|word| value.eq_ignore_ascii_case(word)) {
            Enable { evse: self.evse, connector: self.connector }.into()
        } else {
            Disable { evse: self.evse, connector: self.connector }.into()
        }
    }

    /// A power or current that is not to be exceeded, whichever bound of it is written.
    fn power(&self, watts_each: f64, amperes_each: f64) -> Effect {
        let stated = value::decimal(self.value);
        let watts = stated.map(|value| value * watts_each);
        let amperes = stated.filter(|value| *value > 0.0).map(|value| value * amperes_each);
        SetPower {
            evse: self.evse,
            lowest_w: watts.map(number::whole),
            highest_w: watts.map(number::whole),
            lowest_ma: amperes.map(number::milli),
            zero_s: watts.is_some_and(|watts| watts == 0.0).then_some(profile::FOREVER_S),
            absurd: !watts.is_some_and(number::is_possible_limit),
            consistent: watts.is_some(),
            profile_kind: "absolute",
            ..profile::at_once("max")
        }
        .into()
    }

    fn change(self, out: &mut Vec<Effect>) {
        let url = if self.class.is_secret() { None } else { address(self.value) };
        let silent = self.class.is_secret() || url.as_ref().is_some_and(|url| url.credentials);
        out.push(
            ChangeSetting {
                class: self.class.name(),
                standard: self.standard,
                value: if silent { String::new() } else { value::kept(self.value) },
                number: if silent { None } else { value::number(self.value) },
                url,
                attribute: self.attribute,
                key: self.key,
            }
            .into(),
        );
    }
}

fn tell(out: &mut Vec<Effect>, effect: Effect) -> bool {
    out.push(effect);
    true
}

/// The address in a value: a URL, or a bare host.
fn address(value: &str) -> Option<Url> {
    let value = value.trim();
    if url::looks_like(value) {
        return Some(url::read(value));
    }
    url::looks_like_host(value).then(|| url::read_host(value))
}

#[cfg(test)]
mod tests;
