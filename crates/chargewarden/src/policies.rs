//! Whether other policies are in force than in the last run.

use std::{collections::BTreeMap, sync::Arc};

use chargewarden_evidence::{Hash, OwnEvent, Security};
use chargewarden_policy::Bundle;
use chargewarden_proxy::Proxy;
use chargewarden_store::{Store, StoreError};

/// The setting that keeps the digests of the bundles in force, as JSON by party.
const SETTING: &str = "bundles-in-force";

/// Raises an event for each party whose policies are others than before, and remembers those in force. The first run has
/// nothing to compare with. Remembered after it was raised: a crash between raises it again.
pub(crate) async fn compare(
    store: &dyn Store,
    bundles: &[Arc<Bundle>],
    proxy: &Proxy,
) -> Result<(), StoreError> {
    let now: BTreeMap<String, String> = bundles
        .iter()
        .map(|bundle| (bundle.party().to_string(), Hash(bundle.digest()).to_string()))
        .collect();
    let before = store.setting(SETTING).await?;
    // What cannot be read counts as other policies.
    let before = before.map(|text| serde_json::from_str(&text).unwrap_or_default());
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    for detail in before.iter().flat_map(|before| differences(before, &now)) {
        proxy.security(Security { detail, ..Security::own(OwnEvent::PolicyChanged) }).await;
    }
    // Strings only: cannot fail.
    store.put_setting(SETTING, &serde_json::to_string(&now).unwrap_or_default()).await
}

fn differences(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let is = |digest: Option<&String>| {
        digest.map_or_else(|| "none".to_owned(), |digest| format!("sha256 {digest}"))
    };
    let parties: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    parties
        .into_iter()
        .filter(|party| before.get(*party) != now.get(*party))
        .map(|party| format!("bundle of `{party}`: {}, before {}", is(now.get(party)), is(before.get(party))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_party_whose_bundle_differs_is_named() {
        let digests = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(party, digest)| ((*party).to_owned(), (*digest).to_owned())).collect()
        };
        let (before, now) =
            (digests(&[("a", "1"), ("b", "2"), ("c", "3")]), digests(&[("a", "1"), ("b", "9"), ("d", "4")]));
        assert_eq!(
            differences(&before, &now),
            [
                "bundle of `b`: sha256 9, before sha256 2",
                "bundle of `c`: none, before sha256 3",
                "bundle of `d`: sha256 4, before none"
            ]
        );
    }
}
