//! What differs between the configuration in force and one that was read.

use chargewarden_admin::control::{Reloaded, RestartNeeded};

use super::{
    by_key,
    table::{How, how},
    tls,
};
use crate::config::Settings;

/// What taking `after` over does, but for the inventory.
pub(super) fn of(before: &Settings, after: &Settings) -> Reloaded {
    let mut reloaded = Reloaded::default();
    let (was, is) = (by_key(&before.effective), by_key(&after.effective));
    let mut keys: Vec<&str> = was.keys().chain(is.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| was.get(key) != is.get(key)) {
        match how(key).filter(|_| !opens_anew(key, before, after)) {
            Some(How::Reload(_)) => reloaded.applied.push(changed(key, was.get(key), is.get(key))),
            Some(How::Restart(why)) => {
                reloaded.restart.push(RestartNeeded { key: key.to_owned(), why: why.to_owned() });
            }
            None => reloaded.restart.push(RestartNeeded {
                key: key.to_owned(),
                why: "the listener is opened anew by it".to_owned(),
            }),
        }
    }
    for (name, csms) in &after.around.csms {
        let known = before.around.csms.get(name);
        let other = known.is_some_and(|known| known.credentials != csms.credentials);
        if other {
            reloaded.applied.push(format!("csms `{name}`: other credentials"));
        }
    }
    for bundle in &after.bundles {
        if !before.bundles.iter().any(|known| known.digest() == bundle.digest()) {
            let (party, name, version) = (bundle.party(), bundle.name(), bundle.version());
            reloaded.applied.push(format!("bundle of {party}: {name} {version}"));
        }
    }
    reloaded.warnings = after
        .dangers
        .iter()
        .filter(|key| !before.dangers.contains(key))
        .map(|key| format!("{key} weakens security"))
        .collect();
    reloaded
}

/// Whether the TLS setting of a listener, which a reload takes over as a rule, changes what the listener is.
fn opens_anew(key: &str, before: &Settings, after: &Settings) -> bool {
    let number = key.strip_prefix("listen[").and_then(|rest| rest.split(']').next());
    let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else { return false };
    match (before.listeners.get(number), after.listeners.get(number)) {
        (Some(open), Some(read)) => key.contains("].tls.") && !tls::stays(open, read),
        (_, _) => true,
    }
}

fn changed(key: &str, was: Option<&&str>, is: Option<&&str>) -> String {
    let shown = |value: Option<&&str>| value.map_or("-".to_owned(), ToString::to_string);
    format!("{key}: {} -> {}", shown(was), shown(is))
}

/// The settings that are in force once `read` is taken over: what needs a restart is still as it was.
pub(super) fn in_force(read: Settings, before: &Settings, reloaded: &Reloaded) -> Settings {
    let waits = |key: &str| reloaded.restart.iter().any(|needed| needed.key == key);
    let mut effective: Vec<_> =
        read.effective.iter().filter(|setting| !waits(&setting.key)).cloned().collect();
    effective.extend(before.effective.iter().filter(|setting| waits(&setting.key)).cloned());
    effective.sort_by(|one, other| one.key.cmp(&other.key));
    let listeners = tls::in_force(&before.listeners, &read.listeners);
    Settings { effective, listeners, ..read }
}
