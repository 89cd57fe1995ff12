//! Shipped packs, embedded so that the program can run without files.

use crate::bundle::BundleSource;
use crate::party::PartyId;

/// Embeds the files of a pack.
macro_rules! pack {
    ($name:literal: $($file:literal)+) => {
        &[$(($file, include_str!(concat!("../../../packs/", $name, "/", $file)))),+]
    };
}

/// The pack `baseline`: ordinary charging passes, the obviously dangerous does not.
pub const BASELINE: &[(&str, &str)] = pack!("baseline":
    "README.md" "answers.cedar" "authorization.cedar" "bundle.toml" "certificates.cedar" "charging.cedar" "commerce.cedar" "data.cedar"
    "lists.toml" "power.cedar" "reports.cedar" "settings.cedar" "software.cedar" "trust.cedar");

/// The pack `baseline` as the bundle of `party`.
pub fn baseline(party: PartyId) -> BundleSource {
    let owner = format!("party = \"{party}\"");
    let files = BASELINE.iter().map(|(path, text)| {
        let text = match *path {
            crate::bundle::MANIFEST => text.replacen("party = \"cso\"", &owner, 1),
            _ => (*text).to_owned(),
        };
        ((*path).to_owned(), text)
    });
    BundleSource { files: files.collect(), party }
}
