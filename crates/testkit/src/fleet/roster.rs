//! Which stations there are.

use chargewarden_ocpp::Version;

use crate::payload::Nameplate;

/// One station of a fleet.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Station id.
    pub id: String,
    /// Version spoken.
    pub version: Version,
    /// Site the station stands at.
    pub site: String,
    /// Most power its one outlet can give, in watts.
    pub rating_w: u32,
    /// What it says about itself in its BootNotification.
    pub plate: Nameplate,
}

/// A dozen stations at three sites: five speak 1.6, four 2.0.1 and three 2.1.
pub fn roster() -> Vec<Entry> {
    use Version::{V16, V21, V201};
    [
        ("harbour-01", V16, "harbour", 11_000, "Post-11"),
        ("harbour-02", V16, "harbour", 11_000, "Post-11"),
        ("harbour-03", V16, "harbour", 22_000, "Twin-22"),
        ("harbour-04", V201, "harbour", 22_000, "Twin-22e"),
        ("market-01", V16, "market", 22_000, "Twin-22"),
        ("market-02", V16, "market", 22_000, "Twin-22"),
        ("market-03", V201, "market", 22_000, "Twin-22e"),
        ("market-04", V21, "market", 22_000, "Twin-22x"),
        ("motorway-01", V201, "motorway", 150_000, "Rapid-150"),
        ("motorway-02", V201, "motorway", 150_000, "Rapid-150"),
        ("motorway-03", V21, "motorway", 300_000, "Rapid-300"),
        ("motorway-04", V21, "motorway", 300_000, "Rapid-300"),
    ]
    .into_iter()
    .zip(1..)
    .map(|((id, version, site, rating_w, model), ordinal)| Entry {
        id: id.to_owned(),
        version,
        site: site.to_owned(),
        rating_w,
        plate: Nameplate {
            vendor: "Example".to_owned(),
            model: model.to_owned(),
            serial: format!("EX-{ordinal:06}"),
            firmware: "3.1.4".to_owned(),
        },
    })
    .collect()
}
