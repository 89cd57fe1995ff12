//! Lists of a shipped pack, filled in as an owner would.

use std::collections::BTreeMap;

use super::papers::Papers;

/// Puts the drill's own trust anchor and signer of software on the lists of a pack that has such lists, so that there is
/// work to let through. Of lists that cannot be read nothing is changed: the bundle will say what is wrong with it.
pub fn fill(files: &mut BTreeMap<String, String>) {
    let Some(text) = files.get("lists.toml") else { return };
    let Ok(mut lists) = text.parse::<toml::Table>() else { return };
    let papers = Papers::get();
    for (name, member) in
        [("trust-anchors", &papers.root_fingerprint), ("firmware-signers", &papers.signer_fingerprint)]
    {
        let members = lists.get_mut(name).and_then(|list| list.get_mut("members"));
        if let Some(members) = members.and_then(toml::Value::as_array_mut) {
            members.push(member.as_str().into());
        }
    }
    if let Ok(text) = toml::to_string(&lists) {
        files.insert("lists.toml".to_owned(), text);
    }
}
