//! Settings that protect, bill or tell: what they hold, and which party wrote it.

use chargewarden_ocpp::{Action, Obj};
use chargewarden_policy::effect::{
    BlindTelemetry, ChangeSetting, Effect, LowerSecurity, Repoint, WeakenAuthorization,
};
use chargewarden_policy::{Doubt, Doubts, PartyId};
use serde::{Deserialize, Serialize};

use super::maker::{Made, keep};
use crate::effects::{self, MessageKind, SettingClass};
use crate::facts::{Heard, Mark};

/// Settings remembered of one writer, and as many as the station told of itself: the standards name about fifty that
/// matter. Of more the oldest are forgotten.
const SETTINGS_MAX: usize = 64;

/// What settings have to be about to be remembered.
const CLASSES: [SettingClass; 11] = [
    SettingClass::Authorization,
    SettingClass::Endpoint,
    SettingClass::Identity,
    SettingClass::LocalList,
    SettingClass::Metering,
    SettingClass::Monitoring,
    SettingClass::Network,
    SettingClass::Protection,
    SettingClass::SecurityProfile,
    SettingClass::Telemetry,
    SettingClass::Trust,
];

/// Commands that are judged like settings and are none: a list of monitors has a file of its own.
const NO_SETTINGS: [&str; 3] =
    ["AdjustPeriodicEventStream", "ClearVariableMonitoring", "SetVariableMonitoring:"];

/// The settings of one station, the oldest knowledge first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Settings(Vec<Setting>);

/// What one setting holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    key: Box<str>,
    /// Who wrote it; nobody that is known where the station told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    party: Option<PartyId>,
    /// The value, to be known again; none where effects do not carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Mark>,
    grade: Grade,
}

/// How good a value is, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Grade {
    /// It weakens nothing.
    Strict,
    /// It weakens something; of numbers the larger one more, where that can be said.
    Weak(Option<i64>),
    /// A security profile: the larger the better.
    Profile(i64),
    /// Neither good nor bad: where to connect to.
    Other,
}

impl Grade {
    fn is_weaker_than(self, before: Self) -> bool {
        match (self, before) {
            (Self::Weak(_), Self::Strict) => true,
            (Self::Weak(Some(now)), Self::Weak(Some(before))) => now > before,
            (Self::Profile(now), Self::Profile(before)) => now < before,
            (Self::Weak(_) | Self::Strict | Self::Profile(_) | Self::Other, _) => false,
        }
    }
}

impl Made for Setting {
    fn party(&self) -> Option<&PartyId> {
        self.party.as_ref()
    }
}

impl Settings {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        for written in heard.effects.iter().filter_map(Written::of) {
            let Some(held) = self.0.iter().find(|held| *held.key == *written.key) else { continue };
            let now = written.setting(heard, None);
            if now.value.is_some() && now.value == held.value {
                continue;
            }
            let other = held.party.as_ref().is_some_and(|party| *party != heard.about.csms_party);
            out.add_if(other, Doubt::SettingOfOther);
            out.add_if(now.grade.is_weaker_than(held.grade), Doubt::WeakerThanBefore);
        }
    }

    /// The station did as it was told.
    pub(super) fn done(&mut self, heard: &Heard<'_>, done: &[Effect]) -> bool {
        let mut learned = false;
        for written in done.iter().filter_map(Written::of) {
            self.hold(written.setting(heard, Some(heard.about.csms_party.clone())));
            learned = true;
        }
        learned
    }

    fn hold(&mut self, setting: Setting) {
        self.0.retain(|held| held.key != setting.key);
        keep(&mut self.0, setting, SETTINGS_MAX);
    }

    /// The station tells what its settings hold.
    pub(super) fn reported(&mut self, heard: &Heard<'_>) -> bool {
        let root = heard.message.payload.root();
        let told = match (heard.message.action, heard.message.kind) {
            (Action::GetConfiguration, MessageKind::Result) => {
                root.objs("configurationKey").flat_map(key).collect::<Vec<_>>()
            }
            (Action::GetVariables, MessageKind::Result) => root
                .objs("getVariableResult")
                .flat_map(|item| variable(item, item, "attributeType", "attributeValue"))
                .collect(),
            (Action::NotifyReport, MessageKind::Call) => root
                .objs("reportData")
                .flat_map(|item| {
                    item.objs("variableAttribute")
                        .flat_map(move |attribute| variable(item, attribute, "type", "value"))
                })
                .collect(),
            _ => return false,
        };
        let mut learned = false;
        for written in told.iter().filter_map(Written::of) {
            let now = written.setting(heard, None);
            // What it was told, and says that it has, stays with whoever told it.
            if !self.0.iter().any(|held| held.key == now.key && held.value == now.value) {
                self.hold(now);
                learned = true;
            }
        }
        learned
    }
}

fn key(item: Obj<'_>) -> Vec<Effect> {
    match (item.text("key"), item.text("value")) {
        (Some(key), Some(value)) => effects::held_key(&key, &value),
        (None, _) | (_, None) => Vec::new(),
    }
}

fn variable(item: Obj<'_>, attribute: Obj<'_>, kind: &str, value: &str) -> Vec<Effect> {
    let actual = attribute.text(kind).is_none_or(|kind| kind == "Actual");
    match (item.obj("component"), item.obj("variable"), attribute.text(value)) {
        (Some(component), Some(variable), Some(value)) if actual => {
            effects::held_variable(component, variable, &value)
        }
        (_, _, _) => Vec::new(),
    }
}

/// A setting as an effect writes it.
struct Written<'a> {
    key: &'a str,
    /// None where the effect does not carry it.
    value: Option<&'a str>,
    grade: Grade,
}

impl<'a> Written<'a> {
    /// The setting that an effect writes, if it is one that matters.
    fn of(effect: &'a Effect) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "few effects write settings that matter")]
        let written = match effect {
            Effect::ChangeSetting(ChangeSetting {
                key,
                class,
                standard: true,
                value,
                attribute: "Actual",
                ..
            }) if CLASSES.iter().any(|of| of.name() == *class) => {
                Self { key, value: Some(value), grade: Grade::Strict }
            }
            Effect::WeakenAuthorization(WeakenAuthorization { key, value }) => {
                let known = !value.is_empty();
                Self { key, value: known.then_some(value), grade: Grade::Weak(value.trim().parse().ok()) }
            }
            Effect::BlindTelemetry(BlindTelemetry { key, value, .. }) => {
                Self { key, value: Some(value), grade: Grade::Weak(None) }
            }
            Effect::LowerSecurity(LowerSecurity { security_profile: Some(profile), key }) => {
                Self { key, value: None, grade: Grade::Profile(*profile) }
            }
            Effect::LowerSecurity(LowerSecurity { security_profile: None, key }) => {
                Self { key, value: None, grade: Grade::Weak(None) }
            }
            Effect::Repoint(Repoint { key, means: "setting" | "priority", .. }) => {
                Self { key, value: None, grade: Grade::Other }
            }
            _ => return None,
        };
        let is_setting = !NO_SETTINGS.iter().any(|command| written.key.starts_with(command));
        (is_setting && written.key != "SetNetworkProfile").then_some(written)
    }

    fn setting(&self, heard: &Heard<'_>, party: Option<PartyId>) -> Setting {
        let spelled = match self.grade {
            // A profile is its number, however it is spelled.
            Grade::Profile(profile) => Some(profile.to_string()),
            Grade::Strict | Grade::Weak(_) | Grade::Other => {
                self.value.map(|value| value.trim().to_ascii_lowercase())
            }
        };
        let value = spelled.map(|value| Mark::of(heard.key, &format!("setting {value}")));
        Setting { key: self.key.into(), party, value, grade: self.grade }
    }
}
