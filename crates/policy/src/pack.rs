//! Shipped packs, embedded so that the program can run without files.

use crate::bundle::{BundleSource, MANIFEST};
use crate::party::PartyId;

/// A pack that ships in the program: the bundle of nobody, until a party adopts it.
#[derive(Debug, Clone, Copy)]
pub struct Pack {
    /// Its name, and that of its folder below `packs/`.
    pub name: &'static str,
    /// Its files: path within the bundle, and text.
    pub files: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// What packs were called in earlier releases.
const FORMER_NAMES: &[(&str, &str)] = &[("baseline", "cso-baseline")];

/// The packs that ship in the program, by name.
pub fn all() -> &'static [Pack] {
    PACKS
}

/// The pack of that name, or the one that was called so in the release before.
pub fn find(name: &str) -> Option<&'static Pack> {
    let former = FORMER_NAMES.iter().find(|(former, _)| *former == name);
    let name = former.map_or(name, |(_, name)| name);
    PACKS.iter().find(|pack| pack.name == name)
}

/// The pack `cso-baseline` as the bundle of `party`.
pub fn cso_baseline(party: PartyId) -> BundleSource {
    match find("cso-baseline") {
        Some(pack) => pack.adopted_by(party),
        None => BundleSource { party, files: Default::default() },
    }
}

impl Pack {
    /// The party that its files speak of.
    pub fn party(&self) -> Option<&'static str> {
        let (_, manifest) = self.files.iter().find(|(path, _)| *path == MANIFEST)?;
        let (_, rest) = manifest.split_once("party = \"")?;
        rest.split('"').next()
    }

    /// The pack as the bundle of `party`, which takes the place of the party that the files speak of: in the manifest, as
    /// `Party::"…"` in policies, as `…:1` in holds, and as the party of management systems in tests.
    pub fn adopted_by(&self, party: PartyId) -> BundleSource {
        let former = self.party().unwrap_or_default();
        let adopt = |(path, text): &(&str, &str)| {
            let text =
                if former == party.as_str() { (*text).to_owned() } else { renamed(text, former, &party) };
            ((*path).to_owned(), text)
        };
        let files = self.files.iter().map(adopt).collect();
        BundleSource { party, files }
    }
}

/// A text in which a party has another name.
fn renamed(text: &str, former: &str, party: &PartyId) -> String {
    let quoted = text.replace(&format!("\"{former}\""), &format!("\"{party}\""));
    ["\"", ",", " "].iter().fold(quoted, |text, before| {
        text.replace(&format!("{before}{former}:"), &format!("{before}{party}:"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bundle;

    #[test]
    fn every_pack_is_a_bundle_of_whoever_adopts_it() {
        for pack in all() {
            for party in ["cso", "cnp", "harbour-masters"] {
                let source = pack.adopted_by(party.parse().unwrap());
                let bundle = Bundle::compile(&source).unwrap_or_else(|problems| panic!("{problems}"));
                assert_eq!(bundle.name(), pack.name);
                let asked = bundle.policies().iter().filter_map(|policy| policy.hold.as_ref());
                let asked: Vec<&str> =
                    asked.flat_map(|hold| hold.parties()).map(|(party, _)| party.as_str()).collect();
                assert!(asked.iter().all(|asked| *asked == party), "{}: {asked:?}", pack.name);
            }
        }
    }

    #[test]
    fn the_former_name_of_a_pack_is_known() {
        assert_eq!(find("baseline").unwrap().name, "cso-baseline");
        assert!(find("nothing").is_none());
    }
}
